//go:build !amd64 || purego

package tile

func fast(rows []uint32, stride int, columns *[Width][]uint32, from, end int, toRows bool) int {
	return from
}
