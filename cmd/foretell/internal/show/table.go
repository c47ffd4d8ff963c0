package show

import (
	"io"
	"strings"
)

// A Table prints rows with aligned columns.
type Table struct {
	Rows [][]string
	Left int // columns from the left that are aligned to the left

	// Columns is how wide it may be; 0 is any. Where it is wider, columns from the
	// right on are left out, down to Least, and then the cells of the first are cut.
	Columns int
	Least   int // 0 leaves out none
}

func (t *Table) Row(cells ...string) { t.Rows = append(t.Rows, cells) }

func (t *Table) Print(w io.Writer) error {
	var widths []int
	for _, row := range t.Rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], len([]rune(cell)))
		}
	}
	widths = t.fit(widths)
	var b strings.Builder
	for _, row := range t.Rows {
		var line strings.Builder
		for i, cell := range row[:min(len(row), len(widths))] {
			if i > 0 {
				line.WriteString("  ")
			}
			pad := strings.Repeat(" ", widths[i]-len([]rune(cell)))
			if i < t.Left {
				line.WriteString(cell + pad)
			} else {
				line.WriteString(pad + cell)
			}
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// fit makes the table as wide as it may be, and returns the widths of the columns that it
// has then.
func (t *Table) fit(widths []int) []int {
	const gap, least = len("  "), 8
	over := -t.Columns - gap
	for _, w := range widths {
		over += w + gap
	}
	if t.Columns == 0 {
		return widths
	}
	for t.Least > 0 && over > 0 && len(widths) > t.Least {
		over -= widths[len(widths)-1] + gap
		widths = widths[:len(widths)-1]
	}
	if over <= 0 || widths[0] <= least {
		return widths
	}
	widths[0] = max(widths[0]-over, least)
	for _, row := range t.Rows {
		if name := []rune(row[0]); len(name) > widths[0] {
			row[0] = string(name[:widths[0]-1]) + "…"
		}
	}
	return widths
}
