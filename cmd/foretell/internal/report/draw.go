package report

import (
	"html/template"
	"image"
	"image/color"
	imagedraw "image/draw"
	"math"
	"slices"
	"strconv"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/palette/moreland"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// Figures are drawn in these colours, which stand for variables of the page's style
// sheet, and in black, which stands for the colour of its text.
var (
	accent = color.RGBA{R: 1, G: 2, B: 3, A: 255}
	second = color.RGBA{R: 4, G: 5, B: 6, A: 255}
	pale   = color.RGBA{R: 7, G: 8, B: 9, A: 255}    // the accent where it is behind itself
	faint  = color.RGBA{R: 10, G: 11, B: 12, A: 255} // for rules
)

var pageColours = strings.NewReplacer(
	"#000000", "currentColor",
	"#010203", "var(--accent)",
	"#040506", "var(--second)",
	"#070809", "var(--pale)",
	"#0A0B0C", "var(--faint)",
	"data:image/jpg;", "data:image/png;", // which it is
	"<image ", `<image preserveAspectRatio="none" `,
)

// A frame is the size of a figure in points. Text is the same size in all, so
// that small ones are for small screens.
type frame struct{ width, height vg.Length }

var (
	single = frame{430, 280}
	narrow = frame{430, 290}
	wide   = frame{1000, 300}
)

const textSize = 12.5

// newPlot returns an empty plot with labelled axes.
func newPlot(x, y string) *plot.Plot {
	p := plot.New()
	p.BackgroundColor = nil
	sans := font.Font{Typeface: "Liberation", Variant: "Sans", Size: textSize}
	for _, style := range []*text.Style{&p.X.Label.TextStyle, &p.Y.Label.TextStyle, &p.X.Tick.Label, &p.Y.Tick.Label, &p.Legend.TextStyle} {
		style.Font = sans
	}
	p.X.Label.Text, p.Y.Label.Text = x, y
	p.X.Label.Padding, p.Y.Label.Padding = 3, 5
	p.X.Padding, p.Y.Padding = 0, 0
	p.X.Tick.Marker, p.Y.Tick.Marker = ticks{6}, ticks{5}
	p.X.Tick.Length, p.Y.Tick.Length = 4, 4
	p.Legend.Top, p.Legend.Left = true, true
	p.Legend.Padding = 2
	return p
}

// rules adds lines at the ticks.
func rules(p *plot.Plot, vertical bool) {
	grid := plotter.NewGrid()
	grid.Horizontal.Color, grid.Vertical.Color = faint, faint
	if !vertical {
		grid.Vertical.Width = 0
	}
	p.Add(grid)
}

// ticks are about so many round numbers, written with thousands as k and M.
type ticks struct{ about int }

func (t ticks) Ticks(low, high float64) (list []plot.Tick) {
	if !(high > low) {
		return []plot.Tick{{Value: low, Label: short(low)}}
	}
	least := (high - low) / (float64(t.about) + 0.5)
	power := math.Pow(10, math.Floor(math.Log10(least)))
	step := 0.0
	for _, m := range []float64{1, 2, 5, 10} {
		if step = m * power; step >= least {
			break
		}
	}
	for i := math.Ceil(low/step - 1e-9); i*step <= high+step*1e-9; i++ {
		list = append(list, plot.Tick{Value: i * step, Label: short(i * step)})
	}
	return list
}

// powers are the powers of ten.
type powers struct{}

func (powers) Ticks(low, high float64) (list []plot.Tick) {
	for v := math.Pow(10, math.Ceil(math.Log10(low)-1e-9)); v <= high*(1+1e-9); v *= 10 {
		list = append(list, plot.Tick{Value: v, Label: short(v)})
	}
	return list
}

// named are ticks at 0, 1, ...
func named(names []string) plot.ConstantTicks {
	list := make(plot.ConstantTicks, len(names))
	for i, name := range names {
		list[i] = plot.Tick{Value: float64(i), Label: name}
	}
	return list
}

// short writes a number with k for thousands and M for millions.
func short(v float64) string {
	unit := ""
	switch size := math.Abs(v); {
	case size >= 1e9:
		v, unit = v/1e9, "G"
	case size >= 1e6:
		v, unit = v/1e6, "M"
	case size >= 1e4:
		v, unit = v/1e3, "k"
	}
	return strconv.FormatFloat(math.Round(v*1e6)/1e6+0, 'f', -1, 64) + unit // + 0: no minus zero
}

// A canvas is an SVG whose images have few colours, which makes them small.
type canvas struct {
	*vgsvg.Canvas
	colours color.Palette
}

// DrawImage draws an image of a heat map.
func (c canvas) DrawImage(rect vg.Rectangle, img image.Image) {
	few := image.NewPaletted(img.Bounds(), c.colours)
	imagedraw.Draw(few, few.Rect, img, few.Rect.Min, imagedraw.Src)
	c.Canvas.DrawImage(rect, few)
}

// drawn draws a plot.
func drawn(p *plot.Plot, f frame) template.HTML {
	return render(f, nil, func(c draw.Canvas) { p.Draw(c) })
}

// render returns what fill draws as an element of the page. Images in it have the
// given colours.
func render(f frame, colours color.Palette, fill func(draw.Canvas)) template.HTML {
	c := canvas{vgsvg.New(f.width, f.height), colours}
	const right, top = 10, 6 // for the halves of labels that stick out
	fill(draw.Crop(draw.New(c), 0, -right, 0, -top))
	var b strings.Builder
	if _, err := c.WriteTo(&b); err != nil {
		return "" // a Builder does not fail
	}
	_, body, _ := strings.Cut(b.String(), "<svg")
	return template.HTML("<svg" + pageColours.Replace(body))
}

// cells is a grid of values whose first row is drawn at the top.
type cells [][]float64

func (g cells) Dims() (cols, rows int) { return len(g[0]), len(g) }
func (g cells) Z(col, row int) float64 { return g[len(g)-1-row][col] }
func (g cells) X(col int) float64      { return float64(col) }
func (g cells) Y(row int) float64      { return float64(row) }

// scale returns the range of colours for the values: all but a few extreme ones.
func (g cells) scale() (low, high float64) {
	var all []float64
	for _, row := range g {
		all = append(all, row...)
	}
	slices.Sort(all)
	skip := len(all) / 200
	low, high = all[skip], all[len(all)-1-skip]
	if high-low < 0.01 {
		high = low + 0.01
	}
	return low, high
}

// heat draws a heat map, and the scale of its colours to the right of it. p has
// the axes.
func heat(p *plot.Plot, g cells, f frame) template.HTML {
	low, high := g.scale()
	scale := moreland.Kindlmann()
	scale.SetMin(low)
	scale.SetMax(high)
	const shades = 255
	m := plotter.NewHeatMap(g, scale.Palette(shades))
	m.Min, m.Max = low, high
	m.Underflow, m.Overflow = m.Palette.Colors()[0], m.Palette.Colors()[shades-1]
	m.Rasterized = true
	p.Add(m)

	legend := newPlot("", "bits per token")
	legend.HideX()
	legend.Add(&plotter.ColorBar{ColorMap: scale, Vertical: true, Colors: shades})
	const room = 75
	return render(f, m.Palette.Colors(), func(c draw.Canvas) {
		p.Draw(draw.Crop(c, 0, -room, 0, 0))
		legend.Draw(draw.Crop(c, c.Max.X-c.Min.X-room+15, 0, 0, 0))
	})
}
