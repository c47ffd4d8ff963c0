package outputs

import (
	"io/fs"
	"os"
)

// openPipe opens a pipe or device for writing.
func (s *Stage) openPipe(name string, _ fs.FileInfo) (*os.File, error) {
	return os.OpenFile(name, os.O_WRONLY, 0)
}
