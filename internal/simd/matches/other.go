//go:build !amd64 || purego

package matches

func numbersFast(dst []uint32, codes []uint8, src []byte, table *[256]Bucket, order []uint32) (n int, bits uint) {
	return 0, 0
}

func indexFromFast(v []uint32, least uint32) int { return 0 }

func copyFast(out []uint32, s *Steps) (at int) { return 0 }

func enterPairsFast(latest, known, s []uint32, start uint32, heads *Heads, mask uint32) (done, found int) {
	return 0, 0
}

func enterFoursFast(latest, known, s []uint32, start uint32, heads *Heads, mask uint32) (done int) {
	return 0
}

func (w *Ways) advanceFast(s []uint32, start, n int, pairs, fours []uint32, p *Prices, slack int32) int {
	return n
}
