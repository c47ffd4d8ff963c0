package learn

import "unsafe"

// Prefetch has the lines, of 64 bytes, of a hash table brought to the cache where
// some hashes lead to: line (hash|1)>>shift for each of them, and that beside it. It
// changes nothing but time.
func Prefetch[Line ~[16]uint32](lines []Line, hashes []uint32, shift uint) {
	if len(lines) > 0 && len(hashes) > 0 {
		prefetch(unsafe.Pointer(&lines[0]), &hashes[0], len(hashes), shift)
	}
}
