package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/signal"
	"path"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

// Outputs are staged: written to temporary files beside their places and moved
// there when all of them are whole. What a run that fails or is interrupted has
// staged is removed, with its scratch files, and what it has started is ended.
type stage struct {
	mu      sync.Mutex
	files   []*outFile
	taken   map[place]bool
	dirs    []place    // made for the outputs, outer ones first
	spooled []*os.File // temporary files that could not be removed while open

	scratchDirs []string
	children    []*child // that run
}

// staged holds the outputs of this run, for the signal handler to find.
var staged = stage{taken: map[place]bool{}}

// A place is a path below a folder that it cannot leave, not even through
// symbolic links.
type place struct {
	root *os.Root
	name string
}

// An outFile is an output under way.
type outFile struct {
	*os.File
	at    place
	temp  string // "" if the output is no regular file: it is written in place
	force bool
	shown string // how messages name it
}

// anyMode are the permissions of files that come from no single input, but for
// what the umask takes from all.
const anyMode fs.FileMode = 0o666

// modeLike returns the permissions of what comes from one file or folder.
func modeLike(name string) fs.FileMode {
	if fi, err := os.Stat(name); err == nil && (fi.Mode().IsRegular() || fi.IsDir()) {
		return fi.Mode() & anyMode
	}
	return anyMode
}

// outPath stages the file with the given path, with the permissions of the file
// that it replaces, or else with the given ones.
func outPath(name string, force bool, mode fs.FileMode) (*outFile, error) {
	fi, err := os.Stat(name)
	switch {
	case err == nil && fi.IsDir():
		return nil, fmt.Errorf("%s is a folder", name)
	case err == nil && !fi.Mode().IsRegular():
		// A device or pipe takes the bytes as they come.
		f, err := os.OpenFile(name, os.O_WRONLY, 0)
		return &outFile{File: f, shown: name}, err
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
	return staged.create(place{root, filepath.Base(name)}, name, force, mode)
}

// outBelow stages a file as outPath does, in a folder that may not exist yet. name
// is its path below root, with slashes.
func outBelow(root *os.Root, name string, force bool, mode fs.FileMode) (*outFile, error) {
	if err := checkName(name); err != nil {
		return nil, err
	}
	if err := staged.mkdir(root, path.Dir(name)); err != nil {
		return nil, err
	}
	return staged.create(place{root, filepath.FromSlash(name)}, filepath.Join(root.Name(), filepath.FromSlash(name)), force, mode)
}

// checkName refuses the path of a file that would not stay in its folder, on
// this system or on another.
func checkName(name string) error {
	drive := len(name) > 1 && name[1] == ':' && (name[0]|0x20) >= 'a' && (name[0]|0x20) <= 'z'
	if name == "." || !fs.ValidPath(name) || drive || slices.Contains([]byte(name), 0) || !filepath.IsLocal(filepath.FromSlash(name)) {
		return fmt.Errorf("refused to write %q: it is no plain path inside the target folder (for a single file, -o names the output)", name)
	}
	return nil
}

// mkdir makes the folder and those above it.
func (s *stage) mkdir(root *os.Root, name string) error {
	if name == "." {
		return nil
	}
	if fi, err := root.Stat(filepath.FromSlash(name)); err == nil && fi.IsDir() {
		return nil
	}
	if err := s.mkdir(root, path.Dir(name)); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := root.Mkdir(filepath.FromSlash(name), 0o777); err != nil {
		return err
	}
	s.dirs = append(s.dirs, place{root, filepath.FromSlash(name)})
	return nil
}

func (s *stage) create(at place, shown string, force bool, mode fs.FileMode) (*outFile, error) {
	f := &outFile{at: at, force: force, shown: shown}
	if err := f.free(); err != nil {
		return nil, err
	}
	if old, err := at.root.Lstat(at.name); err == nil && old.Mode().IsRegular() {
		mode = old.Mode() & anyMode
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
			s.files = append(s.files, f)
			s.taken[at] = true
		}
		return f, err
	}
}

// free reports whether the file may be written.
func (f *outFile) free() error {
	fi, err := f.at.root.Lstat(f.at.name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case fi.IsDir():
		return fmt.Errorf("%s is a folder", f.shown)
	case !f.force:
		return fmt.Errorf("%s exists already (-f overwrites it)", f.shown)
	}
	return nil
}

// finish makes sure that what was written is stored.
func (f *outFile) finish() error {
	if f.temp == "" {
		return f.Close()
	}
	return cmp.Or(f.Sync(), f.Close())
}

// commit moves all outputs to their places.
func (s *stage) commit() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.files {
		if err := f.free(); err != nil {
			return err
		}
	}
	for len(s.files) > 0 {
		f := s.files[0]
		if err := f.at.root.Rename(f.temp, f.at.name); err != nil {
			return err
		}
		s.files = s.files[1:]
	}
	s.dirs = nil
	return nil
}

// discard removes what has been staged and not committed.
func (s *stage) discard() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.remove()
}

func (s *stage) remove() {
	for _, c := range s.children {
		killGroup(c.Cmd)
		<-c.gone // it writes no more
	}
	for _, f := range s.files {
		f.Close() // an open file cannot be removed everywhere
		f.at.root.Remove(f.temp)
	}
	for _, f := range s.spooled {
		f.Close()
		os.Remove(f.Name())
	}
	for _, d := range slices.Backward(s.dirs) {
		d.root.Remove(d.name) // fails if an output has come to be in it
	}
	for _, dir := range s.scratchDirs {
		os.RemoveAll(dir)
	}
	s.files, s.spooled, s.dirs, s.scratchDirs, s.children = nil, nil, nil, nil, nil
}

// removeOnSignal removes what has been staged when the process is told to end,
// and ends what it has started and then itself, in the way that the signal does.
func removeOnSignal() {
	// What nohup and the like have this process ignore, it goes on to ignore.
	ending := slices.DeleteFunc(slices.Clone(endings), signal.Ignored)
	if len(ending) == 0 {
		return // Notify would take no signals for all
	}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, ending...)
	go func() {
		sig := <-signals
		staged.mu.Lock() // for good: nothing may be staged from here on
		staged.remove()
		signal.Reset()
		if self, err := os.FindProcess(os.Getpid()); err == nil && self.Signal(sig) == nil {
			time.Sleep(time.Second)
		}
		os.Exit(exitFailed)
	}()
}

// folder opens a folder for outputs, and makes it if need be.
func (s *stage) folder(name string) (*os.Root, error) {
	name = filepath.Clean(name)
	above := name
	for {
		if _, err := os.Stat(above); !errors.Is(err, fs.ErrNotExist) || above == filepath.Dir(above) {
			break
		}
		above = filepath.Dir(above)
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

// scratch returns a temporary file that is removed at the end of the run.
func (s *stage) scratch() (*os.File, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := os.CreateTemp("", "foretell-*.fore")
	if err == nil && os.Remove(f.Name()) != nil {
		s.spooled = append(s.spooled, f)
	}
	return f, err
}
