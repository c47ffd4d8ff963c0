package container

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/foretell/foretell/internal/fault"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var testHeader = Header{Codec: 2, Preset: "some", Level: 3, BlockTokens: 1000, Needs: []Need{
	{Kind: 1, Sum: [32]byte{9}, Size: 5, Embedded: true, Data: []byte("prior")},
	{Kind: 3, Name: "weights.gguf", Size: 1 << 40},
}}

// headerSize is the length of the header and what it carries.
var headerSize = len(testHeader.append(nil)) + int(testHeader.embedded())

var testLimits = Limits{Memory: 1 << 20}

type testRecord struct {
	entries      []Entry
	spans        []Span
	leans        bool
	params, body []byte
}

// sample returns the records of a small file and its bytes.
func sample(t testing.TB, blocks int) ([]testRecord, []byte) {
	r := rand.New(rand.NewPCG(1, uint64(blocks)))
	random := func(n int) []byte {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		return b
	}
	records := []testRecord{{entries: []Entry{
		{EntryFile, []byte("tokens.npy")}, {EntryFraming, bytes.Repeat([]byte("frame "), 30)}, {EntryMember, []byte("tokens")},
	}}}
	for i := range blocks {
		records = append(records, testRecord{
			spans:  []Span{{0, uint64(1000 * i), 1000}},
			leans:  i%3 != 0,
			params: random(5 + i%4),
			body:   random(40 + r.IntN(40)),
		})
		if i == blocks/2 {
			records = append(records, testRecord{entries: []Entry{{EntryEnd, nil}, {EntryFraming, random(30)}, {EntryMember, []byte("b")}}})
		}
	}
	var buf bytes.Buffer
	w, err := NewWriter(&buf, testHeader)
	if err != nil {
		t.Fatal(err)
	}
	for _, rec := range records {
		if rec.entries != nil {
			err = w.Layout(rec.entries)
		} else {
			err = w.Block(&Block{Spans: rec.spans, Codec: 2, Hash: 7}, rec.leans, rec.params, rec.body)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close([16]byte{1, 2}, 5000); err != nil {
		t.Fatal(err)
	}
	if w.Offset() != int64(buf.Len()) {
		t.Fatalf("offset %d, wrote %d", w.Offset(), buf.Len())
	}
	return records, buf.Bytes()
}

// readAll reads a file front to back into what sample makes.
func readAll(r *Reader) (records []testRecord, errs []error) {
	for {
		rec, err := r.Next()
		switch {
		case err == io.EOF:
			return records, errs
		case err != nil:
			errs = append(errs, err)
			if !r.recover || !errors.Is(err, fault.ErrCorrupt) {
				return records, errs
			}
		case rec.Block == nil:
			records = append(records, testRecord{entries: rec.Entries})
		default:
			records = append(records, testRecord{spans: rec.Block.Spans, leans: rec.Block.Base != 0, params: rec.Data.Params, body: rec.Data.Body})
		}
	}
}

var asRecords = cmp.Options{cmp.AllowUnexported(testRecord{}), cmpopts.EquateEmpty()}

func TestReadBack(t *testing.T) {
	for _, blocks := range []int{0, 1, 2, 50} {
		want, file := sample(t, blocks)
		r, err := NewReader(bytes.NewReader(file), testLimits)
		if err != nil {
			t.Fatal(err)
		}
		got, errs := readAll(r)
		if errs != nil {
			t.Fatal(errs)
		}
		if diff := cmp.Diff(want, got, asRecords); diff != "" {
			t.Fatal(diff)
		}
		if r.Header.BlockTokens != 1000 || r.Length != 5000 || r.Content != [16]byte{1, 2} {
			t.Errorf("header %+v, trailer %+v", r.Header, r.Trailer)
		}
		checkOpen(t, file, want)
	}
}

// checkOpen reads every block of a file at random.
func checkOpen(t *testing.T, file []byte, want []testRecord) {
	t.Helper()
	f, err := Open(bytes.NewReader(file), int64(len(file)), testLimits)
	if err != nil {
		t.Fatal(err)
	}
	i := 0
	var base []byte
	var blocks int64
	for _, rec := range want {
		if rec.entries != nil {
			continue
		}
		if !rec.leans {
			base = rec.params
		}
		b, data, err := f.Block(i, unlimited{})
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(data.Params, rec.params) || !bytes.Equal(data.Body, rec.body) || rec.leans != (data.Base != nil) || rec.leans && !bytes.Equal(data.Base, base) {
			t.Fatalf("block %d differs", i)
		}
		if diff := cmp.Diff(rec.spans, b.Spans); diff != "" {
			t.Fatal(diff)
		}
		blocks += f.Blocks[i].Size
		i++
	}
	if i != len(f.Blocks) {
		t.Fatalf("%d blocks, index has %d", i, len(f.Blocks))
	}
	s := f.Sizes
	if total := s.Header + s.Embedded + s.Layout + blocks + s.Index + s.Trailer; total != int64(len(file)) {
		t.Errorf("sizes add up to %d of %d", total, len(file))
	}
}

// TestDamage changes, cuts and doubles parts of a file. A sequential reader must
// notice all of it except changes in a block's body, which only decoding shows.
func TestDamage(t *testing.T) {
	want, file := sample(t, 6)
	for i := range file {
		for _, bad := range [][]byte{
			append(append(bytes.Clone(file[:i]), file[i]^byte(1+i%255)), file[i+1:]...),
			file[:i],
			append(bytes.Clone(file[:i]), file[i+1:]...),
			append(append(bytes.Clone(file[:i]), 'x'), file[i:]...),
			append(bytes.Clone(file), file[:i+1]...),
		} {
			r, err := NewReader(bytes.NewReader(bad), testLimits)
			if err != nil {
				checkError(t, err)
				continue
			}
			got, errs := readAll(r)
			if errs == nil {
				for n := range got {
					got[n].body = nil
				}
				bare := append([]testRecord(nil), want...)
				for n := range bare {
					bare[n].body = nil
				}
				if diff := cmp.Diff(bare, got, asRecords); diff != "" {
					t.Fatalf("byte %d: other records without an error: %s", i, diff)
				}
			}
			for _, err := range errs {
				checkError(t, err)
			}
			f, err := Open(bytes.NewReader(bad), int64(len(bad)), testLimits)
			if err != nil {
				checkError(t, err)
				continue
			}
			for n := range f.Blocks {
				if _, _, err := f.Block(n, unlimited{}); err != nil {
					checkError(t, err)
				}
			}
		}
	}
}

func checkError(t *testing.T, err error) {
	t.Helper()
	if !errors.Is(err, fault.ErrCorrupt) && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, fault.ErrUnsupported) && !errors.Is(err, fault.ErrLimit) {
		t.Fatalf("untyped error %v", err)
	}
}

// TestForeign puts a block of one file in the place of another's of the same
// shape and header.
func TestForeign(t *testing.T) {
	_, a := sample(t, 6)
	f, err := Open(bytes.NewReader(a), int64(len(a)), testLimits)
	if err != nil {
		t.Fatal(err)
	}
	x, y := f.Blocks[1], f.Blocks[3]
	swapped := bytes.Clone(a[:x.Offset])
	swapped = append(swapped, a[y.Offset:y.Offset+y.Size]...)
	swapped = append(swapped, a[x.Offset+x.Size:y.Offset]...)
	swapped = append(swapped, a[x.Offset:x.Offset+x.Size]...)
	swapped = append(swapped, a[y.Offset+y.Size:]...)
	r, _ := NewReader(bytes.NewReader(swapped), testLimits)
	if _, errs := readAll(r); !errors.Is(errors.Join(errs...), fault.ErrCorrupt) {
		t.Errorf("swapped blocks: %v", errs)
	}
	f, err = Open(bytes.NewReader(swapped), int64(len(swapped)), testLimits)
	if err != nil {
		t.Fatal(err)
	}
	var be *fault.BlockError
	if _, _, err := f.Block(1, unlimited{}); !errors.As(err, &be) || be.Block != 1 {
		t.Errorf("swapped block read at random: %v", err)
	}
}

// TestRecover cuts pieces out of a file and adds noise; all records that are
// still whole must come out, and nothing else.
func TestRecover(t *testing.T) {
	want, file := sample(t, 30)
	rnd := rand.New(rand.NewPCG(5, 6))
	for range 500 {
		at := headerSize + rnd.IntN(len(file)-headerSize)
		cut := rnd.IntN(min(300, len(file)-at))
		noise := make([]byte, rnd.IntN(30))
		bad := append(append(bytes.Clone(file[:at]), noise...), file[at+cut:]...)
		r, err := NewReader(bytes.NewReader(bad), testLimits)
		if err != nil {
			t.Fatal(err)
		}
		r.Recover()
		got, errs := readAll(r)
		if len(errs) == 0 && cut != len(noise) {
			t.Fatal("damage went unnoticed")
		}
		// 60 bytes is less than any record, so a cut touches at most this many.
		if lost := len(want) - len(got); lost > 2*(cut/60+2)+2 {
			t.Fatalf("cut of %d at %d lost %d of %d records: %v", cut, at, lost, len(want), errs)
		}
	}
}

func FuzzReader(f *testing.F) {
	for _, n := range []int{0, 1, 4} {
		_, file := sample(f, n)
		f.Add(file)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		if r, err := NewReader(bytes.NewReader(file), testLimits); err == nil {
			readAll(r)
		}
		if r, err := NewReader(bytes.NewReader(file), testLimits); err == nil {
			r.Recover()
			readAll(r)
		}
		if x, err := Open(bytes.NewReader(file), int64(len(file)), testLimits); err == nil {
			for i := range x.Blocks {
				x.Block(i, unlimited{})
			}
		}
	})
}

func ExampleWriter() {
	var buf bytes.Buffer
	w, _ := NewWriter(&buf, Header{Codec: 0, BlockTokens: 4})
	w.Layout([]Entry{{EntryMember, []byte("a")}})
	w.Block(&Block{Spans: []Span{{0, 0, 4}}}, false, nil, []byte("body"))
	w.Close([16]byte{}, 4)
	r, _ := NewReader(&buf, Limits{Memory: 1 << 10})
	for {
		rec, err := r.Next()
		if err != nil {
			fmt.Println(err)
			break
		}
		if rec.Block != nil {
			fmt.Printf("block %d: %s\n", rec.Block.Ordinal, rec.Data.Body)
		}
	}
	// Output:
	// block 0: body
	// EOF
}

// TestLyingIndex has the index list other spans than a block's header.
func TestLyingIndex(t *testing.T) {
	var buf bytes.Buffer
	w, err := NewWriter(&buf, Header{BlockTokens: 1000})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Block(&Block{Spans: []Span{{0, 0, 10}}}, false, []byte("params"), []byte("body")); err != nil {
		t.Fatal(err)
	}
	w.index.list[len(w.index.list)-1] = 20
	if err := w.Close([16]byte{}, 0); err != nil {
		t.Fatal(err)
	}
	f, err := Open(bytes.NewReader(buf.Bytes()), int64(buf.Len()), testLimits)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := f.Block(0, unlimited{}); !errors.Is(err, fault.ErrCorrupt) {
		t.Errorf("block: %v", err)
	}
	if _, err := f.BlockHeader(0); !errors.Is(err, fault.ErrCorrupt) {
		t.Errorf("header: %v", err)
	}
}

// TestLongContent refuses a trailer that tells of more content than can be counted.
func TestLongContent(t *testing.T) {
	var buf bytes.Buffer
	w, err := NewWriter(&buf, Header{BlockTokens: 1})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close([16]byte{}, maxTokens+1); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(bytes.NewReader(buf.Bytes()), int64(buf.Len()), testLimits); !errors.Is(err, fault.ErrCorrupt) {
		t.Errorf("at random: %v", err)
	}
	r, err := NewReader(&buf, testLimits)
	if err != nil {
		t.Fatal(err)
	}
	if _, errs := readAll(r); !errors.Is(errors.Join(errs...), fault.ErrCorrupt) {
		t.Errorf("front to back: %v", errs)
	}
}

// TestHugeOrdinals refuses records whose numbers no int64 holds.
func TestHugeOrdinals(t *testing.T) {
	for _, ordinal := range []uint64{maxTokens - 1, maxTokens, 1 << 63, math.MaxUint64} {
		b := Block{Ordinal: ordinal, Spans: []Span{{Count: 1}}}
		_, err := parseBlock(b.appendFields(nil, 7), 7, room{1, 1})
		p := packed{ordinal: ordinal, raw: 1, stored: 1}
		_, packedErr := parsePacked(p.appendFields(nil, 7), 7)
		for what, err := range map[string]error{"block": err, "layout": packedErr} {
			if good := ordinal < maxTokens; (err == nil) != good || !good && !errors.Is(err, fault.ErrCorrupt) {
				t.Errorf("%s %d: %v", what, ordinal, err)
			}
		}
	}
}

// TestHeaderDamageIsToldOnce changes each byte of the headers of records. What is lost with
// each is told once, by a reader that knows the index and by one that does not.
func TestHeaderDamageIsToldOnce(t *testing.T) {
	_, file := sample(t, 4)
	starts := []int{}
	for at := headerSize; ; at++ {
		next := bytes.Index(file[at:], []byte(mark))
		if next < 0 {
			break
		}
		at += next
		starts = append(starts, at)
	}
	starts = starts[:len(starts)-1] // the last is the index
	for _, start := range starts {
		fields := start + markSize + 1
		end := fields + int(file[start+markSize]) + 4
		for at := start; at < end; at++ {
			bad := bytes.Clone(file)
			bad[at] ^= 1 << (at % 8)
			for _, known := range []bool{true, false} {
				r, err := NewReader(bytes.NewReader(bad), testLimits)
				if err != nil {
					t.Fatal(err)
				}
				if known {
					f, err := Open(bytes.NewReader(bad), int64(len(bad)), testLimits)
					if err != nil {
						t.Fatal(err)
					}
					r.Know(f)
				}
				r.Recover()
				if _, errs := readAll(r); len(errs) != 1 {
					t.Errorf("byte %d of the record at %d, index known: %v: %v", at-start, start, known, errs)
				}
			}
		}
	}
}
