//go:build !purego

package simd

func massSums(sums []float64, x []float32, s MassScale) {
	if active == purego {
		massSumsGo(sums, x, s)
		return
	}
	massSumsAVX2(&sums[0], len(sums), &x[0], s.floor, s.magic)
}

func masses(dst, x []float32, s MassScale) {
	if active == purego {
		massesGo(dst, x, s)
		return
	}
	massesAVX2(&dst[0], &x[0], len(x), s.floor, s.magic)
}

func sumBlocks(sums []float64, p []float32) {
	if active == purego {
		sumBlocksGo(sums, p)
		return
	}
	sumBlocksAVX2(&sums[0], len(sums), &p[0])
}

//go:noescape
func massSumsAVX2(sums *float64, blocks int, x *float32, floor, magic float32)

//go:noescape
func massesAVX2(dst, x *float32, n int, floor, magic float32)

//go:noescape
func sumBlocksAVX2(sums *float64, blocks int, p *float32)

// massTable is the constants of the kernels for masses, eight times each.
//
//lint:ignore U1000 masses_amd64.s reads it
var massTable = [8 * 8]float32{
	massC6, massC6, massC6, massC6, massC6, massC6, massC6, massC6,
	massC5, massC5, massC5, massC5, massC5, massC5, massC5, massC5,
	massC4, massC4, massC4, massC4, massC4, massC4, massC4, massC4,
	massC3, massC3, massC3, massC3, massC3, massC3, massC3, massC3,
	massC2, massC2, massC2, massC2, massC2, massC2, massC2, massC2,
	1, 1, 1, 1, 1, 1, 1, 1,
	massLog2e, massLog2e, massLog2e, massLog2e, massLog2e, massLog2e, massLog2e, massLog2e,
	massLn2, massLn2, massLn2, massLn2, massLn2, massLn2, massLn2, massLn2,
}
