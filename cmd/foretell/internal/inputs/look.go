package inputs

import (
	"fmt"
	"os"

	"github.com/foretell/foretell"
	"github.com/foretell/foretell/cmd/foretell/internal/each"
	"github.com/foretell/foretell/cmd/foretell/internal/failure"
	"github.com/foretell/foretell/cmd/foretell/internal/flags"
	"github.com/foretell/foretell/cmd/foretell/internal/show"
	"github.com/spf13/cobra"
)

// A Look shows what .fore files say of themselves.
type Look struct {
	json   bool
	memory flags.Size
}

// Add adds the flags of verbs that look at files.
func (l *Look) Add(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&l.json, "json", false, "print as JSON; an array if there are several files")
	flags.AddMaxMemory(cmd, &l.memory)
}

// Each shows each file: by print, under its name if there are several, or as JSON,
// what one makes of a single one, or an array of what among makes of each.
func (l *Look) Each(cmd *cobra.Command, args []string, print func(*foretell.Description) error,
	one func(*foretell.Description) any, among func(name string, d *foretell.Description) any) error {
	args, err := each.Args(args, "name the .fore files")
	if err != nil {
		return err
	}
	list := []any{}
	shown := 0
	err = each.Run(cmd, args, func(name string) error {
		d, err := describe(name, l.memory)
		switch {
		case err != nil:
			return failure.In(name, err)
		case l.json && len(args) == 1:
			return show.JSON(os.Stdout, one(d))
		case l.json:
			list = append(list, among(name, d))
			return nil
		case len(args) > 1:
			if shown++; shown > 1 {
				fmt.Println()
			}
			fmt.Printf("%s:\n", show.Printable(name))
		}
		return print(d)
	})
	if l.json && len(args) > 1 {
		if err := show.JSON(os.Stdout, list); err != nil {
			return err
		}
	}
	return err
}
