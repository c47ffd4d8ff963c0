package tokens

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/foretell/foretell/internal/fault"
)

// parseNPY reads the header of a whole file.
func parseNPY(b []byte) ([]byte, Info, error) {
	return readNPYHeader(bufio.NewReader(bytes.NewReader(b)), -1)
}

func readTestdata(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "numpy", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestNumPyTypes reads what NumPy wrote for every type, byte order and layout,
// and writes the same header.
func TestNumPyTypes(t *testing.T) {
	codes := map[string]Type{
		"i1": Int8, "i2": Int16, "i4": Int32, "i8": Int64,
		"u1": Uint8, "u2": Uint16, "u4": Uint32, "u8": Uint64, "b1": Bool,
	}
	files, err := filepath.Glob(filepath.Join("testdata", "numpy", "??_?e_?.npy"))
	if err != nil || len(files) != 6*4+3*2 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, f := range files {
		name := filepath.Base(f)
		b := readTestdata(t, name)
		head, info, err := parseNPY(b)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		typ := codes[name[:2]]
		if info.Type != typ || info.BigEndian != (name[3:5] == "be") || info.Fortran != (name[6] == 'F') ||
			!slices.Equal(info.Shape, []int{2, 3, 4}) {
			t.Errorf("%s is read as %+v", name, info)
		}
		again, err := AppendNPYHeader(nil, info)
		if err != nil || !bytes.Equal(again, head) {
			t.Errorf("%s: header\n%q\nis written as\n%q, %v", name, head, again, err)
		}
		for i := range 24 {
			v := element(b[len(head):], i, &info)
			at := i // in C order
			if info.Fortran {
				at = i%2*12 + i/2%3*4 + i/6
			}
			want := at * 5
			switch {
			case typ == Bool:
				want = at % 2
			case typ.Signed():
				want -= 50
			}
			if v != int64(want) {
				t.Errorf("%s: value %d is %d, want %d", name, i, v, want)
			}
		}
	}
}

func TestNumPyOthers(t *testing.T) {
	tests := []struct {
		name  string
		shape []int
		err   error
		say   string
	}{
		{"version2.npy", []int{2, 3, 4}, nil, ""},
		{"version3.npy", []int{2, 3, 4}, nil, ""},
		{"scalar.npy", []int{}, nil, ""},
		{"line.npy", []int{5}, nil, ""},
		{"empty.npy", []int{3, 0, 2}, nil, ""},
		{"float.npy", nil, fault.ErrUnsupported, "quantised"},
		{"record.npy", nil, fault.ErrUnsupported, "field"},
		{"object.npy", nil, fault.ErrUnsupported, "pickle"},
		{"text.npy", nil, fault.ErrUnsupported, "integers"},
		{"time.npy", nil, fault.ErrUnsupported, "integers"},
	}
	for _, test := range tests {
		head, info, err := parseNPY(readTestdata(t, test.name))
		if !errors.Is(err, test.err) {
			t.Errorf("%s: error %v, want %v", test.name, err, test.err)
		}
		if err != nil {
			if !strings.Contains(err.Error(), test.say) {
				t.Errorf("%s: error %q does not speak of %s", test.name, err, test.say)
			}
			continue
		}
		if !slices.Equal(info.Shape, test.shape) {
			t.Errorf("%s: shape %v, want %v", test.name, info.Shape, test.shape)
		}
		if head[6] == 1 {
			if again, err := AppendNPYHeader(nil, info); err != nil || !bytes.Equal(again, head) {
				t.Errorf("%s: header\n%q\nis written as\n%q, %v", test.name, head, again, err)
			}
		}
	}
}

// npyHeader returns a header of version 1.0 around a dictionary.
func npyHeader(dict string) []byte {
	b := []byte(npyMagic + "\x01\x00")
	b = binary.LittleEndian.AppendUint16(b, uint16(len(dict)))
	return append(b, dict...)
}

func TestNPYDict(t *testing.T) {
	good := []struct {
		dict string
		want Info
	}{
		{`{'descr':'<u2','fortran_order':False,'shape':(3,)}`, Info{Type: Uint16, Shape: []int{3}}},
		{` { "shape" : ( 3 , 4 , ) , "fortran_order" : True , "descr" : ">i4" , } ` + "\n", Info{Type: Int32, BigEndian: true, Fortran: true, Shape: []int{3, 4}}},
		{`{'descr': u'|b1', 'fortran_order': False, 'shape': (3L, 4L), }`, Info{Type: Bool, Shape: []int{3, 4}}},
		{`{'descr': '?', 'fortran_order': False, 'shape': ()}`, Info{Type: Bool, Shape: []int{}}},
		{`{'descr': '=i8', 'fortran_order': False, 'shape': (0, 2147483647)}`, Info{Type: Int64, Shape: []int{0, math.MaxInt32}}},
		{`{'descr': '>u1', 'fortran_order': False, 'shape': (2,)}`, Info{Type: Uint8, Shape: []int{2}}},
	}
	for _, test := range good {
		_, got, err := parseNPY(npyHeader(test.dict))
		if err != nil || got.Type != test.want.Type || got.BigEndian != test.want.BigEndian ||
			got.Fortran != test.want.Fortran || !slices.Equal(got.Shape, test.want.Shape) {
			t.Errorf("%s: %+v, %v", test.dict, got, err)
		}
	}
	bad := []struct {
		dict string
		err  error
	}{
		{``, fault.ErrCorrupt},
		{`{}`, fault.ErrCorrupt},
		{`{'descr': '<u2', 'fortran_order': False}`, fault.ErrCorrupt},
		{`{'descr': '<u2', 'fortran_order': False, 'shape': (3,)`, fault.ErrCorrupt},
		{`{'descr': '<u2', 'fortran_order': False, 'shape': (3,)} x`, fault.ErrCorrupt},
		{`{'descr': '<u2', 'fortran_order': False, 'shape': (3,), 'extra': 1}`, fault.ErrCorrupt},
		{`{'descr': '<u2', 'descr': '<u2', 'fortran_order': False, 'shape': (3,)}`, fault.ErrCorrupt},
		{`{'descr': '<u2' 'fortran_order': False, 'shape': (3,)}`, fault.ErrCorrupt},
		{`{'descr': '<u2', 'fortran_order': Maybe, 'shape': (3,)}`, fault.ErrCorrupt},
		{`{'descr': '<u2', 'fortran_order': False, 'shape': (-3,)}`, fault.ErrCorrupt},
		{`{'descr': '<u2', 'fortran_order': False, 'shape': (3 4)}`, fault.ErrCorrupt},
		{`{'descr': '<u2', 'fortran_order': False, 'shape': 3}`, fault.ErrCorrupt},
		{`{'descr': '<u2', 'fortran_order': False, 'shape': (99999999999999999999,)}`, fault.ErrCorrupt},
		{`{'descr': '<u2', 'fortran_order': False, 'shape': (4294967296, 4294967296)}`, fault.ErrCorrupt},
		{`{'descr': '<u8', 'fortran_order': False, 'shape': (4611686018427387904,)}`, fault.ErrCorrupt},
		{`{'descr': '<u2', 'fortran_order': False, 'shape': (` + strings.Repeat("1,", 65) + `)}`, fault.ErrCorrupt},
		{`{'descr': '<u2`, fault.ErrCorrupt},
		{`{'descr': ('<u2', (3,)), 'fortran_order': False, 'shape': (3,)}`, fault.ErrUnsupported},
		{`{'descr': '<c8', 'fortran_order': False, 'shape': (3,)}`, fault.ErrUnsupported},
		{`{'descr': '', 'fortran_order': False, 'shape': (3,)}`, fault.ErrUnsupported},
	}
	for _, test := range bad {
		if _, info, err := parseNPY(npyHeader(test.dict)); !errors.Is(err, test.err) {
			t.Errorf("%.100s: %+v, %v, want %v", test.dict, info, err, test.err)
		}
	}
}

func TestNPYHeaderDamage(t *testing.T) {
	whole, err := AppendNPYHeader(nil, Info{Type: Uint16, Shape: []int{7}})
	if err != nil {
		t.Fatal(err)
	}
	for n := range len(whole) {
		if _, _, err := parseNPY(whole[:n]); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
	large := append([]byte(npyMagic+"\x02\x00"), 0xff, 0xff, 0xff, 0xff)
	if _, _, err := parseNPY(large); !errors.Is(err, fault.ErrLimit) {
		t.Errorf("4 GB header: %v", err)
	}
	if _, _, err := parseNPY([]byte(npyMagic + "\x04\x00 and more")); !errors.Is(err, fault.ErrUnsupported) {
		t.Errorf("version 4: %v", err)
	}
}

func TestAppendNPYHeaderRefuses(t *testing.T) {
	for _, info := range []Info{
		{Type: Uint16, Shape: []int{-1}},
		{Type: Uint16, Shape: []int{3, -1}},
		{Type: 0, Shape: []int{3}},
	} {
		if b, err := AppendNPYHeader([]byte("x"), info); err == nil || string(b) != "x" {
			t.Errorf("%+v: %q, %v", info, b, err)
		}
	}
}

func TestTypes(t *testing.T) {
	for typ := Bool; typ <= Uint64; typ++ {
		got, err := ParseType(typ.String())
		if err != nil || got != typ {
			t.Errorf("%v is parsed as %v, %v", typ, got, err)
		}
	}
	for _, name := range []string{"", "float32", "Int8", "type 0"} {
		if got, err := ParseType(name); !errors.Is(err, fault.ErrUnsupported) {
			t.Errorf("%q is parsed as %v, %v", name, got, err)
		}
	}
	if Type(10).Valid() || Type(10).Size() != 0 || Type(0).Valid() {
		t.Error("types that do not exist are valid")
	}
}

func TestInfo(t *testing.T) {
	info := Info{Type: Int32, Fortran: true, Shape: []int{2, 3, 5}}
	if !slices.Equal(info.StorageShape(), []int{5, 3, 2}) || !slices.Equal(info.Shape, []int{2, 3, 5}) {
		t.Errorf("storage shape %v of %v", info.StorageShape(), info.Shape)
	}
	if info.Len() != 30 || (&Info{}).Len() != 1 || (&Info{Shape: []int{-1, 0}}).Len() != -1 {
		t.Error("wrong lengths")
	}
	for _, bad := range []Info{
		{Name: strings.Repeat("x", MaxName+1), Type: Int8},
		{Name: "a\x00b", Type: Int8},
		{Name: "\xff", Type: Int8},
		{Type: 77},
		{Type: Int8, Shape: make([]int, MaxRank+1)},
		{Type: Int8, Shape: []int{-1}, Fortran: true},
		{Type: Int8, Shape: []int{-2}},
		{Type: Int8, Shape: []int{3, -1}},
		{Type: Int8, Shape: []int{0, -1}},
		{Type: Int8, Shape: []int{-1, math.MaxInt, math.MaxInt, math.MaxInt}},
	} {
		if err := bad.Validate(); !errors.Is(err, fault.ErrCorrupt) {
			t.Errorf("%.50v: %v", bad, err)
		}
	}
}

// element returns element i of an array.
func element(raw []byte, i int, info *Info) int64 {
	size := info.Type.Size()
	b := slices.Clone(raw[i*size:][:size])
	if info.BigEndian {
		slices.Reverse(b)
	}
	v := binary.LittleEndian.Uint64(append(b, make([]byte, 8-size)...))
	if shift := 64 - 8*size; info.Type.Signed() {
		return int64(v<<shift) >> shift
	}
	return int64(v)
}
