//go:build !amd64 || purego

package fpenv

var modes = []Mode{{Name: "usual"}}

func swap(v uint32) (old uint32) { return v }
