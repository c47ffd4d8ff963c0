package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/foretell/foretell/cmd/foretell/internal/text"
)

// sizeUnits are those of GNU: K and KiB are 1024, KB is 1000.
var sizeUnits = map[string]float64{
	"": 1, "B": 1,
	"K": 1 << 10, "KIB": 1 << 10, "KB": 1e3,
	"M": 1 << 20, "MIB": 1 << 20, "MB": 1e6,
	"G": 1 << 30, "GIB": 1 << 30, "GB": 1e9,
	"T": 1 << 40, "TIB": 1 << 40, "TB": 1e12,
}

// A size is a flag for a number of bytes or tokens, such as 512M or 2GiB.
type size int64

// Set reads a size of at least 1.
func (s *size) Set(text string) error {
	digits := strings.TrimRight(text, "BKMGTibkmgt")
	unit, ok := sizeUnits[strings.ToUpper(text[len(digits):])]
	n, err := strconv.ParseFloat(digits, 64)
	if !ok || err != nil || !(n*unit >= 1 && n*unit < math.MaxInt64) {
		return fmt.Errorf("give a number such as 65536, 512M, 2GiB or 2GB")
	}
	*s = size(n * unit)
	return nil
}

// String shows what help prints as the default.
func (s *size) String() string {
	n, unit := int64(*s), ""
	for _, u := range []string{"KiB", "MiB", "GiB", "TiB"} {
		if n == 0 || n%1024 != 0 {
			break
		}
		n, unit = n/1024, u
	}
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(n, 10) + unit
}

// Type names the flag's argument in help.
func (s *size) Type() string { return "SIZE" }

// threads is the flag -T: a number of goroutines, 0 for one for each CPU.
type threads int

// Set reads a number of threads.
func (t *threads) Set(text string) error {
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > 1<<10 {
		return fmt.Errorf("give a number from 0 to 1024")
	}
	*t = threads(n)
	return nil
}

// String is empty: help says what the default is.
func (t *threads) String() string { return "" }

// Type names the flag's argument in help.
func (t *threads) Type() string { return "N" }

// How numbers and shapes are written, here and on the pages of reports.
var (
	count     = text.Count
	counted   = text.Counted
	speedText = text.Speed
	shapeText = text.Shape
)

// ratio returns a/b, 0 if there is no b.
func ratio(a, b int64) float64 {
	if b == 0 {
		return 0
	}
	return float64(a) / float64(b)
}

// rate returns how many MB of so many bytes went by in a second.
func rate(bytes int64, d time.Duration) float64 {
	return float64(bytes) / 1e6 / max(d.Seconds(), 1e-6)
}

// printable shows a name from a file: as it is, or quoted where it holds what a
// terminal might obey.
func printable(name string) string {
	for _, r := range name {
		if !strconv.IsPrint(r) || r == '\uFFFD' {
			return strconv.QuoteToASCII(name)
		}
	}
	return name
}

// harmless spells out what a terminal might obey in a text, such as an error that
// names a file, but for the characters to keep.
func harmless(text, keep string) string {
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

// printJSON writes v for a machine to read.
func printJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// A table prints rows with aligned columns.
type table struct {
	rows [][]string
	left int // columns from the left that are aligned to the left
}

func (t *table) row(cells ...string) { t.rows = append(t.rows, cells) }

func (t *table) print(w io.Writer) error {
	var widths []int
	for _, row := range t.rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], len([]rune(cell)))
		}
	}
	var b strings.Builder
	for _, row := range t.rows {
		var line strings.Builder
		for i, cell := range row {
			if i > 0 {
				line.WriteString("  ")
			}
			pad := strings.Repeat(" ", widths[i]-len([]rune(cell)))
			if i < t.left {
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
