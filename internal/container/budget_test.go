package container

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/foretell/foretell/internal/fault"
)

// counted is a budget that never waits.
type counted struct{ left, most, used int64 }

func (c *counted) Take(n int64) error {
	if n > c.left {
		return fault.ErrLimit
	}
	c.left -= n
	c.used += n
	c.most = max(c.most, c.used)
	return nil
}

func (c *counted) Give(n int64) {
	c.left += n
	c.used -= n
}

// TestBudget reads damaged files; what is taken of the budget must be the blocks
// that come out and the parameters that others lean on.
func TestBudget(t *testing.T) {
	_, file := sample(t, 30)
	rnd := rand.New(rand.NewPCG(9, 10))
	for range 150 {
		at := headerSize + rnd.IntN(len(file)-headerSize)
		cut := rnd.IntN(min(300, len(file)-at))
		bad := append(append(bytes.Clone(file[:at]), make([]byte, rnd.IntN(30))...), file[at+cut:]...)
		for _, limit := range []int64{1 << 20, 100} {
			r, err := NewReader(bytes.NewReader(bad), testLimits)
			if err != nil {
				t.Fatal(err)
			}
			r.Recover()
			mem := &counted{left: limit}
			r.Charge(mem)
			for {
				rec, err := r.Next()
				mem.Give(rec.Data.Size())
				if err != nil && !errors.Is(err, fault.ErrCorrupt) {
					break
				}
			}
			for _, x := range r.todo {
				mem.Give(x.data.Size())
			}
			if mem.used != int64(len(r.base)) {
				t.Fatalf("cut of %d at %d, limit %d: %d bytes are taken, the base is %d", cut, at, limit, mem.used, len(r.base))
			}
		}
		f, err := Open(bytes.NewReader(bad), int64(len(bad)), testLimits)
		if err != nil {
			continue
		}
		for i := range f.Blocks {
			mem := &counted{left: 1 << 20}
			_, data, _ := f.Block(i, mem)
			if mem.used != data.Size() {
				t.Fatalf("block %d: %d bytes are taken of %d", i, mem.used, data.Size())
			}
		}
	}
}

// TestLongHeader loses a block in front of one with as many spans as there may be.
func TestLongHeader(t *testing.T) {
	var buf bytes.Buffer
	w, err := NewWriter(&buf, Header{BlockTokens: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	var spans []Span
	for i := range MaxSpans {
		spans = append(spans, Span{uint64(i), 0, 1 << 4})
	}
	var ends []int
	for i := range 4 {
		if err := w.Block(&Block{Spans: spans[:max(1, MaxSpans*(i%2))]}, false, []byte("params"), []byte("body")); err != nil {
			t.Fatal(err)
		}
		ends = append(ends, buf.Len())
	}
	if err := w.Close([16]byte{}, 0); err != nil {
		t.Fatal(err)
	}
	file := buf.Bytes()
	file[ends[0]-30] ^= 1 // in the header of the first block
	r, err := NewReader(bytes.NewReader(file), Limits{Memory: 1 << 30})
	if err != nil {
		t.Fatal(err)
	}
	r.Recover()
	if got, errs := readAll(r); len(got) != 3 || len(got[0].spans) != MaxSpans {
		t.Errorf("%d blocks of 3: %v", len(got), errs)
	}
}

// TestManyMarks bounds the work of looking at what only looks like long headers.
func TestManyMarks(t *testing.T) {
	_, file := sample(t, 1)
	r, err := NewReader(bytes.NewReader(file), testLimits)
	if err != nil {
		t.Fatal(err)
	}
	long := appendRecord(nil, kindBlock, (&Block{Spans: make([]Span, 1<<14)}).appendFields(nil, r.id))
	bait := bytes.Clone(long[:markSize+3+8])
	var bad []byte
	bad = append(bad, file[:r.offset]...)
	for len(bad) < 1<<20 {
		bad = append(bad, bait...)
	}
	r, err = NewReader(bytes.NewReader(bad), testLimits)
	if err != nil {
		t.Fatal(err)
	}
	r.Recover()
	if got, errs := readAll(r); len(got) != 0 || errs == nil || r.long != maxLong {
		t.Errorf("%d records, %d long ones looked at: %v", len(got), r.long, errs)
	}
}

// TestAgain has the file end in a payload that claims more than there is: behind
// what was cut, the records that the payload ran over come out, and nothing keeps
// what was read beyond a bound.
func TestAgain(t *testing.T) {
	const size = 12 << 20
	var buf bytes.Buffer
	w, err := NewWriter(&buf, Header{BlockTokens: 1000})
	if err != nil {
		t.Fatal(err)
	}
	body := make([]byte, size)
	var starts []int
	for i := range 5 {
		starts = append(starts, buf.Len())
		b := body[:1000]
		if i == 1 {
			b = body
		}
		if err := w.Block(&Block{Spans: []Span{{0, uint64(i), 1}}}, false, nil, b); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close([16]byte{}, 0); err != nil {
		t.Fatal(err)
	}
	file := buf.Bytes()
	bad := append(bytes.Clone(file[:starts[2]-10000]), file[starts[2]:]...)
	before := heap()
	r, err := NewReader(bytes.NewReader(bad), Limits{Memory: 16 << 20})
	if err != nil {
		t.Fatal(err)
	}
	r.Recover()
	blocks, most := 0, int64(0)
	for {
		rec, err := r.Next()
		if err == io.EOF {
			break
		}
		if err == nil && rec.Block != nil {
			blocks++
		}
		if err != nil && !errors.Is(err, fault.ErrCorrupt) {
			t.Fatal(err)
		}
		rec = Record{}
		most = max(most, heap()-before)
	}
	if blocks != 4 {
		t.Errorf("%d blocks of 4 are whole", blocks)
	}
	if most > size/2+2*maxFound {
		t.Errorf("%d bytes are kept", most)
	}
}

func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
