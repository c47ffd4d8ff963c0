//go:build !amd64 || purego

package simd

func weighFloat32(p []float32, k, per int, total uint64, cum []uint64) (done int, sum uint64) {
	return weighGo(p, k, per, total, cum, chunkFloat32)
}

func weighFloat64(p []float64, k, per int, total uint64, cum []uint64) (done int, sum uint64) {
	return weighGo(p, k, per, total, cum, chunkFloat64)
}

func weighFloat16(p []uint16, k, per int, total uint64, cum []uint64) (done int, sum uint64) {
	return weighGo(p, k, per, total, cum, chunkFloat16)
}

func weighBFloat16(p []uint16, k, per int, total uint64, cum []uint64) (done int, sum uint64) {
	return weighGo(p, k, per, total, cum, chunkBFloat16)
}

func weighLogits(x []float32, offset int64, per int, total uint64, cum []uint64) (sum uint64) {
	return weighLogitsGo(x, offset, per, total, cum)
}

func weightsFloat32(dst []uint32, p []float32, k int) { weightsFloat32Go(dst, p, k) }

func weightsLogits(dst []uint32, x []float32, offset int64) { weightsLogitsGo(dst, x, offset) }

func maxBits(p []float32) uint32 { return maxBitsGo(p) }

func maxLogit(x []float32, largest float32) (m float32, nan bool) { return maxLogitGo(x, largest) }

func widenFloat16(dst []float32, src []uint16) { widenFloat16Go(dst, src) }

func narrowFloat64(dst []float32, src []float64) { narrowFloat64Go(dst, src) }

func sumFloat32(p []float32) float32 { return sumFloat32Go(p) }
