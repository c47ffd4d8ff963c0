package foretell

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/foretell/foretell/internal/container"
	"github.com/foretell/foretell/testkit/evil"
	"github.com/foretell/foretell/tokens"
)

// ways reads a file on every way there is and returns the error of each, damage
// that is passed over included.
func ways(file []byte, opts ReaderOptions) map[string]error {
	errs := map[string]error{}
	_, errs["read"] = content(file, &opts)
	_, errs["verify"] = Verify(bytes.NewReader(file), &opts)
	r, err := OpenReaderAt(bytes.NewReader(file), int64(len(file)), &opts)
	if err == nil {
		var d *Description
		if d, err = r.Describe(); err == nil {
			_, err = json.Marshal(d)
		}
	}
	errs["describe"] = err
	if err == nil {
		for m, info := range r.Members() {
			rows := 1
			if len(info.Shape) > 0 {
				rows = info.Shape[0]
			}
			if err == nil {
				err = r.CopyRange(io.Discard, m, 0, rows)
			}
		}
	}
	errs["read at random"] = err
	var damage error
	opts.KeepGoing = func(err error) { damage = errors.Join(damage, err) }
	_, err = content(file, &opts)
	errs["keep going"] = errors.Join(damage, err)
	_, err = readContent(io.MultiReader(bytes.NewReader(file)), &opts)
	errs["keep going in a pipe"] = errors.Join(damage, err)
	return errs
}

// TestEvil has every way refuse files that no encoder writes.
func TestEvil(t *testing.T) {
	cases := append(evil.Cases(), evil.Case{Name: "blocks larger than the format allows", Data: evil.LargeBlocks(), Random: true})
	for _, c := range cases {
		for way, err := range ways(c.Data, ReaderOptions{Workers: 1}) {
			random := way == "describe" || way == "read at random"
			if random && (!c.Random || way == "describe" && err == nil) {
				continue // it looks at no block
			}
			if !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrUnsupported) {
				t.Errorf("%s: %s: %v", c.Name, way, err)
			}
		}
	}
}

// TestManyColumns reads an array of many columns that hold nothing.
func TestManyColumns(t *testing.T) {
	// As many as the processor can count.
	columns := min(uint64(1e12), math.MaxInt/2)
	for way, err := range ways(evil.Columns(columns), ReaderOptions{Workers: 1}) {
		if err != nil {
			t.Errorf("%s: %v", way, err)
		}
	}
}

// TestScan reads damaged files of many blocks and many entries behind them. Work
// for each block and each entry would take minutes.
func TestScan(t *testing.T) {
	const entries, blocks = 200_000, 20_000
	for name, entry := range map[string]container.Entry{
		"file": evil.Name("a"), "member": evil.Member(0, 0, 0), "known member": evil.Member(1, 0, blocks),
	} {
		file := evil.Scan(entry, entries, blocks)
		faults := 0
		opts := ReaderOptions{Workers: 2, MaxMemory: 1 << 30, KeepGoing: func(error) { faults++ }}
		if _, err := Verify(bytes.NewReader(file), &opts); faults == 0 && err == nil {
			t.Errorf("%s: no damage", name)
		}
	}
}

// TestEmptyEntries reads layout records whose entries take much more memory than
// they do in the file, more slowly than they are parsed.
func TestEmptyEntries(t *testing.T) {
	const limit = 64 << 20
	file := evil.Empty(12)
	before := alive()
	r, err := NewReader(bytes.NewReader(file), &ReaderOptions{Workers: 64, MaxMemory: limit})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var p peak
	for i := 0; ; i++ {
		if _, err := r.Next(); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if i%(1<<20) == 0 {
			p.Write(nil)
		}
	}
	// The queue, and the record that waits.
	if most := uint64(limit + 3*18<<20); p.most-before > most {
		t.Errorf("%d bytes were alive, more than %d", p.most-before, most)
	}
}

// TestManyMembers has the memory of an index counted alike on all ways: what is accepted
// takes no more than it may, garbage included, and twice as much is refused.
func TestManyMembers(t *testing.T) {
	const limit, members = 32 << 20, 40_000
	file := evil.Members(members)
	opts := ReaderOptions{Workers: 1, MaxMemory: limit}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	r, err := OpenReaderAt(bytes.NewReader(file), int64(len(file)), &opts)
	if err == nil {
		_, err = r.Describe()
	}
	runtime.ReadMemStats(&after)
	if err != nil {
		t.Fatal(err)
	}
	if got := after.TotalAlloc - before.TotalAlloc; got > limit {
		t.Errorf("%d members take %d bytes, more than %d", members, got, limit)
	}
	for way, err := range ways(file, opts) {
		if err != nil {
			t.Errorf("%s: %v", way, err)
		}
	}
	for way, err := range ways(evil.Members(2*members), opts) {
		if !errors.Is(err, ErrLimit) {
			t.Errorf("twice as many: %s: %v", way, err)
		}
	}
}

// TestSmallEntries reads a long stream of small entries under a limit that holds
// only some of them at a time.
func TestSmallEntries(t *testing.T) {
	f := evil.New(1)
	f.Layout(evil.Name("a"))
	const records, each = 100, 1000
	for range records {
		list := make([]container.Entry, each)
		for i := range list {
			list[i] = container.Entry{Kind: container.EntryFraming, Data: []byte{0}}
		}
		f.Layout(list...)
	}
	if _, err := content(f.BytesOf(records*each), &ReaderOptions{MaxMemory: 1 << 20}); err != nil {
		t.Error(err)
	}
}

// TestMemberStream reads members whose entries come long before their ends.
func TestMemberStream(t *testing.T) {
	f := evil.New(1)
	f.Layout(evil.Name("a"))
	for m := range uint64(20_000) {
		f.Layout(evil.Member(m, 0, evil.Open))
		f.Block(false, evil.Span(m, 0, 1))
		f.Layout(evil.End(1))
	}
	r, err := NewReader(bytes.NewReader(f.Bytes()), &ReaderOptions{MaxMemory: 64 << 20})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for {
		p, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if p.Kind == tokens.Member {
			if n, err := io.Copy(io.Discard, p.Data); n != 1 || err != nil {
				t.Fatal(n, err)
			}
		}
		if most := int64(100 * entryMemory * 8); r.queued > most {
			t.Fatalf("%d bytes are said to be queued", r.queued)
		}
	}
	if r.queued != 0 {
		t.Errorf("%d bytes are left in the queue", r.queued)
	}
}

// TestMutants has all ways of reading agree on files with right checksums. What reads
// everything, front to back, refuses the same files; what such reading accepts, the
// rest accepts, and the tokens are the same.
func TestMutants(t *testing.T) {
	trials := 3000
	if os.Getenv("FORETELL_TRIALS") != "" {
		trials = 50_000
	}
	r := rand.New(rand.NewPCG(16, 9))
	whole, refused, partly := 0, 0, 0
	before := runtime.NumGoroutine()
	for i := range trials {
		file, changed := evil.Mutant(r)
		errs := ways(file, ReaderOptions{Workers: 2, MaxMemory: 1 << 24, MaxOutput: 1 << 20})
		want := errs["read"]
		if changed == 0 && want != nil {
			t.Fatalf("mutant %d is sound, but %v", i, want)
		}
		for way, err := range errs {
			if err != nil && !typed(err) {
				t.Errorf("mutant %d: %s: %v", i, way, err)
			}
			atRandom := way == "describe" || way == "read at random"
			if (err == nil) != (want == nil) && !(atRandom && want != nil) {
				t.Errorf("mutant %d: read: %v; %s: %v", i, want, way, err)
			}
		}
		switch {
		case want == nil:
			whole++
			if front, random := elements(t, file); !bytes.Equal(front, random) {
				t.Errorf("mutant %d: other tokens at random than front to back", i)
			}
		case errs["read at random"] == nil:
			partly++
		default:
			refused++
		}
		if t.Failed() {
			t.Logf("%x", file)
			return
		}
	}
	for range 100 {
		if runtime.NumGoroutine() <= before {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if n := runtime.NumGoroutine(); n > before {
		t.Errorf("%d goroutines are left of %d", n, before)
	}
	t.Logf("%d whole, %d refused, %d with damage that reading tokens at random does not touch", whole, refused, partly)
}

// elements returns the elements of all members of a file, read front to back and at
// random.
func elements(t *testing.T, file []byte) (front, random []byte) {
	t.Helper()
	r, err := NewReader(bytes.NewReader(file), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for p, err := range tokens.All(r) {
		if err != nil {
			t.Fatal(err)
		}
		if p.Kind == tokens.Member {
			if front, err = appendAll(front, p.Data); err != nil {
				t.Fatal(err)
			}
		}
	}
	var b bytes.Buffer
	at := open(t, file, nil)
	for i := range at.Members() {
		if err := at.CopyRange(&b, i, 0, End); err != nil {
			t.Fatal(err)
		}
	}
	return front, b.Bytes()
}

func appendAll(dst []byte, r io.Reader) ([]byte, error) {
	b, err := io.ReadAll(r)
	return append(dst, b...), err
}

// TestStalledClose closes a Reader whose source gives nothing more and does not end.
func TestStalledClose(t *testing.T) {
	_, file := sampleFile(t, 8, WriterOptions{Model: "static"})
	in, out := io.Pipe()
	defer out.Close()
	go out.Write(file[:len(file)/2])
	r, err := NewReader(in, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Next(); err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	if _, err := r.Next(); err == nil {
		t.Error("a closed reader goes on")
	}
}

// lazy is a source that gives nothing without an error, and an output that takes
// less than it is given.
type lazy struct{}

func (lazy) Read([]byte) (int, error)    { return 0, nil }
func (lazy) Write(b []byte) (int, error) { return len(b) / 2, nil }

// TestLazy reads from and writes to what breaks the rules of io.
func TestLazy(t *testing.T) {
	_, file := sampleFile(t, 9, WriterOptions{Model: "static"})
	for n := 0; n < len(file); n += 7 {
		in := io.MultiReader(bytes.NewReader(file[:n]), lazy{})
		if _, err := readContent(in, nil); !errors.Is(err, io.ErrNoProgress) {
			t.Fatalf("after %d bytes: %v", n, err)
		}
	}
	w, err := NewWriter(io.Discard, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.WritePart(tokens.Part{Kind: tokens.File, Name: "a"}); err != nil {
		t.Fatal(err)
	}
	if err := w.WritePart(tokens.Part{
		Kind: tokens.Member, Info: tokens.Info{Name: "a", Type: tokens.Uint8, Shape: []int{-1}}, Data: lazy{},
	}); !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("data that does not come: %v", err)
	}
	w.Close()
	if _, err := NewWriter(lazy{}, nil); !errors.Is(err, io.ErrShortWrite) {
		t.Errorf("an output that writes short: %v", err)
	}
}
