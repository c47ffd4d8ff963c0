package outputs

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Descriptor returns the number of the open file that a path stands for, as
// /dev/stdout, /dev/fd/N or /proc/self/fd/N do, by whatever links.
func Descriptor(name string) (n int, ok bool) {
	const maxLinks = 40
	for range maxLinks {
		dir, err := filepath.Abs(filepath.Dir(name))
		if err == nil {
			dir, err = filepath.EvalSymlinks(dir)
		}
		if err != nil {
			return 0, false
		}
		base := filepath.Base(name)
		own := fmt.Sprintf("/proc/%d/", os.Getpid())
		if dir == "/dev/fd" || strings.HasPrefix(dir, own) && filepath.Base(dir) == "fd" {
			n, err := strconv.ParseUint(base, 10, 31)
			return int(n), err == nil
		}
		to, err := os.Readlink(filepath.Join(dir, base))
		if err != nil {
			return 0, false
		}
		if name = to; !filepath.IsAbs(to) {
			name = filepath.Join(dir, to)
		}
	}
	return 0, false
}
