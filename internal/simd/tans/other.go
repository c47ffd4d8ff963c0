//go:build !amd64 || purego

package tans

func encodeFast[S Symbol](w *Writer, src []S, states *[Lanes]uint32, table []Entry, next []uint32, prec uint) (int, bool, bool) {
	return 0, false, false
}

func decodeFast[S Symbol, T AnySlot](dst []S, src []byte, pos uint, states *[Lanes]uint32, table []T, prec uint) (int, uint, bool) {
	return 0, pos, false
}
