//go:build unix

package staged

import (
	"os"

	"golang.org/x/sys/unix"
)

// Room returns an error if few more files can be opened. Go opens two of its own with the
// first, and ends the process if it cannot: here it does so while there is room.
func Room() error {
	var few [4]int
	for i := range few {
		n, err := unix.Open(os.DevNull, unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err != nil {
			return &os.PathError{Op: "open", Path: os.DevNull, Err: err}
		}
		few[i] = n
	}
	for _, n := range few {
		unix.Close(n)
	}
	f, err := os.Open(os.DevNull)
	if err == nil {
		err = f.Close()
	}
	return err
}

// closed reports whether descriptor n, of standard input or output, was closed when the process began.
// Go's runtime then opens /dev/null for reading and writing in its place (checkfds in
// runtime/fds_unix.go), where shells open it for one of them. A caller that gave it
// opened for both cannot be told apart, and gets no more out of it.
func closed(n int) bool {
	var null, is unix.Stat_t
	flags, err := unix.FcntlInt(uintptr(n), unix.F_GETFL, 0)
	return err == nil && flags&unix.O_ACCMODE == unix.O_RDWR &&
		unix.Fstat(n, &is) == nil && is.Mode&unix.S_IFMT == unix.S_IFCHR &&
		unix.Stat(os.DevNull, &null) == nil && is.Rdev == null.Rdev
}
