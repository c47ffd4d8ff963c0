// Package progress shows how far a run is, on a terminal or as lines of JSON.
package progress

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/foretell/foretell/cmd/foretell/internal/show"
	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// A Running shows how far a run is, how fast it goes, how small the output is so
// far and how long it will take: on a terminal, or as lines of JSON.
type Running struct {
	stop chan struct{}
	gone chan struct{}
}

// shown is how long a run takes at least before its progress is shown.
const shown = 300 * time.Millisecond

// progressMode is the flag --progress.
type progressMode string

const (
	progressAuto progressMode = "auto" // on a terminal, unless in a pipe
	progressJSON progressMode = "json"
	progressNone progressMode = "none"
)

// Set reads the flag.
func (m *progressMode) Set(text string) error {
	switch mode := progressMode(text); mode {
	case progressAuto, progressJSON, progressNone:
		*m = mode
		return nil
	}
	return fmt.Errorf("use auto, json or none")
}

// String shows what help prints as the default.
func (m *progressMode) String() string { return string(*m) }

// Type names the flag's argument in help.
func (m *progressMode) Type() string { return "MODE" }

// A View is how much is told of what goes on.
type View struct {
	Quiet   bool
	Verbose bool
	mode    progressMode
}

// AddFlag adds the flag --progress.
func (a *View) AddProgress(cmd *cobra.Command) {
	a.mode = progressAuto
	cmd.Flags().Var(&a.mode, "progress", "show progress on a terminal (auto), as a line of JSON each second on standard error (json), or not (none)")
	cmd.RegisterFlagCompletionFunc("progress", cobra.FixedCompletions(
		[]cobra.Completion{"auto", "json", "none"}, cobra.ShellCompDirectiveNoFileComp))
}

// An Activity is what progress is shown of.
type Activity struct {
	Verb string

	// done returns how much is done and how much there is, -1 if unknown, in
	// bytes of the input.
	Done func() (done, total int64)

	// sizes, which may be nil, returns the bytes so far as they are when
	// decompressed and when compressed. ahead says that one of them runs ahead
	// of the other by some blocks.
	Sizes func() (content, file int64)
	Ahead bool

	// tokens, which may be nil, returns how many tokens there are in how many
	// of their bytes, as far as that is known.
	Tokens func() (tokens, bytes int64)
}

// Show shows progress until its end is called.
func (a *View) ShowProgress(verb string, inPipe bool, done func() (int64, int64)) *Running {
	return a.Follow(&Activity{Verb: verb, Done: done}, inPipe)
}

// Follow shows the progress of a run until its end is called.
func (a *View) Follow(what *Activity, inPipe bool) *Running {
	p := &Running{stop: make(chan struct{}), gone: make(chan struct{})}
	switch {
	case a.mode == progressJSON:
		go p.lines(what)
	case a.mode == progressNone || a.Quiet || inPipe || !show.IsTerminal(os.Stderr):
		close(p.gone)
	default:
		go p.bar(what)
	}
	return p
}

// End takes the progress from the terminal.
func (p *Running) End() {
	close(p.stop)
	<-p.gone
}

// bar shows a bar on the terminal.
func (p *Running) bar(what *Activity) {
	defer close(p.gone)
	_, total := what.Done()
	bar := newBar(total)
	select {
	case <-p.stop:
		return
	case <-time.After(shown):
	}
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	t := newTracker(what)
	for {
		s := t.look()
		showLine(barLine(bar, &s, columns()))
		select {
		case <-p.stop:
			showLine("")
			return
		case <-tick.C:
		}
	}
}

// newBar returns a bar that is drawn by barLine only. total is -1 if unknown.
func newBar(total int64) *progressbar.ProgressBar {
	bar := progressbar.NewOptions64(total,
		progressbar.OptionSetWriter(io.Discard),
		progressbar.OptionShowBytes(true),
		progressbar.OptionSetPredictTime(true),
		progressbar.OptionSetWidth(12),
		progressbar.OptionSetTheme(progressbar.ThemeASCII),
		progressbar.OptionSetSpinnerChangeInterval(0), // else it draws by itself
	)
	bar.Reset() // starts its clock
	return bar
}

// barLine returns as much of a line that shows the progress as is shorter than
// width.
func barLine(bar *progressbar.ProgressBar, s *progressLine, width int) string {
	done := s.Done
	if s.Total > 0 {
		done = min(done, s.Total-1) // at the total it would be finished
	}
	bar.Set64(max(done, 0))
	texts := []string{s.Verb}
	if s.Ratio > 0 {
		texts = append(texts, fmt.Sprintf("%s, %.2f:1", s.Verb, s.Ratio))
	}
	if s.Bits > 0 {
		texts = append(texts, fmt.Sprintf("%s, %.2f bits", texts[len(texts)-1], s.Bits))
	}
	var lines []string // the longest last
	if s.Total > 0 {
		share := fmt.Sprintf("%d%%", 100*max(done, 0)/s.Total)
		lines = append(lines, share)
		for _, text := range texts {
			lines = append(lines, text+" "+share)
		}
	} else {
		lines = append(lines, texts...)
	}
	for _, text := range texts {
		bar.Describe(text)
		lines = append(lines, strings.Trim(bar.String(), "\r "))
	}
	for _, line := range slices.Backward(lines) {
		if utf8.RuneCountInString(line) < width {
			return line
		}
	}
	return ""
}

// columns returns how wide the terminal is.
func columns() int {
	if width, _, err := term.GetSize(int(os.Stderr.Fd())); err == nil && width > 0 {
		return width
	}
	return 80
}

// showLine shows a line on the terminal, in place of the one before.
func showLine(line string) {
	const clearLine = "\r\x1b[K"
	fmt.Fprint(os.Stderr, clearLine+line)
}

// Tell shows what goes on, on a terminal, until it is told the next thing.
func (a *View) Tell(text string) {
	if show.IsTerminal(os.Stderr) && !a.Quiet {
		line := []rune(text)
		showLine(string(line[:min(len(line), columns()-1)]))
	}
}

// lines prints a line of JSON each second, and one at the end.
func (p *Running) lines(what *Activity) {
	defer close(p.gone)
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	t := newTracker(what)
	out := json.NewEncoder(os.Stderr)
	for over := false; !over; {
		select {
		case <-p.stop:
			over = true
		case <-tick.C:
		}
		s := t.look()
		s.Over = over
		out.Encode(s)
	}
}

// A progressLine says how far a run has come.
type progressLine struct {
	Verb    string  `json:"verb"`
	Seconds float64 `json:"seconds"`
	Done    int64   `json:"done_bytes"`            // of the input
	Total   int64   `json:"total_bytes,omitempty"` // of the input, if known
	Content int64   `json:"content_bytes,omitempty"`
	File    int64   `json:"file_bytes,omitempty"`
	Ratio   float64 `json:"ratio,omitempty"`          // so far
	Bits    float64 `json:"bits_per_token,omitempty"` // of the last second in which there was any
	Speed   float64 `json:"mb_per_second"`            // of the input, in the last second
	Left    float64 `json:"seconds_left,omitempty"`   // at the mean speed so far
	Over    bool    `json:"over,omitempty"`           // this is the last line
}

// A tracker looks at an activity again and again.
type tracker struct {
	*Activity
	begin  time.Time
	recent []moment // of the last second, and one before
	trend  Trend
	bits   float64
}

// A moment is where an activity was at some time.
type moment struct {
	at                  time.Time
	done, content, file int64
}

func newTracker(what *Activity) *tracker {
	now := time.Now()
	return &tracker{Activity: what, begin: now, recent: []moment{{at: now}}}
}

func (t *tracker) look() progressLine {
	now := moment{at: time.Now()}
	done, total := t.Done()
	now.done = done
	if t.Sizes != nil {
		now.content, now.file = t.Sizes()
	}
	s := progressLine{
		Verb: t.Verb, Seconds: now.at.Sub(t.begin).Seconds(), Done: done, Total: max(total, 0),
		Content: now.content, File: now.file,
	}
	if t.Ahead {
		t.trend.Add(now.content, now.file)
		s.Ratio = t.trend.Ratio
	} else if now.content > 0 {
		s.Ratio = show.Ratio(now.content, now.file)
	}
	for len(t.recent) > 1 && now.at.Sub(t.recent[1].at) >= time.Second {
		t.recent = t.recent[1:]
	}
	last := t.recent[0]
	t.recent = append(t.recent, now)
	s.Speed = show.Rate(done-last.done, now.at.Sub(last.at))
	if t.Tokens != nil {
		n, bytes := t.Tokens()
		if content, file := now.content-last.content, now.file-last.file; content > 0 && file > 0 && n > 0 && s.Ratio > 0 {
			t.bits = 8 * float64(file) / float64(content) * show.Ratio(bytes, n)
		}
		s.Bits = t.bits
	}
	if done > 0 && total > done {
		s.Left = s.Seconds * float64(total-done) / float64(done)
	}
	return s
}

// A Trend tells the ratio of two sizes of which one runs ahead by some blocks
// that are under way: it compares how they grow.
type Trend struct {
	raw0, coded0 int64 // when both had begun
	raw, coded   int64 // last time
	steps        int   // times that both had grown since then
	Ratio        float64
}

// enoughSteps is how often both sizes must have grown for the ratio to mean
// something.
const enoughSteps = 4

// begun is a size that a file's header does not reach.
const begun = 1 << 12

func (t *Trend) Add(raw, coded int64) {
	switch {
	case raw < begun || coded < begun || raw == t.raw || coded == t.coded:
		return
	case t.coded0 == 0:
		t.raw0, t.coded0 = raw, coded
	default:
		t.steps++
	}
	t.raw, t.coded = raw, coded
	if t.steps >= enoughSteps {
		t.Ratio = show.Ratio(raw-t.raw0, coded-t.coded0)
	}
}
