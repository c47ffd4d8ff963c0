package report

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
)

// WriteCSV writes the numbers behind each picture as rows: the picture, the array
// (empty for the whole file), the coordinates x and y, and the value.
func (r *Report) WriteCSV(out io.Writer) error {
	w := csv.NewWriter(out)
	row := func(picture, array string, x, y any, value float64) {
		w.Write([]string{picture, array, fmt.Sprint(x), fmt.Sprint(y), strconv.FormatFloat(value, 'g', 8, 64)})
	}
	w.Write([]string{"picture", "array", "x", "y", "value"})
	for i := range r.Members {
		m := &r.Members[i]
		row("bits per token", m.Name, "", "", m.Bits)
		row("order-0 entropy", m.Name, "", "", m.Order0)
		for _, f := range m.Frequencies {
			row("frequencies", m.Name, f.Rank, "", float64(f.Count))
		}
		if m.Costs != nil {
			m.Costs.rows(m.Name, row)
		}
	}
	for _, m := range r.Models {
		row("model bytes", "", m.Name, "", float64(m.Size))
		row("model encode MB/s", "", m.Name, "", m.Encode)
		row("model decode MB/s", "", m.Name, "", m.Decode)
	}
	for _, p := range r.Parts {
		row("parts", "", p.Name, "", float64(p.Size))
	}
	w.Flush()
	return w.Error()
}

func (c *Costs) rows(name string, row func(picture, array string, x, y any, value float64)) {
	for i, bits := range c.Time {
		row("time", name, int64(i)*c.Steps/int64(len(c.Time)), "", bits)
	}
	for y, line := range c.Grid {
		for x, bits := range line {
			row("grid", name, x, y, bits)
		}
	}
	for y, line := range c.Map {
		for x, bits := range line {
			row("map", name, int64(x)*c.Steps/int64(len(line)), int64(y)*c.Positions/int64(len(c.Map)), bits)
		}
	}
	for i, n := range c.BinTokens {
		row("distribution tokens", name, c.BinWidth*float64(i), "", float64(n))
		row("distribution bits", name, c.BinWidth*float64(i), "", c.BinBits[i])
	}
	for _, s := range c.Costliest {
		row("costliest", name, s.First, s.Count, s.Bits)
	}
	for _, s := range c.Cheapest {
		row("cheapest", name, s.First, s.Count, s.Bits)
	}
}
