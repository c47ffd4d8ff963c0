// Package uvarint reads the numbers of the formats: unsigned LEB128 in its shortest form.
package uvarint

import "encoding/binary"

// Parse reads a number from the start of src and returns how many bytes it took, as
// [binary.Uvarint] does: 0 if src ends too early, less if the number is beyond 64 bits
// or stands in a longer form than it needs, so that every number has one form.
func Parse(src []byte) (uint64, int) {
	v, n := binary.Uvarint(src)
	if n > 1 && src[n-1] == 0 {
		return 0, -n
	}
	return v, n
}
