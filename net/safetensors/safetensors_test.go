package safetensors

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/net/internal/fixture"
	"github.com/foretell/foretell/net/tensor"
)

func open(b []byte) (*File, error) { return Open(bytes.NewReader(b), int64(len(b))) }

func small() []byte {
	return fixture.Safetensors(map[string]string{"format": "pt", "config": `{"a": 1}`}, []fixture.Tensor{
		{Name: "a", Shape: []int{2, 3}, Type: tensor.F32, Values: []float64{1, 2, 3, 4, 5, 6}},
		{Name: "é\"", Shape: []int{4}, Type: tensor.BF16, Values: []float64{1, -2, 0.5, 3}},
		{Name: "c", Shape: nil, Type: tensor.Int64, Data: []byte{7, 0, 0, 0, 0, 0, 0, 0}},
		{Name: "d", Shape: []int{3, 0}, Type: tensor.F16},
	})
}

// file returns a file of that header and n bytes.
func file(header string, n int) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(b, header...), make([]byte, n)...)
}

func TestOpen(t *testing.T) {
	f, err := open(small())
	if err != nil {
		t.Fatal(err)
	}
	if s, ok := f.Metadata("config"); s != `{"a": 1}` || !ok {
		t.Errorf("config: %q, %v", s, ok)
	}
	if _, ok := f.Metadata("none"); ok {
		t.Error("metadata that there is not")
	}
	if n := len(f.Tensors()); n != 4 || f.Tensor("b") != nil {
		t.Errorf("%d tensors", n)
	}
	for name, want := range map[string][]float64{"a": {4, 5, 6}, "é\"": {1, -2, 0.5, 3}, "c": {7}} {
		x := f.Tensor(name)
		row := make([]float64, x.Cols())
		if err := x.ReadRow(row, x.Rows()-1); err != nil || !slices.Equal(row, want) {
			t.Errorf("%q: %v, %v, want %v", name, row, err, want)
		}
	}
	if x := f.Tensor("d"); x.Rows() != 0 || x.Bytes() != 0 {
		t.Errorf("a tensor of no numbers has %d rows", x.Rows())
	}
}

func TestEmpty(t *testing.T) {
	for _, b := range [][]byte{file(`{}`, 0), file(`{}      `, 0), file(`{"__metadata__":{}}`, 0)} {
		if f, err := open(b); err != nil || len(f.Tensors()) > 0 {
			t.Errorf("%q: %v", b[8:], err)
		}
	}
}

// TestReal reads a file that PyTorch's users have.
func TestReal(t *testing.T) {
	dir := os.Getenv("FORETELL_DATA")
	if dir == "" {
		t.Skip("FORETELL_DATA names no folder")
	}
	b, err := os.ReadFile(filepath.Join(dir, "models", "commavq-student.safetensors"))
	if err != nil {
		t.Skip(err)
	}
	f, err := open(b)
	if err != nil {
		t.Fatal(err)
	}
	if s, _ := f.Metadata("recommended_temperature"); s != "0.988" {
		t.Errorf("temperature %q", s)
	}
	if x := f.Tensor("position_logit_bias"); x == nil || !slices.Equal(x.Shape, []int{128, 1024}) {
		t.Errorf("position_logit_bias: %v", x)
	}
}

func TestHostile(t *testing.T) {
	const x = `{"dtype":"F32","shape":[2],"data_offsets":[0,8]}`
	for _, c := range []struct {
		why  string
		data []byte
		want error
		says string
	}{
		{"empty", nil, io.ErrUnexpectedEOF, ""},
		{"short header", file(`{}`, 0)[:9], io.ErrUnexpectedEOF, ""},
		{"long header", binary.LittleEndian.AppendUint64(nil, 1<<63), fault.ErrLimit, ""},
		{"header behind the end", binary.LittleEndian.AppendUint64(nil, 1<<24), io.ErrUnexpectedEOF, ""},
		{"no header", file(``, 0), fault.ErrCorrupt, ""},
		{"list", file(`[]`, 0), fault.ErrCorrupt, "object"},
		{"spaces before", file(` {}`, 0), fault.ErrCorrupt, "object"},
		{"not closed", file(`{"a":`+x, 8), fault.ErrCorrupt, ""},
		{"more after", file(`{}{}`, 0), fault.ErrCorrupt, "behind"},
		{"zeros after", file("{}\x00", 0), fault.ErrCorrupt, "behind"},
		{"no JSON", file(`{"a":`+x+` x}`, 8), fault.ErrCorrupt, ""},
		{"not an entry", file(`{"a":7}`, 0), fault.ErrCorrupt, ""},
		{"no type", file(`{"a":{}}`, 0), fault.ErrUnsupported, ""},
		{"metadata of numbers", file(`{"__metadata__":{"a":1}}`, 0), fault.ErrCorrupt, "metadata"},
		{"metadata of nothing", file(`{"__metadata__":null}`, 0), fault.ErrCorrupt, "metadata"},
		{"metadata twice", file(`{"__metadata__":{},"__metadata__":{}}`, 0), fault.ErrCorrupt, "two"},
		{"tensor twice", file(`{"a":`+x+`,"a":`+x+`}`, 8), fault.ErrCorrupt, "two"},
		{"type", file(`{"a":{"dtype":"F8_E4M3","shape":[8],"data_offsets":[0,8]}}`, 8), fault.ErrUnsupported, "F8_E4M3"},
		{"negative shape", file(`{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}`, 8), fault.ErrCorrupt, ""},
		{"huge shape", file(`{"a":{"dtype":"F32","shape":[4611686018427387905,4],"data_offsets":[0,8]}}`, 8), fault.ErrCorrupt, ""},
		{"shape of fractions", file(`{"a":{"dtype":"F32","shape":[2.5],"data_offsets":[0,8]}}`, 8), fault.ErrCorrupt, ""},
		{"offsets backwards", file(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}`, 8), fault.ErrCorrupt, ""},
		{"negative offset", file(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}}`, 8), fault.ErrCorrupt, ""},
		{"behind the end", file(`{"a":`+x+`}`, 4), fault.ErrCorrupt, ""},
		{"other size", file(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,8]}}`, 8), fault.ErrCorrupt, ""},
		{"overlap", file(`{"a":`+x+`,"b":`+x+`}`, 8), fault.ErrCorrupt, "begins"},
		{"hole before", file(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}`, 8), fault.ErrCorrupt, "begins"},
		{"hole behind", file(`{"a":`+x+`}`, 9), fault.ErrCorrupt, "behind"},
		{"deep", file(`{"a":`+strings.Repeat("[", 1<<20), 0), fault.ErrCorrupt, ""},
	} {
		_, err := open(c.data)
		if err == nil || !errors.Is(err, c.want) || !strings.Contains(fmt.Sprint(err), c.says) {
			t.Errorf("%s: %v, want %v", c.why, err, c.want)
		}
	}
	whole := small()
	for n := range whole {
		if _, err := open(whole[:n]); err == nil {
			t.Fatalf("the first %d of %d bytes were taken for a file", n, len(whole))
		}
	}
}

func FuzzOpen(f *testing.F) {
	f.Add(small())
	f.Add(file(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}`, 8))
	f.Add(file(`{"__metadata__":{"a":"b"}}`, 0))
	f.Fuzz(func(t *testing.T, b []byte) {
		file, err := open(b)
		if err != nil {
			return
		}
		for _, x := range file.Tensors() {
			row := make([]float64, x.Cols())
			for i := range x.Rows() {
				if err := x.ReadRow(row, i); err != nil && !errors.Is(err, fault.ErrUnsupported) {
					t.Fatal(err)
				}
			}
		}
	})
}
