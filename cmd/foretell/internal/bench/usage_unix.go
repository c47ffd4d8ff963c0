//go:build unix

package bench

import (
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// peakMemory returns the most memory that this process has held, in bytes.
func peakMemory() int64 {
	// What getrusage says of a child begins with what its parent held.
	status, err := os.ReadFile("/proc/self/status")
	if _, line, ok := strings.Cut(string(status), "VmHWM:"); err == nil && ok {
		if kib, err := strconv.ParseInt(strings.Fields(line)[0], 10, 64); err == nil {
			return kib << 10
		}
	}
	var usage syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &usage) != nil {
		return 0
	}
	return rss(&usage)
}

// usedTime returns the processor time that this process has used.
func usedTime() time.Duration {
	var usage syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &usage) != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// memoryOf returns the most memory that a process has held, 0 if unknown.
func memoryOf(p *os.ProcessState) int64 {
	if usage, ok := p.SysUsage().(*syscall.Rusage); ok {
		return rss(usage)
	}
	return 0
}

func rss(usage *syscall.Rusage) int64 {
	if runtime.GOOS == "darwin" || runtime.GOOS == "ios" {
		return int64(usage.Maxrss)
	}
	return int64(usage.Maxrss) << 10
}
