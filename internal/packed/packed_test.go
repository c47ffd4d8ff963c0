package packed

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/tokens"
)

// read returns the files that a source yields and the names of their members.
func read(name string, r io.Reader) (file tokens.Part, content []byte, members []string, err error) {
	s, err := tokens.NewSource(name, r, tokens.Options{Decompressors: All(), Strict: true})
	if err != nil {
		return file, nil, nil, err
	}
	defer s.Close()
	for {
		p, err := s.Next()
		if err == io.EOF {
			return file, content, members, nil
		}
		if err != nil {
			return file, content, members, err
		}
		switch p.Kind {
		case tokens.File:
			file = p
		case tokens.Framing:
			content = append(content, p.Bytes...)
		case tokens.Member:
			raw, err := io.ReadAll(p.Data)
			if err != nil {
				return file, content, members, err
			}
			members = append(members, p.Info.Name)
			content = append(content, raw...)
		}
	}
}

func files(t testing.TB) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	for _, name := range []string{"x.tar.zst", "x.tar.xz", "x.tar.bz2", "two.txz"} {
		b, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		all[name] = b
	}
	return all
}

var want = []string{"0.u16", "1.u16", "2.u16", "3.u16", "4.u16", "5.u16"}

func TestTars(t *testing.T) {
	names := map[string]string{"x.tar.zst": "x.tar", "x.tar.xz": "x.tar", "x.tar.bz2": "x.tar", "two.txz": "two.tar"}
	for name, b := range files(t) {
		var plain []byte
		for _, r := range []io.Reader{bytes.NewReader(b), iotest.OneByteReader(bytes.NewReader(b))} {
			file, content, members, err := read(name, r)
			if err != nil || !file.Repacked || !slices.Equal(members, want) || file.Name != names[name] {
				t.Fatalf("%s: %+v, members %q, %v", name, file, members, err)
			}
			plain = content
		}
		file, content, members, err := read("again.tar", bytes.NewReader(plain))
		if err != nil || file.Repacked || !bytes.Equal(content, plain) || !slices.Equal(members, want) {
			t.Errorf("the tar in %s: members %q, %v", name, members, err)
		}
	}
}

// TestCuts cuts files everywhere: what is not an error is kept as it is.
func TestCuts(t *testing.T) {
	for name, b := range files(t) {
		for n := range len(b) {
			file, content, _, err := read(name, bytes.NewReader(b[:n]))
			if err == nil && (file.Repacked || !bytes.Equal(content, b[:n])) {
				if name == "two.txz" && n%4 == 0 && n < len(b)/2+100 && n > len(b)/2-100 {
					continue // just the first of two files, which is a whole one
				}
				t.Errorf("%s: %d of %d bytes are taken for whole", name, n, len(b))
			}
			if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("%s: %d of %d bytes: %v", name, n, len(b), err)
			}
		}
	}
}

// TestBehind reads files with zeros behind them, as on tapes and as each format allows
// them, and bzip2 with something else, which its own program passes over too.
func TestBehind(t *testing.T) {
	all := files(t)
	for name, zeros := range map[string][]int{"x.tar.xz": {4, 512, 10240}, "two.txz": {4, 512}, "x.tar.bz2": {1, 2, 3, 512, 10240}} {
		for _, n := range zeros {
			b := slices.Concat(all[name], make([]byte, n))
			if _, _, members, err := read(name, bytes.NewReader(b)); err != nil || !slices.Equal(members, want) {
				t.Errorf("%s and %d zeros: members %q, %v", name, n, members, err)
			}
		}
	}
	twice := slices.Concat(all["x.tar.bz2"], all["x.tar.bz2"])
	if _, _, members, err := read("x.tar.bz2", bytes.NewReader(twice)); err != nil || len(members) != 2*len(want) {
		t.Errorf("two files under bzip2: members %q, %v", members, err)
	}
	for _, n := range []int{0, 1, 9, 300} {
		for _, rest := range []string{"j", "jk", "jkl more of it"} {
			b := slices.Concat(all["x.tar.bz2"], make([]byte, n), []byte(rest))
			_, _, _, err := read("x.tar.bz2", bytes.NewReader(b))
			if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("%d bytes behind", len(rest))) {
				t.Errorf("%d zeros and %q: %v", n, rest, err)
			}
		}
	}
}

func TestReadErrorsArePassedOn(t *testing.T) {
	fire := errors.New("disk on fire")
	for name, b := range files(t) {
		for _, n := range []int{0, 7, 30, len(b) / 2, len(b) - 1, len(b)} {
			if _, _, _, err := read(name, io.MultiReader(bytes.NewReader(b[:n]), iotest.ErrReader(fire))); !errors.Is(err, fire) {
				t.Errorf("%s: an error after %d bytes becomes %v", name, n, err)
			}
		}
	}
}

// TestWindowsAreBounded reads files that ask for gigabytes.
func TestWindowsAreBounded(t *testing.T) {
	var tar bytes.Buffer
	_, content, _, err := read("x.tar.xz", bytes.NewReader(files(t)["x.tar.xz"]))
	if err != nil {
		t.Fatal(err)
	}
	tar.Write(content)
	for name, command := range map[string][]string{
		"x.tar.xz": {"xz", "--lzma2=dict=1GiB"}, "x.tar.zst": {"zstd", "-q", "--ultra", "--long=30", "--no-content-size"},
	} {
		c := exec.Command(command[0], command[1:]...)
		c.Stdin = bytes.NewReader(tar.Bytes())
		b, err := c.Output()
		if err != nil {
			t.Skip(err)
		}
		for _, d := range All() {
			if !bytes.HasPrefix(b, []byte(d.Magic)) {
				continue
			}
			file, content, _, err := read(name, bytes.NewReader(b))
			if err == nil && (file.Repacked || !bytes.Equal(content, b)) || err != nil && !errors.Is(err, fault.ErrLimit) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

func FuzzTars(f *testing.F) {
	for _, b := range files(f) {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		file, content, _, err := read("x", bytes.NewReader(b))
		if err == nil {
			if !file.Repacked && !bytes.Equal(content, b) {
				t.Fatal("the content is not the input")
			}
			return
		}
		for _, e := range []error{fault.ErrCorrupt, fault.ErrLimit, fault.ErrUnsupported, io.ErrUnexpectedEOF} {
			if errors.Is(err, e) {
				return
			}
		}
		t.Fatal(fmt.Errorf("an error of no known kind: %w", err))
	})
}
