//go:build (!amd64 && !arm64) || purego

package simd

var levelNames = []string{"purego"}

func best() level { return purego }
