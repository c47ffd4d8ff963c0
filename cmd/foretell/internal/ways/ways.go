// Package ways holds ways to compress and to get the same bytes back, to compare.
package ways

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/foretell/foretell"
	"github.com/foretell/foretell/cmd/foretell/internal/models"
	"github.com/foretell/foretell/cmd/foretell/internal/show"
	"github.com/foretell/foretell/tokens"
	"github.com/klauspost/compress/zstd"
)

// A Way is a way to compress and to get the same bytes back.
type Way struct {
	Name   string
	Encode func(w io.Writer, r io.Reader) error
	Decode func(w io.Writer, r io.Reader) error
}

// ErrOther says that a way has failed.
var ErrOther = errors.New("other bytes came back")

// General are the compressors for all kinds of data that are part of this
// program.
func General() []Way {
	return []Way{
		{"gzip -9", encodeGzip, decodeGzip},
		{"zstd, best", encodeZstd, decodeZstd},
	}
}

func encodeGzip(w io.Writer, r io.Reader) error {
	z, err := gzip.NewWriterLevel(w, gzip.BestCompression)
	if err != nil {
		return err
	}
	if _, err := io.Copy(z, r); err != nil {
		return err
	}
	return z.Close()
}

func decodeGzip(w io.Writer, r io.Reader) error {
	z, err := gzip.NewReader(r)
	if err != nil {
		return err
	}
	_, err = io.Copy(w, z)
	return err
}

func encodeZstd(w io.Writer, r io.Reader) error {
	z, err := zstd.NewWriter(w, zstd.WithEncoderLevel(zstd.SpeedBestCompression), zstd.WithEncoderConcurrency(1))
	if err != nil {
		return err
	}
	if _, err := z.ReadFrom(r); err != nil {
		z.Close()
		return err
	}
	return z.Close()
}

func decodeZstd(w io.Writer, r io.Reader) error {
	z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1))
	if err != nil {
		return err
	}
	defer z.Close()
	_, err = z.WriteTo(w)
	return err
}

// Models are our models. They read their input from open. A name may be the path of a
// network, which is opened when it is needed.
func Models(names []string, opts foretell.WriterOptions, open func() (*tokens.Source, error)) (list []Way) {
	for _, model := range names {
		network := func() (*foretell.Network, error) { return nil, nil }
		if models.IsNetwork(model) {
			network = sync.OnceValues(func() (*foretell.Network, error) { return models.Open(model) })
		}
		list = append(list, Way{
			Name: "foretell " + model,
			Encode: func(w io.Writer, _ io.Reader) error {
				src, err := open()
				if err != nil {
					return err
				}
				defer src.Close()
				o := opts
				if o.Network, err = network(); err != nil {
					return err
				}
				if o.Network == nil {
					o.Model = model
				}
				_, err = foretell.Compress(w, src, &o)
				return err
			},
			Decode: func(w io.Writer, r io.Reader) error {
				n, err := network()
				if err != nil {
					return err
				}
				return unpack(w, r, &foretell.ReaderOptions{Workers: opts.Workers, MaxMemory: OwnMemory, Network: n})
			},
		})
	}
	return list
}

// OwnMemory is the limit of memory for files that this program has just made.
const OwnMemory = 1 << 40

// unpack writes the content of a .fore file to w.
func unpack(w io.Writer, file io.Reader, opts *foretell.ReaderOptions) error {
	r, err := foretell.NewReader(file, opts)
	if err != nil {
		return err
	}
	defer r.Close()
	return JoinParts(w, r.Next)
}

// JoinParts writes all parts to w, one after another.
func JoinParts(w io.Writer, next func() (tokens.Part, error)) error {
	for {
		p, err := next()
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		case p.Kind == tokens.Framing:
			_, err = w.Write(p.Bytes)
		case p.Kind == tokens.Member:
			_, err = io.Copy(w, p.Data)
		}
		if err != nil {
			return err
		}
	}
}

// A Result is what a way makes of some data.
type Result struct {
	Name   string  `json:"name"`
	Size   int64   `json:"bytes"`
	Bits   float64 `json:"bits_per_token"`
	Ratio  float64 `json:"ratio"`
	Encode float64 `json:"encode_mb_per_second,omitempty"`
	Decode float64 `json:"decode_mb_per_second,omitempty"`
}

// Relate fills in what the size means for so much content.
func (r *Result) Relate(content, tokens int64) {
	r.Bits = 8 * show.Ratio(r.Size, tokens)
	r.Ratio = show.Ratio(content, r.Size)
}

// Head heads a table of cells.
var Head = []string{"", "BYTES", "BITS/TOKEN", "RATIO", "ENCODE MB/s", "DECODE MB/s"}

func (r *Result) Cells() []string {
	encode, decode := "", ""
	if r.Encode > 0 {
		encode, decode = show.Speed(r.Encode), show.Speed(r.Decode)
	}
	return []string{r.Name, show.Count(r.Size), fmt.Sprintf("%.3f", r.Bits), fmt.Sprintf("%.2f", r.Ratio), encode, decode}
}
