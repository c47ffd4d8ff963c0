package main

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/foretell/foretell"
	"github.com/foretell/foretell/tokens"
)

// A reportInput is token data that can be read as often as needed.
type reportInput struct {
	name   string
	writer foretell.WriterOptions
	source func() (*tokens.Source, error)

	// Of a .fore file only.
	names []string // of its members
	file  *foretell.Description

	closer io.Closer
}

func (in *reportInput) close() {
	if in.closer != nil {
		in.closer.Close()
	}
}

// open opens the input of a report.
func (r *reportOptions) open(name string, opts tokens.Options) (*reportInput, error) {
	in := &reportInput{name: filepath.Base(name)}
	in.writer = foretell.WriterOptions{Model: r.model, BlockTokens: int(r.block), Solid: r.solid}
	var err error
	if r.prior, err = readPrior(r.priorFile); err != nil {
		return nil, err
	}
	in.writer.Prior, in.writer.EmbedPrior = r.prior, r.embed
	if in.writer.Model == "" {
		in.writer.Model = foretell.DefaultModel
	}
	in.source = func() (*tokens.Source, error) { return r.sourceFlags.open([]string{name}, opts) }
	if fi, err := os.Stat(name); err == nil && fi.IsDir() {
		return in, nil
	}
	f, err := openInput(name)
	if err != nil {
		return nil, err
	}
	in.closer = f
	if err := f.spool(); err != nil {
		return nil, err
	}
	if name == "-" {
		in.name = "standard input"
		in.source = func() (*tokens.Source, error) {
			if _, err := f.Seek(0, io.SeekStart); err != nil {
				return nil, err
			}
			return tokens.NewSource("stdin", f.File, opts)
		}
	}
	at, err := foretell.OpenReaderAt(f, f.size, &foretell.ReaderOptions{MaxMemory: int64(r.memory), Prior: r.prior})
	if err != nil {
		if strings.HasSuffix(name, ".fore") || !errors.Is(err, foretell.ErrCorrupt) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		return in, nil
	}
	return in, r.openFore(in, at)
}

// openFore makes the members of a .fore file an input: a tar of npy files, read
// from a pipe, has the same members with the same shapes, so that they fall into
// the same blocks.
func (r *reportOptions) openFore(in *reportInput, at *foretell.ReaderAt) (err error) {
	if len(r.members) > 0 || r.dtype != "" || r.shape != "" || r.solid || r.block > 0 {
		return usagef("--member, --dtype, --shape, --solid and --block do not go with a .fore file")
	}
	if in.file, err = at.Describe(); err != nil {
		return err
	}
	in.writer.Solid, in.writer.BlockTokens = in.file.Solid, int(in.file.BlockTokens)
	members := at.Members()
	for i := range members {
		in.names = append(in.names, members[i].Name)
	}
	in.source = func() (*tokens.Source, error) {
		r, w := io.Pipe()
		go func() { w.CloseWithError(writeMembers(w, at, members)) }()
		src, err := tokens.NewSource("members.tar", r, tokens.Options{})
		if err != nil {
			r.Close()
		}
		return src, err
	}
	if r.model != "" {
		in.file = nil // another model, another file
		return nil
	}
	return r.findModel(in)
}

// writeMembers writes all members as a tar of npy files.
func writeMembers(w io.Writer, at *foretell.ReaderAt, members []tokens.Info) error {
	t := tar.NewWriter(w)
	for i := range members {
		info := &members[i]
		header, err := tokens.AppendNPYHeader(nil, *info)
		if err != nil {
			return err
		}
		size := int64(len(header)) + info.Len()*int64(info.Type.Size())
		if err := t.WriteHeader(&tar.Header{Name: fmt.Sprintf("%d.npy", i), Mode: 0o644, Size: size}); err != nil {
			return err
		}
		if _, err := t.Write(header); err != nil {
			return err
		}
		if err := at.CopyRange(t, i, 0, rows(info)); err != nil {
			return err
		}
	}
	return t.Close()
}

// findModel sets the model that a file was written with: the one that writes the
// same blocks.
func (r *reportOptions) findModel(in *reportInput) error {
	candidates, err := candidatesFor(in.file, r.prior)
	if err != nil {
		return err
	}
	for _, name := range candidates {
		in.writer.Model = name
		if len(candidates) == 1 {
			return nil
		}
		_, own, err := r.try(in, name)
		if err != nil {
			return err
		}
		same := func(a, b foretell.BlockDescription) bool { return a.Params == b.Params && a.Body == b.Body }
		if slices.EqualFunc(own.Blocks, in.file.Blocks, same) {
			return nil
		}
	}
	return fmt.Errorf("this program has no model that writes such a file (of codec %s): choose one with --model", in.file.Codec)
}

// candidatesFor returns the models whose files say the same of themselves as a
// file does.
func candidatesFor(d *foretell.Description, prior []byte) (names []string, err error) {
	// The default comes first: with a prior, best may write what it does.
	others := slices.DeleteFunc(models(), func(name string) bool { return name == foretell.DefaultModel })
	for _, name := range append([]string{foretell.DefaultModel}, others...) {
		var buf bytes.Buffer
		w, err := foretell.NewWriter(&buf, &foretell.WriterOptions{
			Model: name, BlockTokens: int(d.BlockTokens), Solid: d.Solid, Workers: 1, Prior: prior, EmbedPrior: prior != nil,
		})
		if err != nil {
			continue // a prior that is not for this model
		}
		if err := w.Close(); err != nil {
			return nil, err
		}
		at, err := foretell.OpenReaderAt(bytes.NewReader(buf.Bytes()), int64(buf.Len()), &foretell.ReaderOptions{MaxMemory: ownMemory})
		if err != nil {
			return nil, err
		}
		own, err := at.Describe()
		if err != nil {
			return nil, err
		}
		if own.Codec == d.Codec && own.Memory == d.Memory && own.Model == d.Model {
			names = append(names, name)
		}
	}
	if len(names) == 0 && d.Model != "" {
		err = errors.New("the file was written with a prior: name it with --prior, or choose another model with --model")
	} else if len(names) == 0 {
		err = fmt.Errorf("this program has no model that writes such a file (of codec %s): choose one with --model", d.Codec)
	}
	return names, err
}
