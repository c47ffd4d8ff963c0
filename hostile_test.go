package foretell

import (
	"bytes"
	"errors"
	"io"
	"math"
	"strings"
	"testing"

	"github.com/foretell/foretell/internal/container"
	"github.com/foretell/foretell/internal/symbols"
	"github.com/foretell/foretell/tokens"
)

// TestFailingData has the data of a member fail; the Writer must return that
// error, and never take it for the end of the data.
func TestFailingData(t *testing.T) {
	boom := errors.New("boom")
	for _, want := range []error{boom, io.ErrUnexpectedEOF} {
		for _, n := range []int{100, 101} {
			for _, length := range []int{-1, 1000} {
				w, err := NewWriter(io.Discard, nil)
				if err != nil {
					t.Fatal(err)
				}
				if err := w.WritePart(tokens.Part{Kind: tokens.File, Name: "a"}); err != nil {
					t.Fatal(err)
				}
				data := io.MultiReader(bytes.NewReader(make([]byte, n)), errReader{want})
				err = w.WritePart(tokens.Part{
					Kind: tokens.Member, Info: tokens.Info{Name: "a", Type: tokens.Uint16, Shape: []int{length}}, Data: data,
				})
				if !errors.Is(err, want) {
					t.Errorf("%d bytes and %v: %v", n, want, err)
				}
				if err := w.Close(); !errors.Is(err, want) {
					t.Errorf("Close after %v: %v", want, err)
				}
			}
		}
	}
}

type errReader struct{ err error }

func (r errReader) Read([]byte) (int, error) { return 0, r.err }

// TestParts refuses parts that would make a file that cannot be read.
func TestParts(t *testing.T) {
	file := tokens.Part{Kind: tokens.File, Name: "a"}
	member := func(name, data string) tokens.Part {
		return tokens.Part{
			Kind: tokens.Member, Info: tokens.Info{Name: name, Type: tokens.Uint8, Shape: []int{2}}, Data: strings.NewReader(data),
		}
	}
	named := func(name string) []tokens.Part { return []tokens.Part{{Kind: tokens.File, Name: name}} }
	noData := member("a", "")
	noData.Data = nil
	for name, parts := range map[string][]tokens.Part{
		"no file":              {member("a", "ab")},
		"no kind":              {{}},
		"no data":              {file, noData},
		"less data":            {file, member("a", "a")},
		"more data":            {file, member("a", "abc")},
		"two members":          {file, member("a", "ab"), member("b", "ab"), member("a", "ab")},
		"two files":            {file, member("a", "ab"), file},
		"long name":            named(strings.Repeat("a", tokens.MaxName+1)),
		"broken name":          named("\xff"),
		"name of nothing":      named(""),
		"name above":           named("../a"),
		"name at the root":     named("/etc/passwd"),
		"name that leads back": named("a/../../b"),
		"name of a drive":      named("C:a"),
		"name with a NUL":      named("a\x00b"),
	} {
		w, err := NewWriter(io.Discard, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range parts[:len(parts)-1] {
			if err := w.WritePart(p); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		if err := w.WritePart(parts[len(parts)-1]); err == nil {
			t.Errorf("%s: accepted", name)
		}
		if err := w.Close(); err == nil {
			t.Errorf("%s: Close says nothing", name)
		}
	}
}

// TestWrappingSpan refuses a span whose place in bytes would wrap around.
func TestWrappingSpan(t *testing.T) {
	info := &tokens.Info{Name: "a", Type: tokens.Uint64, Shape: []int{-1}}
	for _, first := range []uint64{1 << 61, math.MaxUint64} {
		h := &container.Block{Spans: []container.Span{{First: first, Count: 1}}}
		member := func(uint64) *tokens.Info { return info }
		if _, err := newDecodeBlock(h, member, 10); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%d: %v", first, err)
		}
	}
}

// TestHugeRange asks for more tokens than memory has bytes.
func TestHugeRange(t *testing.T) {
	for _, typ := range []tokens.Type{tokens.Uint8, tokens.Uint64} {
		r := &ReaderAt{opts: (*ReaderOptions)(nil).resolve()}
		rows := math.MaxInt / typ.Size()
		r.members = []tokens.Info{{Type: typ, Shape: []int{rows}}}
		if _, err := ReadArray[uint64](r, 0, 0, rows); !errors.Is(err, ErrLimit) {
			t.Errorf("%v: %v", typ, err)
		}
	}
}

// TestDictionaryMemory reads a block whose dictionary takes more memory than is
// allowed.
func TestDictionaryMemory(t *testing.T) {
	var file bytes.Buffer
	w, err := NewWriter(&file, &WriterOptions{Model: "static"})
	if err != nil {
		t.Fatal(err)
	}
	values := make([]uint64, 1<<17)
	for i := range values {
		values[i] = uint64(i%4096) * 0x9E3779B97F4A7C15 >> 20
	}
	if err := WriteArray(w, "a", []int{len(values)}, values); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	f := open(t, file.Bytes(), nil)
	_, data, err := f.in.Block(0, newBudget(1<<30))
	if err != nil {
		t.Fatal(err)
	}
	if m, _, _, err := parseParams(&data, symbols.MaxSymbols); err != nil || m.Kind() != symbols.DictionaryMap {
		t.Fatalf("no dictionary: %v", err)
	}
	if _, _, _, err = parseParams(&data, 1000); !errors.Is(err, ErrLimit) {
		t.Errorf("a dictionary beyond the limit: %v", err)
	}
}

// TestCutStream cuts a file of a member whose length was not known when it
// began: what is whole comes out.
func TestCutStream(t *testing.T) {
	var file bytes.Buffer
	w, err := NewWriter(&file, &WriterOptions{Model: "static", BlockTokens: 100})
	if err != nil {
		t.Fatal(err)
	}
	want := bytes.Repeat([]byte("so it goes. "), 100)
	for _, p := range []tokens.Part{
		{Kind: tokens.File, Name: "a"},
		{Kind: tokens.Member, Info: tokens.Info{Name: "a", Type: tokens.Uint8, Shape: []int{-1}}, Data: bytes.NewReader(want)},
	} {
		if err := w.WritePart(p); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	d, err := open(t, file.Bytes(), nil).Describe()
	if err != nil {
		t.Fatal(err)
	}
	cut := file.Bytes()[:d.Blocks[7].Offset+5]
	noticed := 0
	got, err := content(cut, &ReaderOptions{KeepGoing: func(error) { noticed++ }})
	if err != nil || noticed == 0 || !bytes.Equal(got, want[:700]) {
		t.Errorf("%d bytes, %d errors, %v", len(got), noticed, err)
	}
	if _, err := content(cut, nil); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a cut file: %v", err)
	}
}

// TestRelease has a worker drop what a large block needed, or what all workers
// keep could come to more than the limit.
func TestRelease(t *testing.T) {
	_, file := sampleFile(t, 5, WriterOptions{Model: "static"})
	r := open(t, file, &ReaderOptions{Workers: 4, MaxMemory: 1 << 26})
	coders, err := r.coders()
	if err != nil {
		t.Fatal(err)
	}
	c := <-coders
	if c.keep != 1<<20 {
		t.Errorf("one of 4 workers may keep %d bytes", c.keep)
	}
	for _, over := range []int64{0, 1} {
		c.symbols = make([]uint32, 10)
		if _, err := c.codec(codecStatic); err != nil {
			t.Fatal(err)
		}
		c.release(c.keep + over)
		if kept := c.symbols != nil && len(c.codecs) > 0; kept != (over == 0) {
			t.Errorf("after %d bytes: kept is %v", c.keep+over, kept)
		}
	}
}
