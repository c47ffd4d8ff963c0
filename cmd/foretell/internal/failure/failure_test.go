package failure

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"syscall"
	"testing"

	"github.com/foretell/foretell"
	"github.com/spf13/cobra"
)

func TestWorded(t *testing.T) {
	for _, c := range []struct {
		err  error
		want string
	}{
		{&fs.PathError{Op: "stat", Path: "a", Err: syscall.ENOENT}, "a: no such file or directory"},
		{fmt.Errorf("x: %w", &fs.PathError{Op: "open", Path: "a", Err: syscall.ENOENT}), "x: a: no such file or directory"},
		{fmt.Errorf("block 3: %w", io.ErrUnexpectedEOF), "block 3: the input ends too early"},
		{errors.New("open question"), "open question"},
	} {
		if got := Worded(c.err); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

func TestIn(t *testing.T) {
	path := &fs.PathError{Op: "open", Path: "a", Err: syscall.ENOENT}
	usage := Usagef("give less")
	if In("a", path) != error(path) || In("a", usage) != usage || In("a", nil) != nil {
		t.Error("a file is named twice")
	}
	err := In("a", foretell.ErrCorrupt)
	if !strings.HasPrefix(err.Error(), "a: ") || !IsDamage(err) || In("a", err) != err {
		t.Error(err)
	}
}

func TestFlag(t *testing.T) {
	verb := &cobra.Command{Use: "verb", RunE: func(*cobra.Command, []string) error { return nil }}
	verb.Flags().Int("level", 0, "")
	verb.Flags().Bool("json", false, "")
	for arg, want := range map[string]string{
		"--lvel": "did you mean --level?", "--jsn": "did you mean --json?", "-d": "foretell decompress", "--test": "foretell verify",
		"--nothing": "unknown flag: --nothing", "-x": "unknown shorthand",
	} {
		err := Flag(verb, verb.ParseFlags([]string{arg}))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", arg, err, want)
		}
		if usage := new(UsageError); !errors.As(err, &usage) {
			t.Errorf("%s: %T", arg, err)
		}
	}
}

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"a", "", 1}, {"", "ab", 2}, {"lvel", "level", 1}, {"modle", "model", 2}, {"kitten", "sitting", 3}} {
		if got := distance(c.a, c.b); got != c.want {
			t.Errorf("%s to %s: %d, want %d", c.a, c.b, got, c.want)
		}
	}
}
