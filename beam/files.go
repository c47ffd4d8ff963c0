package foretellbeam

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/apache/beam/sdks/v2/go/pkg/beam/io/filesystem"
)

// partials is the folder, in that of the outputs, of files that are being
// written.
const partials = ".foretell-partial"

// open opens a file for reading at random. What is not local is copied to a
// temporary file first: then an input gives the same bytes whatever file system
// it is on, and trouble with the network is over before compression begins.
func open(ctx context.Context, name string) (f *os.File, done func(), err error) {
	if !isLocal(name) {
		return spool(ctx, name)
	}
	fi, err := os.Stat(name)
	if err != nil {
		return nil, nil, err
	}
	if !fi.Mode().IsRegular() {
		return nil, nil, fmt.Errorf("%w: %s is no regular file", errors.ErrUnsupported, name)
	}
	if f, err = os.Open(name); err != nil {
		return nil, nil, err
	}
	return f, func() { f.Close() }, nil
}

func spool(ctx context.Context, name string) (*os.File, func(), error) {
	files, err := filesystem.New(ctx, name)
	if err != nil {
		return nil, nil, err
	}
	defer files.Close()
	r, err := files.OpenRead(ctx, name)
	if err != nil {
		return nil, nil, err
	}
	defer r.Close()
	f, err := os.CreateTemp("", "foretell-*")
	if err != nil {
		return nil, nil, err
	}
	done := func() {
		f.Close()
		os.Remove(f.Name())
	}
	if _, err = io.Copy(f, r); err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		done()
		return nil, nil, fmt.Errorf("%s: %w", name, err)
	}
	return f, done, nil
}

// A staged file is written under a temporary name until it is complete.
type staged struct {
	io.Writer
	files     filesystem.Interface
	w         io.WriteCloser
	temporary string
	name      string
	size      int64
}

// create begins a file. root is the folder that all outputs are in, run a name for
// clean to know a running pipeline's files by; commit or abort ends it.
func create(ctx context.Context, root, run, name string) (*staged, error) {
	files, err := filesystem.New(ctx, name)
	if err != nil {
		return nil, err
	}
	// Two attempts at one shard must not write to one file.
	s := &staged{files: files, name: name, temporary: join(root, partials+"/"+run+rand.Text())}
	if s.w, err = files.OpenWrite(ctx, s.temporary); err != nil {
		files.Close()
		return nil, err
	}
	s.Writer = s.w
	return s, nil
}

func (s *staged) Write(p []byte) (int, error) {
	n, err := s.w.Write(p)
	s.size += int64(n)
	return n, err
}

// commit gives the file its name, on local disks in one step.
func (s *staged) commit(ctx context.Context) error {
	err := s.w.Close()
	if err == nil && isLocal(s.name) {
		err = os.MkdirAll(filepath.Dir(s.name), 0o755)
	}
	if err == nil {
		err = filesystem.Rename(ctx, s.files, s.temporary, s.name)
	}
	if err != nil {
		s.remove(ctx)
	}
	s.files.Close()
	return err
}

// abort deletes the file.
func (s *staged) abort(ctx context.Context) {
	s.w.Close()
	s.remove(ctx)
	s.files.Close()
}

func (s *staged) remove(ctx context.Context) {
	if r, ok := s.files.(filesystem.Remover); ok {
		// If this fails too, the next run deletes it.
		_ = r.Remove(ctx, s.temporary)
	}
}

// clean deletes what runs other than the given one have left behind.
func clean(ctx context.Context, root, run string) error {
	files, err := filesystem.New(ctx, root)
	if err != nil {
		return err
	}
	defer files.Close()
	left, err := listPartials(ctx, files, root)
	if err != nil {
		return err
	}
	r, ok := files.(filesystem.Remover)
	for _, name := range left {
		if !ok || strings.HasPrefix(path.Base(name), run) {
			continue
		}
		if err := r.Remove(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

// listPartials returns the partial files in a folder. The folder is no pattern:
// a[1] must not be taken for a1.
func listPartials(ctx context.Context, files filesystem.Interface, root string) (names []string, err error) {
	folder := join(root, partials)
	if !isLocal(root) {
		if strings.ContainsAny(root, wildcards) {
			return nil, fmt.Errorf("%w: the folder of outputs, %s, has one of %s in its name", errors.ErrUnsupported, root, wildcards)
		}
		return files.List(ctx, folder+"/*")
	}
	entries, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	for _, e := range entries {
		names = append(names, join(folder, e.Name()))
	}
	return names, err
}

// cleanEmpty deletes the folder of partial files when nothing is in it.
func cleanEmpty(root string) {
	if isLocal(root) {
		// That it is not empty is no mistake: another shard is being written.
		_ = os.Remove(join(root, partials))
	}
}
