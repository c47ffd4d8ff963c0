package mix

import "github.com/foretell/foretell/model"

// Bytes that are no text are often records, all of one length, which the encoder
// finds: fields stand above each other then.

const (
	maxRecord    = 256
	recordSample = 1 << 16 // bytes that are looked at
)

// loadRecord sets the values that say where in its record the byte at position i stands
// and what stood there in the two records before.
func loadRecord(v []uint32, sym []uint32, i, record int) {
	v[valueSlot], v[valueUp1], v[valueUp2] = uint32(i%record), 0, 0
	if i >= record {
		v[valueUp1] = sym[i-record] + 1
	}
	if i >= 2*record {
		v[valueUp2] = sym[i-2*record] + 1
	}
}

// recordOf returns the length of a block's records: the distance at which bytes tell
// most of each other, or a shorter one that tells nearly as much.
func recordOf(b *model.Block) int {
	c := coarse(b)
	c = c[:min(len(c), recordSample)]
	var told [maxRecord + 1]int64
	most := int64(0)
	for lag := 1; lag < len(told); lag++ {
		j := new(joint)
		j.add(c, lag)
		told[lag] = j.information()
		most = max(most, told[lag])
	}
	for lag := range told {
		if most > 0 && told[lag] >= most-most/16 {
			return lag
		}
	}
	return 1
}
