package main

import (
	"fmt"
	"os"
	"slices"

	"github.com/foretell/foretell"
	"github.com/foretell/foretell/cmd/foretell/internal/inputs"
	"github.com/foretell/foretell/cmd/foretell/internal/show"
	"github.com/spf13/cobra"
)

const inspectHelp = `Show where the bytes of .fore files go: the header, the layout (names, shapes
and the bytes around the arrays), the blocks with their tables and their code,
the index and the trailer. The sizes add up to the size of the file. Blocks are
shown with the codec that each was written with; nothing is decoded.`

const inspectExample = `  foretell inspect tokens.npy.fore
  foretell inspect --blocks tokens.npy.fore          # every block
  foretell inspect --json tokens.npy.fore | jq '.blocks[].codec'`

func newInspect(*app) *cobra.Command {
	var look inputs.Look
	var all bool
	cmd := &cobra.Command{
		Use:               "inspect FILE...",
		Aliases:           []string{"info"},
		Short:             "Show where the bytes of .fore files go",
		Long:              inspectHelp,
		Example:           inspectExample,
		GroupID:           groupLook,
		ValidArgsFunction: fore,
		RunE: func(cmd *cobra.Command, args []string) error {
			return look.Each(cmd, args,
				func(d *foretell.Description) error { return printDescription(d, all) },
				func(d *foretell.Description) any { return d },
				func(name string, d *foretell.Description) any {
					return struct {
						File string `json:"file"`
						*foretell.Description
					}{name, d}
				})
		},
	}
	look.Add(cmd)
	cmd.Flags().BoolVar(&all, "blocks", false, "show all blocks, however many")
	return cmd
}

// fewBlocks is how many blocks are shown unless all are asked for.
const fewBlocks = 20

func printDescription(d *foretell.Description, all bool) error {
	tokens, headers, params, body := int64(0), int64(0), int64(0), int64(0)
	var codecs []string
	for _, b := range d.Blocks {
		tokens += b.Tokens
		headers += b.Size - b.Params - b.Body
		params += b.Params
		body += b.Body
		if !slices.Contains(codecs, b.Codec) {
			codecs = append(codecs, b.Codec)
		}
	}
	facts := show.Table{Left: 2}
	facts.Row("model", d.Model)
	for _, n := range d.Needs {
		facts.Row("needs", needText(&n))
	}
	facts.Row("members", fmt.Sprintf("%s, %s", show.Count(int64(len(d.Members))), show.Counted(tokens, "token")))
	blocks := fmt.Sprintf("%s of at most %s", show.Count(int64(len(d.Blocks))), show.Counted(d.BlockTokens, "token"))
	switch {
	case d.Solid:
		blocks += ", over members (solid)"
	case d.Apart:
		blocks += ", members apart"
	}
	facts.Row("blocks", blocks)
	facts.Row("content", fmt.Sprintf("%s, xxh3 %s", show.Counted(d.Content, "byte"), d.Hash))
	if err := facts.Print(os.Stdout); err != nil {
		return err
	}

	fmt.Println()
	parts := show.Table{Left: 1}
	parts.Row("PART", "BYTES", "SHARE", "BITS/TOKEN")
	part := func(name string, n int64) {
		parts.Row(name, show.Count(n), fmt.Sprintf("%.2f %%", 100*show.Ratio(n, d.Size)), show.Bits(float64(n), tokens))
	}
	part("header", d.Header)
	if d.Embedded > 0 {
		part("embedded", d.Embedded)
	}
	part("layout", d.Layout)
	part("block headers", headers)
	part("block parameters", params)
	part("block code", body)
	part("index", d.Index)
	part("trailer", d.Trailer)
	part("file", d.Size)
	if err := parts.Print(os.Stdout); err != nil || len(d.Blocks) == 0 {
		return err
	}

	fmt.Println()
	rows := show.Table{Left: 0}
	rows.Row("BLOCK", "OFFSET", "BYTES", "TOKENS", "BITS/TOKEN", "CODEC", "PARAMETERS", "BASE", "MEMBERS")
	for i, b := range d.Blocks {
		if i == fewBlocks && !all && len(d.Blocks) > fewBlocks+1 {
			break
		}
		base := "-"
		if b.Base >= 0 {
			base = show.Count(int64(b.Base))
		}
		rows.Row(show.Count(int64(i)), show.Count(b.Offset), show.Count(b.Size), show.Count(b.Tokens), show.Bits(float64(b.Size), b.Tokens),
			b.Codec, show.Count(b.Params), base, spansText(b.Spans))
	}
	if err := rows.Print(os.Stdout); err != nil {
		return err
	}
	if left := len(d.Blocks) - len(rows.Rows) + 1; left > 0 {
		fmt.Printf("and %s more (--blocks shows all)\n", show.Counted(int64(left), "block"))
	}
	return nil
}

// needText names what a file needs: what it is, and where it is.
func needText(n *foretell.NeedDescription) string {
	text := n.Kind
	if n.Name != "" {
		text += " " + show.Printable(n.Name)
	}
	if n.Size > 0 {
		text += " of " + show.Counted(n.Size, "byte")
	}
	if n.Embedded {
		text += ", in the file"
	}
	return text + ", SHA-256 " + n.Sum
}

// spansText names the members that a block holds tokens of.
func spansText(spans []foretell.SpanDescription) string {
	first := spans[0].Member
	last := spans[len(spans)-1].Member
	if first == last {
		return fmt.Sprint(first)
	}
	return fmt.Sprintf("%d-%d", first, last)
}
