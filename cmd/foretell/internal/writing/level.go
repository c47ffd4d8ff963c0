package writing

import (
	"fmt"

	"github.com/foretell/foretell"
	"github.com/foretell/foretell/cmd/foretell/internal/failure"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// A grade is what one of the flags -1 to -9 stands for.
type grade struct {
	model string
	level int // of the model fast
}

// grades are the one table of the flags -1 (fastest) to -9 (smallest), as gzip, xz and
// zstd have them. docs/models.md has it for readers.
var grades = [10]grade{
	1: {foretell.ModelFast, 1},
	2: {foretell.ModelFast, 3},
	3: {foretell.ModelFast, 5}, // --fast
	4: {foretell.ModelFast, 7},
	5: {foretell.ModelFast, 9},
	6: {foretell.ModelAdaptive, 0},
	7: {foretell.ModelMix, 0}, // the default
	8: {foretell.ModelMix, 0},
	9: {foretell.ModelBest, 0}, // --best
}

// A gradeFlag is one of the flags -1 to -9, or --level that takes the number.
type gradeFlag struct {
	to  *int
	own int // 0 for --level
}

// Set takes the flag.
func (g gradeFlag) Set(text string) error {
	n := g.own
	if n == 0 {
		if _, err := fmt.Sscanf(text+" ", "%d ", &n); err != nil || n < 1 || n >= len(grades) {
			return fmt.Errorf("give a number from 1 to 9")
		}
	}
	if *g.to != 0 && *g.to != n {
		return failure.Usagef("levels go from -1 to -9, and -%d and -%d exclude each other", *g.to, n)
	}
	*g.to = n
	return nil
}

// String is empty, as the flag's default.
func (g gradeFlag) String() string { return "" }

// Type names the flag's argument in help.
func (g gradeFlag) Type() string {
	if g.own > 0 {
		return "bool"
	}
	return "N"
}

// addGrades adds the flags --level and -1 to -9.
func addGrades(cmd *cobra.Command, to *int) {
	f := cmd.Flags()
	f.Var(gradeFlag{to, 0}, "level", "from 1 (fastest) to 9 (smallest), -1 to -9 for short: 1 to 5 are --fast=1, 3, 5, 7 and 9, 6 is adaptive, 7 and 8 are mix, 9 is best")
	for n := 1; n < len(grades); n++ {
		digit := string(rune('0' + n))
		f.AddFlag(&pflag.Flag{Name: digit, Shorthand: digit, Value: gradeFlag{to, n}, NoOptDefVal: "true", Hidden: true})
	}
}
