package outputs

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
)

func write(t *testing.T, name, text string) string {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func content(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestInputsAreNoOutputs tries every spelling of a file that is read.
func TestInputsAreNoOutputs(t *testing.T) {
	dir := t.TempDir()
	in := write(t, filepath.Join(dir, "in"), "precious")
	spellings := []string{in, filepath.Join(dir, ".", "x", "..", "in")}
	if err := os.Mkdir(filepath.Join(dir, "x"), 0o777); err != nil {
		t.Fatal(err)
	}
	if link := filepath.Join(dir, "link"); os.Symlink(in, link) == nil {
		spellings = append(spellings, link)
	}
	if hard := filepath.Join(dir, "hard"); os.Link(in, hard) == nil {
		spellings = append(spellings, hard)
	}
	for _, name := range spellings {
		var s Stage
		fi, err := os.Stat(in)
		if err != nil {
			t.Fatal(err)
		}
		s.Read(fi)
		if _, err := s.Path(name, true, AnyMode); err == nil || !strings.Contains(err.Error(), "input as well") {
			t.Errorf("%s is written over: %v", name, err)
		}
		if err := s.Check(name, true); err == nil {
			t.Errorf("%s passes", name)
		}
		root, err := s.Folder(dir)
		if err != nil {
			t.Fatal(err)
		}
		if base := filepath.Base(name); base != "link" { // which would be replaced itself
			if _, err := s.Below(root, base, true, AnyMode); err == nil {
				t.Errorf("%s is written over in its folder", base)
			}
		}
		s.Discard()
	}
	// One that is read while the output is under way is found in the end.
	var s Stage
	if _, err := s.Path(in, true, AnyMode); err != nil {
		t.Fatal(err)
	}
	fi, err := os.Stat(in)
	if err != nil {
		t.Fatal(err)
	}
	s.Read(fi)
	if err := s.Commit(); err == nil {
		t.Error("what was read late is written over")
	}
	s.Discard()
	if content(t, in) != "precious" {
		t.Error("the input has changed")
	}
}

// TestPartialsAreTheirOwn has a partial file take the place of nothing that is read or
// lies elsewhere.
func TestPartialsAreTheirOwn(t *testing.T) {
	dir := t.TempDir()
	in := write(t, filepath.Join(dir, "in"), "precious")
	fi, err := os.Stat(in)
	if err != nil {
		t.Fatal(err)
	}
	var s Stage
	s.Read(fi)
	made := map[string]bool{
		"hard": os.Link(in, filepath.Join(dir, "hard.partial")) == nil,
		"link": os.Symlink(in, filepath.Join(dir, "link.partial")) == nil,
		"lost": os.Symlink(filepath.Join(dir, "elsewhere"), filepath.Join(dir, "lost.partial")) == nil,
		"dir":  os.Mkdir(filepath.Join(dir, "dir.partial"), 0o777) == nil,
	}
	for name, is := range made {
		for _, resume := range []bool{false, true} {
			if _, _, err := s.Partial(filepath.Join(dir, name), resume); is && err == nil {
				t.Errorf("%s.partial is written to, resume: %v", name, resume)
			}
		}
		if _, err := os.Lstat(filepath.Join(dir, name+".partial")); is && err != nil {
			t.Error(err)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "elsewhere")); err == nil {
		t.Error("a file is made behind a link")
	}
	if content(t, in) != "precious" {
		t.Error("the input has changed")
	}
	out := filepath.Join(dir, "out")
	for i, want := range []int64{0, 3, 0} {
		p, before, err := s.Partial(out, i < 2)
		if err != nil {
			t.Fatal(err)
		}
		if before.Size() != want {
			t.Errorf("run %d finds %d bytes, want %d", i, before.Size(), want)
		}
		if _, err := p.Write([]byte("new")); err != nil {
			t.Fatal(err)
		}
		if err := p.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestReplacing(t *testing.T) {
	dir := t.TempDir()
	old := write(t, filepath.Join(dir, "old"), "old")
	name := old
	if link := filepath.Join(dir, "link"); os.Symlink(old, link) == nil {
		name = link
	}
	var s Stage
	if _, err := s.Path(name, false, AnyMode); err == nil {
		t.Error("a file is replaced without force")
	}
	f, err := s.Path(name, true, AnyMode)
	if err != nil {
		t.Fatal(err)
	}
	f.Time = time.Unix(1e9, 0)
	if _, err := f.WriteString("new"); err != nil {
		t.Fatal(err)
	}
	if content(t, old) != "old" {
		t.Error("the file changes before the new one is whole")
	}
	if err := f.Finish(); err != nil {
		t.Fatal(err)
	}
	if err := s.Commit(); err != nil {
		t.Fatal(err)
	}
	fi, err := os.Stat(old)
	if err != nil || content(t, old) != "new" || !fi.ModTime().Equal(f.Time) || runtime.GOOS != "windows" && fi.Mode() != 0o600 {
		t.Errorf("%v of %v, %v", fi.Mode(), fi.ModTime(), err)
	}
	if fi, err := os.Lstat(name); name != old && (err != nil || fi.Mode()&fs.ModeSymlink == 0) {
		t.Error("the link is gone")
	}
	// What is discarded leaves nothing.
	if _, err = s.Path(filepath.Join(dir, "none"), false, AnyMode); err != nil {
		t.Fatal(err)
	}
	s.Discard()
	if list, err := filepath.Glob(filepath.Join(dir, ".foretell*")); err != nil || len(list) > 0 {
		t.Errorf("%q is left", list)
	}
}

func TestFoldersThatAreNone(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "file"), "")
	names := []string{"file", "file/below"}
	if os.Symlink(filepath.Join(dir, "nowhere"), filepath.Join(dir, "link")) == nil {
		names = append(names, "link", "link/below")
	}
	for _, name := range names {
		var s Stage
		_, err := s.Folder(filepath.Join(dir, name))
		if err == nil || !strings.Contains(err.Error(), "needed there") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestDescriptors(t *testing.T) {
	if _, err := os.Stat("/dev/fd/1"); err != nil {
		t.Skip(err)
	}
	dir := t.TempDir()
	link := filepath.Join(dir, "link")
	if err := os.Symlink("/dev/stdout", link); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]int{
		"/dev/stdout": 1, "/dev/stderr": 2, "/dev/fd/7": 7, "/dev/../dev/fd/0": 0, "/proc/self/fd/12": 12, "/proc/thread-self/fd/3": 3, link: 1,
		filepath.Join(dir, "none"): -1, "/dev/null": -1, "/dev/fd/x": -1, "/proc/1/fd/1": -1, "/": -1, "": -1,
	} {
		if n, ok := Descriptor(name); strings.HasPrefix(name, "/proc") && runtime.GOOS != "linux" {
			continue
		} else if ok != (want >= 0) || ok && n != want {
			t.Errorf("%s is descriptor %d, %v; want %d", name, n, ok, want)
		}
	}
	// What is written goes where the descriptor stands.
	f, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString("before "); err != nil {
		t.Fatal(err)
	}
	var s Stage
	out, err := s.Path("/dev/fd/"+strconv.Itoa(int(f.Fd())), false, AnyMode)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := out.WriteString("after"); err != nil {
		t.Fatal(err)
	}
	if got := content(t, f.Name()); got != "before after" {
		t.Errorf("%q", got)
	}
	if err := out.Finish(); err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(" and more"); err != nil {
		t.Errorf("the descriptor is closed for its owner: %v", err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestErrorsNameOutputs has what fails name the output, not its temporary file.
func TestErrorsNameOutputs(t *testing.T) {
	name := filepath.Join(t.TempDir(), "out")
	var s Stage
	f, err := s.Path(name, false, AnyMode)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.File.Close(); err != nil {
		t.Fatal(err)
	}
	_, write := f.Write([]byte("x"))
	_, read := f.ReadFrom(strings.NewReader("x"))
	for what, err := range map[string]error{"Write": write, "ReadFrom": read, "Finish": f.Finish()} {
		if err == nil || !strings.Contains(err.Error(), name) || strings.Contains(err.Error(), ".tmp") {
			t.Errorf("%s: %v", what, err)
		}
	}
	s.Discard()
}

func TestFoldersAreLetGo(t *testing.T) {
	name := filepath.Join(t.TempDir(), "x")
	var s Stage
	for _, end := range []func(){func() { s.Commit() }, s.Discard} {
		f, err := s.Path(name, true, AnyMode)
		if err == nil {
			err = f.Finish()
		}
		if err != nil {
			t.Fatal(err)
		}
		end()
		if _, err := f.at.root.Stat("."); !errors.Is(err, fs.ErrClosed) {
			t.Errorf("the folder is still open: %v", err)
		}
	}
}
