// Package browsertest opens the page that the report verb makes in a real
// browser. It is a module of its own, so that what drives the browser is no
// dependency of the command.
package browsertest

import (
	"context"
	"encoding/binary"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// browserEnv names the browser, such as chromium. Without it nothing is tested.
// screenshotsEnv names a folder for pictures of the page.
const (
	browserEnv     = "FORETELL_BROWSER"
	screenshotsEnv = "FORETELL_SCREENSHOTS"
	dataEnv        = "FORETELL_DATA"
)

// layout is what the script in the page finds.
type layout struct {
	Figures  []string // ids, in order
	Hidden   []string // ids of figures without exactly one picture to be seen
	Cut      []string // labels that stick out of their pictures
	Empty    []string // ids of pictures that show nothing
	Broken   int      // images that could not be decoded
	Width    int      // of all that is on the page
	Window   int
	Sections []string
	Parts    []float64 // sizes of the parts of the file, and at the end that of the file
	Models   int
	Colour   string // of the page
	Text     string
}

const findLayout = `(async () => {
	const box = e => e.getBoundingClientRect(), seen = e => box(e).width > 0 && box(e).height > 0;
	const out = {figures: [], hidden: [], cut: [], empty: [], broken: 0};
	for (const figure of document.querySelectorAll('figure')) {
		out.figures.push(figure.id);
		if (figure.querySelector('table')) continue;
		const pictures = [...figure.querySelectorAll('.picture')].filter(seen);
		if (pictures.length != 1) { out.hidden.push(figure.id); continue; }
		const svg = pictures[0].querySelector('svg'), frame = box(svg);
		if (frame.width < 150 || frame.height < 100 || !svg.querySelector('path, image')) out.empty.push(figure.id);
		for (const text of svg.querySelectorAll('text')) {
			const b = box(text), slack = 2;
			if (text.textContent.trim() == '') continue;
			if (b.left < frame.left - slack || b.right > frame.right + slack || b.top < frame.top - slack || b.bottom > frame.bottom + slack)
				out.cut.push(figure.id + ': ' + text.textContent);
		}
		for (const image of svg.querySelectorAll('image')) {
			const copy = new Image();
			copy.src = image.href.baseVal;
			await copy.decode().catch(() => out.broken++);
		}
	}
	const number = e => Number(e.textContent.replaceAll(',', ''));
	out.width = document.documentElement.scrollWidth;
	out.window = window.innerWidth;
	out.sections = [...document.querySelectorAll('section h2')].map(e => e.firstChild.textContent.trim());
	out.parts = [...document.querySelectorAll('#sizes tbody td:nth-child(2), #sizes tfoot td:nth-child(2)')].map(number);
	out.models = document.querySelectorAll('#models tbody tr').length;
	out.colour = getComputedStyle(document.body).backgroundColor;
	out.text = getComputedStyle(document.body).color;
	return out;
})()`

func TestReport(t *testing.T) {
	browser := os.Getenv(browserEnv)
	if browser == "" {
		t.Skipf("set %s to the name of a browser, such as chromium", browserEnv)
	}
	html := makeReport(t)
	ctx := start(t, browser)
	var complaints []string
	chromedp.ListenTarget(ctx, func(event any) {
		switch e := event.(type) {
		case *runtime.EventExceptionThrown:
			complaints = append(complaints, "exception: "+e.ExceptionDetails.Error())
		case *runtime.EventConsoleAPICalled:
			complaints = append(complaints, "console: "+string(e.Type))
		case *log.EventEntryAdded:
			complaints = append(complaints, "log: "+e.Entry.Text+" "+e.Entry.URL)
		case *network.EventRequestWillBeSent:
			if url := e.Request.URL; url != "file://"+html && !strings.HasPrefix(url, "data:") {
				complaints = append(complaints, "request: "+url)
			}
		}
	})
	err := chromedp.Run(ctx, network.Enable(), log.Enable(), runtime.Enable())
	if err != nil {
		t.Fatal(err)
	}
	var light layout
	for _, screen := range []struct {
		name  string
		width int64
		dark  bool
	}{{"1280", 1280, false}, {"390", 390, false}, {"1280-dark", 1280, true}, {"390-dark", 390, true}} {
		scheme := "light"
		if screen.dark {
			scheme = "dark"
		}
		var got layout
		var shot []byte
		err := chromedp.Run(ctx,
			emulation.SetDeviceMetricsOverride(screen.width, 900, 1, screen.width < 600),
			emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}),
			chromedp.Navigate("file://"+html),
			chromedp.Evaluate(findLayout, &got, func(p *runtime.EvaluateParams) *runtime.EvaluateParams {
				return p.WithAwaitPromise(true)
			}),
			chromedp.FullScreenshot(&shot, 100),
		)
		if err != nil {
			t.Fatal(err)
		}
		if dir := os.Getenv(screenshotsEnv); dir != "" {
			if err := os.WriteFile(filepath.Join(dir, "report-"+screen.name+".png"), shot, 0o666); err != nil {
				t.Fatal(err)
			}
		}
		t.Run(screen.name, func(t *testing.T) { check(t, &got) })
		switch {
		case !screen.dark:
			light = got
		case got.Colour == light.Colour || got.Text == light.Text:
			t.Errorf("%s: the colours of the dark page are those of the light one: %s on %s", screen.name, got.Text, got.Colour)
		}
	}
	var pdf []byte
	err = chromedp.Run(ctx, chromedp.ActionFunc(func(ctx context.Context) (err error) {
		pdf, _, err = page.PrintToPDF().Do(ctx)
		return err
	}))
	if err != nil || len(pdf) < 10000 {
		t.Errorf("printed, the page is %d bytes (%v)", len(pdf), err)
	}
	for _, c := range complaints {
		t.Error(c)
	}
}

// check holds a page against what must be on it.
func check(t *testing.T, got *layout) {
	for _, id := range []string{
		"array-0-time", "array-0-grid", "array-0-spread", "array-0-map", "array-0-frequencies", "array-0-stretches",
		"models-size", "models-speed", "parts",
	} {
		if !slices.Contains(got.Figures, id) {
			t.Errorf("there is no figure %s", id)
		}
	}
	if len(got.Figures) != 9 {
		t.Errorf("figures %v", got.Figures)
	}
	if len(got.Hidden) > 0 || len(got.Empty) > 0 || len(got.Cut) > 0 || got.Broken > 0 {
		t.Errorf("hidden %q, empty %q, cut off %q, %d broken images", got.Hidden, got.Empty, got.Cut, got.Broken)
	}
	if got.Width > got.Window {
		t.Errorf("the page is %d pixels wide in a window of %d", got.Width, got.Window)
	}
	if want := []string{"The arrays", "tokens.npy", "Models and parts"}; !slices.Equal(got.Sections, want) {
		t.Errorf("sections %q, want %q", got.Sections, want)
	}
	if got.Models < 2 {
		t.Errorf("%d models", got.Models)
	}
	sum, last := 0.0, len(got.Parts)-1
	if last < 1 {
		t.Fatalf("parts %v", got.Parts)
	}
	for _, size := range got.Parts[:last] {
		sum += size
	}
	if sum != got.Parts[last] {
		t.Errorf("parts %v do not add up", got.Parts)
	}
}

// makeReport builds the command, makes a page and returns its path.
func makeReport(t *testing.T) string {
	dir := t.TempDir()
	tokens := filepath.Join(dir, "tokens.npy")
	data, err := os.ReadFile(filepath.Join(os.Getenv(dataEnv), "commavq", "taco-bell.npy"))
	if err != nil {
		data = madeUp()
	}
	if err := os.WriteFile(tokens, data, 0o666); err != nil {
		t.Fatal(err)
	}
	command, html := filepath.Join(dir, "foretell"), filepath.Join(dir, "report.html")
	compare := "fast,static,adaptive"
	if os.Getenv(screenshotsEnv) != "" {
		compare = "fast,static,static-tans,adaptive,mix,best"
	}
	for _, args := range [][]string{
		{"go", "build", "-o", command, "."},
		{command, "report", tokens, "-o", html, "--compare", compare},
	} {
		cmd := exec.Command(args[0], args[1:]...)
		cmd.Dir = ".."
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%q: %v\n%s", args, err, out)
		}
	}
	return html
}

// madeUp returns an npy file of 300 x 128 tokens that change now and then.
func madeUp() []byte {
	const steps, places = 300, 128
	header := "{'descr': '<u2', 'fortran_order': False, 'shape': (300, 128), }"
	header += strings.Repeat(" ", 117-len(header)) + "\n"
	out := append([]byte("\x93NUMPY\x01\x00"), byte(len(header)), 0)
	out = append(out, header...)
	rnd := rand.New(rand.NewPCG(1, 2))
	var row [places]uint16
	for range steps {
		for i := range row {
			if rnd.IntN(places) < i {
				row[i] = uint16(rnd.ExpFloat64() * 100)
			}
			out = binary.LittleEndian.AppendUint16(out, row[i])
		}
	}
	return out
}

// start starts a browser that has no network and nothing from elsewhere.
func start(t *testing.T, browser string) context.Context {
	profile, err := os.MkdirTemp("", "browsertest-")
	if err != nil {
		t.Fatal(err)
	}
	// The browser may write to it until it has ended, so t.TempDir will not do.
	t.Cleanup(func() {
		for range 100 {
			if os.RemoveAll(profile) == nil {
				return
			}
			time.Sleep(50 * time.Millisecond)
		}
	})
	opts := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]),
		chromedp.ExecPath(browser),
		chromedp.NoSandbox,
		chromedp.DisableGPU,
		chromedp.UserDataDir(profile),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND"),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("hide-scrollbars", true),
		chromedp.WSURLReadTimeout(time.Minute),
	)
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), opts...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, 3*time.Minute)
	t.Cleanup(cancel)
	return ctx
}
