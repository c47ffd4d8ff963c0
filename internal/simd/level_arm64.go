//go:build !purego

package simd

// neon is the one vector level of arm64, which all its processors have.
const neon level = 1

var levelNames = []string{"purego", "neon"}

func best() level { return neon }

// NEON reports whether kernels with NEON may be used.
func NEON() bool { return active >= neon }
