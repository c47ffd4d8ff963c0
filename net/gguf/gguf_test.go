package gguf

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/net/internal/fixture"
	"github.com/foretell/foretell/net/tensor"
)

func open(b []byte) (*File, error) { return Open(bytes.NewReader(b), int64(len(b))) }

// small is a file with a value of each type and two tensors.
func small() []byte {
	return fixture.GGUF([]fixture.Pair{
		{Key: "u8", Value: uint8(200)}, {Key: "i8", Value: int8(-2)}, {Key: "u16", Value: uint16(65535)},
		{Key: "i16", Value: int16(-3)}, {Key: "u32", Value: uint32(1 << 31)}, {Key: "i32", Value: int32(-4)},
		{Key: "f32", Value: float32(0.5)}, {Key: "bool", Value: true}, {Key: "text", Value: "words"},
		{Key: "u64", Value: uint64(math.MaxUint64)}, {Key: "i64", Value: int64(-1 << 60)}, {Key: "f64", Value: -0.25},
		{Key: "texts", Value: []string{"a", "", "b\x00"}}, {Key: "i32s", Value: []int32{1, -1}},
		{Key: "f32s", Value: []float32{1.5, -1}},
	}, []fixture.Tensor{
		{Name: "a", Shape: []int{2, 3}, Type: tensor.F32, Values: []float64{1, 2, 3, 4, 5, 6}},
		{Name: "b", Shape: []int{64}, Type: tensor.Q8_0, Data: bytes.Repeat([]byte{0, 0x3c, 7}, 68)[:68]},
	})
}

func TestValues(t *testing.T) {
	f, err := open(small())
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]int64{"u8": 200, "i8": -2, "u16": 65535, "i16": -3, "u32": 1 << 31, "i32": -4, "i64": -1 << 60} {
		if got, ok := f.Integer(key); got != want || !ok {
			t.Errorf("Integer(%q) = %d, %v, want %d", key, got, ok, want)
		}
	}
	for key, want := range map[string]float64{"u8": 200, "i32": -4, "f32": 0.5, "f64": -0.25} {
		if got, ok := f.Number(key); got != want || !ok {
			t.Errorf("Number(%q) = %v, %v, want %v", key, got, ok, want)
		}
	}
	for _, key := range []string{"u64", "f32", "bool", "text", "i32s", "texts", "none"} {
		if got, ok := f.Integer(key); ok {
			t.Errorf("Integer(%q) = %d", key, got)
		}
	}
	for _, key := range []string{"u64", "i64", "bool", "text", "f32s", "none"} {
		if got, ok := f.Number(key); ok {
			t.Errorf("Number(%q) = %v", key, got)
		}
	}
	if b, ok := f.Bool("bool"); !b || !ok {
		t.Error("Bool")
	}
	if _, ok := f.Bool("u8"); ok {
		t.Error("Bool of a number")
	}
	if s, ok := f.Text("text"); s != "words" || !ok {
		t.Errorf("Text = %q", s)
	}
	if _, ok := f.Text("texts"); ok {
		t.Error("Text of an array")
	}
	if s, ok := f.Texts("texts"); !slices.Equal(s, []string{"a", "", "b\x00"}) || !ok {
		t.Errorf("Texts = %q", s)
	}
	if _, ok := f.Texts("text"); ok {
		t.Error("Texts of one text")
	}
	if n, ok := f.Integers("i32s"); !slices.Equal(n, []int64{1, -1}) || !ok {
		t.Errorf("Integers = %v", n)
	}
	if _, ok := f.Integers("f32s"); ok {
		t.Error("Integers of floats")
	}
	if n, ok := f.Numbers("f32s"); !slices.Equal(n, []float64{1.5, -1}) || !ok {
		t.Errorf("Numbers = %v", n)
	}
	if _, ok := f.Numbers("f32"); ok {
		t.Error("Numbers of one number")
	}
	if keys := f.Keys(); len(keys) != 15 || keys[0] != "u8" || keys[14] != "f32s" {
		t.Errorf("Keys = %q", keys)
	}
}

func TestTensors(t *testing.T) {
	f, err := open(small())
	if err != nil {
		t.Fatal(err)
	}
	a, b := f.Tensor("a"), f.Tensor("b")
	if list := f.Tensors(); len(list) != 2 || list[0] != a || list[1] != b || f.Tensor("c") != nil {
		t.Fatalf("tensors: %v", list)
	}
	if !slices.Equal(a.Shape, []int{2, 3}) || a.Type != tensor.F32 || b.Type != tensor.Q8_0 {
		t.Errorf("%v %v", *a, *b)
	}
	row := make([]float64, 3)
	if err := a.ReadRow(row, 1); err != nil || !slices.Equal(row, []float64{4, 5, 6}) {
		t.Errorf("row 1 of a: %v, %v", row, err)
	}
	row = make([]float64, 64)
	if err := b.ReadRow(row, 0); err != nil || row[0] != 7 || row[2] != 0x3c {
		t.Errorf("b: %v, %v", row, err)
	}
}

// TestReal reads the files that other programs wrote.
func TestReal(t *testing.T) {
	dir := os.Getenv("FORETELL_DATA")
	if dir == "" {
		t.Skip("FORETELL_DATA names no folder")
	}
	for _, name := range []string{"stories260K.f32.gguf", "stories260K.q8_0.gguf"} {
		b, err := os.ReadFile(filepath.Join(dir, "models", name))
		if err != nil {
			t.Skip(err)
		}
		f, err := open(b)
		if err != nil {
			t.Fatal(err)
		}
		if n, _ := f.Integer("llama.block_count"); n != 5 {
			t.Errorf("%s: %d layers", name, n)
		}
		var end int64
		for _, x := range f.Tensors() {
			end = max(end, x.Offset()+x.Bytes())
		}
		if end > int64(len(b)) || end < int64(len(b))-defaultAlignment {
			t.Errorf("%s: tensors end at %d of %d bytes", name, end, len(b))
		}
	}
}

// patch returns small with one spot after the first occurrence of a text changed.
func patch(after string, skip int, with ...byte) []byte {
	b := small()
	copy(b[bytes.Index(b, []byte(after))+len(after)+skip:], with)
	return b
}

func TestHostile(t *testing.T) {
	le := func(n uint64) []byte { return binary.LittleEndian.AppendUint64(nil, n) }
	pair := func(p ...fixture.Pair) []byte { return fixture.GGUF(p, nil) }
	one := func(x ...fixture.Tensor) []byte { return fixture.GGUF(nil, x) }
	f32 := fixture.Tensor{Name: "x", Shape: []int{1}, Type: tensor.F32, Values: []float64{1}}
	for _, c := range []struct {
		why  string
		data []byte
		want error
		says string
	}{
		{"empty", nil, io.ErrUnexpectedEOF, ""},
		{"magic", patch("", 0, 'g'), fault.ErrCorrupt, ""},
		{"version 1", patch("GGUF", 0, 1), fault.ErrUnsupported, "version 1"},
		{"big-endian", patch("GGUF", 0, 0, 0, 0, 3), fault.ErrUnsupported, ""},
		{"tensors", patch("GGUF", 4, le(1<<62)...), fault.ErrLimit, ""},
		{"keys", patch("GGUF", 12, le(1<<62)...), fault.ErrLimit, ""},
		{"more keys than there are", patch("GGUF", 12, le(60)...), nil, ""},
		{"text too long", patch("text", 4, le(1<<63)...), io.ErrUnexpectedEOF, ""},
		{"array of texts too long", patch("texts", 8, le(1<<22)...), io.ErrUnexpectedEOF, ""},
		{"array of texts far too long", patch("texts", 8, le(1<<60)...), fault.ErrLimit, ""},
		{"array too long", patch("i32s", 8, le(1<<20)...), io.ErrUnexpectedEOF, ""},
		{"array far too long", patch("i32s", 8, le(1<<62)...), fault.ErrLimit, ""},
		{"array of arrays", patch("i32s", 4, 9), fault.ErrUnsupported, "arrays"},
		{"unknown type", patch("i32s", 4, 77), fault.ErrUnsupported, "77"},
		{"two values", pair(fixture.Pair{Key: "k", Value: true}, fixture.Pair{Key: "k", Value: true}), fault.ErrCorrupt, "two values"},
		{"alignment 0", pair(fixture.Pair{Key: "general.alignment", Value: uint32(0)}), fault.ErrCorrupt, ""},
		{"alignment 12", pair(fixture.Pair{Key: "general.alignment", Value: uint32(12)}), fault.ErrCorrupt, ""},
		{"alignment of text", pair(fixture.Pair{Key: "general.alignment", Value: "32"}), fault.ErrCorrupt, ""},
		{"split", pair(fixture.Pair{Key: "split.count", Value: uint16(2)}), fault.ErrUnsupported, "split"},
		{"two tensors", one(f32, f32), fault.ErrCorrupt, "two tensors"},
		{"axes", one(fixture.Tensor{Name: "x", Shape: []int{1, 1, 1, 1, 1}, Type: tensor.F32, Values: []float64{1}}), fault.ErrCorrupt, "axes"},
		{"axis of 0", one(fixture.Tensor{Name: "x", Shape: []int{0}, Type: tensor.F32, Data: []byte{1}}), fault.ErrCorrupt, "length 0"},
		{"axes that overflow", one(fixture.Tensor{Name: "x", Shape: []int{math.MaxInt, math.MaxInt}, Type: tensor.F32, Data: []byte{1}}), fault.ErrCorrupt, ""},
		{"axis beyond an int", patch("b\x01\x00\x00\x00", 0, le(1<<63)...), fault.ErrCorrupt, ""},
		{"type by name", patch("b\x01\x00\x00\x00", 8, 23), fault.ErrUnsupported, "IQ4_XS"},
		{"type by number", patch("b\x01\x00\x00\x00", 8, 99), fault.ErrUnsupported, "number 99"},
		{"offset not aligned", patch("b\x01\x00\x00\x00", 12, 33), fault.ErrCorrupt, ""},
		{"offset too far", patch("b\x01\x00\x00\x00", 12, le(1<<63)...), fault.ErrCorrupt, ""},
		{"behind the end", patch("b\x01\x00\x00\x00", 12, 96), fault.ErrCorrupt, ""},
		{"overlap", patch("b\x01\x00\x00\x00", 12, 0), fault.ErrCorrupt, "overlap"},
		{"half a block", patch("b\x01\x00\x00\x00", 0, 33), fault.ErrCorrupt, ""},
	} {
		_, err := open(c.data)
		if err == nil || c.want != nil && !errors.Is(err, c.want) || !strings.Contains(fmt.Sprint(err), c.says) {
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

// TestMemory opens files that promise far more than they hold.
func TestMemory(t *testing.T) {
	for _, b := range [][]byte{
		patch("text", 4, binary.LittleEndian.AppendUint64(nil, 60<<20)...),
		patch("texts", 8, binary.LittleEndian.AppendUint64(nil, 8<<20)...),
		patch("GGUF", 4, binary.LittleEndian.AppendUint64(nil, maxEntries)...),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if _, err := open(b); err == nil {
			t.Fatal("opened")
		}
		runtime.ReadMemStats(&after)
		if n := after.TotalAlloc - before.TotalAlloc; n > 1<<20 {
			t.Errorf("opening a file of %d bytes takes %d bytes of memory", len(b), n)
		}
	}
}

func FuzzOpen(f *testing.F) {
	f.Add(small())
	f.Add(small()[:200])
	f.Add(patch("b\x01\x00\x00\x00", 12, 0))
	f.Add(fixture.GGUF([]fixture.Pair{{Key: "general.alignment", Value: uint32(64)}}, nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		file, err := open(b)
		if err != nil {
			return
		}
		var total int64
		for _, x := range file.Tensors() {
			total += x.Bytes()
			row := make([]float64, x.Cols())
			for i := range x.Rows() {
				if err := x.ReadRow(row, i); err != nil && !errors.Is(err, fault.ErrUnsupported) {
					t.Fatal(err)
				}
			}
		}
		if total > int64(len(b)) {
			t.Fatalf("%d bytes of tensors in %d", total, len(b))
		}
		for _, key := range file.Keys() {
			file.Integer(key)
			file.Number(key)
			file.Bool(key)
			file.Text(key)
			file.Texts(key)
			file.Integers(key)
			file.Numbers(key)
		}
	})
}
