//go:build !purego

package fpenv

var modes = []Mode{
	{"nearest", 0x1f80},
	{"flush to zero, denormals are zero", 0x9fc0},
	{"down", 0x3f80},
	{"up", 0x5f80},
	{"toward zero", 0x7f80},
	{"toward zero, flush to zero, denormals are zero", 0xffc0},
}

// swap sets MXCSR and returns its value until then.
func swap(v uint32) (old uint32)
