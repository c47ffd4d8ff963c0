package ans_test

import (
	_ "embed"
	"fmt"
	"log"

	"github.com/foretell/foretell/ans"
	"github.com/foretell/foretell/prob"
)

// The Gettysburg Address.
//
//go:embed testdata/gettysburg.txt
var gettysburg []byte

// A mixture is a latent-variable model of bytes: each byte comes from one of two
// tables, and nobody says from which.
type mixture struct {
	tables [2]*ans.Table
}

// newMixture learns one table from each half of the text.
func newMixture(text []byte) (*mixture, error) {
	m := new(mixture)
	for z := range m.tables {
		half := text[z*len(text)/2 : (z+1)*len(text)/2]
		counts := make([]uint64, 128)
		for s := range counts {
			counts[s] = 1
		}
		for _, b := range half {
			counts[b] += 100
		}
		var err error
		if m.tables[z], err = ans.NewTable(counts, 16); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// prior is the interval of table z before the byte is known: they are equally
// likely.
func prior(z int) prob.Interval {
	return prob.Interval{Low: uint64(z) << 31, Width: 1 << 31}
}

// posterior returns the intervals of the tables once the byte is known.
func (m *mixture) posterior(b byte) [2]prob.Interval {
	p, q := uint64(m.tables[0].Slots(uint32(b))), uint64(m.tables[1].Slots(uint32(b)))
	width := p << 32 / (p + q)
	return [2]prob.Interval{{Low: 0, Width: width}, {Low: width, Width: prob.Total - width}}
}

// encode pushes a byte: first it pops from the stack which table to use, and so
// gets back the bits that saying so costs.
func (m *mixture) encode(s *ans.Stack, b byte) error {
	z, post := 0, m.posterior(b)
	if uint64(s.Point()) >= post[1].Low {
		z = 1
	}
	if err := s.Pop(post[z]); err != nil {
		return err
	}
	iv, err := m.tables[z].Interval(uint32(b))
	if err != nil {
		return err
	}
	s.Push(iv)
	s.Push(prior(z))
	return nil
}

// decode undoes encode, step by step.
func (m *mixture) decode(s *ans.Stack) (byte, error) {
	z := int(s.Point() >> 31)
	if err := s.Pop(prior(z)); err != nil {
		return 0, err
	}
	b, iv := m.tables[z].Find(s.Point())
	if err := s.Pop(iv); err != nil {
		return 0, err
	}
	s.Push(m.posterior(byte(b))[z])
	return byte(b), nil
}

// Bits-back coding: a model that says how a text came about in more ways than one
// wastes bits on which way it was, unless the choice itself carries information.
// Here that is a message that has been coded before.
func ExampleStack_bitsBack() {
	m, err := newMixture(gettysburg)
	if err != nil {
		log.Fatal(err)
	}
	message := []byte("What was on the stack before comes back at the end.")

	var s ans.Stack
	s.PushBytes(message)
	before := s.Len()
	for _, b := range gettysburg {
		if err := m.encode(&s, b); err != nil {
			log.Fatal(err)
		}
	}
	fmt.Println("bits-back:        ", s.Len()-before, "bytes")

	// Without bits-back the likelier table is chosen for each byte.
	var plain ans.Stack
	for _, b := range gettysburg {
		z, post := 0, m.posterior(b)
		if post[1].Width > post[0].Width {
			z = 1
		}
		iv, err := m.tables[z].Interval(uint32(b))
		if err != nil {
			log.Fatal(err)
		}
		plain.Push(iv)
		plain.Push(prior(z))
	}
	fmt.Println("without bits-back:", plain.Len(), "bytes")

	text := make([]byte, len(gettysburg))
	for i := len(text) - 1; i >= 0; i-- {
		if text[i], err = m.decode(&s); err != nil {
			log.Fatal(err)
		}
	}
	back := make([]byte, len(message))
	if err := s.PopBytes(back); err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(text) == string(gettysburg), string(back))
	// Output:
	// bits-back:         825 bytes
	// without bits-back: 999 bytes
	// true What was on the stack before comes back at the end.
}

// An image codec knows for each coefficient how wide its distribution is: with a
// table for each width, an index says which one to code with.
func ExampleBlock() {
	narrow, err := ans.NewTable([]uint64{1, 10, 200, 10, 1}, 12)
	if err != nil {
		log.Fatal(err)
	}
	wide, err := ans.NewTable([]uint64{30, 50, 60, 50, 30}, 12)
	if err != nil {
		log.Fatal(err)
	}
	coder, err := ans.NewBlock[uint8](narrow, wide)
	if err != nil {
		log.Fatal(err)
	}
	symbols := []uint8{2, 2, 2, 0, 4, 1, 2, 2}
	index := []uint16{0, 0, 0, 1, 1, 1, 0, 0}
	body, err := coder.Encode(nil, symbols, index)
	if err != nil {
		log.Fatal(err)
	}
	back := make([]uint8, len(symbols))
	if err := coder.Decode(back, index, body); err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(body), "bytes:", back)
	// Output:
	// 4 bytes: [2 2 2 0 4 1 2 2]
}
