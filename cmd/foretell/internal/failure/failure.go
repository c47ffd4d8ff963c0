// Package failure words what went wrong for someone who sees it on a terminal.
package failure

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/foretell/foretell"
)

// A UsageError is a mistake in the command line.
type UsageError struct{ err error }

func (e *UsageError) Error() string { return e.err.Error() }

func Usagef(format string, args ...any) error {
	return &UsageError{fmt.Errorf(format, args...)}
}

// ErrDamage is a failure whose details have been printed already.
var ErrDamage = errors.New("damage was found")

// IsDamage reports whether an error says that a file is damaged, and not that it
// could not be read to see.
func IsDamage(err error) bool {
	return errors.Is(err, foretell.ErrCorrupt) || errors.Is(err, io.ErrUnexpectedEOF)
}

// Worded words an error for someone who sees it on a terminal.
func Worded(err error) string {
	text := err.Error()
	if errors.Is(err, io.ErrUnexpectedEOF) {
		text = strings.ReplaceAll(text, io.ErrUnexpectedEOF.Error(), "the input ends too early")
	}
	return text
}
