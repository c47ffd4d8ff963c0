// Package failure words what went wrong for someone who sees it on a terminal.
package failure

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/foretell/foretell"
	"github.com/foretell/foretell/cmd/foretell/internal/show"
	"github.com/spf13/cobra"
)

// A UsageError is a mistake in the command line.
type UsageError struct{ err error }

func (e *UsageError) Error() string { return e.err.Error() }

// Usagef returns a UsageError.
func Usagef(format string, args ...any) error {
	return &UsageError{fmt.Errorf(format, args...)}
}

// ErrDamage is a failure whose details have been printed already.
var ErrDamage = errors.New("damage was found")

// ErrTold is a failure of which all has been printed already.
var ErrTold = errors.New("not all files went well")

// IsDamage reports whether an error says that a file is damaged, and not that it
// could not be read to see.
func IsDamage(err error) bool {
	if errors.Is(err, foretell.ErrNotFore) {
		return false
	}
	return errors.Is(err, foretell.ErrCorrupt) || errors.Is(err, io.ErrUnexpectedEOF)
}

// In returns an error that names the file in which it came to be. Errors of the system
// and of the command line name what they mean.
func In(name string, err error) error {
	var path *fs.PathError
	var usage *UsageError
	if err == nil || errors.As(err, &path) || errors.As(err, &usage) || errors.Is(err, ErrTold) || strings.HasPrefix(err.Error(), name+": ") {
		return err
	}
	return fmt.Errorf("%s: %w", name, err)
}

// Worded words an error for someone who sees it on a terminal.
func Worded(err error) string {
	text := err.Error()
	if errors.Is(err, io.ErrUnexpectedEOF) {
		text = strings.ReplaceAll(text, io.ErrUnexpectedEOF.Error(), "the input ends too early")
	}
	// Which call of the system has failed says nothing to its user.
	var path *fs.PathError
	if errors.As(err, &path) {
		name := path.Path
		if name == os.Stdout.Name() {
			name = "standard output"
		}
		text = strings.Replace(text, path.Error(), name+": "+path.Err.Error(), 1)
	}
	return text
}

// Tell prints the error of a verb.
func Tell(verb *cobra.Command, err error) {
	fmt.Fprintf(os.Stderr, "foretell: %s\n", show.Harmless(explain(verb, err), ""))
}

// explain words the error of a verb, and says what can be done.
func explain(verb *cobra.Command, err error) string {
	text := Worded(err)
	if errors.Is(err, foretell.ErrLimit) && verb.Flags().Lookup("max-memory") != nil {
		text += " (--max-memory sets the limit of memory"
		if verb.Flags().Lookup("max-output") != nil {
			text += ", --max-output that of content"
		}
		text += ")"
	}
	var need *foretell.NeedError
	if errors.As(err, &need) && need.Need.Kind == foretell.NeedPrior {
		for _, flag := range []string{"from-prior", "prior"} {
			if verb.Flags().Lookup(flag) != nil {
				return text + " (--" + flag + " names it)"
			}
		}
	}
	return text
}
