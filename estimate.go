package foretell

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"time"

	"github.com/foretell/foretell/tokens"
)

// An Estimate is what a file under a network is likely to come to.
type Estimate struct {
	Content int64         // bytes of the elements of all arrays
	Sample  int64         // of them, those that were compressed to tell
	Size    int64         // bytes of the file; somewhat more than it will be, as samples are short
	Encode  time.Duration // with as many threads as the options say
	Decode  time.Duration
}

// EstimateNetwork reads src and compresses a piece of it under opts.Network, to tell
// what all of it would come to: about sample elements from a random place, the same
// each time. It is an error if there are none.
func EstimateNetwork(src tokens.Parts, opts *WriterOptions, sample int) (Estimate, error) {
	var e Estimate
	if opts == nil || opts.Network == nil || sample < 1 {
		return e, errors.New("an estimate takes a network, and a sample of 1 element at least")
	}
	piece, err := drawPiece(src, sample, &e.Content)
	if err != nil {
		return e, err
	}
	if piece == nil {
		return e, errors.New("there are no elements to take a sample of")
	}
	e.Sample = int64(len(piece.raw))
	begin := time.Now()
	var file bytes.Buffer
	w, err := NewWriter(&file, opts)
	if err != nil {
		return e, err
	}
	defer w.Close()
	for _, p := range []tokens.Part{{Kind: tokens.File, Name: "sample"}, {Kind: tokens.Member, Info: piece.info, Data: bytes.NewReader(piece.raw)}} {
		if err := w.WritePart(p); err != nil {
			return e, err
		}
	}
	if err := w.Close(); err != nil {
		return e, err
	}
	times := float64(e.Content) / float64(e.Sample)
	e.Encode = time.Duration(float64(time.Since(begin)) * times)
	r, err := OpenReaderAt(bytes.NewReader(file.Bytes()), int64(file.Len()), &ReaderOptions{Network: opts.Network})
	if err != nil {
		return e, err
	}
	d, err := r.Describe()
	if err != nil {
		return e, err
	}
	blocks := int64(0)
	for _, b := range d.Blocks {
		blocks += b.Body
	}
	e.Size = int64(file.Len()) - blocks + int64(float64(blocks)*times)
	e.Decode, err = opts.decodeTime(piece, e)
	return e, err
}

// decodeTime returns how long decoding takes of which a piece is a sample.
func (o *WriterOptions) decodeTime(piece *piece, e Estimate) (time.Duration, error) {
	m := o.Network.model
	if _, places := m.Net().Frame(); places > 0 {
		return e.Encode, nil
	}
	count := len(piece.raw) / piece.info.Type.Size()
	if m.Text() && piece.info.Type == tokens.Uint8 {
		count = len(m.Tokenizer().Encode(nil, piece.raw))
	}
	all := float64(count) * float64(e.Content) / float64(e.Sample)
	block := float64(o.BlockTokens)
	if block == 0 {
		block = netBlock
	}
	pace, err := m.Pace(int(min(all, block*float64(count)*float64(piece.info.Type.Size())/float64(len(piece.raw)))), workers(o.Workers))
	return time.Duration(all * float64(pace)), err
}

// A piece is some rows of an array.
type piece struct {
	info tokens.Info
	raw  []byte
}

// drawPiece returns about so many elements in a row of one of the arrays of src, each
// place as likely as another, nil if there are none. It adds up the bytes of all.
func drawPiece(src tokens.Parts, sample int, content *int64) (*piece, error) {
	r := rand.New(rand.NewPCG(1, 1))
	var drawn *piece
	seen := 0
	for {
		p, err := src.Next()
		if err == io.EOF {
			return drawn, nil
		}
		if err != nil {
			return nil, err
		}
		if p.Kind != tokens.Member {
			continue
		}
		row := 1
		if len(p.Info.Shape) > 1 && !p.Info.Fortran {
			for _, n := range p.Info.Shape[1:] {
				row = min(row, sample+1) * min(max(n, 1), sample+1)
			}
		}
		if row > sample {
			row = 1
		}
		buf := make([]byte, max(sample/row, 1)*row*p.Info.Type.Size())
		for {
			n, err := io.ReadFull(p.Data, buf)
			*content += int64(n)
			if n -= n % (row * p.Info.Type.Size()); n > 0 {
				// The last piece of an array, which is shorter, is as good.
				if seen++; r.IntN(seen) == 0 {
					drawn = &piece{info: p.Info, raw: bytes.Clone(buf[:n])}
					drawn.info.Shape = []int{n / p.Info.Type.Size()}
					if row > 1 {
						drawn.info.Shape = append([]int{n / row / p.Info.Type.Size()}, p.Info.Shape[1:]...)
					}
					drawn.info.Fortran = false
				}
			}
			if err == io.EOF || err == io.ErrUnexpectedEOF {
				break
			}
			if err != nil {
				return nil, fmt.Errorf("%s: %w", p.Info.Name, err)
			}
		}
	}
}
