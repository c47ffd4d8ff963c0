package each

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/foretell/foretell/cmd/foretell/internal/failure"
	"github.com/spf13/cobra"
)

func TestRun(t *testing.T) {
	var seen []string
	bad := errors.New("bad")
	f := func(name string) error {
		seen = append(seen, name)
		if name == "b" {
			return bad
		}
		return nil
	}
	verb := &cobra.Command{Use: "verb"}
	if err := Run(verb, []string{"a", "b", "c"}, f); !errors.Is(err, failure.ErrTold) || !slices.Equal(seen, []string{"a", "b", "c"}) {
		t.Errorf("%v after %v", err, seen)
	}
	if err := Run(verb, []string{"b"}, f); err != bad {
		t.Errorf("a single task: %v", err)
	}
	if err := Run(verb, []string{"a", "c"}, f); err != nil {
		t.Error(err)
	}
}

func TestArgs(t *testing.T) {
	if args, err := Args([]string{"a", "b"}, ""); err != nil || len(args) != 2 {
		t.Error(args, err)
	}
	if _, err := Args([]string{"a", ""}, ""); err == nil {
		t.Error("an empty name is taken")
	}
	f, err := os.Create(filepath.Join(t.TempDir(), "f"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	if !Piped(f) || !Piped(r) || Piped(null) {
		t.Errorf("file %v, pipe %v, %s %v", Piped(f), Piped(r), os.DevNull, Piped(null))
	}
}
