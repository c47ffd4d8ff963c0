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
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unsafe"

	"github.com/foretell/foretell"
	"github.com/foretell/foretell/internal/outputs"
	"github.com/foretell/foretell/tokens"
)

// A writer writes a file in the way of the command.
type writer struct {
	*foretell.Writer
	stage   outputs.Stage
	file    *outputs.File
	partial *outputs.Partial // nil if what is done is not kept
}

func writerOptions(w *C.ft_writing) *foretell.WriterOptions {
	return &foretell.WriterOptions{
		Network:     network(w.network),
		Model:       C.GoString(w.model),
		BlockTokens: int(w.block),
		Solid:       w.solid != 0,
		Workers:     int(w.workers),
		Prior:       slices.Clone(slice[byte](w.prior, w.prior_length)),
		EmbedPrior:  w.embed != 0,
	}
}

//export ft_writer_new
func ft_writer_new(path *C.char, o *C.ft_writing, e *C.ft_error) (h C.uint32_t) {
	defer rescue(e)
	w := new(writer)
	w.stage.PipeWait = 10 * time.Second // in which no signal is heard
	var err error
	if w.file, err = w.stage.Path(C.GoString(path), true, outputs.AnyMode); fail(e, err) != 0 {
		return 0
	}
	options := writerOptions(o)
	var out io.Writer = w.file
	if w.file.Staged && (o.resume != 0 || options.Network != nil) {
		if w.partial, options.Resume, err = outputs.OpenPartial(C.GoString(path), o.resume != 0); err == nil {
			out = io.MultiWriter(w.file, w.partial)
		}
	}
	if err == nil {
		w.Writer, err = foretell.NewWriter(out, options)
	}
	if fail(e, err) != 0 {
		w.abandon()
		return 0
	}
	return C.uint32_t(writers.add(w))
}

// ft_writer_add adds an array whose elements lie at p, little-endian and in C
// order, as a file name.npy.
//
//export ft_writer_add
func ft_writer_add(h C.uint32_t, name, kind *C.char, rank C.int32_t, shape *C.int64_t, p unsafe.Pointer, e *C.ft_error) (code C.int32_t) {
	defer rescue(e)
	code = C.FT_INTERNAL
	info := tokens.Info{Name: C.GoString(name), Form: tokens.Named}
	var err error
	if info.Type, err = tokens.ParseType(C.GoString(kind)); err != nil {
		return fail(e, err)
	}
	for _, n := range slice[int64](unsafe.Pointer(shape), C.int64_t(rank)) {
		info.Shape = append(info.Shape, int(n))
	}
	header, err := tokens.AppendNPYHeader(nil, info)
	if err != nil {
		return fail(e, err)
	}
	raw := slice[byte](p, C.int64_t(info.Len())*C.int64_t(info.Type.Size()))
	w := writers.at(uint32(h))
	for _, part := range []tokens.Part{
		{Kind: tokens.File, Name: info.Name + ".npy"},
		{Kind: tokens.Framing, Bytes: header},
		{Kind: tokens.Member, Info: info, Data: bytes.NewReader(raw)},
	} {
		if err := w.WritePart(part); err != nil {
			return fail(e, err)
		}
	}
	return C.FT_OK
}

// ft_writer_close completes the file, unless whole is 0, and releases the writer.
//
//export ft_writer_close
func ft_writer_close(h C.uint32_t, whole C.int32_t, e *C.ft_error) (code C.int32_t) {
	defer rescue(e)
	code = C.FT_INTERNAL
	w := writers.remove(uint32(h))
	defer w.abandon()
	err := w.Close()
	if whole == 0 {
		return C.FT_OK
	}
	if err == nil {
		err = w.file.Finish()
	}
	if err == nil {
		err = w.stage.Commit()
	}
	if err == nil && w.partial != nil {
		err, w.partial = w.partial.Remove(), nil
	}
	return fail(e, err)
}

// abandon removes what was written and is not complete, but for the partial file.
func (w *writer) abandon() {
	if w.partial != nil {
		w.partial.Close()
	}
	if !w.file.Staged {
		w.file.Close()
	}
	w.stage.Discard()
}

// A reader reads an open file.
type reader struct {
	*foretell.ReaderAt
	file   *os.File
	memory int64 // that it may take, 0 for the default
}

const (
	// memberMemory is how much memory Python takes for each array of an open file,
	// with what is garbage once it has them.
	memberMemory = 2048

	defaultMemory = 1 << 30 // that of foretell.ReaderOptions
)

// readerOptions returns how the file with a path, or bytes if that is "", is read.
func readerOptions(r *C.ft_reading, path string) *foretell.ReaderOptions {
	near := ""
	if path != "" {
		near = filepath.Dir(path)
	}
	given := C.GoStringN(r.places, C.int(r.places_length))
	places := append(strings.FieldsFunc(given, func(c rune) bool { return c == 0 }), foretell.ModelPlaces(near)...)
	return &foretell.ReaderOptions{
		Network:   network(r.network),
		Resolve:   foretell.Resolve(places...),
		MaxMemory: int64(r.memory),
		MaxOutput: int64(r.output),
		Workers:   int(r.workers),
		Prior:     slices.Clone(slice[byte](r.prior, r.prior_length)),
	}
}

//export ft_reader_new
func ft_reader_new(path *C.char, o *C.ft_reading, e *C.ft_error) (h C.uint32_t) {
	defer rescue(e)
	file, err := os.Open(C.GoString(path))
	if fail(e, err) != 0 {
		return 0
	}
	r := &reader{file: file, memory: int64(o.memory)}
	stat, err := file.Stat()
	if err == nil {
		r.ReaderAt, err = foretell.OpenReaderAt(file, stat.Size(), readerOptions(o, file.Name()))
	}
	if fail(e, err) != 0 {
		file.Close()
		return 0
	}
	return C.uint32_t(readers.add(r))
}

// A member is what ft_reader_info says about each array, in JSON.
type member struct {
	Name      string `json:"name"`
	Type      string `json:"type"`
	Shape     []int  `json:"shape"`
	BigEndian bool   `json:"big_endian"`
	Fortran   bool   `json:"fortran"`
}

//export ft_reader_info
func ft_reader_info(h C.uint32_t, length *C.int64_t, e *C.ft_error) (blob C.uint32_t) {
	defer rescue(e)
	r := readers.at(uint32(h))
	count, limit := int64(len(r.Members())), cmp.Or(max(r.memory, 0), defaultMemory)
	if need := count * memberMemory; need > max(limit, 1<<24) {
		fail(e, fmt.Errorf("%w: the list of %d arrays takes %d bytes of memory, %d are allowed", foretell.ErrLimit, count, need, limit))
		return 0
	}
	all := make([]member, 0, count)
	for _, m := range r.Members() {
		all = append(all, member{m.Name, m.Type.String(), append([]int{}, m.Shape...), m.BigEndian, m.Fortran})
	}
	b, err := json.Marshal(all)
	if fail(e, err) != 0 {
		return 0
	}
	return give(b, length)
}

// ft_reader_rows puts rows from..to-1 of a member to dst, which has room for
// exactly that, or for nothing: then it only tells whether the first can be had.
//
//export ft_reader_rows
func ft_reader_rows(h C.uint32_t, number, from, to C.int64_t, dst unsafe.Pointer, length C.int64_t, e *C.ft_error) (code C.int32_t) {
	defer rescue(e)
	code = C.FT_INTERNAL
	w := &filler{slice[byte](dst, length)}
	err := readers.at(uint32(h)).CopyRange(w, int(number), int(from), int(to))
	switch {
	case err == nil && len(w.room) != 0:
		err = errRoom
	case err == errRoom && length == 0:
		err = nil
	}
	return fail(e, err)
}

// A filler is an io.Writer to memory of fixed size.
type filler struct{ room []byte }

var errRoom = fmt.Errorf("the array does not have the size of its memory")

func (f *filler) Write(p []byte) (int, error) {
	if len(p) > len(f.room) {
		return 0, errRoom
	}
	f.room = f.room[copy(f.room, p):]
	return len(p), nil
}

// ft_compress compresses bytes as one file: arrays in them are found by what they
// begin with, everything else has elements of the given type. A message without an
// error tells what is kept as bytes though it begins as an array.
//
//export ft_compress
func ft_compress(p unsafe.Pointer, n C.int64_t, kind *C.char, o *C.ft_writing, length *C.int64_t, e *C.ft_error) (blob C.uint32_t) {
	defer rescue(e)
	opts := tokens.Options{}
	var err error
	if opts.Dtype, err = tokens.ParseType(C.GoString(kind)); fail(e, err) != 0 {
		return 0
	}
	options := writerOptions(o)
	src := slice[byte](p, n)
	var notes []string
	opts.Note = func(note error) {
		if text := note.Error(); len(notes) < maxNotes && !slices.Contains(notes, text) {
			notes = append(notes, text)
		}
	}
	out, err := compressSource(src, opts, options)
	if err != nil {
		notes = nil // all of it is bytes
		out, err = compressRaw(src, opts.Dtype, options)
	}
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

// compressSource compresses src as what it is found to be. An error may be one of
// src, which is no whole file of the kind that it begins as.
func compressSource(src []byte, opts tokens.Options, options *foretell.WriterOptions) ([]byte, error) {
	var dst bytes.Buffer
	w, err := foretell.NewWriter(&dst, options)
	if err != nil {
		return nil, err
	}
	defer w.Close()
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
func compressRaw(src []byte, t tokens.Type, options *foretell.WriterOptions) ([]byte, error) {
	var dst bytes.Buffer
	w, err := foretell.NewWriter(&dst, options)
	if err != nil {
		return nil, err
	}
	defer w.Close()
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

// ft_content gives how many bytes ft_decompress gives, -1 with an error.
//
//export ft_content
func ft_content(p unsafe.Pointer, n C.int64_t, o *C.ft_reading, e *C.ft_error) (length C.int64_t) {
	defer rescue(e)
	length = -1
	src, options := slice[byte](p, n), readerOptions(o, "")
	r, err := foretell.OpenReaderAt(bytes.NewReader(src), int64(len(src)), options)
	if err != nil {
		// Reading from the front tells better what is wrong.
		err = cmp.Or(decompress(io.Discard, src, options), err)
	}
	if fail(e, err) != 0 {
		return -1
	}
	if size := r.ContentSize(); o.output <= 0 || size <= int64(o.output) {
		return C.int64_t(size)
	}
	fail(e, fmt.Errorf("%w: the file holds more than %d bytes of content", foretell.ErrLimit, int64(o.output)))
	return -1
}

// ft_decompress puts the content to dst, which has room for exactly that.
//
//export ft_decompress
func ft_decompress(p unsafe.Pointer, n C.int64_t, o *C.ft_reading, dst unsafe.Pointer, length C.int64_t, e *C.ft_error) (code C.int32_t) {
	defer rescue(e)
	code = C.FT_INTERNAL
	w := &filler{slice[byte](dst, length)}
	err := decompress(w, slice[byte](p, n), readerOptions(o, ""))
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
func ft_train(p unsafe.Pointer, n C.int64_t, model *C.char, most C.int64_t, length *C.int64_t, e *C.ft_error) (blob C.uint32_t) {
	defer rescue(e)
	src, err := tokens.NewSource("sample", bytes.NewReader(slice[byte](p, n)), tokens.Options{})
	if fail(e, err) != 0 {
		return 0
	}
	defer src.Close()
	prior, err := foretell.Train(src, &foretell.TrainOptions{Model: C.GoString(model), MaxBytes: int(most)})
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
