package writing

import (
	"testing"

	"github.com/foretell/foretell"
	"github.com/foretell/foretell/cmd/foretell/internal/progress"
	"github.com/spf13/cobra"
)

// TestGrades has -1 to -9, and --level, stand for what docs/models.md says.
func TestGrades(t *testing.T) {
	want := map[string]grade{
		"-1": {"fast", 1}, "-2": {"fast", 3}, "-3": {"fast", 5}, "-4": {"fast", 7}, "-5": {"fast", 9},
		"-6": {"adaptive", 0}, "-7": {"mix", 0}, "-8": {"mix", 0}, "-9": {"best", 0}, "--level=9": {"best", 0}, "--level=1": {"fast", 1},
		"-q": {foretell.DefaultModel, 0}, "--fast": {"fast", 5}, "--fast=7": {"fast", 7}, "--best": {"best", 0},
	}
	for arg, want := range want {
		c := Options{Told: new(progress.View)}
		cmd := &cobra.Command{Use: "verb"}
		c.Add(cmd)
		cmd.Flags().BoolP("quiet", "q", false, "")
		if err := cmd.ParseFlags([]string{arg}); err != nil {
			t.Fatal(arg, err)
		}
		w, err := c.Writer()
		if err != nil || (grade{w.Model, w.Level}) != want {
			t.Errorf("%s is %s at level %d, %v; want %+v", arg, w.Model, w.Level, err, want)
		}
	}
	for _, args := range [][]string{{"-1", "-2"}, {"--level=0"}, {"--level=10"}, {"--level=x"}} {
		c := Options{Told: new(progress.View)}
		cmd := &cobra.Command{Use: "verb"}
		c.Add(cmd)
		if cmd.ParseFlags(args) == nil {
			t.Errorf("%v is taken", args)
		}
	}
}
