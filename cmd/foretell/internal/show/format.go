package show

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/term"
)

// Ratio returns a/b, 0 if there is no b.
func Ratio(a, b int64) float64 {
	if b == 0 {
		return 0
	}
	return float64(a) / float64(b)
}

// Rate returns how many MB of so many bytes went by in a second.
func Rate(bytes int64, d time.Duration) float64 {
	return float64(bytes) / 1e6 / max(d.Seconds(), 1e-6)
}

// Printable shows a name from a file: as it is, or quoted where it holds what a
// terminal might obey.
func Printable(name string) string {
	for _, r := range name {
		if !strconv.IsPrint(r) || r == '\uFFFD' {
			return strconv.QuoteToASCII(name)
		}
	}
	return name
}

// Harmless spells out what a terminal might obey in a text, such as an error that
// names a file, but for the characters to keep.
func Harmless(text, keep string) string {
	var b strings.Builder
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRuneInString(text[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, text[i])
		case !strconv.IsPrint(r) && !strings.ContainsRune(keep, r):
			b.WriteString(strings.Trim(strconv.QuoteRuneToASCII(r), "'"))
		default:
			b.WriteString(text[i : i+n])
		}
		i += n
	}
	return b.String()
}

// JSON writes v for a machine to read.
func JSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

func IsTerminal(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }

// OneOf joins names as in a sentence: "a, b or c".
func OneOf(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " or " + names[last]
}

// Bits writes how many bits a token takes, a dash if there is none.
func Bits(bytes float64, tokens int64) string {
	if tokens == 0 {
		return "-"
	}
	return fmt.Sprintf("%.3f", 8*bytes/float64(tokens))
}
