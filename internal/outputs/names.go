package outputs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// CheckName refuses the path of a file that would not stay in the folder that it
// is written to, on this system or on another.
func CheckName(name string) error {
	drive := len(name) > 1 && name[1] == ':' && (name[0]|0x20) >= 'a' && (name[0]|0x20) <= 'z'
	if name == "." || !fs.ValidPath(name) || drive || slices.Contains([]byte(name), 0) || !filepath.IsLocal(filepath.FromSlash(name)) {
		return errors.New("it is no plain path inside the target folder")
	}
	return nil
}

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
