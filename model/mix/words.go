package mix

// A wordbook knows what the bytes of a text spell: the word that is being written and
// the two before it, and the kinds of the latest bytes. A word is made of letters of
// either case and of bytes from 128 on; whatever stands between words only ends them.
type wordbook struct {
	words [3]uint32 // hashes: of this word, 0 if none has begun, and those before
	kinds uint32    // of the latest bytes, the last one lowest
	done  int       // bytes taken in
}

// Kinds of bytes.
const (
	kindControl = iota
	kindNewline
	kindSpace
	kindLower
	kindUpper
	kindDigit
	kindMark
	kindHigh

	kindBits = 3
)

// byteKind returns the kind of a byte.
func byteKind(x uint32) uint32 {
	switch {
	case x == '\n':
		return kindNewline
	case x == ' ' || x == '\t':
		return kindSpace
	case x < ' ':
		return kindControl
	case x >= 'a' && x <= 'z':
		return kindLower
	case x >= 'A' && x <= 'Z':
		return kindUpper
	case x >= '0' && x <= '9':
		return kindDigit
	case x < 0x80:
		return kindMark
	}
	return kindHigh
}

// advance takes in sym[:i], of which a part may be known already.
func (w *wordbook) advance(sym []uint32, i int) {
	for ; w.done < i; w.done++ {
		w.take(sym[w.done])
	}
}

// take takes in a byte.
func (w *wordbook) take(x uint32) {
	kind := byteKind(x)
	w.kinds = w.kinds<<kindBits | kind
	switch kind {
	case kindUpper, kindLower, kindHigh:
		if kind == kindUpper {
			x += 'a' - 'A'
		}
		h := (w.words[0] + x + 1) * 0x9E3779B1
		w.words[0] = (h ^ h>>15) | 1
	default:
		if w.words[0] != 0 {
			w.words = [3]uint32{0, w.words[0], w.words[1]}
		}
	}
}

// load sets the values for the next byte.
func (w *wordbook) load(v []uint32) {
	v[valueWord], v[valueWord1], v[valueWord2] = w.words[0], w.words[1], w.words[2]
	v[valueKinds3] = w.kinds & (1<<(3*kindBits) - 1)
	v[valueKinds4] = w.kinds & (1<<(4*kindBits) - 1)
	v[valueKinds6] = w.kinds & (1<<(6*kindBits) - 1)
}
