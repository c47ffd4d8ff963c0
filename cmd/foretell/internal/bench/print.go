package bench

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"unicode/utf8"

	"github.com/foretell/foretell/cmd/foretell/internal/show"
	"github.com/klauspost/cpuid/v2"
)

// A Machine is where a benchmark ran.
type Machine struct {
	Processor string `json:"processor"`
	CPUs      int    `json:"cpus"`
	Platform  string `json:"platform"`
	Go        string `json:"go"`
	Load      string `json:"load,omitempty"` // the mean number of processes that ran in the last minute, where it is known
}

func ReadMachine() Machine {
	m := Machine{Processor: cpuid.CPU.BrandName, CPUs: runtime.NumCPU(), Platform: runtime.GOOS + "/" + runtime.GOARCH, Go: runtime.Version()}
	if m.Processor == "" {
		m.Processor = "unknown processor"
	}
	if load, err := os.ReadFile("/proc/loadavg"); err == nil {
		m.Load, _, _ = strings.Cut(string(load), " ")
	}
	return m
}

func PrintMachine(w io.Writer) {
	m := ReadMachine()
	fmt.Fprintf(w, "%s, %s, %s, %s", m.Processor, show.Counted(int64(m.CPUs), "CPU"), m.Platform, m.Go)
	if m.Load != "" {
		fmt.Fprintf(w, "; load average %s at the start", m.Load)
	}
	fmt.Fprintln(w, ".")
}

// cells returns the cells of a row's line.
func (r *Row) cells() []string {
	memory, runs := "", ""
	if r.Memory > 0 {
		memory = fmt.Sprintf("%.0f", float64(r.Memory)/(1<<20))
	}
	if r.Runs > 0 {
		runs = fmt.Sprint(r.Runs)
	}
	return append(r.Result.Cells(), memory, runs)
}

// heading says what was compressed.
func (m *Benchmark) heading() string {
	return fmt.Sprintf("%s: %s, %s", show.Printable(m.Name), show.Counted(m.Tokens, "token"), show.Counted(m.Content, "byte"))
}

// Print prints a table and a chart of the sizes, for a terminal of so many columns, 0 if
// it is none: then they are made for 80, but nothing is cut.
func (m *Benchmark) Print(w io.Writer, columns int) error {
	t := show.Table{Left: 1, Columns: columns, Least: 4}
	t.Row("", "", "BITS/", "", "ENC", "DEC")
	t.Row("", "BYTES", "TOKEN", "RATIO", "MB/s", "MB/s", "MiB", "RUNS")
	chart := show.Table{Left: 2, Columns: columns}
	name := 0 // the longest
	for _, r := range m.Rows {
		name = max(name, utf8.RuneCountInString(r.Name))
	}
	most := 0.0
	for _, r := range m.Rows {
		most = max(most, r.Bits)
	}
	for _, r := range m.Rows {
		t.Row(r.cells()...)
		if most > 0 {
			number := fmt.Sprintf(" %.2f", r.Bits)
			chart.Row(r.Name, bar(r.Bits/most*float64(barWidth(cmp.Or(columns, 80)-name-len("  ")-len(number))))+number)
		}
	}
	fmt.Fprintf(w, "%s\n\n", m.heading())
	if err := t.Print(w); err != nil || most == 0 {
		return err // without tokens there is nothing to draw
	}
	fmt.Fprint(w, "\nBits per token:\n\n")
	return chart.Print(w)
}

// barWidth returns how many characters the longest bar has where there is room for so
// many.
func barWidth(room int) int { return min(max(room, 8), 50) }

// bar returns a bar that is so many characters long.
func bar(length float64) string {
	eighths := int(length*8 + 0.5)
	return strings.Repeat("█", eighths/8) + []string{"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"}[eighths%8]
}

// PrintMarkdown prints a heading and a table.
func (m *Benchmark) PrintMarkdown(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "\n### %s\n\n%s, %s.\n\n", show.Printable(m.Name), show.Counted(m.Tokens, "token"), show.Counted(m.Content, "byte"))
	b.WriteString("| | bytes | bits/token | ratio | encode MB/s | decode MB/s | MiB | runs |\n|---|--:|--:|--:|--:|--:|--:|--:|\n")
	for _, r := range m.Rows {
		fmt.Fprintf(&b, "| %s |\n", strings.Join(r.cells(), " | "))
	}
	_, err := io.WriteString(w, b.String())
	return err
}
