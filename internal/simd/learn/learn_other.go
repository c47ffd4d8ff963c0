//go:build !amd64 || purego

package learn

import "unsafe"

func fast(int) bool { return false }

// Only fast lengths reach these.

func dotAVX2(_, _ *int32, _ int) int32         { return 0 }
func trainAVX2(_, _ *int32, _ int, _, _ int32) {}
func addAVX2(_, _ *int32, _ int)               {}
func productAVX2(_, _ *int32, _ int) int64     { return 0 }
func energyAVX2(_ *int32, _ int) uint64        { return 0 }
func stepAVX2(_, _ *int32, _ int, _, _ int32)  {}
func backAVX2(_, _ *int32, _ int, _ int32)     {}

func prefetch(unsafe.Pointer, *uint32, int, uint) {}
