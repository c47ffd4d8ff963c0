package report

import (
	"fmt"
	"html/template"
	"image/color"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// A figure is a picture of the page.
type figure struct {
	ID      string
	Title   string
	Note    string        // what one sees
	Picture template.HTML // as SVG
	Wide    template.HTML // the same for wide screens, if it gains by that
}

// figures returns the pictures of a member.
func (m *Member) figures(id string) []figure {
	c := m.Costs
	unit := "token"
	if c.Positions > 1 {
		unit = fmt.Sprintf("index of axis %d", c.TimeAxis)
	}
	list := []figure{{
		ID: id + "-time", Title: "Bits per token over time",
		Note:    fmt.Sprintf("The line of dashes is the order-0 entropy, %.2f bits: what a table of frequencies would need, itself not counted.", m.Order0),
		Picture: m.overTime(unit, narrow), Wide: m.overTime(unit, wide),
	}}
	if c.Grid != nil {
		note := "The mean over all of axis %d, for each position on the others."
		if c.Guessed && len(c.Grid) > 1 {
			note += fmt.Sprintf(" The %d positions are laid out as %d × %d, which is a guess (--grid sets it).", c.Positions, len(c.Grid), len(c.Grid[0]))
		}
		list = append(list, figure{
			ID: id + "-grid", Title: "Bits per position",
			Note: fmt.Sprintf(note, c.TimeAxis), Picture: c.grid(),
		})
	}
	list = append(list, figure{
		ID: id + "-spread", Title: "Cost of a token",
		Note: fmt.Sprintf("Half of the tokens cost at most %.1f bits. The costliest tenth takes %.0f %% of all bits.",
			c.Median, 100*c.Top),
		Picture: c.distribution(),
	})
	if c.Map != nil {
		list = append(list, figure{
			ID: id + "-map", Title: "Time by position", Note: "Each row is a position, or a few of them, and time goes to the right.",
			Picture: c.timeMap(unit, narrow), Wide: c.timeMap(unit, wide),
		})
	}
	if len(m.Frequencies) > 1 {
		list = append(list, figure{
			ID: id + "-frequencies", Title: "How often values occur",
			Note:    "Both axes are logarithmic: a straight line is Zipf's law, a flat one a tokeniser whose values are all in use.",
			Picture: m.frequencies(),
		})
	}
	return list
}

func (m *Member) overTime(x string, f frame) template.HTML {
	c := m.Costs
	p := newPlot(x, "bits per token")
	rules(p, false)
	points := make(plotter.XYs, len(c.Time))
	for i, bits := range c.Time {
		points[i].X = (float64(i) + 0.5) * float64(c.Steps) / float64(len(c.Time))
		points[i].Y = bits
	}
	const many = 100
	if len(points) < many {
		p.Add(line(points, accent, 2))
	} else {
		p.Add(line(points, pale, 1), line(smooth(points, len(points)/40), accent, 2))
	}
	order0 := line(plotter.XYs{{X: 0, Y: m.Order0}, {X: float64(c.Steps), Y: m.Order0}}, second, 1.5)
	order0.Dashes = []vg.Length{6, 4}
	p.Add(order0)
	p.X.Min, p.X.Max = 0, float64(c.Steps)
	p.Y.Min = 0
	p.Y.Max *= 1.05
	return drawn(p, f)
}

func line(points plotter.XYs, colour color.Color, width vg.Length) *plotter.Line {
	return &plotter.Line{XYs: points, LineStyle: draw.LineStyle{Color: colour, Width: width}}
}

// smooth returns the means of each point and radius points on both sides.
func smooth(points plotter.XYs, radius int) plotter.XYs {
	out := make(plotter.XYs, len(points))
	for i := range points {
		from, to := max(i-radius, 0), min(i+radius+1, len(points))
		sum := 0.0
		for _, p := range points[from:to] {
			sum += p.Y
		}
		out[i] = plotter.XY{X: points[i].X, Y: sum / float64(to-from)}
	}
	return out
}

// grid draws the mean bits of each position.
func (c *Costs) grid() template.HTML {
	if len(c.Grid) == 1 && len(c.Grid[0]) <= few {
		return c.strip()
	}
	g := shrink(c.Grid, maxMapPlaces)
	x, y := "column", "row"
	if len(g) == 1 {
		x, y = "position", ""
	}
	p := newPlot(x, y)
	p.X.Tick.Marker = places{len(g[0]), len(c.Grid[0]), false}
	p.Y.Tick.Marker = places{len(g), len(c.Grid), true}
	return heat(p, g, single)
}

// few positions in a row are shown as bars.
const few = 32

func (c *Costs) strip() template.HTML {
	p := newPlot("position", "bits per token")
	rules(p, false)
	n := len(c.Grid[0])
	p.Add(&plotter.BarChart{Values: c.Grid[0], Width: min(24, 240/vg.Length(n)), Color: accent})
	p.X.Min, p.X.Max = -0.6, float64(n)-0.4
	p.X.Tick.Marker = places{n, n, false}
	p.Y.Min = 0
	p.Y.Max *= 1.05
	return drawn(p, single)
}

// places are ticks of cells that stand for so many positions; in the axis that
// points upwards the first is at the top.
type places struct {
	cells, positions int
	upwards          bool
}

func (a places) Ticks(_, _ float64) (list []plot.Tick) {
	for _, t := range (ticks{8}).Ticks(0, float64(a.positions-1)) {
		if t.Value != math.Trunc(t.Value) {
			continue
		}
		t.Value = (t.Value+0.5)*float64(a.cells)/float64(a.positions) - 0.5
		if a.upwards {
			t.Value = float64(a.cells-1) - t.Value
		}
		list = append(list, t)
	}
	return list
}

// shrink averages neighbours so that there are at most so many rows and columns.
func shrink(grid [][]float64, most int) cells {
	rows, cols := min(len(grid), most), min(len(grid[0]), most)
	if rows == len(grid) && cols == len(grid[0]) {
		return grid
	}
	m := newMean(int64(rows * cols))
	for r, row := range grid {
		for c, v := range row {
			m.add(int64(r*rows/len(grid)*cols+c*cols/len(row)), v)
		}
	}
	return inRows(m.all(), cols)
}

func (c *Costs) timeMap(x string, f frame) template.HTML {
	p := newPlot(x, "position")
	p.X.Tick.Marker = places{len(c.Map[0]), int(c.Steps), false}
	p.Y.Tick.Marker = places{len(c.Map), int(c.Positions), true}
	return heat(p, c.Map, f)
}

func (c *Costs) distribution() template.HTML {
	p := newPlot("bits that a token costs", "share (%)")
	rules(p, false)
	tokens, bits, last := 0.0, 0.0, 0
	for i, n := range c.BinTokens {
		tokens += float64(n)
		bits += c.BinBits[i]
		if n > 0 {
			last = i
		}
	}
	hist := &plotter.Histogram{Width: c.BinWidth, FillColor: accent}
	share := make(plotter.XYs, 0, last+1)
	for i := range last + 1 {
		low := c.BinWidth * float64(i)
		hist.Bins = append(hist.Bins, plotter.HistogramBin{Min: low, Max: low + c.BinWidth, Weight: 100 * float64(c.BinTokens[i]) / tokens})
		share = append(share, plotter.XY{X: low + c.BinWidth/2, Y: 100 * quotient(c.BinBits[i], bits)})
	}
	curve := line(share, second, 2)
	p.Add(hist, curve)
	p.Legend.Add("of the tokens", hist)
	p.Legend.Add("of the bits", curve)
	p.Legend.XOffs = single.width / 2
	p.X.Min, p.Y.Min = 0, 0
	p.Y.Max *= 1.2 // room for the legend
	return drawn(p, single)
}

func (m *Member) frequencies() template.HTML {
	p := newPlot("rank", "count")
	p.X.Scale, p.Y.Scale = plot.LogScale{}, plot.LogScale{}
	p.X.Tick.Marker, p.Y.Tick.Marker = powers{}, powers{}
	rules(p, true)
	points := make(plotter.XYs, len(m.Frequencies))
	for i, f := range m.Frequencies {
		points[i] = plotter.XY{X: float64(f.Rank), Y: float64(f.Count)}
	}
	p.Add(line(points, accent, 2))
	decades(&p.X)
	decades(&p.Y)
	return drawn(p, single)
}

// decades widens a logarithmic axis to powers of ten.
func decades(a *plot.Axis) {
	a.Min = math.Pow(10, math.Floor(math.Log10(a.Min)+1e-9))
	a.Max = max(math.Pow(10, math.Ceil(math.Log10(a.Max)-1e-9)), 10*a.Min)
}

// modelFigures returns the pictures of the models, if any were tried.
func (r *Report) modelFigures() []figure {
	if len(r.Models) == 0 {
		return nil
	}
	return []figure{{
		ID: "models-size", Title: "Size under each model", Note: "Bits per token, the whole file counted.",
		Picture: r.modelSizes(),
	}, {
		ID: "models-speed", Title: "Speed of each model", Note: "Decoding above, in full colour, and encoding below. The scale is logarithmic.",
		Picture: r.modelSpeeds(),
	}}
}

func (r *Report) partsFigure() figure {
	return figure{ID: "parts", Title: "Parts of the file", Note: "The scale is logarithmic.", Picture: r.parts()}
}

// bars draws horizontal bars for each name, the first on top.
func bars(p *plot.Plot, names []string, series ...plotter.Values) {
	n := len(names)
	thick := min(24, 160/vg.Length(n)) / vg.Length(len(series))
	for i, values := range series {
		flipped := slices.Clone(values)
		slices.Reverse(flipped)
		offset := thick * (vg.Length(len(series)-1)/2 - vg.Length(i))
		chart := &plotter.BarChart{Values: flipped, Width: thick, Offset: offset, Color: []color.Color{accent, pale}[i], Horizontal: true}
		p.Add(chart)
	}
	labels := slices.Clone(names)
	for i, name := range names {
		labels[n-1-i] = name + "  "
	}
	p.Y.Tick.Marker = named(labels)
	p.Y.Tick.Length = 0
	p.Y.Min, p.Y.Max = -0.6, float64(n)-0.4
	p.X.Min = 0
}

func (r *Report) modelNames() (names []string) {
	for _, m := range r.Models {
		names = append(names, m.Name)
	}
	return names
}

func (r *Report) modelSizes() template.HTML {
	p := newPlot("bits per token", "")
	var values plotter.Values
	for _, m := range r.Models {
		values = append(values, m.Bits)
	}
	bars(p, r.modelNames(), values)
	p.X.Max *= 1.05
	return drawn(p, single)
}

func (r *Report) modelSpeeds() template.HTML {
	p := newPlot("MB/s", "")
	var decode, encode plotter.Values
	for _, m := range r.Models {
		decode = append(decode, max(m.Decode, slowest))
		encode = append(encode, max(m.Encode, slowest))
	}
	logBars(p, r.modelNames(), decode, encode)
	return drawn(p, single)
}

// slowest is the least speed that is shown, in MB/s.
const slowest = 1e-4

// logBars draws bars on a logarithmic axis that begins at a power of ten below
// all values.
func logBars(p *plot.Plot, names []string, series ...plotter.Values) {
	first := math.Inf(1)
	for _, values := range series {
		for _, v := range values {
			first = min(first, math.Floor(math.Log10(v)-1e-9))
		}
	}
	for _, values := range series {
		for i := range values {
			values[i] = math.Log10(values[i]) - first
		}
	}
	bars(p, names, series...)
	p.X.Max = math.Ceil(p.X.Max)
	var list plot.ConstantTicks
	for i := 0.0; i <= p.X.Max; i++ {
		list = append(list, plot.Tick{Value: i, Label: short(math.Pow(10, first+i))})
	}
	p.X.Tick.Marker = list
}

func (r *Report) parts() template.HTML {
	p := newPlot("bytes", "")
	var names []string
	var values plotter.Values
	for _, part := range r.Parts {
		names = append(names, part.Name)
		values = append(values, float64(max(part.Size, 1)))
	}
	logBars(p, names, values)
	return drawn(p, single)
}
