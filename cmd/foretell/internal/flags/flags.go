// Package flags holds the kinds of values that flags take, and the limits that verbs
// which read files share.
package flags

import (
	"fmt"
	"math"
	"os"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
)

// sizeUnits are those of GNU: K and KiB are 1024, KB is 1000.
var sizeUnits = map[string]float64{
	"": 1, "B": 1,
	"K": 1 << 10, "KIB": 1 << 10, "KB": 1e3,
	"M": 1 << 20, "MIB": 1 << 20, "MB": 1e6,
	"G": 1 << 30, "GIB": 1 << 30, "GB": 1e9,
	"T": 1 << 40, "TIB": 1 << 40, "TB": 1e12,
}

// A Size is a flag for a number of bytes or tokens, such as 512M or 2GiB.
type Size int64

// Set reads a size of at least 1.
func (s *Size) Set(text string) error {
	digits := strings.TrimRight(text, "BKMGTibkmgt")
	unit, ok := sizeUnits[strings.ToUpper(text[len(digits):])]
	n, err := strconv.ParseFloat(digits, 64)
	if !ok || err != nil || !(n*unit >= 1 && n*unit < math.MaxInt64) {
		return fmt.Errorf("give a number such as 65536, 512M, 2GiB or 2GB")
	}
	*s = Size(n * unit)
	return nil
}

// String shows what help prints as the default.
func (s *Size) String() string {
	n, unit := int64(*s), ""
	for _, u := range []string{"KiB", "MiB", "GiB", "TiB"} {
		if n == 0 || n%1024 != 0 {
			break
		}
		n, unit = n/1024, u
	}
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(n, 10) + unit
}

// Type names the flag's argument in help.
func (s *Size) Type() string { return "SIZE" }

// Threads is the flag -T: a number of goroutines, 0 for one for each CPU.
type Threads int

// Set reads a number of threads.
func (t *Threads) Set(text string) error {
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > 1<<10 {
		return fmt.Errorf("give a number from 0 to 1024")
	}
	*t = Threads(n)
	return nil
}

// String is empty: help says what the default is.
func (t *Threads) String() string { return "" }

// Type names the flag's argument in help.
func (t *Threads) Type() string { return "N" }

// AddMaxMemory adds the flag that bounds the memory that reading a file takes.
func AddMaxMemory(cmd *cobra.Command, memory *Size) {
	*memory = 1 << 30
	cmd.Flags().Var(memory, "max-memory", "refuse files that take more memory to decode, such as 512M")
}

// CollectBefore has garbage collected more often before all of the process takes much
// more than decoding may, unless the environment says otherwise.
func CollectBefore(maxMemory Size) {
	const rest = 64 << 20 // beside what decoding takes
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(min(int64(maxMemory), math.MaxInt64-rest) + rest)
	}
}

// AddMaxOutput adds the flag that bounds what comes out of a file.
func AddMaxOutput(cmd *cobra.Command, output *Size) {
	*output = 1 << 36
	cmd.Flags().Var(output, "max-output", "refuse files with more bytes of content, such as 2T")
}
