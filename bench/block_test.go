package bench

import (
	"bytes"
	"io"
	"testing"
	"time"

	kanzibits "github.com/flanglet/kanzi-go/v2/bitstream"
	kanzi "github.com/flanglet/kanzi-go/v2/entropy"
	"github.com/klauspost/compress/fse"
	"github.com/klauspost/compress/huff0"

	"github.com/foretell/foretell/ans"
)

// A byteCoder codes a whole array with its tables, and back.
type byteCoder struct {
	name   string
	encode func(dst, src []byte) []byte
	decode func(dst, code []byte) []byte
}

type blockCoder[S ans.Symbol] interface {
	Reset(tables ...*ans.Table) error
	Encode(dst []byte, symbols []S, index []uint16) ([]byte, error)
	Decode(symbols []S, index []uint16, src []byte) error
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

// table counts the symbols and makes their table.
func table[S ans.Symbol](symbols []S, size int) *ans.Table {
	counts := make([]uint64, size)
	check(ans.Count(counts, symbols))
	t, err := ans.NewTable(counts, 0)
	check(err)
	return t
}

// whole codes table and body together, as the others do.
func whole(name string, c blockCoder[byte]) byteCoder {
	return byteCoder{name,
		func(dst, src []byte) []byte {
			t := table(src, 256)
			check(c.Reset(t))
			dst = append(dst[:0], 0, 0)
			dst, _ = t.AppendTable(dst, nil)
			dst[0], dst[1] = byte(len(dst)-2), byte((len(dst)-2)>>8)
			dst, err := c.Encode(dst, src, nil)
			check(err)
			return dst
		},
		func(dst, code []byte) []byte {
			n := int(code[0]) | int(code[1])<<8
			t, err := ans.ParseTable(code[2:2+n], 256, nil)
			check(err)
			check(c.Reset(t))
			check(c.Decode(dst, nil, code[2+n:]))
			return dst
		},
	}
}

func newRANS[S ans.Symbol](t *ans.Table) blockCoder[S] {
	b, err := ans.NewBlock[S](t)
	check(err)
	return b
}

func newTANS[S ans.Symbol](t *ans.Table) blockCoder[S] {
	b, err := ans.NewTBlock[S](t)
	check(err)
	return b
}

func fseCoder() byteCoder {
	s := new(fse.Scratch)
	return byteCoder{"fse",
		func(_, src []byte) []byte {
			out, err := fse.Compress(src, s)
			check(err)
			return out
		},
		func(dst, code []byte) []byte {
			s.DecompressLimit = len(dst)
			out, err := fse.Decompress(code, s)
			check(err)
			return out
		},
	}
}

// huff0Coder codes in pieces, since huff0 takes at most 2^18-1 bytes.
func huff0Coder() byteCoder {
	const piece = 128 << 10
	enc := new(huff0.Scratch)
	dec := new(huff0.Scratch)
	return byteCoder{"huff0",
		func(dst, src []byte) []byte {
			dst = dst[:0]
			for len(src) > 0 {
				p := src[:min(piece, len(src))]
				out, _, err := huff0.Compress4X(p, enc)
				check(err)
				dst = append(dst, byte(len(out)), byte(len(out)>>8), byte(len(out)>>16))
				dst = append(dst, out...)
				src = src[len(p):]
			}
			return dst
		},
		func(dst, code []byte) []byte {
			at := 0
			for len(code) > 0 {
				n := int(code[0]) | int(code[1])<<8 | int(code[2])<<16
				s, rest, err := huff0.ReadTable(code[3:3+n], dec)
				check(err)
				out, err := s.Decoder().Decompress4X(dst[at:at:at+min(piece, len(dst)-at)], rest)
				check(err)
				at += len(out)
				code = code[3+n:]
			}
			return dst[:at]
		},
	}
}

type closer struct{ *bytes.Buffer }

func (closer) Close() error { return nil }

// kanziCoder codes with the chunks that kanzi's own command uses.
func kanziCoder() byteCoder {
	const chunk = 16384
	return byteCoder{"kanzi",
		func(dst, src []byte) []byte {
			w := closer{bytes.NewBuffer(dst[:0])}
			bs, err := kanzibits.NewDefaultOutputBitStream(w, 1<<16)
			check(err)
			e, err := kanzi.NewANSRangeEncoder(bs, 0, chunk)
			check(err)
			_, err = e.Write(src)
			check(err)
			e.Dispose()
			check(bs.Close())
			return w.Bytes()
		},
		func(dst, code []byte) []byte {
			bs, err := kanzibits.NewDefaultInputBitStream(io.NopCloser(bytes.NewReader(code)), 1<<16)
			check(err)
			d, err := kanzi.NewANSRangeDecoder(bs, 0, chunk)
			check(err)
			_, err = d.Read(dst)
			check(err)
			return dst
		},
	}
}

func byteCoders() []byteCoder {
	return []byteCoder{
		whole("rans", new(ans.Block[byte])), whole("tans", new(ans.TBlock[byte])),
		fseCoder(), huff0Coder(), kanziCoder(),
	}
}

// BenchmarkBlock compares the block coders on one core. Bytes are coded with their
// tables, which are made, stored and read each time, as the others do; larger
// alphabets with tables made beforehand. In both cases "bytes" is table and body.
func BenchmarkBlock(b *testing.B) {
	text := opticks(b)
	src := narrow(text.symbols)
	for _, c := range byteCoders() {
		code := bytes.Clone(c.encode(nil, src))
		dst := make([]byte, len(src))
		if !bytes.Equal(c.decode(dst, code), src) {
			b.Fatal(c.name, " does not decode right")
		}
		b.Run(c.name+"/encode/opticks", func(b *testing.B) {
			b.SetBytes(int64(len(src)))
			var out []byte
			loop(b, len(src), "MB/s", func() { out = c.encode(out, src) })
			b.ReportMetric(float64(len(code)), "bytes")
		})
		b.Run(c.name+"/decode/opticks", func(b *testing.B) {
			b.SetBytes(int64(len(src)))
			loop(b, len(src), "MB/s", func() { c.decode(dst, code) })
			b.ReportMetric(float64(len(code)), "bytes")
		})
	}
	for _, in := range []input{tacoBell(b), enwik(b), encodec(b)} {
		t := table(in.symbols, in.size)
		stored, _ := t.AppendTable(nil, nil)
		benchSymbols(b, "rans", in, newRANS[uint16](t), len(stored))
		benchSymbols(b, "tans", in, newTANS[uint16](t), len(stored))
	}
}

// BenchmarkIndexed codes the audio tokens with a table for each of the 64 values
// that the upper bits of the token before can have.
func BenchmarkIndexed(b *testing.B) {
	in := encodec(b)
	const contexts = 64
	counts := make([][]uint64, contexts)
	for c := range counts {
		counts[c] = make([]uint64, in.size)
	}
	index := make([]uint16, len(in.symbols))
	for i, s := range in.symbols {
		if i > 0 {
			index[i] = in.symbols[i-1] / 16
		}
		counts[index[i]][s]++
	}
	tables := make([]*ans.Table, contexts)
	for c := range tables {
		if counts[c][0] == 0 {
			counts[c][0] = 1
		}
		var err error
		tables[c], err = ans.NewTable(counts[c], 14)
		check(err)
	}
	rans, err := ans.NewBlock[uint16](tables...)
	check(err)
	tans, err := ans.NewTBlock[uint16](tables...)
	check(err)
	for _, c := range []struct {
		name  string
		coder blockCoder[uint16]
	}{{"rans", rans}, {"tans", tans}} {
		code, err := c.coder.Encode(nil, in.symbols, index)
		check(err)
		b.Run(c.name+"/encode", func(b *testing.B) {
			out := code
			loop(b, len(index), "Msym/s", func() {
				out, err = c.coder.Encode(out[:0], in.symbols, index)
				check(err)
			})
		})
		b.Run(c.name+"/decode", func(b *testing.B) {
			out := make([]uint16, len(index))
			loop(b, len(index), "Msym/s", func() { check(c.coder.Decode(out, index, code)) })
		})
	}
}

// BenchmarkTable makes, stores and reads tables.
func BenchmarkTable(b *testing.B) {
	for _, in := range []input{opticks(b), tacoBell(b), enwik(b)} {
		counts := make([]uint64, in.size)
		check(ans.Count(counts, in.symbols))
		t, err := ans.NewTable(counts, 0)
		check(err)
		stored, _ := t.AppendTable(nil, nil)
		b.Run("count/"+in.name, func(b *testing.B) {
			for b.Loop() {
				check(ans.Count(counts, in.symbols))
			}
		})
		b.Run("new/"+in.name, func(b *testing.B) {
			for b.Loop() {
				_, err := ans.NewTable(counts, 0)
				check(err)
			}
		})
		b.Run("append/"+in.name, func(b *testing.B) {
			out := stored
			for b.Loop() {
				out, _ = t.AppendTable(out[:0], nil)
			}
			b.ReportMetric(float64(len(stored)), "bytes")
		})
		b.Run("parse/"+in.name, func(b *testing.B) {
			for b.Loop() {
				_, err := ans.ParseTable(stored, in.size, nil)
				check(err)
			}
		})
	}
}

func benchSymbols(b *testing.B, name string, in input, c blockCoder[uint16], table int) {
	n := len(in.symbols)
	code, err := c.Encode(nil, in.symbols, nil)
	check(err)
	b.Run(name+"/encode/"+in.name, func(b *testing.B) {
		b.SetBytes(int64(2 * n))
		out := code
		loop(b, n, "Msym/s", func() {
			out, err = c.Encode(out[:0], in.symbols, nil)
			check(err)
		})
		b.ReportMetric(float64(table+len(code)), "bytes")
	})
	b.Run(name+"/decode/"+in.name, func(b *testing.B) {
		b.SetBytes(int64(2 * n))
		out := make([]uint16, n)
		loop(b, n, "Msym/s", func() { check(c.Decode(out, nil, code)) })
		b.ReportMetric(float64(table+len(code)), "bytes")
	})
}

// loop runs f over and over and reports the speed for n items, also that of the
// fastest run as "best": on a machine with other work to do, only that compares.
func loop(b *testing.B, n int, unit string, f func()) {
	best := time.Hour
	for b.Loop() {
		start := time.Now()
		f()
		best = min(best, time.Since(start))
	}
	if unit != "MB/s" {
		b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds()/1e6, unit)
	}
	b.ReportMetric(float64(n)/best.Seconds()/1e6, "best-"+unit)
}
