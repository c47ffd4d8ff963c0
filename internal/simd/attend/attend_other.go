//go:build (!amd64 && !arm64) || purego

package attend

func fast(int) int            { return 0 }
func fastKeys(_, _ int) int   { return 0 }
func fastValues(_, _ int) int { return 0 }

func dot(query, key []int16) int64 { return dotGo(query, key) }

// Only fast numbers reach these.

func scoresFast(_ *int32, _ *int16, _ int, _ *int16, _ *int32, _ int64, _, _ int, top int32) int32 {
	return top
}
func powersFast(_ *uint32, _ *int32, _ int, _ int32) uint64          { return 0 }
func alignFast(_ *uint32, _ *int32, _ int, _ int32) (uint32, uint64) { return 0, 0 }
func shareFast(_ *int16, _ *uint32, _, _ int)                        {}
func leastFast(_ *int32, _ int, least int32) int32                   { return least }
func weighFast(_ *int32, _ int, _ *int16, _ *int8, _ int)            {}
