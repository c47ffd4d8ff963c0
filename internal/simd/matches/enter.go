package matches

// Heads are the places where stretches of symbols of the same hash were last: a place in
// the upper bits, and below it a tag, some more bits of the hash, which keep most others
// away without a look at their symbols. Nothing is told from place 0 with tag 0.
type Heads [1 << HeadBits]uint32

const (
	// HeadBits is the binary logarithm of how many there may be.
	HeadBits = 18

	// TagBits is how many bits of a head are the tag.
	TagBits = 8

	tagMask = 1<<TagBits - 1
)

// HashPair returns the hash of two symbols.
func HashPair(a, b uint32) uint64 {
	return (uint64(b)<<32 | uint64(a)) * 0x9e3779b97f4a7c15
}

// HashFour returns the hash of four symbols.
func HashFour(a, b, c, d uint32) uint64 {
	return HashPair(a, b) + (uint64(d)<<32|uint64(c))*0xc2b2ae3d27d4eb4f
}

// At returns where the head of a hash is if those below mask+1 are used, and the tag.
func (h *Heads) At(hash uint64, mask uint32) (head *uint32, tag uint32) {
	return &h[uint32(hash>>(64-HeadBits))&mask&(1<<HeadBits-1)], uint32(hash>>(64-HeadBits-TagBits)) & tagMask
}

// EnterPairs enters len(latest) places, from start on, whose symbols s begins with; s has
// one symbol more at least, and places are below 1<<(32-TagBits). It sets latest[i] to the
// last place before start+i with the same hash and tag, or else to start+i, and known to
// the i with an earlier place, of which it returns the number. known is as long as latest.
func EnterPairs(latest, known, s []uint32, start uint32, heads *Heads, mask uint32) int {
	s, known = s[:len(latest)+1], known[:len(latest)]
	done, n := enterPairsFast(latest, known, s, start, heads, mask)
	for i := done; i < len(latest); i++ {
		place := start + uint32(i)
		j := heads.enter(HashPair(s[i], s[i+1]), mask, place)
		latest[i], known[n] = j, uint32(i)
		if j < place {
			n++
		}
	}
	return n
}

// EnterFours enters those places, counted from start on, that known says. s begins at
// start and has four symbols of each. It sets latest as EnterPairs does, for these.
func EnterFours(latest, known, s []uint32, start uint32, heads *Heads, mask uint32) {
	if len(known) == 0 {
		return
	}
	latest = latest[:known[len(known)-1]+1]
	s = s[:len(latest)+3]
	for _, i := range known[enterFoursFast(latest, known, s, start, heads, mask):] {
		latest[i] = heads.enter(HashFour(s[i], s[i+1], s[i+2], s[i+3]), mask, start+i)
	}
}

// enter makes place the head of its hash, and returns the one before if it has the same
// tag, else place.
func (h *Heads) enter(hash uint64, mask, place uint32) uint32 {
	head, tag := h.At(hash, mask)
	old := *head
	*head = place<<TagBits | tag
	if (old^tag)&tagMask != 0 {
		return place
	}
	return old >> TagBits
}
