//go:build !amd64 || purego

package simd

func massSums(sums []float64, x []float32, s MassScale) { massSumsGo(sums, x, s) }

func masses(dst, x []float32, s MassScale) { massesGo(dst, x, s) }

func sumBlocks(sums []float64, p []float32) { sumBlocksGo(sums, p) }
