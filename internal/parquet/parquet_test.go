package parquet

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/tokens"
	"github.com/google/go-cmp/cmp"
)

// A table is what a file comes as.
type table struct {
	twin    []byte
	members map[string][]byte
	infos   map[string]tokens.Info
	done    int64 // bytes of the file that it said were done with
}

func walk(file []byte) (*table, error) {
	t := &table{members: map[string][]byte{}, infos: map[string]tokens.Info{}}
	err := Walk(bytes.NewReader(file), int64(len(file)), func(n int64) { t.done += n }, func(p tokens.Part) error {
		if p.Kind == tokens.Framing {
			t.twin = append(t.twin, p.Bytes...)
			return nil
		}
		if p.Info.Len() > 1<<20 {
			return fmt.Errorf("%w: too much for a test", fault.ErrLimit)
		}
		b, err := io.ReadAll(p.Data)
		if err == nil && int64(len(b)) != p.Info.Len()*int64(p.Info.Type.Size()) {
			err = errors.New("not as many bytes as promised")
		}
		t.twin = append(t.twin, b...)
		t.members[p.Info.Name], t.infos[p.Info.Name] = b, p.Info
		return err
	})
	return t, err
}

func testFile(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// values returns a member as the numbers that it holds.
func (t *table) values(name string) []json.Number {
	list := []json.Number{}
	b := t.members[name]
	number := func(v any) {
		text, _ := json.Marshal(v)
		list = append(list, json.Number(text))
	}
	for ; len(b) > 0; b = b[t.infos[name].Type.Size():] {
		switch t.infos[name].Type {
		case tokens.Int32:
			number(int32(binary.LittleEndian.Uint32(b)))
		case tokens.Uint32:
			number(binary.LittleEndian.Uint32(b))
		case tokens.Int64:
			number(int64(binary.LittleEndian.Uint64(b)))
		case tokens.Uint64:
			number(binary.LittleEndian.Uint64(b))
		}
	}
	return list
}

// The columns are what PyArrow, which wrote the files, says they are, and the twin holds
// the same in the same places of its own.
func TestColumns(t *testing.T) {
	for _, name := range []string{"plain", "snappy", "gzip", "zstd", "delta", "split"} {
		t.Run(name, func(t *testing.T) {
			file := testFile(t, name+".parquet")
			got, err := walk(file)
			if err != nil {
				t.Fatal(err)
			}
			if got.done <= 0 || got.done > int64(len(file)) {
				t.Errorf("%d bytes of %d are said to be done with", got.done, len(file))
			}
			want := map[string][]json.Number{}
			if err := json.Unmarshal(testFile(t, name+".json"), &want); err != nil {
				t.Fatal(err)
			}
			for column, info := range got.infos {
				if info.Type == tokens.Uint8 {
					continue // of no whole numbers
				}
				if diff := cmp.Diff(want[column], got.values(column)); diff != "" {
					t.Errorf("%s: %s", column, diff)
				}
				delete(want, column)
			}
			for column := range want {
				t.Errorf("column %s is not there", column)
			}
			again, err := walk(got.twin)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got.twin, again.twin) {
				t.Error("the twin is not its own twin")
			}
		})
	}
}

// Text and the like come as the plain encoding has them.
func TestOtherColumns(t *testing.T) {
	got, err := walk(testFile(t, "plain.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	var want []byte
	for i := range 40 {
		text := strings.Repeat("wörld", i%4)
		want = append(binary.LittleEndian.AppendUint32(want, uint32(len(text))), text...)
	}
	if !bytes.Equal(got.members["text"], want) {
		t.Errorf("text is %q", got.members["text"])
	}
	flags := []byte{0b01001001, 0b10010010, 0b00100100, 0b01001001, 0b10010010}
	if !bytes.Equal(got.members["flag"], flags) {
		t.Errorf("flag is %b", got.members["flag"])
	}
}

func TestNoRows(t *testing.T) {
	got, err := walk(testFile(t, "empty.parquet"))
	if err != nil || len(got.members) > 0 {
		t.Fatalf("%v, members %v", err, got.infos)
	}
	if again, err := walk(got.twin); err != nil || !bytes.Equal(again.twin, got.twin) {
		t.Fatalf("the twin is not its own twin: %v", err)
	}
}

// What is not read is told before anything is handed out, with the column and what to do.
func TestRefused(t *testing.T) {
	for name, want := range map[string]string{
		"strings": "column text is written in DELTA_BYTE_ARRAY: write the table with plain or dictionary encoding",
		"lz4":     "column id is compressed by LZ4_RAW: write the table with zstd, gzip or snappy",
	} {
		got, err := walk(testFile(t, name+".parquet"))
		if !errors.Is(err, fault.ErrUnsupported) || !strings.HasSuffix(err.Error(), want) || len(got.twin) > 0 {
			t.Errorf("%s: %v after %d bytes", name, err, len(got.twin))
		}
	}
}

// A byte that is changed within a page is found by its checksum, and a file that is cut off
// anywhere is an error.
func TestDamaged(t *testing.T) {
	file := testFile(t, "zstd.parquet")
	footer := len(file) - 8 - int(binary.LittleEndian.Uint32(file[len(file)-8:]))
	whole, err := walk(file)
	if err != nil {
		t.Fatal(err)
	}
	found, tried := 0, 0
	for at := 300; at < footer; at += 331 {
		b := bytes.Clone(file)
		b[at] ^= 0x10
		got, err := walk(b)
		switch tried++; {
		case typed(err):
			found++
		case err != nil || !bytes.Equal(got.twin, whole.twin): // else it is nothing that is read
			t.Errorf("byte %d: %v", at, err)
		}
	}
	if found < tried/2 {
		t.Errorf("%d of %d were found", found, tried)
	}
	for n := range len(file) {
		if n%1009 != 0 {
			continue
		}
		if _, err := walk(file[:n]); !typed(err) {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
}

func typed(err error) bool {
	return errors.Is(err, fault.ErrCorrupt) || errors.Is(err, fault.ErrUnsupported) || errors.Is(err, fault.ErrLimit)
}

// What is written in the mix of runs and groups is read as it was.
func TestLevels(t *testing.T) {
	for width := uint(1); width <= 3; width++ {
		for seed := range uint32(200) {
			w := hybridWriter{width: width}
			want := []uint32{}
			x := seed*2654435761 + 1
			for len(want) < int(seed)*9 {
				x = x*1664525 + 1013904223
				v, n := x>>20&(1<<width-1), 1
				if x>>28 == 0 {
					n = int(x >> 22 & 63)
				}
				for range n {
					want = append(want, v)
					w.put(v)
				}
			}
			got := make([]uint32, len(want))
			h := hybrid{b: w.end(), width: width}
			for rest := got; len(rest) > 0; {
				n := min(len(rest), 13)
				if err := h.next(rest[:n]); err != nil {
					t.Fatal(err)
				}
				rest = rest[n:]
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("width %d, seed %d: %s", width, seed, diff)
			}
		}
	}
}

// Any bytes are a table whose twin is its own twin, or an error.
func FuzzWalk(f *testing.F) {
	files, err := filepath.Glob("testdata/*.parquet")
	if err != nil || len(files) == 0 {
		f.Fatal(err, files)
	}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		got, err := walk(file)
		if err != nil {
			if !typed(err) {
				t.Fatal(err)
			}
			return
		}
		again, err := walk(got.twin)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got.twin, again.twin) {
			t.Fatal("the twin is not its own twin")
		}
	})
}
