package mix

import (
	"runtime"
	"testing"

	"github.com/foretell/foretell/model"
	"github.com/foretell/foretell/model/mix/internal/vocabulary"
)

// TestMemory checks what an engine takes, and what a whole decoding does, against
// what is said of them before. All that is allocated counts, even what is free
// again at the end.
func TestMemory(t *testing.T) {
	for k := range geometries {
		for _, size := range []int{2, 1024, 5000, MaxSize} {
			for _, shape := range [][2]int{{1, 1}, {8, 16}, {1, 500}} {
				s := setup{geometry: uint8(k), rows: shape[0], cols: shape[1]}
				if k == geometrySpelt {
					s.cols = vocabulary.GPT2
				}
				p, err := s.draw(size, 9, 5000)
				if err != nil {
					t.Fatal(err)
				}
				if took := allocated(func() { p.build() }); took > p.bytes() {
					t.Errorf("geometry %d of %d symbols: an engine of %d bytes, not %d", k, size, took, p.bytes())
				}
			}
		}
	}
	for _, b := range []*model.Block{
		synthetic(2, 300), synthetic(4096, 300), synthetic(5000, 3000), synthetic(MaxSize, 300),
		synthetic(2, 10, 5, 6), synthetic(4096, 10, 5, 6), synthetic(5000, 10, 5, 6),
		synthetic(2, 30, 32), synthetic(4096, 30, 32), synthetic(4096, 32, 130),
		prose(20), prose(3000), synthetic(256, 3000), spelledBlock(3000),
	} {
		for learned := range uint8(treeCount) {
			s := arrange(b)
			switch s.learned = learned; {
			case learned == treePrior:
				continue
			case learned == treeLetters:
				if !isText(b) {
					continue
				}
				s.geometry = geometryProse
			case learned == treeSpelled:
				if b.Size != 50257 {
					continue
				}
				s.geometry, s.cols = geometrySpelt, vocabulary.GPT2
			case b.Size == 256:
				s.geometry, s.cols = geometryBytes, 3
			}
			if b.Size > maxHalves && (learned == treeHalves || learned == treeKin) {
				continue
			}
			body, err := New(Config{}).encodeMixed(nil, b, s)
			if err != nil {
				t.Fatal(err)
			}
			if learned == treeKin || learned == treeClasses && s.cols == 1 {
				body = encodeChained(t, b, s, 2) // codes for all symbols, not only for those that occur
			}
			c, back := New(Config{}), emptyOf(b)
			need, err := c.Need(b.Size, len(b.Symbols), body)
			if err != nil {
				t.Fatal(err)
			}
			took := allocated(func() {
				if err := c.Decode(back, body); err != nil {
					t.Fatal(err)
				}
			})
			if took > need {
				t.Errorf("%+v: decoding %d symbols takes %d bytes, not %d", s, b.Size, took, need)
			}
		}
	}
}

// allocated returns how many bytes f allocates.
func allocated(f func()) int64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return int64(after.TotalAlloc - before.TotalAlloc)
}
