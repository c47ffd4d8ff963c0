package main

// #include "ft.h"
import "C"

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync/atomic"
	"unsafe"

	"github.com/foretell/foretell"
	"github.com/foretell/foretell/tokens"
)

// ft_compress compresses bytes as one file: arrays in them are found by what they
// begin with, everything else has elements of the given type. A message without an
// error tells what is kept as bytes though it begins as an array.
//
//export ft_compress
func ft_compress(c *C.ft_caller, p unsafe.Pointer, n C.int64_t, kind *C.char, o *C.ft_writing, length *C.int64_t, e *C.ft_error) (blob C.uint32_t) {
	defer rescue(e)
	opts := tokens.Options{}
	var err error
	if opts.Dtype, err = tokens.ParseType(C.GoString(kind)); fail(e, err) != 0 {
		return 0
	}
	t := newTask()
	options := writerOptions(o, t)
	src := slice[byte](p, n)
	var notes []string
	opts.Note = func(note error) {
		if text := note.Error(); len(notes) < maxNotes && !slices.Contains(notes, text) {
			notes = append(notes, text)
		}
	}
	options.Context = t
	var out []byte
	var done atomic.Pointer[foretell.Writer]
	progress := func() (int64, int64) {
		n := int64(0)
		if w := done.Load(); w != nil {
			n, _ = w.Progress()
		}
		return n, int64(len(src))
	}
	err = t.run(c, progress, func() (err error) {
		if out, err = compressSource(src, opts, options, &done); err != nil && t.Err() == nil {
			notes = nil // all of it is bytes
			out, err = compressRaw(src, opts.Dtype, options, &done)
		}
		return err
	})
	if fail(e, err) != 0 {
		return 0
	}
	if tokens.IsFore(src) {
		notes = append(notes, "a .fore file already, whose content decompress gives back: its bytes are kept as they are")
	}
	if len(notes) > 0 {
		e.message = C.CString(strings.Join(notes, "\n"))
	}
	return give(out, length)
}

// maxNotes bounds what is told of one input.
const maxNotes = 10

var errInexact = errors.New("the content would not come back byte for byte")

// compressSource compresses src as what it is found to be, by a Writer that it names. An
// error may be one of src, which is no whole file of the kind that it begins as.
func compressSource(src []byte, opts tokens.Options, options *foretell.WriterOptions, under *atomic.Pointer[foretell.Writer]) ([]byte, error) {
	var dst bytes.Buffer
	w, err := foretell.NewWriter(&dst, options)
	if err != nil {
		return nil, err
	}
	defer w.Close()
	under.Store(w)
	source, err := tokens.NewSource("data", bytes.NewReader(src), opts)
	if err != nil {
		return nil, err
	}
	defer source.Close()
	files := 0
	for {
		part, err := source.Next()
		if err == io.EOF {
			err = w.Close()
			return dst.Bytes(), err
		}
		if part.Kind == tokens.File {
			files++
		}
		if err == nil && (part.Repacked || files > 1) {
			err = errInexact
		}
		if err == nil {
			err = w.WritePart(part)
		}
		if err != nil {
			return nil, err
		}
	}
}

// compressRaw compresses src as elements of type t, and bytes that fill none.
func compressRaw(src []byte, t tokens.Type, options *foretell.WriterOptions, under *atomic.Pointer[foretell.Writer]) ([]byte, error) {
	var dst bytes.Buffer
	w, err := foretell.NewWriter(&dst, options)
	if err != nil {
		return nil, err
	}
	defer w.Close()
	under.Store(w)
	count := len(src) / t.Size()
	whole := count * t.Size()
	parts := []tokens.Part{
		{Kind: tokens.File, Name: "data"},
		{Kind: tokens.Member, Info: tokens.Info{Name: "data", Type: t, Shape: []int{count}}, Data: bytes.NewReader(src[:whole])},
	}
	if whole < len(src) {
		parts = append(parts, tokens.Part{Kind: tokens.Framing, Bytes: src[whole:]})
	}
	for _, part := range parts {
		if err := w.WritePart(part); err != nil {
			return nil, err
		}
	}
	err = w.Close()
	return dst.Bytes(), err
}

// ft_content gives how many bytes ft_decompress gives, -1 with an error. A message
// without an error describes the array that they are the npy file of, if that is all and
// the file was made of an array.
//
//export ft_content
func ft_content(c *C.ft_caller, p unsafe.Pointer, n C.int64_t, o *C.ft_reading, e *C.ft_error) (length C.int64_t) {
	defer rescue(e)
	t, src := newTask(), slice[byte](p, n)
	options := readerOptions(o, "", t)
	options.Context = t
	var r *foretell.ReaderAt
	err := t.run(c, nil, func() (err error) {
		if r, err = foretell.OpenReaderAt(bytes.NewReader(src), int64(len(src)), options); err != nil {
			// Reading from the front tells better what is wrong.
			err = cmp.Or(decompress(io.Discard, src, options), err)
		}
		return err
	})
	if err == nil && o.output > 0 && r.ContentSize() > int64(o.output) {
		err = fmt.Errorf("%w: the file holds more than %d bytes of content", foretell.ErrLimit, int64(o.output))
	}
	if fail(e, err) != 0 {
		return -1
	}
	if m := onlyArray(r); m != nil {
		b, err := json.Marshal(m)
		if fail(e, err) != 0 {
			return -1
		}
		e.message = C.CString(string(b))
	}
	return C.int64_t(r.ContentSize())
}

// onlyArray describes the array that a file was made of, if that is all of it: the npy
// file has its name, and a header as ours.
func onlyArray(r *foretell.ReaderAt) *member {
	if len(r.Files()) != 1 || len(r.Members()) != 1 {
		return nil
	}
	m := r.Members()[0]
	header, err := tokens.AppendNPYHeader(nil, m)
	if err != nil || m.Form != tokens.Named || r.Files()[0].Name != m.Name+".npy" ||
		r.ContentSize() != int64(len(header))+m.Len()*int64(m.Type.Size()) {
		return nil
	}
	return describe(m)
}

// ft_decompress puts the content to dst, which has room for exactly that.
//
//export ft_decompress
func ft_decompress(c *C.ft_caller, p unsafe.Pointer, n C.int64_t, o *C.ft_reading, dst unsafe.Pointer, length C.int64_t, e *C.ft_error) (code C.int32_t) {
	defer rescue(e)
	code = C.FT_INTERNAL
	t, w := newTask(), &filler{room: slice[byte](dst, length)}
	options := readerOptions(o, "", t)
	options.Context = t
	progress := func() (int64, int64) { return w.done.Load(), int64(length) }
	err := t.run(c, progress, func() error { return decompress(w, slice[byte](p, n), options) })
	if err == nil && len(w.room) != 0 {
		err = errRoom
	}
	return fail(e, err)
}

// decompress writes the content of the one file in src to dst.
func decompress(dst io.Writer, src []byte, options *foretell.ReaderOptions) error {
	r, err := foretell.NewReader(bytes.NewReader(src), options)
	if err != nil {
		return err
	}
	defer r.Close()
	files := 0
	buf := make([]byte, 1<<16)
	for {
		part, err := r.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		switch part.Kind {
		case tokens.File:
			if files++; files > 1 {
				return fmt.Errorf("%w: several files, which open gives access to", foretell.ErrUnsupported)
			}
		case tokens.Framing:
			_, err = dst.Write(part.Bytes)
		case tokens.Member:
			_, err = io.CopyBuffer(dst, part.Data, buf)
		}
		if err != nil {
			return err
		}
	}
}

// ft_train gives a prior that is trained on the arrays of a file.
//
//export ft_train
func ft_train(c *C.ft_caller, p unsafe.Pointer, n C.int64_t, model *C.char, most C.int64_t, length *C.int64_t, e *C.ft_error) (blob C.uint32_t) {
	defer rescue(e)
	t, prior := newTask(), []byte(nil)
	err := t.run(c, nil, func() error {
		src, err := tokens.NewSource("sample", bytes.NewReader(slice[byte](p, n)), tokens.Options{})
		if err != nil {
			return err
		}
		defer src.Close()
		prior, err = foretell.Train(src, &foretell.TrainOptions{Model: C.GoString(model), MaxBytes: int(most), Context: t})
		return err
	})
	if fail(e, err) != 0 {
		return 0
	}
	return give(prior, length)
}

// ft_models gives the names of all models that need nothing from outside.
//
//export ft_models
func ft_models(length *C.int64_t, e *C.ft_error) (blob C.uint32_t) {
	defer rescue(e)
	var names []string
	for _, name := range foretell.Models() {
		if name != "external" {
			names = append(names, name)
		}
	}
	return give([]byte(strings.Join(names, "\n")), length)
}
