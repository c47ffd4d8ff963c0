//go:build unix

package staged

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// unread reports whether a file is a pipe or the like that nobody reads any more.
func unread(f *os.File) bool {
	fds := []unix.PollFd{{Fd: int32(f.Fd())}}
	_, err := unix.Poll(fds, 0)
	return err == nil && fds[0].Revents&(unix.POLLERR|unix.POLLHUP) != 0
}

// isPipe reports whether a signal says that a pipe is read no more.
func isPipe(sig os.Signal) bool { return sig == syscall.SIGPIPE }
