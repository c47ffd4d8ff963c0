package uvarint

import (
	"encoding/binary"
	"math"
	"testing"
)

func TestParse(t *testing.T) {
	for _, v := range []uint64{0, 1, 127, 128, 16383, 16384, 1 << 62, math.MaxUint64} {
		b := binary.AppendUvarint(nil, v)
		if got, n := Parse(append(b, 7)); got != v || n != len(b) {
			t.Errorf("%d: got %d in %d bytes", v, got, n)
		}
		if _, n := Parse(b[:len(b)-1]); n != 0 {
			t.Errorf("%d, cut off: got %d bytes", v, n)
		}
	}
	for _, b := range [][]byte{{0x80, 0}, {0xff, 0}, {0x80, 0x80, 0}, {255, 255, 255, 255, 255, 255, 255, 255, 255, 2}} {
		if _, n := Parse(b); n >= 0 {
			t.Errorf("%x: got %d bytes", b, n)
		}
	}
}
