//go:build (!amd64 && !arm64) || purego

package gemm

func unit() (rows, tokens int) { return panel, 4 }

func sums(s []int32, w, a []int16, aStride, tokens, pairs, _, _, _ int) {
	sumsGo(s, w, a, aStride, tokens, pairs)
}

func widen(wide []int64, s []int32) { widenGo(wide, s) }

func finish(out []int32, outStride int, s, mantissa []int32, shift []uint8, rows int) {
	finishGo(out, outStride, s, mantissa, shift, rows)
}

func finishWide(out []int32, outStride int, s []int64, mantissa []int32, shift []uint8, rows int) {
	finishGo(out, outStride, s, mantissa, shift, rows)
}
