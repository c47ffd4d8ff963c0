//go:build !amd64 || purego

package attend

func fast(int) int          { return 0 }
func fastKeys(_, _ int) int { return 0 }

// Only fast lengths reach these.

func scoresAVX2(_ *int32, _ *int16, _ int, _ *int16, _ *int32, _ int64, _, _ int, top int32) int32 {
	return top
}
func powersAVX2(_ *uint32, _ *int32, _ int, _ int32) uint64          { return 0 }
func alignAVX2(_ *uint32, _ *int32, _ int, _ int32) (uint32, uint64) { return 0, 0 }
func shareAVX2(_ *int16, _ *uint32, _, _ int)                        {}
func leastAVX2(_ *int32, _ int, least int32) int32                   { return least }
func weighAVX2(_ *int32, _ int, _ *int16, _ *int8, _ int)            {}
