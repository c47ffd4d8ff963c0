package learn

import "unsafe"

// FetchLines has the lines, of 64 bytes, with the numbers at brought to the cache. It
// changes nothing but time.
func FetchLines[Line ~[16]uint32 | ~[64]uint8](lines []Line, at []uint32) {
	if len(lines) > 0 && len(at) > 0 {
		fetchLines(unsafe.Pointer(&lines[0]), &at[0], len(at))
	}
}

// Fetch has all v brought to the cache. It changes nothing but time.
func Fetch(v [][]int32) {
	if len(v) > 0 {
		fetch(&v[0], len(v))
	}
}
