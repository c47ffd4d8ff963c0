package foretell

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/foretell/foretell/internal/container"
)

// zerosFile returns a small file of blocks that each decode to size bytes.
func zerosFile(t *testing.T, blocks, size int) []byte {
	t.Helper()
	var file bytes.Buffer
	w, err := NewWriter(&file, &WriterOptions{Model: "fast", BlockTokens: size / 8, Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	values := make([]int64, blocks*size/8)
	if err := WriteArray(w, "a", []int{len(values)}, values); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

// A peak notes the most bytes that are alive each time it is written to.
type peak struct {
	most   uint64
	writes int
}

func (p *peak) Write(b []byte) (int, error) {
	// Whoever decodes ahead gets the time to do so.
	for range 20 {
		time.Sleep(time.Millisecond)
		runtime.Gosched()
	}
	p.most = max(p.most, alive())
	p.writes++
	return len(b), nil
}

func alive() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

const testBlock = 4 << 20

// TestRangeMemory reads a range more slowly than it is decoded: the blocks that
// wait count.
func TestRangeMemory(t *testing.T) {
	const limit = 32 << 20
	file := zerosFile(t, 24, testBlock)
	before := alive()
	r := open(t, file, &ReaderOptions{Workers: 16, MaxMemory: limit})
	var p peak
	if err := r.CopyRange(&p, 0, 0, r.Members()[0].Shape[0]); err != nil {
		t.Fatal(err)
	}
	if p.writes != 24 || p.most-before > limit {
		t.Errorf("%d blocks took %d bytes, more than %d", p.writes, p.most-before, limit)
	}
	if after := int64(alive()) - int64(before); after > 2*testBlock {
		t.Errorf("%d bytes stay after the call", after)
	}
}

// TestLeastMemory reads with the least memory that suffices for one block, on
// all ways, as workers that wait for one another would never end.
func TestLeastMemory(t *testing.T) {
	file := zerosFile(t, 6, 1<<20)
	rows := 6 << 20 / 8
	least := int64(1 << 20)
	read := func(workers int, limit int64) error {
		opts := &ReaderOptions{Workers: workers, MaxMemory: limit}
		r := open(t, file, opts)
		err := r.CopyRange(io.Discard, 0, 0, rows)
		if _, whole := content(file, opts); (whole == nil) != (err == nil) {
			t.Fatalf("limit %d: %v from the range, %v from all", limit, err, whole)
		}
		if err == nil {
			// The block that is kept must not be in the way of another.
			for _, from := range []int{0, rows - 1, 1, rows / 2} {
				if err := r.CopyRange(io.Discard, 0, from, from+1); err != nil {
					t.Fatal(err)
				}
			}
		}
		return err
	}
	for read(1, least) != nil {
		if least *= 2; least > 1<<30 {
			t.Fatal("no limit suffices")
		}
	}
	for low := least / 2; least-low > 1<<10; {
		if mid := (low + least) / 2; read(1, mid) == nil {
			least = mid
		} else if low = mid; !errors.Is(read(1, mid), ErrLimit) {
			t.Fatal(read(1, mid))
		}
	}
	for _, workers := range []int{1, 2, 8} {
		if err := read(workers, least); err != nil {
			t.Errorf("%d workers: %v", workers, err)
		}
	}
}

// TestArrayMemory counts the array that is returned.
func TestArrayMemory(t *testing.T) {
	file := zerosFile(t, 8, testBlock)
	rows := 8 * testBlock / 8
	r := open(t, file, &ReaderOptions{Workers: 4, MaxMemory: 8 * testBlock})
	if _, err := ReadArray[int64](r, 0, 0, rows); !errors.Is(err, ErrLimit) {
		t.Errorf("all of the limit: %v", err)
	}
	if values, err := ReadArray[int64](r, 0, 0, rows/2); err != nil || len(values) != rows/2 {
		t.Errorf("half of the limit: %d values, %v", len(values), err)
	}
}

// TestRangesTogether has ranges read that wait for one another.
func TestRangesTogether(t *testing.T) {
	file := zerosFile(t, 12, 1<<20)
	r := open(t, file, &ReaderOptions{Workers: 4, MaxMemory: 20 << 20})
	rows := r.Members()[0].Shape[0]
	var readers []io.Reader
	for range 3 {
		in, out := io.Pipe()
		go func() { out.CloseWithError(r.CopyRange(out, 0, 0, rows)) }()
		readers = append(readers, in)
	}
	buf := make([]byte, 1<<16)
	for range 12 << 20 / len(buf) {
		for _, in := range readers {
			if _, err := io.ReadFull(in, buf); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// claim returns a file whose first block says that it has body bytes of code, cut
// after given of them, which are zeros.
func claim(t *testing.T, body, given int) io.Reader {
	t.Helper()
	var file bytes.Buffer
	w, err := container.NewWriter(&file, container.Header{Codec: 0, BlockTokens: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	code := make([]byte, body)
	before := file.Len()
	if err := w.Block(&container.Block{Spans: []container.Span{{Count: 1}}}, false, binary.AppendUvarint(nil, 0), code); err != nil {
		t.Fatal(err)
	}
	head := file.Len() - body
	if head <= before {
		t.Fatal("no header")
	}
	return io.MultiReader(bytes.NewReader(bytes.Clone(file.Bytes()[:head])), io.LimitReader(zeros{}, int64(given)))
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}

// TestClaimedPayload reads a block whose code never ends, with what may be read
// of it within the limit, and notes what is alive meanwhile.
func TestClaimedPayload(t *testing.T) {
	const limit = 64 << 20
	for _, going := range []bool{false, true} {
		for _, body := range []int{limit - 1<<20, limit / 2} {
			in := claim(t, body, body-1<<10)
			before := alive()
			var most atomic.Uint64
			metered := readerFunc(func(b []byte) (int, error) {
				n, err := in.Read(b)
				if err == io.EOF || most.Add(1)%64 == 0 {
					if now := alive() - before; now > limit && now < 1<<40 {
						t.Errorf("body of %d, keeping going %v: %d bytes alive", body, going, now)
					}
				}
				return n, err
			})
			opts := &ReaderOptions{MaxMemory: limit, Workers: 2}
			var first error
			if going {
				opts.KeepGoing = func(err error) { first = err }
			}
			_, err := Verify(metered, opts)
			if err == nil {
				err = first
			}
			if !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, ErrLimit) && !errors.Is(err, ErrCorrupt) {
				t.Errorf("body of %d, keeping going %v: %v", body, going, err)
			}
		}
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(b []byte) (int, error) { return f(b) }
