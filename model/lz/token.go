package lz

import "github.com/foretell/foretell/internal/simd/matches"

// A token says what a step does: how many literals it begins with, how long the
// match after them is, and what its offset is made of. Runs and lengths that are
// not below the limits are completed by a long number.
//
//	token = (run*longLength + length - 1)*4 + kind
const (
	longRun    = 7                 // run of longRun literals or more
	longLength = 8                 // match of longLength symbols or more
	newOffset  = matches.NewOffset // kind of a match whose offset is stored; else which of the last
	numKinds   = 4
	numTokens  = (longRun + 1) * longLength * numKinds
)

func token(run, length, kind uint32) uint8 {
	return uint8((min(run, longRun)*longLength+min(length, longLength)-1)*numKinds + kind)
}

// A step is a match in the way a block is coded: a run of literals ends where it
// begins.
type step struct {
	place  uint32
	length uint32
	offset uint32 // below numReps one of the last offsets, else the offset + numReps - 1
}

func (s step) kind() uint32 { return min(s.offset, newOffset) }

// numReps is how many of the last offsets can be used again.
const numReps = matches.NewOffset

// A history is the last offsets, the latest first.
type history = matches.History

var firstHistory = history{1, 2, 3}

// use returns the history after h and the use of an offset, given as in step. Which it is
// can hardly be foreseen, so there are no branches.
func use(h history, offset uint32) history {
	first, second, third := offset-numReps+1, h[0], h[1]
	if offset == 0 {
		first = h[0]
	}
	if offset == 1 {
		first = h[1]
	}
	if offset == 2 {
		first = h[2]
	}
	if offset == 0 {
		second = h[1]
	}
	if offset <= 1 {
		third = h[2]
	}
	return history{first, second, third}
}
