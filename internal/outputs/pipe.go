//go:build !js

package outputs

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
	"time"
)

// openPipe opens a pipe or device for writing.
func (s *Stage) openPipe(name string, fi fs.FileInfo) (*os.File, error) {
	if s.PipeWait == 0 || fi.Mode()&fs.ModeNamedPipe == 0 {
		return os.OpenFile(name, os.O_WRONLY, 0)
	}
	const step = 5 * time.Millisecond
	for waited := time.Duration(0); ; waited += step {
		f, err := os.OpenFile(name, os.O_WRONLY|syscall.O_NONBLOCK, 0)
		if !errors.Is(err, syscall.ENXIO) || waited >= s.PipeWait {
			return f, err
		}
		time.Sleep(step)
	}
}
