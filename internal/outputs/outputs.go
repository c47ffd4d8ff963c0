// Package outputs writes files so that nothing is half done or lost: each is staged,
// written to a temporary file beside its place, and moved there when all of them are
// whole. What is read is never written over.
package outputs

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/foretell/foretell/internal/filename"
)

// A Stage holds outputs that are under way. It may be used by several goroutines.
type Stage struct {
	// Stop, if not nil, is asked from time to time whether to go on while Path waits
	// for someone to read from a named pipe.
	Stop func() error

	mu    sync.Mutex
	files []*File
	taken map[place]bool
	dirs  []place // made for the outputs, outer ones first
	read  []fs.FileInfo
}

// A place is a path below a folder that it cannot leave, not even through
// symbolic links.
type place struct {
	root  *os.Root
	name  string
	alone bool // the root is there for this place
}

// close is for a place at which nothing more is done. Some systems do not remove a
// folder that is open.
func (p place) close() {
	if p.alone {
		p.root.Close()
	}
}

// A File is an output under way.
type File struct {
	*os.File
	Shown  string    // how messages name it
	Staged bool      // it is written beside its place; else what is no regular file is written at once
	Shared bool      // it is open for others too: Finish leaves it open
	Time   time.Time // of its last modification, if that is not now

	at    place
	temp  string
	force bool
}

// AnyMode are the permissions of files that come from no single input, but for
// what the umask takes from all.
const AnyMode fs.FileMode = 0o666

// ModeLike returns the permissions of what comes from one file or folder.
func ModeLike(name string) fs.FileMode {
	if fi, err := os.Stat(name); err == nil && (fi.Mode().IsRegular() || fi.IsDir()) {
		return fi.Mode() & AnyMode
	}
	return AnyMode
}

// Read says that a file is read: no output replaces it, by whatever path or link.
func (s *Stage) Read(fi fs.FileInfo) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.read = append(s.read, fi)
}

// unread refuses a file that is read.
func (s *Stage) unread(fi fs.FileInfo, shown string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.spare(fi, shown)
}

// spare is unread for who holds the lock.
func (s *Stage) spare(fi fs.FileInfo, shown string) error {
	// Terminals, pipes and the like may well be both.
	lasting := fi.Mode().IsRegular() || fi.Mode()&(fs.ModeDevice|fs.ModeCharDevice) == fs.ModeDevice
	if lasting && slices.ContainsFunc(s.read, func(in fs.FileInfo) bool { return os.SameFile(in, fi) }) {
		return fmt.Errorf("%s is an input as well as the output", shown)
	}
	return nil
}

// Open is an output that is open already, such as standard output.
func (s *Stage) Open(f *os.File, shown string) (*File, error) {
	fi, err := f.Stat()
	if err == nil {
		err = s.unread(fi, shown)
	}
	if err != nil {
		return nil, err
	}
	return &File{File: f, Shown: shown}, nil
}

// Path stages the file with the given path, with the permissions of the file
// that it replaces, or else with the given ones. A path such as /dev/fd/3 is the
// descriptor that is open already.
func (s *Stage) Path(name string, force bool, mode fs.FileMode) (*File, error) {
	if n, ok := Descriptor(name); ok {
		f, err := duplicate(n, name) // the other is its owner's to close
		if err != nil {
			return nil, err
		}
		out, err := s.Open(f, name)
		if err != nil {
			f.Close()
		}
		return out, err
	}
	fi, err := os.Stat(name)
	switch {
	case err == nil && fi.IsDir():
		return nil, &worded{name + " is a folder", syscall.EISDIR}
	case err == nil && !fi.Mode().IsRegular():
		if err := s.unread(fi, name); err != nil {
			return nil, err
		}
		// A device or pipe takes the bytes as they come.
		f, err := s.openPipe(name, fi)
		return &File{File: f, Shown: name}, err
	case err == nil:
		// Behind a link, the file that it names is replaced.
		if name, err = filepath.EvalSymlinks(name); err != nil {
			return nil, err
		}
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	root, err := os.OpenRoot(filepath.Dir(name))
	if err != nil {
		return nil, err
	}
	at := place{root, filepath.Base(name), true}
	f, err := s.create(at, name, force, mode)
	if err != nil {
		at.close()
	}
	return f, err
}

// Check returns what Path would say of a file that stands there already.
func (s *Stage) Check(name string, force bool) error {
	fi, err := os.Stat(name)
	if _, open := Descriptor(name); open || err != nil || fi.IsDir() {
		return nil
	}
	if err := s.unread(fi, name); err != nil {
		return err
	}
	if fi.Mode().IsRegular() && !force {
		return exists(name)
	}
	return nil
}

func exists(shown string) error {
	return &worded{shown + " exists already (-f overwrites it)", syscall.EEXIST}
}

// A worded error says in words what the system calls by a number.
type worded struct {
	text string
	err  error
}

func (w *worded) Error() string { return w.text }
func (w *worded) Unwrap() error { return w.err }

// Below stages a file as Path does, in a folder that may not exist yet. name is
// its path below root, with slashes.
func (s *Stage) Below(root *os.Root, name string, force bool, mode fs.FileMode) (*File, error) {
	if err := filename.Check(name); err != nil {
		return nil, fmt.Errorf("refused to write %q: %w (for a single file, -o names the output)", name, err)
	}
	if err := s.mkdir(root, path.Dir(name)); err != nil {
		return nil, err
	}
	return s.create(place{root: root, name: filepath.FromSlash(name)}, filepath.Join(root.Name(), filepath.FromSlash(name)), force, mode)
}

// Folder opens a folder for outputs, and makes it if need be.
func (s *Stage) Folder(name string) (*os.Root, error) {
	name = filepath.Clean(name)
	above := name
	for {
		// A link that leads nowhere is there, and no folder.
		if _, err := os.Lstat(above); !errors.Is(err, fs.ErrNotExist) || above == filepath.Dir(above) {
			break
		}
		above = filepath.Dir(above)
	}
	if fi, err := os.Stat(above); err != nil || !fi.IsDir() {
		return nil, noFolder(above)
	}
	if below, err := filepath.Rel(above, name); err == nil && below != "." {
		root, err := os.OpenRoot(above)
		if err == nil {
			err = s.mkdir(root, filepath.ToSlash(below))
		}
		if err != nil {
			return nil, err
		}
	}
	return os.OpenRoot(name)
}

// noFolder says that there is something else where a folder is needed.
func noFolder(shown string) error {
	if fi, err := os.Lstat(shown); err == nil && fi.Mode()&fs.ModeSymlink != 0 {
		return fmt.Errorf("%s is a link that leads to no folder which may be written to, and a folder is needed there", shown)
	}
	return fmt.Errorf("%s is no folder, and one is needed there", shown)
}

// mkdir makes the folder and those above it.
func (s *Stage) mkdir(root *os.Root, name string) error {
	if name == "." {
		return nil
	}
	local := filepath.FromSlash(name)
	if fi, err := root.Stat(local); err == nil && fi.IsDir() {
		return nil
	}
	if err := s.mkdir(root, path.Dir(name)); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := root.Mkdir(local, 0o777); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return noFolder(filepath.Join(root.Name(), local))
		}
		return err
	}
	s.dirs = append(s.dirs, place{root: root, name: local})
	return nil
}

func (s *Stage) create(at place, shown string, force bool, mode fs.FileMode) (*File, error) {
	f := &File{at: at, force: force, Shown: shown, Staged: true}
	if old, err := at.root.Lstat(at.name); err == nil && old.Mode().IsRegular() {
		mode = old.Mode() & AnyMode
		if err := s.unread(old, shown); err != nil {
			return nil, err
		}
	}
	if err := f.free(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.taken[at] {
		return nil, fmt.Errorf("two files would be written to %s", shown)
	}
	dir := filepath.Dir(at.name)
	for {
		f.temp = filepath.Join(dir, fmt.Sprintf(".foretell-%08x.tmp", rand.Uint32()))
		var err error
		f.File, err = at.root.OpenFile(f.temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		var cause *fs.PathError
		if errors.As(err, &cause) { // which names the temporary file
			return nil, fmt.Errorf("cannot write %s: %w", shown, cause.Err)
		}
		if err == nil {
			if s.taken == nil {
				s.taken = map[place]bool{}
			}
			s.files = append(s.files, f)
			s.taken[at] = true
		}
		return f, err
	}
}

// free reports whether the file may be written.
func (f *File) free() error {
	fi, err := f.at.root.Lstat(f.at.name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case fi.IsDir():
		return &worded{f.Shown + " is a folder", syscall.EISDIR}
	case !f.force:
		return exists(f.Shown)
	}
	return nil
}

// Begun returns the temporary files in the folder of an output: of runs that are under
// way, and of those that were killed.
func Begun(out string) []string {
	dir := filepath.Dir(out)
	list, _ := os.ReadDir(dir) // there are none in a folder that cannot be read
	var begun []string
	for _, e := range list {
		if ok, _ := path.Match(".foretell-????????.tmp", e.Name()); ok {
			begun = append(begun, filepath.Join(dir, e.Name()))
		}
	}
	return begun
}

// Write writes to the file.
func (f *File) Write(p []byte) (int, error) {
	n, err := f.File.Write(p)
	return n, f.named(err)
}

// ReadFrom writes all that r gives.
func (f *File) ReadFrom(r io.Reader) (int64, error) {
	n, err := f.File.ReadFrom(r)
	return n, f.named(err)
}

// named has an error name the output, not its temporary file. One of the reader that
// ReadFrom was given stays as it is.
func (f *File) named(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) && path.Path == f.Name() {
		return &fs.PathError{Op: path.Op, Path: f.Shown, Err: path.Err}
	}
	return err
}

// Finish makes sure that what was written is stored.
func (f *File) Finish() error {
	switch {
	case f.Shared:
		return nil
	case !f.Staged:
		return f.Close()
	}
	if err := cmp.Or(f.Sync(), f.Close()); err != nil || f.Time.IsZero() {
		return f.named(err)
	}
	return f.at.root.Chtimes(f.temp, time.Time{}, f.Time)
}

// Commit moves all outputs to their places.
func (s *Stage) Commit() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.files {
		if err := f.free(); err != nil {
			return err
		}
		// It may have been found, and read, after the file was staged.
		if old, err := f.at.root.Lstat(f.at.name); err == nil {
			if err := s.spare(old, f.Shown); err != nil {
				return err
			}
		}
	}
	for len(s.files) > 0 {
		f := s.files[0]
		if err := f.at.root.Rename(f.temp, f.at.name); err != nil {
			return err
		}
		f.at.close()
		s.files = s.files[1:]
	}
	s.dirs = nil
	return nil
}

// Discard removes what has been staged and not committed.
func (s *Stage) Discard() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.remove()
}

// Abandon is Discard in the midst of a run: what has been read stays safe.
func (s *Stage) Abandon() {
	s.mu.Lock()
	defer s.mu.Unlock()
	read := s.read
	s.remove()
	s.read = read
}

// End discards for good: nothing can be staged from here on, callers wait.
func (s *Stage) End() {
	s.mu.Lock()
	s.remove()
}

func (s *Stage) remove() {
	for _, f := range s.files {
		f.Close() // an open file cannot be removed everywhere
		f.at.root.Remove(f.temp)
		f.at.close()
	}
	for _, d := range slices.Backward(s.dirs) {
		d.root.Remove(d.name) // fails if an output has come to be in it
	}
	s.files, s.taken, s.dirs, s.read = nil, nil, nil, nil
}
