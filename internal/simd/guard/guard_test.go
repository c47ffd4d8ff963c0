package guard

import (
	"runtime/debug"
	"testing"
	"unsafe"
)

// TestCopy touches what lies beside copies.
func TestCopy(t *testing.T) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	x := []int32{1, 2, 3}
	for _, side := range []Side{Before, Behind} {
		c := Copy(t, x, side)
		if len(c) != 3 || c[0] != 1 || c[1] != 2 || c[2] != 3 {
			t.Fatalf("%v is copied as %v", x, c)
		}
		faults := func(step int) (fault bool) {
			defer func() { fault = recover() != nil }()
			return *(*int32)(unsafe.Add(unsafe.Pointer(&c[0]), 4*step)) < 0
		}
		if guarded && faults(-1) != (side == Before) || guarded && faults(3) != (side == Behind) || faults(1) {
			t.Errorf("side %v: memory beside the copy", side)
		}
	}
	if len(Copy(t, x[:0], Behind)) != 0 {
		t.Error("nothing is copied as something")
	}
}
