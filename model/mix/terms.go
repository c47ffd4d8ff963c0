package mix

import (
	"fmt"
	"strconv"
	"strings"
)

// What terms can ask for, beyond neighbours. These follow the neighbours among
// the values of a token.
const (
	valueM1 = iota
	valueM2
	valueFirst
	valueNext1
	valueNext2
	valueAbove
	valueStart
	valueStartAbove
	valuePlace
	valueRow
	valueCol
	valueAge
	valueFlags
	valueChurn
	valueReach
	valueLen1
	valueLen2
	valueColumn
	valueWord
	valueWord1
	valueWord2
	valueKinds3
	valueKinds4
	valueKinds6
	valueSlot
	valueUp1
	valueUp2
	valueTail
	valueCount
)

var valueNames = [valueCount]string{
	"M1", "M2", "first", "next1", "next2", "above", "start", "startAbove",
	"place", "row", "col", "age", "flags", "churn", "reach", "len1", "len2",
	"column", "word", "word1", "word2", "kinds3", "kinds4", "kinds6", "slot", "up1", "up2", "tail",
}

const (
	maxAge   = 7
	maxMatch = 31
	maxReach = 3
	maxNode  = 2047
	maxDepth = 15
	maxPlace = 4096
)

// A term is a part of a context, parsed.
type term struct {
	kind  uint8
	value uint8 // index among the token's values, or of the candidate
	keep  uint8
}

const (
	kindValue  = iota // the value itself
	kindPrefix        // the upper levels of its code
	kindClass
	kindDepth // this and those that follow change from bit to bit
	kindNode
	kindAgree
	kindKnown
	kindTrust
	kindSure
	kindBack
)

// A dims holds the sizes that terms can take in one array.
type dims struct {
	rows, cols int
	symbols    int
	classes    int
	contexts   int
}

// parse returns the terms of a context. The table of geometries is tested to
// parse.
func (g *geometry) parse(spec string) ([]term, error) {
	var terms []term
	for _, f := range strings.Fields(spec) {
		t, err := g.parseTerm(f)
		if err != nil {
			return nil, err
		}
		terms = append(terms, t)
	}
	return terms, nil
}

func (g *geometry) parseTerm(f string) (term, error) {
	switch f {
	case "depth":
		return term{kind: kindDepth}, nil
	case "node":
		return term{kind: kindNode}, nil
	case "sure":
		return term{kind: kindSure}, nil
	case "known":
		return term{kind: kindKnown}, nil
	case "trust":
		return term{kind: kindTrust}, nil
	}
	kind, n := uint8(kindAgree), ""
	if after, ok := strings.CutPrefix(f, "agree"); ok {
		n = after
	} else if after, ok := strings.CutPrefix(f, "back"); ok {
		kind, n = kindBack, after
	}
	if n != "" {
		k, err := strconv.Atoi(n)
		if err != nil || k < 1 || k > len(g.candidate) {
			return term{}, fmt.Errorf("no candidate %q", f)
		}
		return term{kind: kind, value: uint8(k - 1)}, nil
	}
	t := term{kind: kindValue}
	if name, ok := strings.CutSuffix(f, ":class"); ok {
		f, t.kind = name, kindClass
	} else if name, levels, ok := strings.Cut(f, "/"); ok {
		k, err := strconv.Atoi(levels)
		if err != nil || k < 1 || k > 16 {
			return term{}, fmt.Errorf("no such level %q", f)
		}
		f, t.kind, t.keep = name, kindPrefix, uint8(k)
	}
	v, err := g.value(f)
	t.value = uint8(v)
	return t, err
}

// value returns the index of a named value of a token.
func (g *geometry) value(name string) (int, error) {
	for i, n := range g.neighbours {
		if n.name == name {
			return i, nil
		}
	}
	for i, n := range valueNames {
		if n == name {
			return len(g.neighbours) + i, nil
		}
	}
	return 0, fmt.Errorf("no value %q", name)
}

// size returns the number of values of a term.
func (g *geometry) size(t term, d dims) int {
	switch t.kind {
	case kindPrefix:
		return 1<<t.keep + 1
	case kindClass:
		return d.classes + 1
	case kindDepth:
		return maxDepth + 1
	case kindNode:
		return min(d.symbols, maxNode+1)
	case kindAgree:
		return 2
	case kindSure:
		return sures * sures * sures
	case kindKnown:
		return d.contexts + 1
	case kindTrust, kindBack:
		return trusts + 1
	}
	switch int(t.value) - len(g.neighbours) {
	case valuePlace:
		return min(d.rows*d.cols, maxPlace)
	case valueRow:
		return min(d.rows, maxPlace)
	case valueCol:
		return min(d.cols, maxPlace)
	case valueAge:
		return maxAge + 1
	case valueFlags:
		return 1 << len(g.changes)
	case valueChurn:
		return 16
	case valueReach:
		return maxReach + 1
	case valueLen1, valueLen2:
		return maxMatch + 1
	case valueColumn:
		return maxColumn + 1
	case valueKinds3:
		return 1 << (3 * kindBits)
	case valueKinds4:
		return 1 << (4 * kindBits)
	case valueSlot:
		return maxRecord
	}
	return min(d.symbols, maxNode) + 1
}

// A selector computes an index from terms: the number of one of a product of
// small sizes.
type selector struct {
	terms []factor // that hold for a whole token
	bits  []factor // that change from bit to bit
	size  int
	base  int  // for this token
	late  bool // whether it depends on what contexts have been seen
}

type factor struct {
	term
	scale int
	size  uint32 // values are taken modulo this
}

func (g *geometry) selector(spec string, d dims) (selector, error) {
	terms, err := g.parse(spec)
	s := selector{size: 1}
	for _, t := range terms {
		n := g.size(t, d)
		f := factor{t, s.size, uint32(n)}
		if t.kind >= kindDepth {
			s.bits = append(s.bits, f)
			s.late = s.late || t.kind == kindKnown || t.kind == kindSure
		} else {
			s.terms = append(s.terms, f)
		}
		s.size *= n
	}
	return s, err
}
