package show

import (
	"fmt"
	"os"
	"strings"
	"unicode/utf8"

	"golang.org/x/term"
)

// Columns returns how wide the terminal is that standard error leads to, 0 if it is
// none.
func Columns() int {
	if !IsTerminal(os.Stderr) {
		return 0
	}
	if width, _, err := term.GetSize(int(os.Stderr.Fd())); err == nil && width > 0 {
		return width
	}
	return 80
}

// Summary prints what has become of a file to standard error: on one line, or on
// several where a terminal is narrower.
func Summary(name string, facts []string) {
	fmt.Fprintln(os.Stderr, strings.Join(summary(Printable(name), facts, Columns()), "\n"))
}

// summary returns the lines of a Summary. A width of 0 is any.
func summary(name string, facts []string, width int) []string {
	line := name + ": " + strings.Join(facts, ", ")
	if width == 0 || utf8.RuneCountInString(line) <= width {
		return []string{line}
	}
	lines := []string{name + ":"}
	for _, fact := range facts {
		last := &lines[len(lines)-1]
		if len(lines) > 1 && utf8.RuneCountInString(*last+", "+fact) <= width {
			*last += ", " + fact
			continue
		}
		if len(lines) > 1 && utf8.RuneCountInString(*last) < width {
			*last += ","
		}
		lines = append(lines, "  "+fact)
	}
	return lines
}
