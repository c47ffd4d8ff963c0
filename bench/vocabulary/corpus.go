package main

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// A bigram is a token that stands next to another, and how often.
type bigram struct{ token, count int32 }

// A corpus holds how often tokens occur in texts and which stand next to which.
type corpus struct {
	count      []int32
	next, prev [][]bigram // of each token, without itself
	self       []int32    // how often a token follows itself
}

// readCorpus counts the tokens of the .u16 files of a folder.
func readCorpus(dir string, size int) (*corpus, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*.u16"))
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return nil, errors.New("no .u16 files in " + dir)
	}
	c := &corpus{
		count: make([]int32, size), self: make([]int32, size),
		next: make([][]bigram, size), prev: make([][]bigram, size),
	}
	var pairs []uint32
	for _, name := range names {
		x, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		last := uint32(0)
		for k := 0; k+1 < len(x); k += 2 {
			t := uint32(binary.LittleEndian.Uint16(x[k:]))
			if int(t) >= size {
				return nil, fmt.Errorf("%s has a token %d", name, t)
			}
			c.count[t]++
			if k > 0 {
				pairs = append(pairs, last<<16|t)
			}
			last = t
		}
	}
	slices.Sort(pairs)
	for k := 0; k < len(pairs); {
		end := k
		for end < len(pairs) && pairs[end] == pairs[k] {
			end++
		}
		a, b, n := int32(pairs[k]>>16), int32(pairs[k]&0xFFFF), int32(end-k)
		if a == b {
			c.self[a] = n
		} else {
			c.next[a] = append(c.next[a], bigram{b, n})
			c.prev[b] = append(c.prev[b], bigram{a, n})
		}
		k = end
	}
	return c, nil
}

// common returns the tokens that occur at least so often, the commonest first.
func (c *corpus) common(least int32) []int32 {
	var order []int32
	for t, n := range c.count {
		if n >= least {
			order = append(order, int32(t))
		}
	}
	slices.SortFunc(order, func(a, b int32) int {
		return cmp.Or(cmp.Compare(c.count[b], c.count[a]), cmp.Compare(a, b))
	})
	return order
}
