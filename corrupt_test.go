package foretell

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/foretell/foretell/internal/realdata"
)

// sampleFile returns the content and the bytes of a file of three members in
// small blocks, written under the given options.
func sampleFile(t testing.TB, seed uint64, opts WriterOptions) (want, file []byte) {
	r := rand.New(rand.NewPCG(seed, 1))
	var buf, plain bytes.Buffer
	opts.BlockTokens = 100
	w, err := NewWriter(&buf, &opts)
	if err != nil {
		t.Fatal(err)
	}
	for m := range 3 {
		values := make([]uint16, 200+50*m)
		for i := range values {
			values[i] = uint16(r.IntN(1 + r.IntN(900)))
		}
		if err := WriteArray(w, string(rune('a'+m)), []int{len(values) / 10, 10}, values); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	out, err := content(buf.Bytes(), nil)
	if err != nil {
		t.Fatal(err)
	}
	plain.Write(out)
	return plain.Bytes(), buf.Bytes()
}

// typed reports whether err is of a kind that callers can tell apart.
func typed(err error) bool {
	return errors.Is(err, ErrCorrupt) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, ErrUnsupported) || errors.Is(err, ErrLimit) || errors.Is(err, ErrModel)
}

// checkDamaged reads a damaged file on every way there is. It may give the right
// content or a typed error, never other content.
func checkDamaged(t *testing.T, what string, bad, want []byte, framing int) {
	t.Helper()
	got, err := content(bad, nil)
	if err == nil && !bytes.Equal(got, want) {
		t.Fatalf("%s: other content without an error", what)
	}
	if err != nil && !typed(err) {
		t.Fatalf("%s: %v", what, err)
	}
	r, err := OpenReaderAt(bytes.NewReader(bad), int64(len(bad)), nil)
	if err != nil {
		if !typed(err) {
			t.Fatalf("%s: %v", what, err)
		}
		return
	}
	at := framing
	for m, info := range r.Members() {
		n := int(info.Len()) * info.Type.Size()
		for _, rows := range [][2]int{{0, info.Shape[0]}, {info.Shape[0] / 3, info.Shape[0] / 2}} {
			var part bytes.Buffer
			err := r.CopyRange(&part, m, rows[0], rows[1])
			if err != nil {
				if !typed(err) {
					t.Fatalf("%s: %v", what, err)
				}
				continue
			}
			row := n / info.Shape[0]
			if at+n > len(want) || !bytes.Equal(part.Bytes(), want[at+rows[0]*row:at+rows[1]*row]) {
				t.Fatalf("%s: other tokens without an error", what)
			}
		}
		at += n + framing
	}
}

// TestEveryByte changes every byte of a small file; with models other than
// static, each thirteenth unless FORETELL_TRIALS is set.
func TestEveryByte(t *testing.T) {
	for _, model := range Models() {
		want, file := sampleFile(t, 1, WriterOptions{Model: model})
		step := 1
		if model != "static" && os.Getenv("FORETELL_TRIALS") == "" {
			step = 13
		}
		for i := 0; i < len(file); i += step {
			bad := bytes.Clone(file)
			bad[i] ^= byte(1 << (i % 8))
			checkDamaged(t, model, bad, want, 128)
		}
	}
}

// damage returns a file with one random damage, with parts of another file of
// the same kind where it takes them from one.
func damage(r *rand.Rand, file, other []byte, blocks []BlockDescription) ([]byte, string) {
	i, j := r.IntN(len(blocks)), r.IntN(len(blocks))
	a, b := blocks[min(i, j)], blocks[max(i, j)]
	cut := func(x BlockDescription) []byte { return file[x.Offset : x.Offset+x.Size] }
	switch r.IntN(6) {
	case 0:
		bad := bytes.Clone(file)
		for range 1 + r.IntN(3) {
			bad[r.IntN(len(bad))] ^= 1 << r.IntN(8)
		}
		return bad, "bits flipped"
	case 1:
		at := r.IntN(len(file))
		n := 1 + r.IntN(min(len(file)-at, 1000))
		return append(bytes.Clone(file[:at]), file[at+n:]...), "bytes cut"
	case 2:
		at := r.IntN(len(file) + 1)
		noise := make([]byte, 1+r.IntN(20))
		for i := range noise {
			noise[i] = byte(r.Uint32())
		}
		return append(append(bytes.Clone(file[:at]), noise...), file[at:]...), "bytes added"
	case 3:
		if a.Offset == b.Offset {
			return file[:len(file)-1], "last byte cut"
		}
		bad := append(bytes.Clone(file[:a.Offset]), cut(b)...)
		bad = append(bad, file[a.Offset+a.Size:b.Offset]...)
		bad = append(bad, cut(a)...)
		return append(bad, file[b.Offset+b.Size:]...), "blocks swapped"
	case 4:
		at := b.Offset + b.Size
		return append(append(bytes.Clone(file[:at]), cut(a)...), file[at:]...), "block repeated"
	}
	if int(a.Offset+a.Size) > len(other) {
		return file[:len(file)-1], "last byte cut"
	}
	bad := bytes.Clone(file)
	copy(bad[a.Offset:a.Offset+a.Size], other[a.Offset:a.Offset+a.Size])
	return bad, "block of another file"
}

// TestRandomDamage damages a real file 1,000 times, or 10,000 times if
// FORETELL_TRIALS is set. Each must be noticed on whole reads, and on range reads wherever
// they touch it; with KeepGoing the blocks that are whole come out.
func TestRandomDamage(t *testing.T) {
	path := filepath.Join(realdata.Dir(t), "commavq", "taco-bell.npy")
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	// A tenth of the minute keeps 10,000 whole reads affordable.
	const frames = 120
	values := make([]uint16, frames*128)
	for i := range values {
		values[i] = uint16(raw[128+8*i]) | uint16(raw[129+8*i])<<8
	}
	write := func(values []uint16) []byte {
		var buf bytes.Buffer
		w, err := NewWriter(&buf, &WriterOptions{Model: "static", BlockTokens: 10 * 128})
		if err != nil {
			t.Fatal(err)
		}
		if err := WriteArray(w, "tokens", []int{frames, 128}, values); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return buf.Bytes()
	}
	file := write(values)
	want, err := content(file, nil)
	if err != nil {
		t.Fatal(err)
	}
	d, err := open(t, file, nil).Describe()
	if err != nil {
		t.Fatal(err)
	}
	for i := range values {
		values[i] = (values[i] + 1) % 1024
	}
	other := write(values)
	trials := 1000
	if os.Getenv("FORETELL_TRIALS") != "" {
		trials = 10000
	}
	r := rand.New(rand.NewPCG(7, 8))
	unnamed := 0
	for range trials {
		bad, what := damage(r, file, other, d.Blocks)
		if bytes.Equal(bad, file) {
			continue
		}
		got, err := content(bad, nil)
		if err == nil {
			t.Fatalf("%s: not noticed", what)
		}
		if !typed(err) {
			t.Fatalf("%s: %v", what, err)
		}
		var block *BlockError
		if !errors.As(err, &block) {
			unnamed++
		}
		if len(got) > 0 {
			t.Fatalf("%s: content in spite of %v", what, err)
		}
		checkDamaged(t, what, bad, want, 128)
		checkKeepGoing(t, what, bad, want, d.Blocks)
	}
	t.Logf("%d of %d errors name no block", unnamed, trials)
}

// checkKeepGoing reads a damaged file as far as it goes. To one damage at most
// three blocks may be lost, those that lean on a lost one, and what the layout
// tells; a lost token is zero.
func checkKeepGoing(t *testing.T, what string, bad, want []byte, blocks []BlockDescription) {
	t.Helper()
	noticed := 0
	got, err := content(bad, &ReaderOptions{KeepGoing: func(error) { noticed++ }})
	if noticed == 0 && err == nil {
		t.Fatalf("%s: not noticed", what)
	}
	if err != nil {
		if !typed(err) {
			t.Fatalf("%s: %v", what, err)
		}
		return
	}
	if len(got) != len(want) {
		if len(got) > 128 {
			t.Fatalf("%s: %d bytes of %d", what, len(got), len(want))
		}
		return
	}
	lost := map[int]bool{}
	size := (len(want) - 128) / len(blocks)
	for i := 128; i < len(want); i++ {
		if got[i] != want[i] {
			if got[i] != 0 {
				t.Fatalf("%s: a wrong token that is not zero", what)
			}
			lost[(i-128)/size] = true
		}
	}
	own := 0
	for i := range lost {
		if base := blocks[i].Base; base < 0 || !lost[base] {
			own++
		}
	}
	if own > 3 {
		t.Fatalf("%s: lost %d blocks %v", what, own, lost)
	}
}

// TestBlockSpans tells what is lost with a block whose header is damaged.
func TestBlockSpans(t *testing.T) {
	_, file := sampleFile(t, 3, WriterOptions{Model: "static", Solid: true})
	d, err := open(t, file, nil).Describe()
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range d.Blocks {
		file[b.Offset+10] ^= 1
	}
	r := open(t, file, nil)
	if _, err := r.Describe(); !errors.Is(err, ErrCorrupt) {
		t.Fatalf("headers are not damaged: %v", err)
	}
	for i, b := range d.Blocks {
		if got := r.BlockSpans(int64(i)); !slices.Equal(got, b.Spans) {
			t.Errorf("block %d: %v, want %v", i, got, b.Spans)
		}
	}
	for _, i := range []int64{-1, int64(len(d.Blocks))} {
		if got := r.BlockSpans(i); got != nil {
			t.Errorf("block %d: %v", i, got)
		}
	}
}

func TestLimits(t *testing.T) {
	_, file := sampleFile(t, 2, WriterOptions{Model: "static"})
	for _, opts := range []ReaderOptions{{MaxMemory: 1000}, {MaxOutput: 1000}} {
		if _, err := content(file, &opts); !errors.Is(err, ErrLimit) {
			t.Errorf("%+v: %v", opts, err)
		}
	}
}

// TestLimitNamed: the limit that an error names is the least that suffices.
func TestLimitNamed(t *testing.T) {
	file := zerosFile(t, 1, 1<<20)
	read := func(limit int64) error {
		_, err := content(file, &ReaderOptions{MaxMemory: limit, Workers: 1})
		return err
	}
	const little = 1 << 16
	limit := int64(little)
	for err := read(limit); err != nil; err = read(limit) {
		_, tail, found := strings.Cut(err.Error(), "needs a limit of ")
		var named int64
		if _, scan := fmt.Sscan(tail, &named); !errors.Is(err, ErrLimit) || !found || scan != nil || named <= limit {
			t.Fatalf("limit %d: %v", limit, err)
		}
		if read(named-1) == nil {
			t.Errorf("the error asks for %d bytes, and less suffices", named)
		}
		limit = named
	}
	if limit == little {
		t.Error("nothing is refused")
	}
}

func FuzzReader(f *testing.F) {
	for i, model := range Models() {
		_, file := sampleFile(f, uint64(i), WriterOptions{Model: model, Solid: i%2 == 0})
		f.Add(file)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		opts := &ReaderOptions{MaxMemory: 1 << 24, MaxOutput: 1 << 24, Workers: 1}
		if _, err := content(file, opts); err != nil && !typed(err) {
			t.Fatal(err)
		}
		opts.KeepGoing = func(error) {}
		content(file, opts)
		r, err := OpenReaderAt(bytes.NewReader(file), int64(len(file)), opts)
		if err != nil {
			return
		}
		for m, info := range r.Members() {
			rows := 1
			if len(info.Shape) > 0 {
				rows = info.Shape[0]
			}
			r.CopyRange(io.Discard, m, 0, rows)
		}
	})
}
