package mix

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"slices"
	"testing"

	"github.com/foretell/foretell/internal/fault"
)

// part returns a run of a block of one span.
func (b *Block) part(first, count int) *Block {
	return &Block{Size: b.Size, Symbols: b.Symbols[first : first+count],
		Spans: []Span{{First: int64(first), Count: count, Shape: b.Spans[0].Shape}}}
}

func TestPrior(t *testing.T) {
	for _, b := range []*Block{synthetic(64, 80, 6, 8), synthetic(1000, 5000), synthetic(64, 900, 4)} {
		n := len(b.Symbols)
		sample, rest := b.part(0, n*3/4), b.part(n*3/4, n/8)
		p, err := Train(TrainConfig{}, sample)
		if err != nil {
			t.Fatal(err)
		}
		data, err := p.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		q, err := ParsePrior(data, 1<<30)
		if err != nil {
			t.Fatal(err)
		}
		if p.Size() != b.Size || q.Size() != b.Size {
			t.Error("size of the prior:", p.Size(), q.Size())
		}
		with := roundTrip(t, Config{Prior: p}, rest)
		if again := roundTrip(t, Config{Prior: q}, rest); !slices.Equal(with, again) {
			t.Error("a prior that was stored gives other bytes")
		}
		if without := roundTrip(t, Config{}, rest); len(with) >= len(without) {
			t.Errorf("%d bytes with a prior, %d without", len(with), len(without))
		}
		if err := New(Config{}).Decode(rest.empty(), with); !errors.Is(err, fault.ErrModel) {
			t.Error("without the prior:", err)
		}
		small, err := Train(TrainConfig{MaxBytes: len(data) / 2}, sample)
		if err != nil {
			t.Fatal(err)
		}
		if short, _ := small.MarshalBinary(); len(short) > len(data)/2 {
			t.Errorf("a prior of %d bytes, not %d", len(short), len(data)/2)
		}
		roundTrip(t, Config{Prior: small}, rest)
	}
}

func TestPriorRefusals(t *testing.T) {
	b := synthetic(64, 60, 6, 8)
	p, err := Train(TrainConfig{}, b)
	if err != nil {
		t.Fatal(err)
	}
	for _, other := range []*Block{synthetic(65, 60, 6, 8), synthetic(64, 60, 6, 9)} {
		if _, err := New(Config{Prior: p}).Encode(nil, other); !errors.Is(err, fault.ErrModel) {
			t.Error(err)
		}
	}
	body := roundTrip(t, Config{Prior: p}, b)
	r, err := Train(TrainConfig{}, synthetic(64, 60, 7, 8))
	if err != nil {
		t.Fatal(err)
	}
	if err := New(Config{Prior: r}).Decode(b.empty(), body); !errors.Is(err, fault.ErrModel) {
		t.Error("another prior:", err)
	}
	if _, err := Train(TrainConfig{MaxBytes: 100}, b); !errors.Is(err, fault.ErrLimit) {
		t.Error("too small a limit:", err)
	}
	if _, err := Train(TrainConfig{}, &Block{Size: 4}); err == nil {
		t.Error("trained on nothing")
	}
	data, _ := p.MarshalBinary()
	if _, err := ParsePrior(data, 1000); !errors.Is(err, fault.ErrLimit) {
		t.Error("memory:", err)
	}
	for n := range len(data) {
		if n > 50 && n%3000 != 0 {
			continue
		}
		if _, err := ParsePrior(data[:n], 0); err == nil {
			t.Fatalf("parsed %d of %d bytes", n, len(data))
		}
		bad := bytes.Clone(data)
		bad[n] ^= 1
		if _, err := ParsePrior(bad, 0); err == nil {
			t.Fatalf("parsed with byte %d changed", n)
		}
	}
}

// sealed gives a prior's bytes their checksum.
func sealed(b []byte) []byte {
	return binary.LittleEndian.AppendUint32(bytes.Clone(b), crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)))
}

func FuzzPrior(f *testing.F) {
	for _, b := range []*Block{synthetic(8, 30, 3, 4), synthetic(20, 3000), synthetic(16, 800, 3)} {
		p, err := Train(TrainConfig{}, b)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(p.data[:len(p.data)-4])
	}
	rest := synthetic(8, 30, 3, 4)
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := ParsePrior(sealed(data), 1<<24)
		if err != nil {
			return
		}
		c := New(Config{Prior: p, MaxMemory: 1 << 26})
		body, err := c.Encode(nil, rest)
		if err != nil {
			return
		}
		back := rest.empty()
		if err := c.Decode(back, body); err != nil || !slices.Equal(back.Symbols, rest.Symbols) {
			t.Fatal("what a parsed prior encodes does not come back:", err)
		}
	})
}

func FuzzDecode(f *testing.F) {
	shapes := [][]int{{600}, {40, 3, 5}, {200, 3}, {3, 200}}
	for k, shape := range shapes {
		b := synthetic(30, shape...)
		for learned := range uint8(treePrior) {
			s := arrange(b)
			s.learned = learned
			body, err := New(Config{}).encodeMixed(nil, b, s)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(body, uint8(k))
		}
		f.Add(encodePlain(nil, b), uint8(k))
	}
	f.Fuzz(func(t *testing.T, body []byte, k uint8) {
		b := synthetic(30, shapes[int(k)%len(shapes)]...)
		first := b.empty()
		if New(Config{MaxMemory: 1 << 26}).Decode(first, body) != nil {
			return
		}
		second := b.empty()
		if err := New(Config{}).Decode(second, body); err != nil || !slices.Equal(first.Symbols, second.Symbols) {
			t.Fatal("decoding depends on more than the body:", err)
		}
		for _, x := range first.Symbols {
			if x >= 30 {
				t.Fatal("symbol out of range")
			}
		}
	})
}
