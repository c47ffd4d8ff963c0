package simd

import (
	"encoding/binary"
	"math"
	"slices"
	"testing"

	"github.com/foretell/foretell/internal/simd/fpenv"
)

// FuzzKernels reads the input as numbers of each type and holds every kernel, at
// every level and in a mode of calculating, against the reference.
func FuzzKernels(f *testing.F) {
	f.Add([]byte{}, 31, uint8(0), uint8(0))
	f.Add(slices.Repeat([]byte{0, 0, 0, 0x3f}, 64), 31, uint8(1), uint8(0))
	f.Add(slices.Repeat([]byte{1, 0, 0, 0, 0xff, 0xff, 0x7f, 0}, 64), 179, uint8(0), uint8(1))
	f.Add(slices.Repeat([]byte{1, 0x3c, 0, 0, 0, 0, 0xe0, 0x3f}, 99), -97, uint8(2), uint8(2))
	f.Add(slices.Repeat([]byte{0, 0, 0xc0, 0xff, 0, 0, 0x20, 0x41}, 80), 30, uint8(0), uint8(3))
	f.Fuzz(func(t *testing.T, data []byte, k int, per, mode uint8) {
		k = min(max(k, -97), 179)
		size := Chunk * (1 + int(per)%4)
		p, d := make([]float32, len(data)/4), make([]float64, len(data)/8)
		h := make([]uint16, len(data)/2)
		for i := range p {
			p[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:]))
		}
		for i := range d {
			d[i] = math.Float64frombits(binary.LittleEndian.Uint64(data[8*i:]))
		}
		for i := range h {
			h[i] = binary.LittleEndian.Uint16(data[2*i:])
		}
		largest, nan := maxLogitGo(p, float32(math.Inf(-1)))
		usable := !nan && largest < LogitLimit && largest > -LogitLimit
		weights, want := make([]uint32, len(p)), make([]uint32, len(p))
		wide, narrow := make([]float32, len(h)), make([]float32, len(d))
		modes := fpenv.Modes()
		for _, level := range Levels() {
			restore, err := Use(level)
			if err != nil {
				t.Fatal(err)
			}
			inMode(modes[int(mode)%len(modes)], func() {
				sameWeights(t, p, k, size, WeighFloat32, chunkFloat32)
				sameWeights(t, d, k, size, WeighFloat64, chunkFloat64)
				sameWeights(t, h, k, size, WeighFloat16, chunkFloat16)
				sameWeights(t, h, k, size, WeighBFloat16, chunkBFloat16)
				if got := MaxBits(p); got != maxBitsGo(p) {
					t.Fatalf("largest pattern %#x", got)
				}
				got, suspect := MaxLogit(p, float32(math.Inf(-1)))
				a, b := math.Float32bits(got), math.Float32bits(largest)
				if a != b && (a|b)&0x7fffffff != 0 || nan && !suspect { // zeros serve equally
					t.Fatalf("largest logit %v, %v; want %v, %v", got, suspect, largest, nan)
				}
				WidenFloat16(wide, h)
				NarrowFloat64(narrow, d)
				if usable {
					offset := LogitOffset(largest)
					n := len(p) / size
					cum, wantCum := make([]uint64, n), make([]uint64, n)
					sum := WeighLogits(p[:n*size], offset, size, 9, cum)
					if wantSum := weighLogitsGo(p[:n*size], offset, size, 9, wantCum); sum != wantSum || !slices.Equal(cum, wantCum) {
						t.Fatalf("logits weigh %v, %d; want %v, %d", cum, sum, wantCum, wantSum)
					}
					WeightsLogits(weights, p, offset)
					weightsLogitsGo(want, p, offset)
					if !slices.Equal(weights, want) {
						t.Fatal("single weights of logits differ")
					}
				}
				limit := limitBits(k)
				if !slices.ContainsFunc(p, func(x float32) bool { return math.Float32bits(x)&0x7fffffff > limit }) {
					WeightsFloat32(weights, p, k)
					weightsFloat32Go(want, p, k)
					for i, x := range p {
						if math.Float32bits(x) <= limit && weights[i] != want[i] {
							t.Fatalf("weight of %v is %d, want %d", x, weights[i], want[i])
						}
					}
				}
			})
			for i, x := range wide {
				if math.Float32bits(x) != BitsFloat16(h[i]) {
					t.Fatalf("%#x widens to %#x", h[i], math.Float32bits(x))
				}
			}
			for i, x := range narrow {
				if math.Float32bits(x) != BitsFloat64(d[i]) {
					t.Fatalf("%x narrows to %#x", d[i], math.Float32bits(x))
				}
			}
			restore()
		}
	})
}

func TestChoose(t *testing.T) {
	want := map[string]level{"purego": purego, "": best(), "mmx": best()}
	for i, name := range levelNames {
		want[name] = min(level(i), best())
	}
	for name, want := range want {
		if got := choose(name); got != want {
			t.Errorf("%q gives %s", name, levelNames[got])
		}
	}
	if _, err := Use("mmx"); err == nil {
		t.Error("a level that does not exist")
	}
}
