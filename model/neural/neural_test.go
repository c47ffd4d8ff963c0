package neural

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/model"
)

func tiny(t testing.TB) *Model {
	t.Helper()
	b, err := os.ReadFile("testdata/tiny.gguf")
	if err != nil {
		t.Fatal(err)
	}
	m, err := Open(bytes.NewReader(b), int64(len(b)), 0)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// text is what the tiny network half knows, with some bytes that it has no token for.
func text(n int) []uint32 {
	words := strings.Fields("the file that a block of tokens is in has a header and the hash of the model which it needs to be read again by")
	var s []uint32
	for i := 0; len(s) < n; i = (i*5 + 3 + i/7) % 1009 {
		w := words[i%len(words)]
		if i%11 == 0 {
			w = "\x04\xff<|endoftext|>"
		}
		for _, c := range []byte(w + " ") {
			s = append(s, uint32(c))
		}
	}
	return s[:n]
}

func TestRoundTrip(t *testing.T) {
	m := tiny(t)
	for _, size := range []int{byteCount, m.Vocabulary()} {
		for _, n := range []int{0, 1, 2, 300, 9000} {
			symbols := text(n)
			costs := make([]float32, n)
			body, err := New(m, Config{Threads: 2}).Encode([]byte("x"), &model.Block{Size: size, Symbols: symbols, Costs: costs})
			if err != nil {
				t.Fatal(size, n, err)
			}
			c := New(m, Config{Threads: 1})
			need, err := c.Need(size, n, body[1:])
			if err != nil || need < m.Memory() {
				t.Fatal(size, n, need, err)
			}
			calls := 0
			work := func(done int) error {
				calls++
				if done < 0 || done > n {
					t.Fatalf("%d symbols are coded, of a block of %d", done, n)
				}
				return nil
			}
			back := make([]uint32, n)
			if err := c.Decode(&model.Block{Size: size, Symbols: back, Work: work}, body[1:]); err != nil {
				t.Fatal(size, n, err)
			}
			if !slices.Equal(back, symbols) || calls == 0 && n > 0 {
				t.Fatalf("%d symbols come back changed", n)
			}
			sum := 0.0
			for _, c := range costs {
				sum += float64(c)
			}
			if code := float64(8 * len(body)); n > 0 && (sum > code || sum < code-400) {
				t.Errorf("costs of %.0f bits in a body of %.0f", sum, code)
			}
		}
	}
}

// TestStreams makes sure that blocks are cut into streams and segments as said.
func TestStreams(t *testing.T) {
	for _, c := range []struct{ count, positions, streams, segment int }{
		{0, 256, 1, 1}, {1, 256, 1, 1}, {256, 256, 1, 256}, {257, 256, 2, 129},
		{16 * 256, 256, 16, 256}, {16*256 + 1, 256, 16, 129}, {41933, 8192, 11, 3813}, {1 << 18, 8192, 16, 4096},
	} {
		p := newPlan(kindTokens, c.count, c.positions)
		if p.streams != c.streams || p.segment != c.segment {
			t.Errorf("%d tokens for %d positions: %d streams in segments of %d", c.count, c.positions, p.streams, p.segment)
		}
		q, rest, err := parsePlan(p.append(nil), c.count, c.positions)
		if err != nil || len(rest) > 0 || q != p {
			t.Errorf("%+v is read as %+v (%v)", p, q, err)
		}
	}
}

// TestGolden holds the bytes, which are the same on every machine.
func TestGolden(t *testing.T) {
	m := tiny(t)
	body, err := New(m, Config{}).Encode(nil, &model.Block{Size: byteCount, Symbols: text(3000)})
	if err != nil {
		t.Fatal(err)
	}
	const want = "724c3cf0c2d48cfed911d9fb2b51aaaee6bfb459557d1da55c06cbeddeb569c3"
	if sum := sha256.Sum256(body); hex.EncodeToString(sum[:]) != want {
		t.Errorf("%d bytes with the SHA-256 %x", len(body), sum)
	}
	back := make([]uint32, 3000)
	if err := New(m, Config{}).Decode(&model.Block{Size: byteCount, Symbols: back}, body); err != nil || !slices.Equal(back, text(3000)) {
		t.Errorf("the tokens do not come back: %v", err)
	}
}

func TestRefusals(t *testing.T) {
	m := tiny(t)
	c := New(m, Config{})
	symbols := text(500)
	if _, err := c.Encode(nil, &model.Block{Size: 1000, Symbols: symbols}); !errors.Is(err, fault.ErrUnsupported) {
		t.Errorf("another alphabet: %v", err)
	}
	body, err := c.Encode(nil, &model.Block{Size: byteCount, Symbols: symbols})
	if err != nil {
		t.Fatal(err)
	}
	decode := func(body []byte) error {
		return c.Decode(&model.Block{Size: byteCount, Symbols: make([]uint32, len(symbols))}, body)
	}
	other := slices.Clone(body)
	other[1] ^= 1
	if err := decode(other); !errors.Is(err, fault.ErrModel) {
		t.Errorf("another network: %v", err)
	}
	other = slices.Clone(body)
	other[0] = kindTokens
	if err := decode(other); !errors.Is(err, fault.ErrCorrupt) {
		t.Errorf("another kind: %v", err)
	}
	for n := range len(body) {
		if decode(body[:n]) == nil {
			t.Fatalf("%d of %d bytes are accepted", n, len(body))
		}
	}
	stop := errors.New("stop")
	work := func(int) error { return stop }
	if err := c.Decode(&model.Block{Size: byteCount, Symbols: make([]uint32, len(symbols)), Work: work}, body); !errors.Is(err, stop) {
		t.Errorf("stopped: %v", err)
	}
	if _, err := c.Encode(nil, &model.Block{Size: byteCount, Symbols: symbols, Work: work}); !errors.Is(err, stop) {
		t.Errorf("stopped: %v", err)
	}
}

func FuzzDecode(f *testing.F) {
	m := tiny(f)
	c := New(m, Config{Threads: 1})
	symbols := text(200)
	for _, size := range []int{byteCount, m.Vocabulary()} {
		body, err := c.Encode(nil, &model.Block{Size: size, Symbols: symbols})
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body, size == byteCount)
	}
	f.Fuzz(func(t *testing.T, body []byte, bytes bool) {
		size := m.Vocabulary()
		if bytes {
			size = byteCount
		}
		b := &model.Block{Size: size, Symbols: make([]uint32, len(symbols))}
		if need, err := c.Need(size, len(symbols), body); err != nil || need > 1<<28 {
			return
		}
		if c.Decode(b, body) != nil {
			return
		}
		if err := model.CheckDecoded(b); err != nil {
			t.Error(err)
		}
	})
}
