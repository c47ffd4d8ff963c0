package bench

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/foretell/foretell"
	"github.com/foretell/foretell/cmd/foretell/internal/progress"
	"github.com/foretell/foretell/cmd/foretell/internal/ways"
	"github.com/foretell/foretell/tokens"
)

// Usable returns the input with its folders replaced by the files in them that
// can be compressed. What floats and the like are in is skipped.
func (m *Benchmark) Usable(input []string, opts tokens.Options) (list []string, err error) {
	opts.Strict = true
	for _, name := range input {
		if fi, err := os.Stat(name); err != nil || !fi.IsDir() {
			list = append(list, name)
			continue
		}
		err := filepath.WalkDir(name, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			if fi, err := os.Stat(path); err == nil && !fi.Mode().IsRegular() && !fi.IsDir() {
				m.Skipped = append(m.Skipped, path+" is no regular file") // a pipe would be waited for
				return nil
			}
			_, _, err = joined(io.Discard, []string{path}, opts)
			if errors.Is(err, foretell.ErrUnsupported) || err != nil && len(opts.Match) > 0 {
				m.Skipped = append(m.Skipped, err.Error())
				return nil
			}
			list = append(list, path)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("%s: nothing in it can be compressed", m.Name)
	}
	return list, nil
}

// joined writes the content of inputs to w and returns how many tokens it has, and how
// many bytes each of its elements, 1 if they differ.
func joined(w io.Writer, inputs []string, opts tokens.Options) (n int64, width int, err error) {
	src, err := tokens.Open(inputs, opts)
	if err != nil {
		return 0, 0, err
	}
	defer src.Close()
	var in progress.Intake
	next := in.Of(src).Next
	err = ways.JoinParts(w, func() (tokens.Part, error) {
		p, err := next()
		if err == nil && p.Kind == tokens.Member {
			if size := p.Info.Type.Size(); width == 0 || width == size {
				width = size
			} else {
				width = 1
			}
		}
		return p, err
	})
	return in.Tokens.Load(), max(width, 1), err
}

// Join writes the content that all ways get.
func (m *Benchmark) Join(inputs []string, opts tokens.Options, path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	w := bufio.NewWriterSize(f, 1<<18)
	if m.Tokens, m.Width, err = joined(w, inputs, opts); err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if m.Content, err = f.Seek(0, io.SeekCurrent); m.Content%int64(m.Width) != 0 {
		m.Width = 1
	}
	return err
}

// SameFiles compares two files.
func SameFiles(a, b string) (bool, error) {
	f, err := os.Open(a)
	if err != nil {
		return false, err
	}
	defer f.Close()
	g, err := os.Open(b)
	if err != nil {
		return false, err
	}
	defer g.Close()
	var x, y [1 << 16]byte
	for {
		n, err := io.ReadFull(f, x[:])
		k, kerr := io.ReadFull(g, y[:])
		if !bytes.Equal(x[:n], y[:k]) {
			return false, nil
		}
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			return kerr == io.EOF || kerr == io.ErrUnexpectedEOF, nil
		}
		if err = cmp.Or(err, kerr); err != nil {
			return false, err
		}
	}
}

// A Row is what a way makes of the data of a benchmark.
type Row struct {
	ways.Result
	Memory int64 `json:"memory"` // bytes, 0 if unknown
	Runs   int   `json:"runs,omitempty"`
}

// A Benchmark is one input and what each way makes of it.
type Benchmark struct {
	Name    string   `json:"name"`
	Content int64    `json:"content_bytes"`
	Tokens  int64    `json:"tokens"`
	Skipped []string `json:"skipped,omitempty"` // files that no model can take
	Rows    []Row    `json:"rows"`
	Width   int      `json:"-"` // bytes of an element of the content, 1 if they differ
}
