package mix

import (
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/model"
	"github.com/foretell/foretell/model/mix/internal/vocabulary"
)

// primerTokens are the tokens of the primer as GPT-2's vocabulary spells it, each the
// longest that fits.
var primerTokens = sync.OnceValue(func() []uint32 {
	v := vocabulary.Get(vocabulary.GPT2)
	number := make(map[string]uint32)
	longest := 0
	for i := range uint32(v.Size()) {
		number[v.Text(i)] = i
		longest = max(longest, len(v.Text(i)))
	}
	var tokens []uint32
	for text := primer; text != ""; {
		for k := min(len(text), longest); ; k-- {
			if s, ok := number[text[:k]]; ok {
				tokens, text = append(tokens, s), text[k:]
				break
			}
		}
	}
	return tokens
})

// spelledBlock returns so many tokens of the primer, again and again.
func spelledBlock(n int) *model.Block {
	b := &model.Block{Size: 50257, Symbols: make([]uint32, n), Spans: []model.Span{{Count: n, Shape: []int{n}}}}
	for i := range b.Symbols {
		b.Symbols[i] = primerTokens()[i%len(primerTokens())]
	}
	return b
}

// TestSpelled codes tokens of GPT-2, also where the greatest ones do not occur.
func TestSpelled(t *testing.T) {
	b := spelledBlock(1500)
	b.Spans = []model.Span{{Count: 1000, Shape: []int{1000}}, {First: 20, Count: 500, Shape: []int{600}}}
	most := uint32(0)
	for _, x := range b.Symbols {
		most = max(most, x)
	}
	for _, b.Size = range []int{50257, int(most) + 1} {
		for _, level := range []Level{Fast, Best} {
			body := roundTrip(t, Config{Level: level}, b)
			s, _, err := parseSetup(body[1:])
			if err != nil || s.geometry != geometrySpelt || s.learned != treeSpelled {
				t.Errorf("%d symbols: %+v, %v", b.Size, s, err)
			}
			s.geometry, s.learned, s.cols = geometryStream, treeNatural, 1
			other, err := New(Config{}).encodeMixed(nil, b, s)
			if err != nil || 10*len(body) > 9*len(other) {
				t.Errorf("%d symbols: %d bytes, %d without the vocabulary, %v", b.Size, len(body), len(other), err)
			}
		}
	}
}

// TestNotSpelled checks that what does not look like tokens of GPT-2 is coded as before.
func TestNotSpelled(t *testing.T) {
	b := spelledBlock(2100)
	if !isSpelled(b, vocabulary.GPT2) {
		t.Error("tokens of GPT-2 are not known")
	}
	others := []*model.Block{synthetic(50257, 3000), synthetic(300, 3000), synthetic(5000, 3000), synthetic(50258, 100)}
	turned, ranked := *b, *b
	turned.Symbols, ranked.Symbols = nil, nil
	rank := make(map[uint32]uint32)
	for _, x := range b.Symbols {
		if _, ok := rank[x]; !ok {
			rank[x] = uint32(len(rank))
		}
		ranked.Symbols = append(ranked.Symbols, rank[x])
		turned.Symbols = append(turned.Symbols, 50256-x)
	}
	for _, o := range append(others, &turned, &ranked) {
		if isSpelled(o, vocabulary.GPT2) {
			t.Errorf("%d symbols of %d are taken for tokens of GPT-2", len(o.Symbols), o.Size)
		}
	}
}

// TestSpelledRefusals checks that bodies of vocabularies that are not there, or that have
// fewer symbols than the block, are refused.
func TestSpelledRefusals(t *testing.T) {
	good := setup{geometry: geometrySpelt, learned: treeSpelled, rows: 1, cols: vocabulary.GPT2}
	if _, _, err := parseSetup(good.append(nil)); err != nil {
		t.Fatal(err)
	}
	for _, change := range []func(s *setup){
		func(s *setup) { s.cols = vocabulary.Count },
		func(s *setup) { s.rows = 2 },
		func(s *setup) { s.transposed = true },
		func(s *setup) { s.learned = treeNatural },
		func(s *setup) { s.learned = treeClasses },
		func(s *setup) { s.geometry = geometryStream },
		func(s *setup) { s.geometry = geometryBytes },
	} {
		s := good
		change(&s)
		if _, _, err := parseSetup(s.append(nil)); !errors.Is(err, fault.ErrCorrupt) {
			t.Errorf("%+v: %v", s, err)
		}
	}
	body := append(good.append([]byte{formMixed}), make([]byte, 40)...)
	large := &model.Block{Size: 50258, Symbols: make([]uint32, 9), Spans: []model.Span{{Count: 9}}}
	if err := New(Config{}).Decode(large, body); !errors.Is(err, fault.ErrCorrupt) {
		t.Error(err)
	}
	if _, err := New(Config{}).Need(large.Size, 9, body); !errors.Is(err, fault.ErrCorrupt) {
		t.Error("memory of too many symbols:", err)
	}
}

// TestPriorSpelled trains a prior on tokens of GPT-2.
func TestPriorSpelled(t *testing.T) {
	b := spelledBlock(2500)
	p, err := Train(TrainConfig{MaxBytes: 100000}, b)
	if err != nil || p.setup.geometry != geometrySpelt {
		t.Fatal(err)
	}
	data, err := p.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	if p, err = ParsePrior(data, 0); err != nil {
		t.Fatal(err)
	}
	part := &model.Block{Size: 50257, Symbols: slices.Clone(b.Symbols[100:600]), Spans: []model.Span{{Count: 500, Shape: []int{500}}}}
	with, without := roundTrip(t, Config{Prior: p}, part), roundTrip(t, Config{}, part)
	if 2*len(with) > len(without) {
		t.Errorf("%d bytes with the prior, %d without", len(with), len(without))
	}
}
