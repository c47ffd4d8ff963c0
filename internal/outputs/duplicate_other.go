//go:build !unix

package outputs

import (
	"errors"
	"os"
)

// duplicate fails: where there are no such paths there is no such descriptor.
func duplicate(_ int, name string) (*os.File, error) {
	return nil, &os.PathError{Op: "open", Path: name, Err: errors.ErrUnsupported}
}
