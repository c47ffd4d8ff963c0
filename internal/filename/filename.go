// Package filename says which names files in a .fore file may have: what the writer
// accepts is what can be extracted.
package filename

import (
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
)

// Check refuses the path of a file that would not stay in the folder that it is
// written to, on this system or on another.
func Check(name string) error {
	drive := len(name) > 1 && name[1] == ':' && (name[0]|0x20) >= 'a' && (name[0]|0x20) <= 'z'
	if name == "." || !fs.ValidPath(name) || drive || strings.IndexByte(name, 0) >= 0 || !filepath.IsLocal(filepath.FromSlash(name)) {
		return errors.New("it is no plain path inside the target folder")
	}
	return nil
}
