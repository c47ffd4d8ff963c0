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
	if s.Stop == nil || fi.Mode()&fs.ModeNamedPipe == 0 {
		return os.OpenFile(name, os.O_WRONLY, 0)
	}
	for {
		f, err := os.OpenFile(name, os.O_WRONLY|syscall.O_NONBLOCK, 0)
		if !errors.Is(err, syscall.ENXIO) {
			return f, err
		}
		if err := s.Stop(); err != nil {
			return nil, err
		}
		time.Sleep(5 * time.Millisecond)
	}
}
