package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// writeNPY writes an array of numbers with the given type and shape.
func writeNPY(t *testing.T, name, descr, shape string, data any) string {
	t.Helper()
	var b bytes.Buffer
	dict := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", descr, shape)
	dict += strings.Repeat(" ", 63-(10+len(dict))%64) + "\n"
	b.WriteString("\x93NUMPY\x01\x00")
	var order binary.ByteOrder = binary.LittleEndian
	if descr[0] == '>' {
		order = binary.BigEndian
	}
	for _, err := range []error{binary.Write(&b, binary.LittleEndian, uint16(len(dict))), binary.Write(&b, binary.LittleEndian, []byte(dict)), binary.Write(&b, order, data)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, b.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestDrift measures drift between files of several types.
func TestDrift(t *testing.T) {
	r := rand.New(rand.NewPCG(211, 1))
	x, y, wide := make([]float32, 600), make([]float32, 600), make([]float64, 600)
	symbols := make([]int64, 20)
	for i := range x {
		x[i] = float32(r.NormFloat64())
		y[i] = x[i] + float32(2*r.IntN(2)-1)*1e-3
		wide[i] = float64(x[i])
	}
	for i := range symbols {
		symbols[i] = int64(r.IntN(30))
	}
	a := writeNPY(t, "a.npy", "<f4", "20, 30", x)
	b := writeNPY(t, "b.npy", ">f4", "20, 30", y)
	same := writeNPY(t, "same.npy", "<f8", "20, 30", wide)
	s := writeNPY(t, "s.npy", "<i8", "20,", symbols)
	var out bytes.Buffer
	if err := (&driftOptions{symbols: s}).run(&out, a, b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"20 steps of ", "logits, half range", "   0.001\n", "advised tolerance 0.0", "10,000 steps are better"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in:\n%s", want, &out)
		}
	}
	out.Reset()
	if err := (&driftOptions{json: true}).run(&out, a, same); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), `"nodes_max": 0,`) {
		t.Errorf("equal runs: %s", &out)
	}
	for i := range y {
		y[i] = -x[i]
	}
	out.Reset()
	if err := new(driftOptions).run(&out, a, writeNPY(t, "far.npy", "<f4", "20, 30", y)); err != nil || !strings.Contains(out.String(), "no tolerance bears this") {
		t.Errorf("%v: %s", err, &out)
	}
	x[7] = float32(math.NaN())
	symbols[3] = -1
	for _, test := range []struct {
		d    driftOptions
		a, b string
		want string
	}{
		{driftOptions{}, a, s, "equal shapes"},
		{driftOptions{}, a, writeNPY(t, "nan.npy", "<f4", "20, 30", x), "row 0: "},
		{driftOptions{}, a, writeNPY(t, "short.npy", "<f4", "20, 30", y[:100]), "unexpected EOF"},
		{driftOptions{}, a, writeNPY(t, "odd.npy", "<U4", "20, 30", x), "no matrix"},
		{driftOptions{}, a, writeNPY(t, "one.npy", "<f1", "20, 30", make([]byte, 600)), "not read"},
		{driftOptions{}, a, filepath.Join(t.TempDir(), "none"), "no such file"},
		{driftOptions{}, a, "drift.go", "not an .npy file"},
		{driftOptions{symbols: a}, a, b, "600 symbols"},
		{driftOptions{symbols: writeNPY(t, "s.npy", "<i8", "20", symbols)}, a, b, "symbol -1 of row 3"},
	} {
		if err := test.d.run(&out, test.a, test.b); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s, %s: %v", test.a, test.b, err)
		}
	}
}
