package ans

import (
	"archive/zip"
	"encoding/binary"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/foretell/foretell/internal/realdata"
	"github.com/foretell/foretell/internal/surprisal"
	"github.com/foretell/foretell/prob"
)

// npy returns the shape-less body of a version 1 npy file and the bytes of an
// element.
func npy(t *testing.T, b []byte) ([]byte, int) {
	head := 10 + int(binary.LittleEndian.Uint16(b[8:]))
	_, kind, ok := strings.Cut(string(b[:head]), "'descr': '")
	if !ok {
		t.Fatal("no npy file")
	}
	return b[head:], int(kind[2] - '0')
}

// elements returns the numbers, all below 2^16, that b holds.
func elements(b []byte, width int) []uint32 {
	symbols := make([]uint32, len(b)/width)
	for i := range symbols {
		symbols[i] = uint32(b[i*width])
		if width > 1 {
			symbols[i] |= uint32(b[i*width+1]) << 8
		}
	}
	return symbols
}

// checkOverhead codes symbols at a precision and returns the sizes of the bodies
// relative to their order-0 entropy.
func checkOverhead(t *testing.T, name string, size int, symbols []uint32, precision int, slack, rans, tans float64) {
	t.Helper()
	counts := make([]uint64, size)
	if err := Count(counts, symbols); err != nil {
		t.Fatal(err)
	}
	entropy := 0.0
	for _, c := range counts {
		if c != 0 {
			entropy -= float64(c) * math.Log2(float64(c)/float64(len(symbols))) / 8
		}
	}
	tab, err := NewTable(counts, precision)
	if err != nil {
		t.Fatal(err)
	}
	rb, err := NewBlock[uint32](tab)
	if err != nil {
		t.Fatal(err)
	}
	tb, err := NewTBlock[uint32](tab)
	if err != nil {
		t.Fatal(err)
	}
	rc, err := rb.Encode(nil, symbols, nil)
	if err != nil {
		t.Fatal(err)
	}
	tc, err := tb.Encode(nil, symbols, nil)
	if err != nil {
		t.Fatal(err)
	}
	stored, _ := tab.AppendTable(nil, nil)
	t.Logf("%-32s %7d symbols, entropy %10.1f, %2d bits: table %5d, rans %7d %+.4f%%, tans %7d %+.4f%%", name, len(symbols),
		entropy, tab.Precision(), len(stored), len(rc), 100*(float64(len(rc))/entropy-1), len(tc), 100*(float64(len(tc))/entropy-1))
	if float64(len(rc)) > entropy*(1+rans)+slack || float64(len(tc)) > entropy*(1+tans)+slack {
		t.Errorf("%s: more than allowed above entropy", name)
	}
	if raw := packedLen(len(symbols), size); len(stored)+max(len(rc), len(tc)) > raw+32 && precision == 0 {
		t.Errorf("%s: %d + %d bytes, packed %d", name, len(stored), max(len(rc), len(tc)), raw)
	}
}

// TestOverhead codes real arrays and holds the bodies to 0.02 % (rANS) and 0.1 %
// (tANS) above their order-0 entropy with tables of 14 bits for alphabets of up to
// 1024, and GPT-2 tokens to 0.05 % at the precision that NewTable chooses. Arrays
// of a few thousand symbols are allowed 12 bytes besides: their share of the
// lanes' ends, and slots in which a rare symbol does not fit 2^-14.
func TestOverhead(t *testing.T) {
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Skip("no go command to find Go's test data with: ", err)
	}
	text, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(root)), "src", "testdata", "Isaac.Newton-Opticks.txt"))
	if err != nil {
		t.Log("the Go installation lacks its test data: ", err)
	} else {
		symbols := make([]uint32, len(text))
		for i, b := range text {
			symbols[i] = uint32(b)
		}
		checkOverhead(t, "opticks", 256, symbols, 14, 0, 0.0002, 0.001)
		checkOverhead(t, "opticks", 256, symbols, 0, 0, 0.0005, 0.001)
	}
	dir := realdata.Dir(t)
	b, err := os.ReadFile(filepath.Join(dir, "commavq", "taco-bell.npy"))
	if err != nil {
		t.Fatal(err)
	}
	symbols := elements(npy(t, b))
	checkOverhead(t, "taco-bell", 1024, symbols, 14, 0, 0.0002, 0.001)
	checkOverhead(t, "taco-bell", 1024, symbols, 0, 0, 0.0005, 0.001)
	if b, err = os.ReadFile(filepath.Join(dir, "llm", "enwik-1M.gpt2.u16")); err != nil {
		t.Fatal(err)
	}
	checkOverhead(t, "enwik-1M", 50257, elements(b, 2), 0, 0, 0.0005, 0.0005)
	files, err := filepath.Glob(filepath.Join(dir, "encodec", "*.npz"))
	if err != nil {
		t.Fatal(err)
	}
	var all []uint32
	for _, f := range files {
		z, err := zip.OpenReader(f)
		if err != nil {
			t.Fatal(err)
		}
		defer z.Close()
		for _, m := range z.File {
			r, err := m.Open()
			if err != nil {
				t.Fatal(err)
			}
			b, err := io.ReadAll(r)
			if err != nil {
				t.Fatal(err)
			}
			symbols, size := elements(npy(t, b)), 1024
			name := filepath.Base(f) + " " + m.Name
			if strings.HasPrefix(m.Name, "semantic") {
				checkOverhead(t, name, 10000, symbols, 0, 200, 0.02, 0.02)
				continue
			}
			checkOverhead(t, name, size, symbols, 14, 12, 0.0002, 0.001)
			if strings.HasPrefix(m.Name, "fine") {
				all = append(all, symbols...)
			}
		}
	}
	checkOverhead(t, "encodec, all fine prompts", 1024, all, 14, 0, 0.0002, 0.001)
	checkOverhead(t, "encodec, all fine prompts", 1024, all, 0, 0, 0.001, 0.002)
}

// TestStepOverhead holds the stack to 0.001 % and 12 bytes above the information
// content under the distributions of real models.
func TestStepOverhead(t *testing.T) {
	dir := filepath.Join(realdata.Dir(t), "logits")
	for name, size := range map[string]int{"stories260K_tinystories": 512, "rwkv5v2-730K_enwik7": 256, "commavq_student_frames600-607": 1024} {
		b, err := os.ReadFile(filepath.Join(dir, name+"_logits.npy"))
		if err != nil {
			t.Fatal(err)
		}
		logits, _ := npy(t, b)
		if b, err = os.ReadFile(filepath.Join(dir, name+"_targets.npy")); err != nil {
			t.Fatal(err)
		}
		targets := elements(npy(t, b))
		e := NewEncoder(nil)
		var sum surprisal.Sum
		var dist prob.Categorical
		row := make([]float32, size)
		for i, s := range targets {
			for j := range row {
				row[j] = math.Float32frombits(binary.LittleEndian.Uint32(logits[4*(i*size+j):]))
			}
			if err := prob.SetLogits(&dist, row); err != nil {
				t.Fatal(err)
			}
			iv, err := dist.Interval(s)
			if err != nil {
				t.Fatal(err)
			}
			e.Put(iv)
			sum.Add(iv.Width)
		}
		content := sum.Bits() / 8
		n := float64(len(e.Finish()))
		t.Logf("%s: %d steps, content %.2f bytes, %v bytes", name, len(targets), content, n)
		if n > content*1.00001+12 {
			t.Errorf("%s: %v bytes for %.1f", name, n, content)
		}
	}
}
