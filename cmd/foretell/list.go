package main

import (
	"fmt"
	"os"

	"github.com/foretell/foretell"
	"github.com/foretell/foretell/cmd/foretell/internal/inputs"
	"github.com/foretell/foretell/cmd/foretell/internal/show"
	"github.com/foretell/foretell/tokens"
	"github.com/spf13/cobra"
)

const listHelp = `List the members of .fore files: each array with its shape, its element type,
how many tokens it has, and what they take in the file. Nothing is decoded.`

const listExample = `  foretell list shards.fore
  foretell list *.fore
  foretell list --json shards.fore | jq -r '.[].name'`

func newList(a *app) *cobra.Command {
	var look inputs.Look
	cmd := &cobra.Command{
		Use:               "list FILE...",
		Aliases:           []string{"ls"},
		Short:             "List the arrays in .fore files",
		Long:              listHelp,
		Example:           listExample,
		GroupID:           groupLook,
		ValidArgsFunction: fore,
		RunE: func(cmd *cobra.Command, args []string) error {
			return look.Each(cmd, args, a.printMembers,
				func(d *foretell.Description) any { return d.Members },
				func(name string, d *foretell.Description) any {
					return struct {
						File    string                       `json:"file"`
						Members []foretell.MemberDescription `json:"members"`
					}{name, d.Members}
				})
		},
	}
	look.Add(cmd)
	return cmd
}

func (a *app) printMembers(d *foretell.Description) error {
	t := show.Table{Left: 3}
	t.Row("NAME", "SHAPE", "TYPE", "TOKENS", "COMPRESSED", "BITS/TOKEN")
	total := int64(0)
	for _, m := range d.Members {
		total += m.Tokens
		t.Row(show.Printable(m.Name), show.Shape(m.Shape), typeText(&m), show.Count(m.Tokens), show.Count(int64(m.Size+0.5)), show.Bits(m.Size, m.Tokens))
	}
	if err := t.Print(os.Stdout); err != nil || a.Quiet {
		return err
	}
	_, err := fmt.Printf("\n%s, %s, %s\nin a file of %s by %s (%s bits per token in all)\n",
		show.Counted(int64(len(d.Members)), "member"), show.Counted(total, "token"), show.Counted(d.Content, "byte"), show.Counted(d.Size, "byte"), show.Printable(d.Model), show.Bits(float64(d.Size), total))
	if err != nil {
		return err
	}
	for _, n := range d.Needs {
		if n.Embedded {
			continue
		}
		if _, err := fmt.Printf("needs %s\n", needText(&n)); err != nil {
			return err
		}
	}
	return nil
}

// typeText names a member's elements, if it can be taken out.
func typeText(m *foretell.MemberDescription) string {
	if m.Form == tokens.Stored.String() {
		return "unreadable"
	}
	return m.Type
}
