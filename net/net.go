// Package net runs neural networks that predict tokens, in integers throughout, so
// that their predictions are the same bits on every machine, for every batch and
// number of threads, and at every level of vector instructions. docs/net.md
// specifies the arithmetic.
//
// Open reads a model file. What a network predicts comes as logits, integers with
// LogitFrac fraction bits, of which probabilities are made elsewhere.
package net

import (
	"fmt"
	"io"
	"strconv"
	"sync"

	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/net/gguf"
	"github.com/foretell/foretell/net/safetensors"
)

// A Model is a network. It is safe for concurrent use.
type Model struct {
	decoder    *decoder // of tokens one by one; nil if it predicts frames
	frames     *frames  // nil if it predicts tokens one by one
	vocabulary vocabulary
	memory     int64
	hash       func() [32]byte
}

// Open reads the network in a file of size bytes, GGUF or safetensors. memory bounds
// the bytes that it may take; 0 stands for no limit.
//
// Of GGUF files the architectures llama, qwen2, qwen3 and gpt2 are known, of
// safetensors files GPT-2 and the frame predictor for commaVQ. Errors are those of the
// file, foretell.ErrCorrupt for a file that is not whole, foretell.ErrUnsupported for a
// network of another kind or beyond the bounds of docs/net.md, and foretell.ErrLimit for
// one that takes more memory.
func Open(src io.ReaderAt, size, memory int64) (*Model, error) {
	var head [9]byte
	if n, err := src.ReadAt(head[:], 0); n < len(head) {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return nil, fmt.Errorf("model: %w", err)
	}
	m := &Model{}
	var l *loader
	switch {
	case string(head[:4]) == "GGUF":
		f, err := gguf.Open(src, size)
		if err != nil {
			return nil, err
		}
		l = &loader{source: f, memory: memory}
		m.vocabulary.kind, _ = f.Text("tokenizer.ggml.model")
		m.vocabulary.tokens, _ = f.Texts("tokenizer.ggml.tokens")
		m.vocabulary.types, _ = f.Integers("tokenizer.ggml.token_type")
		switch arch, _ := f.Text("general.architecture"); arch {
		case "llama":
			m.decoder = llama(l)
		case "qwen2", "qwen3":
			m.decoder = qwen(l, arch)
		case "gpt2":
			m.decoder = gpt2GGUF(l)
		default:
			return nil, fmt.Errorf("%w: a network of architecture %.40q; llama, qwen2, qwen3 and gpt2 can be run", fault.ErrUnsupported, arch)
		}
	case head[8] != '{': // where the header of safetensors begins, behind its length
		return nil, fmt.Errorf("%w: neither a GGUF nor a safetensors file", fault.ErrUnsupported)
	default:
		f, err := safetensors.Open(src, size)
		if err != nil {
			return nil, err
		}
		l = &loader{source: bare{f}, memory: memory}
		switch arch, _ := l.Text("architecture"); {
		case arch == frameArchitecture:
			m.frames = readFrames(l)
		case l.has("wte.weight"), l.has("transformer.wte.weight"):
			m.decoder = gpt2Safetensors(l)
		default:
			return nil, fmt.Errorf("%w: a network of architecture %.40q; %s and GPT-2 can be run", fault.ErrUnsupported, arch, frameArchitecture)
		}
	}
	if l.err != nil {
		return nil, l.err
	}
	m.memory = l.used
	m.hash = sync.OnceValue(m.identity)
	return m, nil
}

// Vocabulary returns the number of tokens.
func (m *Model) Vocabulary() int {
	if m.decoder != nil {
		return m.decoder.embedding.Rows()
	}
	return m.frames.shape.Vocabulary
}

// Positions returns how many tokens of a stream the network was trained for; 0 if it
// predicts frames.
func (m *Model) Positions() int {
	if m.decoder == nil {
		return 0
	}
	return m.decoder.context
}

// Frame returns from how many frames a network predicts the next, and how many tokens
// a frame has; zeros if it predicts tokens one by one.
func (m *Model) Frame() (context, places int) {
	if m.frames == nil {
		return 0, 0
	}
	return m.frames.shape.ContextFrames, m.frames.shape.Places
}

// Hash returns the identity of the model: the SHA-256 of its integers and vocabulary.
// Models of the same hash give the same bits, whatever files they came from. It is
// worked out at the first call.
func (m *Model) Hash() [32]byte { return m.hash() }

// Memory returns about how many bytes the network takes.
func (m *Model) Memory() int64 { return m.memory }

// NewStreams returns n empty streams of tokens, for networks that predict tokens one by
// one. Other errors than ErrUnsupported are ErrLimit: options out of range, or more
// memory than they allow.
func (m *Model) NewStreams(n int, o Options) (*Streams, error) {
	if m.decoder == nil {
		return nil, fmt.Errorf("%w: a network of frames cannot predict streams; use NewFrames", fault.ErrUnsupported)
	}
	return newStreams(m.decoder, n, o)
}

// StreamsMemory returns about how many bytes NewStreams would take.
func (m *Model) StreamsMemory(n int, o Options) (int64, error) {
	if m.decoder == nil {
		return 0, fmt.Errorf("%w: a network of frames cannot predict streams", fault.ErrUnsupported)
	}
	o, err := o.withDefaults(m.decoder.context)
	if err != nil {
		return 0, err
	}
	return int64(min(m.decoder.streamsBytes(n, o), 1<<62)), nil
}

// NewFrames returns working space to predict frames on that many goroutines, of which 0
// stands for GOMAXPROCS, for networks that do that.
func (m *Model) NewFrames(threads int) (*Frames, error) {
	if m.frames == nil {
		return nil, fmt.Errorf("%w: a network of streams cannot predict frames; use NewStreams", fault.ErrUnsupported)
	}
	return newFrames(m.frames, threads)
}

// A bare is a safetensors file, of which all that is said is text.
type bare struct{ *safetensors.File }

func (b bare) Text(key string) (string, bool) { return b.Metadata(key) }

func (b bare) Number(key string) (float64, bool) {
	text, _ := b.Metadata(key)
	x, err := strconv.ParseFloat(text, 64)
	return x, err == nil
}
