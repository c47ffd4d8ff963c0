package ans_test

import (
	"github.com/foretell/foretell/ans"
	"github.com/foretell/foretell/prob"
	"github.com/foretell/foretell/rangecoder"
)

// A coder is what every coder must do, whatever its kind: code symbols with the
// tables that an index chooses, and give them back.
type coder struct {
	name   string
	block  bool // packs what it cannot shorten
	loose  bool // a code that is cut may be one of other symbols
	encode func(tables []*ans.Table, symbols []uint32, index []uint16) ([]byte, error)
	decode func(tables []*ans.Table, symbols []uint32, index []uint16, code []byte) error
	// seek decodes the symbols from position at on without those before.
	seek func(tables []*ans.Table, symbols []uint32, index []uint16, at int) ([]uint32, error)
}

func choose(tables []*ans.Table, index []uint16, i int) *ans.Table {
	if index == nil {
		return tables[0]
	}
	return tables[index[i]]
}

// An intervalEncoder and an intervalDecoder are the methods that the range coder
// and the stack share, so that a caller changes one line.
type intervalEncoder interface {
	Put(prob.Interval)
	Finish() []byte
}

type intervalDecoder interface {
	Point() (uint32, error)
	Take(prob.Interval)
	Finish() error
}

var (
	_ intervalEncoder = (*rangecoder.Encoder)(nil)
	_ intervalEncoder = (*ans.Encoder)(nil)
	_ intervalDecoder = (*rangecoder.Decoder)(nil)
	_ intervalDecoder = (*ans.Decoder)(nil)
)

func putAll(e intervalEncoder, tables []*ans.Table, symbols []uint32, index []uint16, before func(i int)) error {
	for i, s := range symbols {
		if before != nil {
			before(i)
		}
		iv, err := choose(tables, index, i).Interval(s)
		if err != nil {
			return err
		}
		e.Put(iv)
	}
	return nil
}

func takeAll(d intervalDecoder, tables []*ans.Table, symbols []uint32, index []uint16) error {
	for i := range symbols {
		p, err := d.Point()
		if err != nil {
			return err
		}
		s, iv := choose(tables, index, i).Find(p)
		symbols[i] = s
		d.Take(iv)
	}
	return d.Finish()
}

func intervals(name string, encoder func() intervalEncoder, decoder func([]byte) intervalDecoder) coder {
	c := coder{name: name}
	c.encode = func(tables []*ans.Table, symbols []uint32, index []uint16) ([]byte, error) {
		e := encoder()
		if err := putAll(e, tables, symbols, index, nil); err != nil {
			return nil, err
		}
		return e.Finish(), nil
	}
	c.decode = func(tables []*ans.Table, symbols []uint32, index []uint16, code []byte) error {
		return takeAll(decoder(code), tables, symbols, index)
	}
	return c
}

type blockCoder interface {
	Encode(dst []byte, symbols []uint32, index []uint16) ([]byte, error)
	Decode(symbols []uint32, index []uint16, src []byte) error
}

func blocks(name string, newCoder func(tables ...*ans.Table) (blockCoder, error)) coder {
	c := coder{name: name, block: true}
	c.encode = func(tables []*ans.Table, symbols []uint32, index []uint16) ([]byte, error) {
		b, err := newCoder(tables...)
		if err != nil {
			return nil, err
		}
		return b.Encode(nil, symbols, index)
	}
	c.decode = func(tables []*ans.Table, symbols []uint32, index []uint16, code []byte) error {
		b, err := newCoder(tables...)
		if err != nil {
			return err
		}
		return b.Decode(symbols, index, code)
	}
	// A block is decoded from its start, and any block without those before.
	c.seek = func(tables []*ans.Table, symbols []uint32, index []uint16, at int) ([]uint32, error) {
		var ixA, ixB []uint16
		if index != nil {
			ixA, ixB = index[:at], index[at:]
		}
		code, err := c.encode(tables, symbols[:at], ixA)
		if err != nil {
			return nil, err
		}
		first := len(code)
		b, err := newCoder(tables...)
		if err != nil {
			return nil, err
		}
		if code, err = b.Encode(code, symbols[at:], ixB); err != nil {
			return nil, err
		}
		out := make([]uint32, len(symbols)-at)
		return out, b.Decode(out, ixB, code[first:])
	}
	return c
}

func coders() []coder {
	queue := intervals("rangecoder",
		func() intervalEncoder { return rangecoder.NewEncoder(nil) },
		func(b []byte) intervalDecoder { return rangecoder.NewDecoder(b) })
	queue.loose = true
	queue.seek = func(tables []*ans.Table, symbols []uint32, index []uint16, at int) ([]uint32, error) {
		e := rangecoder.NewEncoder(nil)
		state := e.State()
		err := putAll(e, tables, symbols, index, func(i int) {
			if i == at {
				state = e.State()
			}
		})
		if err != nil {
			return nil, err
		}
		if at == len(symbols) {
			state = e.State()
		}
		d := new(rangecoder.Decoder)
		if err := d.Seek(e.Finish(), state); err != nil {
			return nil, err
		}
		return rest(d, tables, symbols, index, at)
	}
	stack := intervals("stack",
		func() intervalEncoder { return ans.NewEncoder(nil) },
		func(b []byte) intervalDecoder { return ans.NewDecoder(b) })
	stack.seek = func(tables []*ans.Table, symbols []uint32, index []uint16, at int) ([]uint32, error) {
		e := ans.NewEncoder(nil)
		err := putAll(e, tables, symbols, index, func(i int) {
			if i == at {
				e.Mark()
			}
		})
		if err != nil {
			return nil, err
		}
		if at == len(symbols) {
			e.Mark()
		}
		d := ans.NewDecoder(e.Finish())
		if err := d.Seek(e.Positions()[0]); err != nil {
			return nil, err
		}
		return rest(d, tables, symbols, index, at)
	}
	return []coder{
		queue, stack,
		blocks("rans", func(t ...*ans.Table) (blockCoder, error) { return ans.NewBlock[uint32](t...) }),
		blocks("tans", func(t ...*ans.Table) (blockCoder, error) { return ans.NewTBlock[uint32](t...) }),
	}
}

func rest(d intervalDecoder, tables []*ans.Table, symbols []uint32, index []uint16, at int) ([]uint32, error) {
	if index != nil {
		index = index[at:]
	}
	out := make([]uint32, len(symbols)-at)
	return out, takeAll(d, tables, out, index)
}
