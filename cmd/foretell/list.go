package main

import (
	"fmt"
	"os"

	"github.com/foretell/foretell"
	"github.com/foretell/foretell/tokens"
	"github.com/spf13/cobra"
)

const listHelp = `List the members of a .fore file: each array with its shape, its element type,
how many tokens it has, and what they take in the file. Nothing is decoded.`

const listExample = `  foretell list shards.fore
  foretell list --json shards.fore | jq -r '.[].name'`

func newList(a *app) *cobra.Command {
	var asJSON bool
	var memory size
	cmd := &cobra.Command{
		Use:               "list FILE",
		Aliases:           []string{"ls"},
		Short:             "List the arrays in a .fore file",
		Long:              listHelp,
		Example:           listExample,
		GroupID:           groupLook,
		Args:              fileArg,
		ValidArgsFunction: fore,
		RunE: func(_ *cobra.Command, args []string) error {
			d, err := describe(args[0], memory)
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(os.Stdout, d.Members)
			}
			return a.printMembers(d)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print as JSON")
	addMaxMemory(cmd, &memory)
	return cmd
}

// describe reads what a .fore file says of itself.
func describe(name string, memory size) (*foretell.Description, error) {
	in, err := openInput(name)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	if err := in.spoolFore(int64(memory)); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	r, err := foretell.OpenReaderAt(in, in.size, &foretell.ReaderOptions{MaxMemory: int64(memory)})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	d, err := r.Describe()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return d, nil
}

func (a *app) printMembers(d *foretell.Description) error {
	t := table{left: 3}
	t.row("NAME", "SHAPE", "TYPE", "TOKENS", "COMPRESSED", "BITS/TOKEN")
	total := int64(0)
	for _, m := range d.Members {
		total += m.Tokens
		t.row(printable(m.Name), shapeText(m.Shape), typeText(&m), count(m.Tokens), count(int64(m.Size+0.5)), bitsText(m.Size, m.Tokens))
	}
	if err := t.print(os.Stdout); err != nil || a.quiet {
		return err
	}
	_, err := fmt.Printf("\n%s, %s, %s in a file of %s by %s (%s bits per token in all)\n",
		counted(int64(len(d.Members)), "member"), counted(total, "token"), counted(d.Content, "byte"), counted(d.Size, "byte"), printable(d.Model), bitsText(float64(d.Size), total))
	return err
}

// typeText names a member's elements, if it can be taken out.
func typeText(m *foretell.MemberDescription) string {
	if m.Form == tokens.Stored.String() {
		return "unreadable"
	}
	return m.Type
}

// bitsText writes how many bits a token takes, a dash if there is none.
func bitsText(bytes float64, tokens int64) string {
	if tokens == 0 {
		return "-"
	}
	return fmt.Sprintf("%.3f", 8*bytes/float64(tokens))
}
