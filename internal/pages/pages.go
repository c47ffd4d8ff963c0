// Package pages makes large arrays that are read here and there cheaper to read.
package pages

import "unsafe"

// least is from how many bytes on an array is worth large pages.
const least = 4 << 20

// Large asks the system to keep s, if it is large, in large pages, of which the
// processor can remember where they lie. It should come before s is written to. It
// changes nothing but time, and nothing at all where the system has no such pages.
func Large[T any](s []T) []T {
	if n := uintptr(len(s)) * unsafe.Sizeof(*new(T)); n >= least {
		advise(unsafe.Slice((*byte)(unsafe.Pointer(&s[0])), n))
	}
	return s
}
