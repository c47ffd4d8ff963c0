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

// A stage takes files, one after another, that get their names together when all
// of them are complete.
type stage struct {
	files     filesystem.Interface
	root, run string
	w         io.WriteCloser // the file that is being written, if one is
	moves     []move
	size      int64 // of all files
}

// A move gives a partial file its name.
type move struct{ from, to string }

// newStage begins a stage. root is the folder that all outputs are in, run a name
// for clean to know a running pipeline's files by; commit or abort ends it.
func newStage(ctx context.Context, root, run string) (*stage, error) {
	files, err := filesystem.New(ctx, root)
	if err != nil {
		return nil, err
	}
	return &stage{files: files, root: root, run: run}, nil
}

// create begins a stage of one file.
func create(ctx context.Context, root, run, name string) (*stage, error) {
	s, err := newStage(ctx, root, run)
	if err != nil {
		return nil, err
	}
	if err := s.next(ctx, name); err != nil {
		s.abort(ctx)
		return nil, err
	}
	return s, nil
}

// next ends the file that is being written and begins another one.
func (s *stage) next(ctx context.Context, name string) error {
	if err := s.close(); err != nil {
		return err
	}
	// Two attempts at one shard must not write to one file.
	from := join(s.root, partials+"/"+s.run+rand.Text())
	w, err := s.files.OpenWrite(ctx, from)
	// When another stage ends, it may delete the empty folder under this one's hands.
	for tries := 0; err != nil && isLocal(from) && tries < 100; tries++ {
		if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrExist) {
			break
		}
		w, err = s.files.OpenWrite(ctx, from)
	}
	if err != nil {
		return err
	}
	s.w = w
	s.moves = append(s.moves, move{from, name})
	return nil
}

func (s *stage) Write(p []byte) (int, error) {
	n, err := s.w.Write(p)
	s.size += int64(n)
	return n, err
}

// close ends the file that is being written.
func (s *stage) close() error {
	if s.w == nil {
		return nil
	}
	w := s.w
	s.w = nil
	return w.Close()
}

// commit gives the files their names, on local disks each in one step.
func (s *stage) commit(ctx context.Context) error {
	defer s.abort(ctx)
	if err := s.close(); err != nil {
		return err
	}
	for len(s.moves) > 0 {
		m := s.moves[0]
		if isLocal(m.to) {
			if err := os.MkdirAll(filepath.Dir(m.to), 0o755); err != nil {
				return err
			}
		}
		if err := filesystem.Rename(ctx, s.files, m.from, m.to); err != nil {
			return err
		}
		s.moves = s.moves[1:]
	}
	return nil
}

// abort deletes the files that have no names yet, and the folder of partial files
// if no other stage has one there.
func (s *stage) abort(ctx context.Context) {
	_ = s.close() // what it says of a file that is deleted does not matter
	if r, ok := s.files.(filesystem.Remover); ok {
		for _, m := range s.moves {
			// If this fails too, the next run deletes it.
			_ = r.Remove(ctx, m.from)
		}
	}
	removeEmpty(s.root)
	s.files.Close()
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
	removeEmpty(root)
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

// removeEmpty deletes the folder of partial files when nothing is in it.
func removeEmpty(root string) {
	if isLocal(root) {
		// That it is not empty is no mistake: another file is being written.
		_ = os.Remove(join(root, partials))
	}
}
