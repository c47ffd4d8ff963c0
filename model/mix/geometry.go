package mix

// A geometry says what tokens of a kind of array are predicted from. This table
// is the whole of it: to try another context, add a line.
//
// An array has a time axis and, at each instant, rows and columns. A neighbour
// is named by its offset from the token that is being coded. Terms are made of
//
//	X         the whole token at neighbour X
//	X/5       the upper 5 levels of its code in the tree
//	X:class   its class, where the tree has classes
//	place, row, col   where the token stands
//	next1, next2   what followed the same token as the last one the last two times
//	above     the token as far from the start of the line before as this one is in its own
//	start, startAbove, reach   the first tokens of both lines, and how far this one is, up to 3
//	first     the first token of the instant; for the first, the last one of the instant before
//	age       for how many instants the place has not changed, up to 7
//	flags     which of the pairs in changes differ, a bit each
//	churn     how many of the instant's tokens so far differ from the first candidate, in 1/16
//	len1, len2   length of the match that candidate M1 or M2 continues, up to 31
//	column    how far the token is from the start of its line, up to 255
//	word, word1, word2   the letters of the word so far, in either case, and of those before
//	kinds3, kinds4, kinds6   the kinds of the last bytes: letters of each case, digits and so on
//	slot, up1, up2   the place in its record, and the bytes there in the two records before
//	tail      the last bytes, where tokens are spelt
//
// and, where the term is asked anew for each bit of the code,
//
//	depth     the level in the code tree, up to 15
//	node      the node of the tree
//	agree1, agree2, ...   whether the code so far is that of the candidate
//	known     the number of contexts that have been seen with this node before
//	sure      whether the second to the fourth context have, and if always the same came; with runs
//	trust     what the guide says, from "surely 0" to "surely 1"; one more if nothing
//	back1, back2, ...   the same of the candidate's bit
type geometry struct {
	name       string
	neighbours []neighbour
	changes    [][2]string
	matches    []int // least lengths of the matches M1 and M2, in tokens

	contexts  []string    // whose counters predict the bits
	best      []string    // those that only the best level adds
	candidate []candidate // tokens that are likely to be repeated
	sets      []string    // what selects the mixers' weights
	final     string      // what selects the last mixer's
	maps      []string    // contexts of the final adaptive maps
	bestSets  []string    // sets that only the best level adds
	trail     bool        // whether next1 and the like are asked for
	words     bool        // whether word and the like are, of tokens that are bytes
	spelt     bool        // and of tokens that stand for bytes, with tail
	windows   []int       // lengths of the windows of latest tokens
	net       []string    // what the net is told
	netDims   int         // length of its vectors
	bestNet   []string    // and at the best level besides
	bestDims  int         // and at the best level, if that is more
	side      []told      // further nets
	bent      bool        // whether what is below 0 in their sum counts as 0
	byNode    bool        // whether histories are told apart by node, not depth
	runs      bool        // whether lines that had one symbol are kept as runs
	guided    bool        // by a model from outside
	backward  int         // how many instants back time runs backwards from; 0: never

	rates, finalRates schedule
}

type neighbour struct {
	name       string
	dt, dr, dc int
}

// A candidate is a neighbour or match whose token may come again, and the
// contexts of the chance that it does.
type candidate struct {
	value    string
	contexts []string
}

// A told is what a further net is told: at both levels, and what only the best one
// adds. A net that is told nothing is left out; of the first, its biases remain.
type told struct{ inputs, best []string }

// The geometries by number, as stored in a block.
const (
	geometryStream = iota
	geometryGrid
	geometryBooks
	geometryText
	geometryFrames
	geometryProse
	geometryBytes
	geometrySpelt
	geometryCount
)

var grid = geometry{
	name: "grid",
	neighbours: []neighbour{
		{"A1", -1, 0, 0}, {"A2", -2, 0, 0}, {"A3", -3, 0, 0}, {"A4", -4, 0, 0},
		{"L", 0, 0, -1}, {"U", 0, -1, 0}, {"UL", 0, -1, -1}, {"UR", 0, -1, 1},
		{"PL", -1, 0, -1}, {"PU", -1, -1, 0}, {"PR", -1, 0, 1}, {"PD", -1, 1, 0},
		{"PUL", -1, -1, -1}, {"PUR", -1, -1, 1},
	},
	changes:  [][2]string{{"L", "PL"}, {"U", "PU"}, {"UR", "PUR"}, {"UL", "PUL"}},
	contexts: []string{"", "A1", "place", "place L", "U", "A2", "A3"},
	best:     []string{"place A1", "PD", "A4", "row", "A1/5 A2/5 A3/5", "place A3", "PL", "PR", "place L/5 U/5"},
	candidate: []candidate{
		{"A1", []string{"depth age flags", "depth age place", "depth A1", "depth churn"}},
		{"A2", []string{"depth agree1"}},
		{"A3", []string{"depth agree1 agree2"}},
		{"A4", []string{"depth agree1 agree2"}},
	},
	net: []string{
		"place", "A1", "A2", "A3", "L", "U", "UL", "UR", "PR", "PD", "PL", "PU",
		"A1/3", "A1/4", "A1/5", "A1/6", "A1/7", "A1/8", "A1/9", "L/5", "U/5", "row A1/7", "col A1/7",
	},
	side: []told{
		{
			[]string{
				"place", "place A1/3", "place A1/5", "place A2/4", "place A3/4",
				"place L/4", "place U/4", "place UR/4", "place PR/4", "place PD/4",
			},
			[]string{
				"place A1/6", "place A1/8", "place A4/4", "place UL/4",
				"place PL/4", "place PU/4", "place PUL/4", "place PUR/4",
			},
		},
		{nil, []string{
			"A1", "A1/7", "A1/5 A2/5", "A1/5 L/5", "A1/5 U/5", "A1/5 PL/5", "A1/5 PU/5", "A1/5 PR/5", "A1/5 PD/5",
		}},
		{nil, []string{
			"A1/5", "A1/7", "place A1", "A1 A2", "A1 L", "A1 U", "A1 PR", "A1/5 L/5 U/5",
		}},
	},
	netDims:    16,
	bestDims:   32,
	sets:       []string{"place agree1", "row", "depth agree1 agree2"},
	final:      "depth agree1 age",
	maps:       []string{"agree1 node", "depth flags age"},
	backward:   4,
	rates:      schedule{first: 3000, last: 300},
	finalRates: schedule{first: 300, last: 70},
}

// latest are the tokens just before.
var latest = []neighbour{
	{"a", -1, 0, 0}, {"b", -2, 0, 0}, {"c", -3, 0, 0},
	{"d", -4, 0, 0}, {"e", -5, 0, 0}, {"f", -6, 0, 0},
}

var geometries = [geometryCount]geometry{
	geometryStream: {
		name:       "stream",
		neighbours: latest,
		matches:    []int{5, 2},
		contexts: []string{
			"", "a", "a b", "a b c", "b", "a:class b:class", "a:class", "next1 next2",
		},
		best: []string{
			"a b c d", "a b c d e f", "a c", "b c", "a:class b:class c:class", "a b:class", "a b:class c:class",
			"c", "d", "a/4", "a/8 b/4 c/4 d/4", "a next1", "a start", "start startAbove reach",
		},
		candidate: []candidate{
			{"M1", []string{"len1 depth"}},
			{"M2", []string{"len2 depth"}},
		},
		trail:      true,
		runs:       true,
		windows:    []int{100, 600, 5000},
		net:        []string{"a", "b", "c", "d", "e", "f", "a:class", "b:class", "c:class", "a:class b:class"},
		bestNet:    []string{"a b", "a b c", "next1", "above", "a/8 b/4"},
		netDims:    32,
		bestDims:   64,
		sets:       []string{"node", "a:class depth", "a:class b:class"},
		bestSets:   []string{"a", "known depth", "len1 agree1", "b:class depth", "a:class known", "M1:class a:class"},
		final:      "sure",
		maps:       []string{"node"},
		rates:      schedule{first: 5000, last: 350},
		finalRates: schedule{first: 800, last: 150},
	},
	geometryGrid: grid,
	geometryBooks: {
		name: "books",
		neighbours: []neighbour{
			{"A1", -1, 0, 0}, {"A2", -2, 0, 0}, {"A3", -3, 0, 0},
			{"L", 0, 0, -1}, {"LL", 0, 0, -2}, {"LLL", 0, 0, -3}, {"PL", -1, 0, -1}, {"PR", -1, 0, 1},
		},
		contexts: []string{
			"place", "place A1", "place L", "place L LL", "place first", "place A2", "place LL",
			"place L/3", "place L/3 LL/3 LLL/3", "place first/4 A1/4", "place A1/3", "place A1/3 PR/3 L/3",
		},
		candidate: []candidate{
			{"A1", []string{"depth age place", "depth A1"}},
			{"A2", []string{"depth agree1 place"}},
		},
		net:        []string{"place", "A1", "A2", "L", "LL", "LLL", "PL", "PR"},
		netDims:    24,
		sets:       []string{"place agree1", "depth agree1 agree2", "known", "place node"},
		final:      "depth agree1",
		maps:       []string{"agree1 node", "depth place"},
		rates:      schedule{first: 3000, last: 200},
		finalRates: schedule{first: 400, last: 100},
	},
	geometryText: {
		name:       "text",
		neighbours: latest,
		matches:    []int{6, 3},
		contexts: []string{
			"", "a", "a b", "a b c", "a b c d", "a b c d e f",
			"tail", "word word1", "column",
		},
		candidate: []candidate{
			{"M1", []string{"len1 depth", "len1 back1"}},
			{"M2", []string{"len2 depth", "len2 back2"}},
		},
		netDims:    8,
		guided:     true,
		spelt:      true,
		sets:       []string{"trust", "known depth", "len1 agree1", "node", "kinds3", "a"},
		final:      "known",
		maps:       []string{"node"},
		rates:      schedule{first: 6000, last: 250},
		finalRates: schedule{first: 400, last: 100},
	},
	geometryFrames: guidedGrid(),
	geometryProse: {
		name:       "prose",
		neighbours: latest,
		matches:    []int{7, 4},
		contexts: []string{
			"", "a", "a b", "a b c", "a b c d", "a b c d e f",
			"word a", "word word1", "word word2", "kinds6", "column above",
		},
		best: []string{
			"a next1 next2", "column a", "word word1 word2", "word1 word2", "word1 a b", "kinds6 a",
		},
		candidate: []candidate{
			{"M1", []string{"len1 depth"}},
			{"M2", []string{"len2 depth"}},
		},
		trail:      true,
		runs:       true,
		words:      true,
		bestNet:    []string{"a b c", "word word1", "a", "b", "c", "d", "e", "f", "a b", "a b c d", "word", "word1", "above"},
		netDims:    8,
		bestDims:   64,
		bent:       true,
		byNode:     true,
		sets:       []string{"node", "a depth", "kinds4"},
		bestSets:   []string{"kinds3 depth", "column"},
		final:      "known",
		maps:       []string{"a node"},
		rates:      schedule{first: 5000, last: 200},
		finalRates: schedule{first: 800, last: 100},
	},
	geometrySpelt: {
		name:       "spelt",
		neighbours: latest,
		matches:    []int{5, 2},
		contexts: []string{
			"", "a", "a b", "a b c", "a:class", "a:class b:class", "next1 next2", "tail", "kinds6", "word word1", "column above",
		},
		best: []string{
			"a b c d", "a b c d e f", "a c", "b c", "a:class b:class c:class", "a b:class", "a b:class c:class", "b",
			"c", "d", "a/8 b/4 c/4 d/4", "a next1", "start startAbove reach", "word1 a", "word word1 word2", "kinds6 a:class",
		},
		candidate: []candidate{
			{"M1", []string{"len1 depth"}},
			{"M2", []string{"len2 depth"}},
		},
		trail:      true,
		runs:       true,
		spelt:      true,
		windows:    []int{100, 600, 5000},
		net:        []string{"a", "b", "c", "d", "e", "f", "a:class", "b:class", "a:class b:class", "word", "word1"},
		bestNet:    []string{"a b", "a b c", "next1", "above", "a/8 b/4"},
		netDims:    32,
		bestDims:   64,
		sets:       []string{"node", "a:class depth", "kinds4"},
		bestSets:   []string{"known depth", "len1 agree1", "a", "b:class depth", "kinds3 depth", "M1:class a:class"},
		final:      "sure",
		maps:       []string{"node"},
		rates:      schedule{first: 5000, last: 350},
		finalRates: schedule{first: 800, last: 150},
	},
	geometryBytes: {
		name:       "bytes",
		neighbours: latest,
		matches:    []int{6, 3},
		contexts: []string{
			"", "a", "a b", "a b c", "a b c d", "a b c d e f",
			"slot", "up1 slot", "up1 a", "up1 up2", "b",
		},
		best: []string{
			"slot a", "up1 up2 a", "up1 a b", "b c", "a c", "c", "d", "slot up1 up2", "c d", "a b c d e",
		},
		candidate: []candidate{
			{"M1", []string{"len1 depth"}},
			{"M2", []string{"len2 depth"}},
		},
		runs:       true,
		net:        []string{"a", "b", "c", "d", "e"},
		bestNet:    []string{"f", "a b", "a b c", "up1", "up2", "slot"},
		netDims:    32,
		bent:       true,
		byNode:     true,
		sets:       []string{"node", "a depth", "slot depth"},
		bestSets:   []string{"known depth", "len1 agree1", "up1 depth", "M1 agree1"},
		final:      "known",
		maps:       []string{"a node"},
		rates:      schedule{first: 5000, last: 200},
		finalRates: schedule{first: 800, last: 100},
	},
}

// guidedGrid returns the grid with a guide.
func guidedGrid() geometry {
	g := grid
	g.name, g.guided = "frames", true
	g.sets = append(g.sets[:len(g.sets):len(g.sets)], "trust", "depth back1 agree1")
	return g
}

// flat reports whether tokens follow each other and nothing else is known of where
// they stand.
func (s setup) flat() bool {
	switch s.geometry {
	case geometryStream, geometryProse, geometryBytes, geometrySpelt:
		return true
	}
	return false
}

// pasts returns by how many depths or nodes histories are told apart.
func (g *geometry) pasts() int {
	if g.byNode {
		return byNodes
	}
	return maxDepth + 1
}
