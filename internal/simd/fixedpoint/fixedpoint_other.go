//go:build (!amd64 && !arm64) || purego

package fixedpoint

func fast(int) int { return 0 }

func fastScale(int) int { return 0 }

// Only fast lengths reach these.

func signsFast(*int64, int) uint64                          { return 0 }
func quantizeFast(*int16, *int64, int, int)                 {}
func squaresFast(*int16, int) uint64                        { return 0 }
func shiftFast(_, _ *int64, _, _, _ int) int64              { return 0 }
func energyFast(*int64, int, int) uint64                    { return 0 }
func scaleFast(*int64, int, int64, int, *int32, int)        {}
func addRoundedFast(_, _ *int32, _, _ int)                  {}
func accumulateFast(*int64, *int32, int, int, int)          {}
func accumulateScaledFast(*int64, *int16, int, int32, int)  {}
func activateFast(*int64, *Curve, *int32, int, int, int)    {}
func gateFast(_ *int64, _ *Curve, _, _ *int32, _, _, _ int) {}
