//go:build !amd64 || purego

package learn

import "unsafe"

func fast(int) bool { return false }

// Only fast lengths reach these.

func dotsAVX2(_ *int32, _ *[]int32, _ int, _ *int32, _ int)           {}
func trainAVX2(_ *[]int32, _ int, _ *int32, _ int, _ *int32, _ int32) {}
func sumAVX2(_ *int32, _ int, _ *[]int32, _ int)                      {}
func productAVX2(_, _ *int32, _ int) int64                            { return 0 }
func energyAVX2(_ *int32, _ int) uint64                               { return 0 }
func stepAVX2(_, _ *int32, _ int, _, _ int32)                         {}
func learnAVX2(_, _, _ *int32, _ int, _, _, _ int32)                  {}

func fetchLines(unsafe.Pointer, *uint32, int) {}
func fetch(*[]int32, int)                     {}
