package tokens

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"archive/tar"
	"archive/zip"

	"github.com/foretell/foretell/internal/fault"
)

// known reports whether an error is of the kinds that damaged input may give.
func known(err error) bool {
	for _, e := range []error{fault.ErrCorrupt, fault.ErrUnsupported, fault.ErrLimit, io.ErrUnexpectedEOF} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

func addNumPyFiles(f *testing.F, pattern string) {
	files, err := filepath.Glob(filepath.Join("testdata", "numpy", pattern))
	if err != nil || len(files) == 0 {
		f.Fatal("no seeds")
	}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
}

func FuzzNPYHeader(f *testing.F) {
	addNumPyFiles(f, "*.npy")
	f.Add(npyHeader(`{'descr': '<u2', 'fortran_order': False, 'shape': (3, 4L,)}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		head, info, err := parseNPY(b)
		if err != nil {
			if !known(err) {
				t.Fatal(err)
			}
			return
		}
		if !bytes.HasPrefix(b, head) {
			t.Fatal("the header is not the file's")
		}
		own, err := AppendNPYHeader(nil, info)
		if err != nil {
			t.Fatal(err)
		}
		_, again, err := parseNPY(own)
		if err != nil || again.Type != info.Type || again.BigEndian != info.BigEndian || again.Len() != info.Len() || again.Fortran != info.Fortran {
			t.Fatalf("%+v is written as %+v, %v", info, again, err)
		}
	})
}

// fuzzSource reads b as a file; what comes out whole must be b.
func fuzzSource(t *testing.T, b []byte) {
	out, err := readAll(NewSource("x", bytes.NewReader(b), Options{}))
	if err != nil {
		if !known(err) {
			t.Fatal(err)
		}
	} else if len(out) != 1 || !out[0].repacked && !bytes.Equal(out[0].content, b) {
		t.Fatalf("%d files that are not the input", len(out))
	}
	// A filter must not change what is damaged.
	_, err = readAll(NewSource("x", bytes.NewReader(b), Options{Match: []string{"*"}}))
	if err != nil && !known(err) && err.Error() != "no member matches *" {
		t.Fatal(err)
	}
}

func FuzzZip(f *testing.F) {
	addNumPyFiles(f, "*.npz")
	f.Add(zipOf(f, zip.Store, named{"d/", nil}, named{"d/a.npy", readTestdata(f, "line.npy")}, named{"b", []byte("hello")}))
	f.Fuzz(fuzzSource)
}

func FuzzTar(f *testing.F) {
	addNumPyFiles(f, "*.tar")
	f.Add(tarOf(f, tar.FormatUSTAR, named{"a.npy", readTestdata(f, "line.npy")})[:1024])
	f.Add(compressed(f, tarOf(f, tar.FormatGNU, named{"a.npy", readTestdata(f, "line.npy")})))
	npz := append([]byte("PK\x03\x04\x2d\x00\x00\x00\x00\x00\x00\x00\x21\x00\x00\x00\x00\x00\x04\x00\x00\x00\x04\x00\x00\x00\x05\x00\x00\x00x.npytext"), "PK\x01\x02"...)
	f.Add(tarOf(f, tar.FormatUSTAR, named{"a.npz", npz}))
	f.Add(compressed(f, readTestdata(f, "line.npy")))
	f.Fuzz(func(t *testing.T, b []byte) {
		fuzzSource(t, b)
		// Most changes break a checksum, behind which nothing is reached.
		fixed := bytes.Clone(b)
		for at := 0; at+tarBlock <= len(fixed); at += tarBlock {
			fixTarSum(fixed[at : at+tarBlock])
		}
		fuzzSource(t, fixed)
	})
}

// fixTarSum gives what may be a header its checksum.
func fixTarSum(block []byte) {
	if string(block[257:262]) != "ustar" {
		return
	}
	sum := int(8 * ' ')
	for i, c := range block {
		if i < 148 || i >= 156 {
			sum += int(c)
		}
	}
	for i := range 6 {
		block[148+i] = byte('0' + sum>>(3*(5-i))&7)
	}
	block[154], block[155] = 0, ' '
}

func FuzzRaw(f *testing.F) {
	head := make([]byte, llmcHeader+4)
	copy(head, "\x88\xd4\x34\x01\x01\x00\x00\x00\x02") // 20240520, version 1, two tokens
	f.Add(head)
	copy(head, "\xa1\xd5\x34\x01\x07\x00\x00\x00\x01")
	f.Add(head)
	f.Add([]byte(indexMagic + "\x08\x01\x00\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00" + "size" + "pointers" + "documentdocument" + "rest"))
	f.Add([]byte("only bytes"))
	f.Fuzz(fuzzSource)
}
