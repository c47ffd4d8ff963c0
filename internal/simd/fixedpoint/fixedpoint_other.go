//go:build !amd64 || purego

package fixedpoint

func fast(int) int { return 0 }

// Only fast lengths reach these.

func signsAVX2(*int64, int) uint64                          { return 0 }
func quantizeAVX2(*int16, *int64, int, int)                 {}
func squaresAVX2(*int16, int) uint64                        { return 0 }
func shiftAVX2(_, _ *int64, _, _, _ int) int64              { return 0 }
func energyAVX2(*int64, int, int) uint64                    { return 0 }
func scaleAVX2(*int64, int, int64, int, *int32, int)        {}
func addRoundedAVX2(_, _ *int32, _, _ int)                  {}
func accumulateAVX2(*int64, *int32, int, int, int)          {}
func accumulateScaledAVX2(*int64, *int16, int, int32, int)  {}
func activateAVX2(*int64, *Curve, *int32, int, int, int)    {}
func gateAVX2(_ *int64, _ *Curve, _, _ *int32, _, _, _ int) {}
