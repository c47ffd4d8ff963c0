//go:build !amd64 || purego

package rans

func decodeFast[S Symbol](dst []S, index []uint16, src []byte, states []uint64, table []Slot, prec uint) (int, int, bool) {
	return 0, 0, false
}

func encodeFast[S Symbol](src []S, index []uint16, dst []byte, at int, states []uint64, table []Entry, size int, prec uint) (int, int, bool, bool) {
	return 0, 0, false, false
}
