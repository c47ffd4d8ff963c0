package main

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/foretell/foretell/tokens"
)

// TestReportOrders makes reports of one array in all storage orders, as a file and
// as a .fore file: where the bits of each instant and position are must not
// depend on the order, under a model that knows none.
func TestReportOrders(t *testing.T) {
	dir := t.TempDir()
	shape := []int{50, 4, 6}
	rnd := rand.New(rand.NewPCG(1, 2))
	values := make([]uint32, 50*4*6)
	for i := range values {
		values[i] = uint32(rnd.ExpFloat64() * 5)
	}
	var want []byte
	for _, fortran := range []bool{false, true} {
		for _, big := range []bool{false, true} {
			info := tokens.Info{Type: tokens.Uint32, Shape: shape, Fortran: fortran, BigEndian: big}
			file, err := tokens.AppendNPYHeader(nil, info)
			if err != nil {
				t.Fatal(err)
			}
			for at := range values {
				from := at
				if fortran { // the first axis is the fastest
					a, b, c := at%50, at/50%4, at/200
					from = (a*4+b)*6 + c
				}
				if big {
					file = binary.BigEndian.AppendUint32(file, values[from])
				} else {
					file = binary.LittleEndian.AppendUint32(file, values[from])
				}
			}
			name := filepath.Join(dir, "tokens.npy")
			if err := os.WriteFile(name, file, 0o666); err != nil {
				t.Fatal(err)
			}
			if code := run([]string{"compress", name, "-f", "-q", "--model", "static"}); code != 0 {
				t.Fatalf("compress: exit code %d", code)
			}
			for _, input := range []string{name, name + ".fore"} {
				out := filepath.Join(dir, "out.csv")
				if code := run([]string{"report", input, "--csv", "-f", "-q", "-o", out, "--compare", "none", "--model", "static"}); code != 0 {
					t.Fatalf("report: exit code %d", code)
				}
				got := picked(t, out)
				if want == nil {
					want = got
				}
				if len(got) == 0 || !bytes.Equal(got, want) {
					t.Errorf("%s, Fortran order %v, big-endian %v: other numbers", filepath.Base(input), fortran, big)
				}
			}
		}
	}
}

// picked returns the lines of a CSV file that have a place in time or space.
func picked(t *testing.T, name string) []byte {
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var list [][]byte
	for line := range bytes.Lines(text) {
		for _, kind := range []string{"time,", "grid,", "map,", "frequencies,"} {
			if bytes.HasPrefix(line, []byte(kind)) {
				list = append(list, line)
			}
		}
	}
	return slices.Concat(list...)
}
