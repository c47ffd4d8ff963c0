//go:build !unix

package bench

import (
	"os"
	"time"
)

// peakMemory returns 0: it is not known here.
func peakMemory() int64 { return 0 }

// usedTime returns 0: it is not known here.
func usedTime() time.Duration { return 0 }

// memoryOf returns 0: it is not known here.
func memoryOf(*os.ProcessState) int64 { return 0 }
