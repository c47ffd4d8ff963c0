package matches

// Ways are the cheapest ways found so far to code a stretch of symbols up to each of its
// places, by steps that are offered from one place after another.
type Ways struct {
	Node
	Least  [MaxWay + 1 + wayRoom]int32  // the price up to a place if a match ends there
	Match  [MaxWay + 1 + wayRoom]uint32 // which one: an index of Offers
	Last   [MaxWay + 1][4]uint32        // the last offsets at a place that a match leads to, and one that is not used
	Offers []Offer
}

// A Node is a place that steps are offered from, and the cheapest way there.
type Node struct {
	At      int    // the place in the stretch
	Known   bool   // what follows is; otherwise Ways tells of the match that the way ends with
	Stay    bool   // it is not to be passed by
	Price   int32  // of the way
	Run     uint32 // literals at its end, at most MaxRun
	Origin  uint32 // the place before them
	History History
}

// An Offer is a match from a place.
type Offer struct {
	From   uint32
	Origin uint32 // the place before the literals before it
	Offset uint32 // a place in a History, or a new offset plus NewOffset - 1
	_      uint32
}

const (
	// MaxWay is the most symbols of a stretch.
	MaxWay = 1 << 11

	// MaxRun is the longest run of literals that is told from longer ones.
	MaxRun = 63

	// NiceMatch is the length of a match from which on no farther one is looked at.
	NiceMatch = 32

	// LongMatch is the length from which a match is offered by its whole length and
	// one less only.
	LongMatch = 64

	// Unknown is the price of a place that no match leads to. Never is more than
	// that, for what cannot be; twice that is still a price.
	Unknown = 1 << 28
	Never   = 1 << 29

	wayRoom = LongMatch + 8
)

// numOffsetCodes is how many codes offsets have.
const numOffsetCodes = 108

// Prices are what coding something is expected to cost.
type Prices struct {
	// Steps are those of steps of a kind, after a run of literals that is min(run, 7),
	// by length less 1. The last is of length 8, and the first with a new offset Never.
	Steps [8][4][8]int32

	// Longer is what steps of length 8 and more cost more than those of 8.
	Longer [LongMatch - 8 + 8]int32

	// Offsets are those of new offsets less 1, by their codes.
	Offsets [numOffsetCodes]int32

	More     [MaxRun + 1]int32 // of one literal more after a run: what Steps cost more
	After    [MaxRun + 1]int32 // of a match after a run, less that
	Literals []uint16          // by symbol
}

// Begin begins a stretch of n symbols, after a run of literals and offsets.
func (w *Ways) Begin(n int, run uint32, last History) {
	copy(w.Least[:n+1+wayRoom], unknown[:])
	w.Offers = w.Offers[:0]
	w.Node = Node{Known: true, Run: run, History: last}
	w.Last[0] = [4]uint32{last[0], last[1], last[2]}
}

// unknown is what Ways begin with.
var unknown = func() (u [MaxWay + 1 + wayRoom]int32) {
	for i := range u {
		u[i] = Unknown
	}
	return u
}()

// Advance goes on from the node in hand as far as the processor can do so faster: to the
// end, n, or to a node from which there is a long match. It returns how far the caller has
// to go on by itself then. The stretch begins at s[start], offers are one match of each
// place's entries in nearest, the last places with the same pair and the same four symbols,
// or the place itself; the latter may be nil. A place is passed by if the one after it is
// no dearer than it and slack.
func (w *Ways) Advance(s []uint32, start, n int, pairs, fours []uint32, p *Prices, slack int32) int {
	return w.advanceFast(s, start, n, pairs, fours, p, slack)
}
