package show

import (
	"strings"
	"testing"
)

func TestTableFits(t *testing.T) {
	for columns, want := range map[int]string{
		0:  "a long name indeed  1,000\nb                       7\n",
		25: "a long name indeed  1,000\nb                       7\n",
		20: "a long name …  1,000\nb                  7\n",
		3:  "a long …  1,000\nb             7\n",
	} {
		table := Table{Left: 1, Columns: columns}
		table.Row("a long name indeed", "1,000")
		table.Row("b", "7")
		var b strings.Builder
		if err := table.Print(&b); err != nil || b.String() != want {
			t.Errorf("%d columns: %v\n%s", columns, err, b.String())
		}
	}
}

func TestTableLeavesOut(t *testing.T) {
	for columns, want := range map[int]string{
		0:  "name  100  2  3\n",
		15: "name  100  2  3\n",
		14: "name  100  2\n",
		9:  "name  100\n",
		5:  "name  100\n",
	} {
		table := Table{Left: 1, Columns: columns, Least: 2}
		table.Row("name", "100", "2", "3")
		var b strings.Builder
		if err := table.Print(&b); err != nil || b.String() != want {
			t.Errorf("%d columns: %v\n%s", columns, err, b.String())
		}
	}
}
