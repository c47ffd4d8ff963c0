//go:build amd64 && !purego

package matches

import (
	"unsafe"

	"github.com/foretell/foretell/internal/simd"
)

// An enterJob is what the loops of EnterPairs and EnterFours work on.
type enterJob struct {
	latest unsafe.Pointer
	known  unsafe.Pointer
	s      unsafe.Pointer
	heads  unsafe.Pointer
	n      int // places to be entered
	start  uint32
	mask   uint32
	found  int // places with an earlier one; of fours, as many as latest has room for
}

//go:noescape
func enterPairsBMI2(j *enterJob)

//go:noescape
func enterFoursBMI2(j *enterJob)

func newEnterJob(latest, known, s []uint32, start uint32, heads *Heads, mask uint32) enterJob {
	return enterJob{
		latest: unsafe.Pointer(unsafe.SliceData(latest)),
		known:  unsafe.Pointer(unsafe.SliceData(known)),
		s:      unsafe.Pointer(unsafe.SliceData(s)),
		heads:  unsafe.Pointer(heads),
		start:  start,
		mask:   mask & (1<<HeadBits - 1),
	}
}

func enterPairsFast(latest, known, s []uint32, start uint32, heads *Heads, mask uint32) (done, found int) {
	if simd.Level() == "purego" || !hasAVX2 {
		return 0, 0
	}
	j := newEnterJob(latest, known, s, start, heads, mask)
	j.n = len(latest)
	enterPairsBMI2(&j)
	return j.n, j.found
}

// enterFoursFast takes known to be in ascending order up to what latest and s have room
// for, as EnterFours has checked of the last one; it checks the others.
func enterFoursFast(latest, known, s []uint32, start uint32, heads *Heads, mask uint32) (done int) {
	if simd.Level() == "purego" || !hasAVX2 {
		return 0
	}
	j := newEnterJob(latest, known, s, start, heads, mask)
	j.n = len(known)
	j.found = len(latest)
	enterFoursBMI2(&j)
	return j.n
}
