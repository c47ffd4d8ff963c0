package bench

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"io"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"testing"

	"github.com/foretell/foretell/internal/realdata"
)

// An input is an array of symbols below size.
type input struct {
	name    string
	size    int
	symbols []uint16
	columns bool // the file says that columns follow one another, not rows
}

// opticks returns Newton's Opticks, which comes with Go, as bytes.
func opticks(t testing.TB) input {
	return input{name: "opticks", size: 256, symbols: widen(realdata.Opticks(t))}
}

func widen(b []byte) []uint16 {
	s := make([]uint16, len(b))
	for i, x := range b {
		s[i] = uint16(x)
	}
	return s
}

func narrow(s []uint16) []byte {
	b := make([]byte, len(s))
	for i, x := range s {
		b[i] = byte(x)
	}
	return b
}

// tacoBell returns one minute of video as commaVQ tokens.
func tacoBell(t testing.TB) input {
	b, err := os.ReadFile(filepath.Join(realdata.Dir(t), "commavq", "taco-bell.npy"))
	if err != nil {
		t.Skip(err)
	}
	return input{name: "taco-bell", size: 1024, symbols: npy(t, b)}
}

// enwik returns a million GPT-2 tokens.
func enwik(t testing.TB) input {
	b, err := os.ReadFile(filepath.Join(realdata.Dir(t), "llm", "enwik-1M.gpt2.u16"))
	if err != nil {
		t.Skip(err)
	}
	s := make([]uint16, len(b)/2)
	for i := range s {
		s[i] = binary.LittleEndian.Uint16(b[2*i:])
	}
	return input{name: "enwik-1M", size: 50257, symbols: s}
}

// encodec returns the EnCodec tokens of all speakers as one array.
func encodec(t testing.TB) input {
	all := input{name: "encodec", size: 1024}
	for _, in := range npzArrays(t) {
		if strings.HasSuffix(in.name, "fine_prompt") {
			all.symbols = append(all.symbols, in.symbols...)
		}
	}
	return all
}

// npzArrays returns every array of the EnCodec files.
func npzArrays(t testing.TB) []input {
	files, err := filepath.Glob(filepath.Join(realdata.Dir(t), "encodec", "*.npz"))
	if err != nil || len(files) == 0 {
		t.Skip("no EnCodec tokens in FORETELL_DATA")
	}
	sort.Strings(files)
	var all []input
	for _, f := range files {
		z, err := zip.OpenReader(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range z.File {
			r, err := m.Open()
			if err != nil {
				t.Fatal(err)
			}
			b, err := io.ReadAll(r)
			if err != nil {
				t.Fatal(err)
			}
			name := strings.TrimSuffix(m.Name, ".npy")
			size := 1024
			if name == "semantic_prompt" {
				size = 10000
			}
			text, _ := npyHead(b)
			all = append(all, input{
				name: strings.TrimSuffix(filepath.Base(f), ".npz") + "/" + name, size: size, symbols: npy(t, b),
				columns: strings.Contains(text, "'fortran_order': True"),
			})
		}
		z.Close()
	}
	return all
}

// npyHead returns the header of a npy file, and where its elements begin.
func npyHead(b []byte) (text string, end int) {
	end = 10 + int(binary.LittleEndian.Uint16(b[8:]))
	return string(b[10:end]), end
}

// npy returns the elements of a little-endian integer array below 2^16.
func npy(t testing.TB, b []byte) []uint16 {
	text, end := npyHead(b)
	_, descr, ok := strings.Cut(text, "'descr': '")
	if !ok || !bytes.HasPrefix(b, []byte("\x93NUMPY\x01")) {
		t.Fatal("no npy file")
	}
	width, err := strconv.Atoi(descr[2:3])
	if err != nil {
		t.Fatal(err)
	}
	b = b[end:]
	s := make([]uint16, len(b)/width)
	for i := range s {
		s[i] = binary.LittleEndian.Uint16(b[i*width:])
	}
	return s
}
