package main

// #include "ft.h"
import "C"

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"unsafe"

	"github.com/foretell/foretell"
	"github.com/foretell/foretell/net"
	"github.com/foretell/foretell/net/tokenizer"
)

//export ft_network_new
func ft_network_new(c *C.ft_caller, path *C.char, memory C.int64_t, e *C.ft_error) (h C.uint32_t) {
	defer rescue(e)
	file, err := os.Open(C.GoString(path))
	if fail(e, err) != 0 {
		return 0
	}
	defer file.Close()
	stat, err := file.Stat()
	if fail(e, err) != 0 {
		return 0
	}
	t, n := newTask(), (*foretell.Network)(nil)
	err = t.run(c, nil, func() (err error) {
		n, err = foretell.OpenNetwork(&stoppable{file, t}, stat.Size(), file.Name(), int64(memory))
		return err
	})
	if err != nil && err != errCaller {
		err = fmt.Errorf("%s: %w", file.Name(), err)
	}
	if fail(e, err) != 0 {
		return 0
	}
	return C.uint32_t(networks.add(&opened{n, stat}))
}

// An opened network knows the file that it came from.
type opened struct {
	*foretell.Network
	file fs.FileInfo
}

// A stoppable file reads until a task ends.
type stoppable struct {
	file *os.File
	task *task
}

func (s *stoppable) ReadAt(p []byte, offset int64) (int, error) {
	if err := s.task.Err(); err != nil {
		return 0, err
	}
	return s.file.ReadAt(p, offset)
}

// network returns the network with a number, nil for 0.
func network(h C.uint32_t) *foretell.Network {
	if h == 0 {
		return nil
	}
	return networks.at(uint32(h)).Network
}

// A description is what ft_network_info says about a network, in JSON.
type description struct {
	Vocabulary int     `json:"vocabulary"`
	Positions  int     `json:"positions"`
	Context    int     `json:"context"`
	Places     int     `json:"places"`
	Memory     int64   `json:"memory"`
	Text       bool    `json:"text"`
	Tokens     int     `json:"tokens"`
	Start      *uint32 `json:"start"`
}

//export ft_network_info
func ft_network_info(h C.uint32_t, length *C.int64_t, e *C.ft_error) (blob C.uint32_t) {
	defer rescue(e)
	n := networks.at(uint32(h))
	m := n.Model()
	d := description{Vocabulary: m.Vocabulary(), Positions: m.Positions(), Memory: n.Memory()}
	d.Context, d.Places = m.Frame()
	if t := n.Tokenizer(); t != nil {
		d.Text, d.Tokens = true, t.Size()
		if start, ok := t.Start(); ok {
			d.Start = &start
		}
	}
	b, err := json.Marshal(d)
	if fail(e, err) != 0 {
		return 0
	}
	return give(b, length)
}

// ft_network_hash puts the identity of a network, 32 bytes, to dst.
//
//export ft_network_hash
func ft_network_hash(h C.uint32_t, dst unsafe.Pointer, e *C.ft_error) (code C.int32_t) {
	defer rescue(e)
	code = C.FT_INTERNAL
	hash := networks.at(uint32(h)).Model().Hash()
	copy(slice[byte](dst, C.int64_t(len(hash))), hash[:])
	return C.FT_OK
}

func running(r *C.ft_running) net.Options {
	return net.Options{
		Window: int(r.window), Sinks: int(r.sinks), Positions: int(r.positions),
		Threads: int(r.workers), Memory: int64(r.memory),
	}
}

// ft_network_logits puts the predictions of what comes after each token to dst, for
// streams of as many tokens each, one after another.
//
//export ft_network_logits
func ft_network_logits(c *C.ft_caller, h C.uint32_t, r *C.ft_running, tokens *C.uint32_t, count, each C.int64_t, dst *C.float, e *C.ft_error) (code C.int32_t) {
	defer rescue(e)
	code = C.FT_INTERNAL
	m := networks.at(uint32(h)).Model()
	s, err := m.NewStreams(1, running(r))
	if err != nil {
		return fail(e, err)
	}
	v, n := m.Vocabulary(), int(each)
	all := slice[uint32](unsafe.Pointer(tokens), count*each)
	to := slice[float32](unsafe.Pointer(dst), count*each*C.int64_t(v))
	t, row := newTask(), 0
	err = t.run(c, nil, func() error {
		for row = range int(count) {
			s.Reset()
			err := s.Feed(0, all[row*n:][:n], func(first int, logits []int32) error {
				net.Float32(to[(row*n+first)*v:][:len(logits)], logits)
				return t.Err()
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if failRow(e, row, err) {
		return e.code
	}
	return C.FT_OK
}

// ft_network_frame puts the predictions of the places of a frame to dst, from the
// tokens of the frames before.
//
//export ft_network_frame
func ft_network_frame(h C.uint32_t, workers C.int64_t, tokens *C.uint32_t, n C.int64_t, dst *C.float, e *C.ft_error) (code C.int32_t) {
	defer rescue(e)
	code = C.FT_INTERNAL
	f, err := networks.at(uint32(h)).Model().NewFrames(int(workers))
	if err != nil {
		return fail(e, err)
	}
	logits, err := f.Predict(slice[uint32](unsafe.Pointer(tokens), n))
	if err != nil {
		return fail(e, err)
	}
	net.Float32(slice[float32](unsafe.Pointer(dst), C.int64_t(len(logits))), logits)
	return C.FT_OK
}

// words returns what cuts text into the tokens of a network.
func words(h C.uint32_t) (*tokenizer.Tokenizer, error) {
	t := networks.at(uint32(h)).Tokenizer()
	if t == nil {
		return nil, fmt.Errorf("%w: the model file has no tokenizer", foretell.ErrUnsupported)
	}
	return t, nil
}

// part is how much text or how many tokens are converted before it is asked whether to
// go on.
const part = 1 << 16

// ft_network_encode gives the tokens of a text, 32 bits each.
//
//export ft_network_encode
func ft_network_encode(c *C.ft_caller, h C.uint32_t, p unsafe.Pointer, n C.int64_t, length *C.int64_t, e *C.ft_error) (blob C.uint32_t) {
	defer rescue(e)
	t, err := words(h)
	if fail(e, err) != 0 {
		return 0
	}
	task, text := newTask(), slice[byte](p, n)
	var tokens []uint32
	err = task.run(c, nil, func() error {
		for len(text) > 0 && task.Err() == nil {
			var done int
			tokens, done = t.EncodePart(tokens, text, part)
			text = text[done:]
		}
		return nil
	})
	if fail(e, err) != 0 {
		return 0
	}
	return give(unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(tokens))), 4*len(tokens)), length)
}

// ft_network_decode gives the text of tokens.
//
//export ft_network_decode
func ft_network_decode(c *C.ft_caller, h C.uint32_t, tokens *C.uint32_t, n C.int64_t, length *C.int64_t, e *C.ft_error) (blob C.uint32_t) {
	defer rescue(e)
	t, err := words(h)
	if fail(e, err) != 0 {
		return 0
	}
	task := newTask()
	var text []byte
	err = task.run(c, nil, func() (err error) {
		for some := range slices.Chunk(slice[uint32](unsafe.Pointer(tokens), n), part) {
			if text, err = t.Decode(text, some); err != nil || task.Err() != nil {
				return err
			}
		}
		return nil
	})
	if fail(e, err) != 0 {
		return 0
	}
	return give(text, length)
}

//export ft_streams_new
func ft_streams_new(network C.uint32_t, n C.int64_t, r *C.ft_running, e *C.ft_error) (h C.uint32_t) {
	defer rescue(e)
	s, err := networks.at(uint32(network)).Model().NewStreams(int(n), running(r))
	if fail(e, err) != 0 {
		return 0
	}
	return C.uint32_t(streams.add(s))
}

// ft_streams_step gives each of n streams a token, and puts the predictions of what
// comes next to dst.
//
//export ft_streams_step
func ft_streams_step(h C.uint32_t, tokens *C.uint32_t, n C.int64_t, dst *C.float, e *C.ft_error) (code C.int32_t) {
	defer rescue(e)
	code = C.FT_INTERNAL
	logits, err := streams.at(uint32(h)).Step(slice[uint32](unsafe.Pointer(tokens), n))
	if err != nil {
		return fail(e, err)
	}
	net.Float32(slice[float32](unsafe.Pointer(dst), C.int64_t(len(logits))), logits)
	return C.FT_OK
}

//export ft_streams_reset
func ft_streams_reset(h C.uint32_t) { streams.at(uint32(h)).Reset() }
