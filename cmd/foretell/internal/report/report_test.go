package report

import (
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

// near reports whether two sums of the same numbers are equal but for rounding.
func near(a, b float64) bool { return math.Abs(a-b) <= 1e-6*(1+math.Abs(a)) }

// gather makes up costs for an array and gathers them, in runs of odd lengths.
func gather(shape []int, fortran bool, cost func(at int) float32) *Gatherer {
	n := 1
	for _, d := range shape {
		n *= d
	}
	costs := make([]float32, n)
	for i := range costs {
		costs[i] = cost(i)
	}
	g := NewGatherer(shape, fortran)
	for i := 0; i < n; {
		k := min(1+i%37, n-i)
		g.Add(int64(i), costs[i:i+k])
		i += k
	}
	return g
}

// TestGatherer holds what is gathered against sums that go through the array
// index by index.
func TestGatherer(t *testing.T) {
	for _, shape := range [][]int{{200}, {50, 8}, {8, 50}, {30, 4, 5}, {4, 30, 5}, {4, 5, 30}, {1, 1}, {3}, {2000, 3}} {
		rnd := rand.New(rand.NewPCG(1, 2))
		var costs []float64
		g := gather(shape, false, func(int) float32 {
			c := float32(rnd.ExpFloat64() * 5)
			costs = append(costs, float64(c))
			return c
		})
		c := g.Finish(0, 0)
		axis := 0
		for i, n := range shape {
			if n > shape[axis] {
				axis = i
			}
		}
		if c.TimeAxis != axis || c.Steps != int64(shape[axis]) || c.Positions*c.Steps != int64(len(costs)) {
			t.Fatalf("%v: time is axis %d of %d steps, with %d positions", shape, c.TimeAxis, c.Steps, c.Positions)
		}
		bins := len(c.Time)
		time, n := make([]float64, bins), make([]float64, bins)
		place := make([]float64, c.Positions)
		total := 0.0
		for at, cost := range costs {
			index := make([]int, len(shape))
			rest := at
			for i := len(shape) - 1; i >= 0; i-- {
				index[i] = rest % shape[i]
				rest /= shape[i]
			}
			p := 0
			for i, k := range index {
				if i != axis {
					p = p*shape[i] + k
				}
			}
			bin := index[axis] * bins / shape[axis]
			time[bin] += cost
			n[bin]++
			place[p] += cost / float64(c.Steps)
			total += cost
		}
		for i := range time {
			if !near(time[i]/n[i], c.Time[i]) {
				t.Errorf("%v: %v bits at time %d, want %v", shape, c.Time[i], i, time[i]/n[i])
			}
		}
		if !near(g.Bits(), total/float64(len(costs))) {
			t.Errorf("%v: %v bits", shape, g.Bits())
		}
		if c.Positions == 1 {
			if c.Grid != nil || c.Map != nil {
				t.Errorf("%v: a grid without positions", shape)
			}
		} else {
			i := 0
			for _, row := range c.Grid {
				for _, v := range row {
					if !near(v, place[i]) {
						t.Errorf("%v: %v bits at position %d, want %v", shape, v, i, place[i])
					}
					i++
				}
			}
			if i != len(place) {
				t.Errorf("%v: a grid of %d cells", shape, i)
			}
			sum := 0.0
			for _, row := range c.Map {
				for _, v := range row {
					sum += v
				}
			}
			if len(c.Time) == int(c.Steps) && !near(sum, total) && len(c.Map[0]) == int(c.Steps) {
				t.Errorf("%v: the map adds up to %v bits, want %v", shape, sum, total)
			}
		}
		checkSpread(t, c, costs, total)
		checkStretches(t, c, costs)
	}
}

func checkSpread(t *testing.T, c *Costs, costs []float64, total float64) {
	tokens, bits := int64(0), 0.0
	for i, n := range c.BinTokens {
		tokens += n
		bits += c.BinBits[i]
	}
	if tokens != int64(len(costs)) || !near(bits, total) {
		t.Errorf("the distribution has %d tokens and %v bits, want %d and %v", tokens, bits, len(costs), total)
	}
	below := 0
	for _, cost := range costs {
		if cost < c.Median {
			below++
		}
	}
	if 2*below < len(costs) {
		t.Errorf("%d of %d tokens cost less than %v bits", below, len(costs), c.Median)
	}
	if c.Top < 0.1 || c.Top > 1 {
		t.Errorf("the costliest tenth takes %v of the bits", c.Top)
	}
}

func checkStretches(t *testing.T, c *Costs, costs []float64) {
	mean := func(first, count int64) float64 {
		sum := 0.0
		for _, cost := range costs[first : first+count] {
			sum += cost
		}
		return sum / float64(count)
	}
	var all []float64
	for first := int64(0); first+c.Stretch <= int64(len(costs)); first += c.Stretch {
		all = append(all, mean(first, c.Stretch))
	}
	for sign, list := range map[float64][]Stretch{1: c.Costliest, -1: c.Cheapest} {
		if len(list) == 0 {
			t.Error("no stretches")
			continue
		}
		for i, s := range list {
			if !near(s.Bits, mean(s.First, s.Count)) {
				t.Errorf("%+v has %v bits", s, mean(s.First, s.Count))
			}
			if i > 0 && sign*(list[i-1].Bits-s.Bits) < 0 {
				t.Errorf("%v come in no order", list)
			}
		}
		for _, bits := range all {
			if sign*(bits-list[0].Bits) > 1e-6 {
				t.Errorf("a stretch of %v bits is not in %v", bits, list)
			}
		}
	}
}

// TestPlace checks how stretches are named.
func TestPlace(t *testing.T) {
	for _, test := range []struct {
		shape        []int
		fortran      bool
		first, count int64
		want         string
	}{
		{[]int{1200, 128}, false, 335 * 128, 128, "[335]"},
		{[]int{1000}, false, 640, 64, "[640:704]"},
		{[]int{8, 500}, false, 3*500 + 128, 64, "[3, 128:192]"},
		{[]int{8, 500}, false, 3*500 + 480, 64, "tokens 1980 to 2043"},
		{[]int{100, 8, 16}, false, 7 * 128, 128, "[7]"},
		{[]int{100, 8, 16}, false, 7*128 + 16, 32, "[7, 1:3]"},
		{[]int{4, 8}, false, 0, 32, "[:]"},
		{[]int{1200, 128}, true, 128, 64, "[0:64, 1]"},
	} {
		g := NewGatherer(test.shape, test.fortran)
		if got := g.where(test.first, test.count); got != test.want {
			t.Errorf("%v from %d, %d tokens: %q, want %q", test.shape, test.first, test.count, got, test.want)
		}
	}
}

// TestGuessWidth checks that a picture that was laid out as a strip is found.
func TestGuessWidth(t *testing.T) {
	for _, test := range []struct{ rows, cols int }{{8, 16}, {16, 8}, {16, 16}, {12, 20}, {32, 32}} {
		var strip []float64
		for r := range test.rows {
			for c := range test.cols {
				strip = append(strip, math.Sin(float64(r)/5)+3*math.Cos(float64(c)/4))
			}
		}
		if w := guessWidth(strip); w != test.cols {
			t.Errorf("%d x %d: width %d", test.rows, test.cols, w)
		}
	}
	for _, n := range []int{1, 2, 8, 97} {
		if w := guessWidth(make([]float64, n)); w != n {
			t.Errorf("a strip of %d is %d wide", n, w)
		}
	}
}

// TestGrid checks that a given grid is used if it fits.
func TestGrid(t *testing.T) {
	g := gather([]int{100, 24}, false, func(at int) float32 { return float32(at % 24) })
	for _, test := range []struct{ rows, cols, want int }{{3, 8, 3}, {24, 1, 24}, {1, 24, 1}} {
		if c := g.Finish(test.rows, test.cols); len(c.Grid) != test.want {
			t.Errorf("a grid of %d x %d has %d rows", test.rows, test.cols, len(c.Grid))
		}
	}
}

func TestSample(t *testing.T) {
	for _, n := range []int{0, 1, 31, 1000, 100000} {
		counts := make([]int64, n)
		for i := range counts {
			counts[i] = int64(n - i)
		}
		list := Sample(counts)
		if n > 0 && (list[0].Rank != 1 || list[len(list)-1].Rank != n) {
			t.Errorf("of %d ranks, %d to %d", n, list[0].Rank, list[len(list)-1].Rank)
		}
		if len(list) > 500 {
			t.Errorf("of %d ranks, %d", n, len(list))
		}
		for i, f := range list {
			if f.Count != counts[f.Rank-1] || i > 0 && f.Rank <= list[i-1].Rank {
				t.Errorf("rank %d has %d", f.Rank, f.Count)
			}
		}
	}
}

// made returns a report of made-up arrays.
func made() *Report {
	r := &Report{
		Name: "<made> & up", Version: "test", Model: "mix", Content: 3000, Size: 1000, Tokens: 1500, Blocks: 2,
		Models: []Model{{"fast", 2000, 10.7, 1.5, 100, 200}, {"mix", 1000, 5.3, 3, 0.5, 0.6}},
		Parts:  []Part{{"header", 26}, {"block code", 974}},
	}
	for i, shape := range [][]int{{300}, {300, 128}, {8, 300}, {40, 4, 6}, {1}, {2, 1, 1}} {
		rnd := rand.New(rand.NewPCG(3, uint64(i)))
		g := gather(shape, false, func(int) float32 { return float32(rnd.ExpFloat64() * 3) })
		r.Members = append(r.Members, Member{
			Name: fmt.Sprintf("a</script><%d", i), Type: "uint16", Shape: shape, Tokens: 10, Distinct: 3, Order0: 1.5,
			Bits: g.Bits(), Frequencies: Sample([]int64{5, 3, 2}[:1+i%3]), Costs: g.Finish(0, 0),
		})
	}
	return r
}

// TestPage checks that pages hold their figures, nothing from elsewhere, and no
// names that the browser would take for its own.
func TestPage(t *testing.T) {
	empty := &Report{Name: "empty", Parts: []Part{{"header", 26}, {"trailer", 40}}, Members: []Member{{Name: "none", Shape: []int{0}}}}
	for _, r := range []*Report{made(), empty} {
		var page bytes.Buffer
		if err := r.Write(&page); err != nil {
			t.Fatal(err)
		}
		text := page.String()
		for _, bad := range []string{"<script", "http-equiv=\"refresh\"", "src=\"http", "href=\"http", "url(", "@import", "<made>", "ZgotmplZ", "NaN", "Inf"} {
			if strings.Contains(text, bad) {
				t.Errorf("the page of %q holds %q", r.Name, bad)
			}
		}
		for {
			_, rest, ok := strings.Cut(text, "<svg")
			if !ok {
				break
			}
			svg, rest, _ := strings.Cut(rest, "</svg>")
			text = rest
			d := xml.NewDecoder(strings.NewReader("<svg" + svg + "</svg>"))
			for {
				if _, err := d.Token(); err == io.EOF {
					break
				} else if err != nil {
					t.Fatalf("%v in <svg%.300s", err, svg)
				}
			}
		}
	}
	var page bytes.Buffer
	if err := made().Write(&page); err != nil {
		t.Fatal(err)
	}
	for i := range 6 {
		for _, name := range []string{"time", "spread", "stretches"} {
			if id := fmt.Sprintf(`id="array-%d-%s"`, i, name); !strings.Contains(page.String(), id) {
				t.Errorf("the page has no %s", id)
			}
		}
	}
	for _, id := range []string{`id="array-1-grid"`, `id="array-1-map"`, `id="array-3-grid"`, `id="array-2-frequencies"`, `id="models-size"`, `id="parts"`} {
		if !strings.Contains(page.String(), id) {
			t.Errorf("the page has no %s", id)
		}
	}
}

func TestCSV(t *testing.T) {
	var out bytes.Buffer
	if err := made().WriteCSV(&out); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&out).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]int{}
	for _, row := range rows {
		kinds[row[0]]++
	}
	for _, kind := range []string{"time", "grid", "map", "distribution tokens", "distribution bits", "costliest", "cheapest", "frequencies", "model bytes", "parts"} {
		if kinds[kind] == 0 {
			t.Errorf("no rows of %s", kind)
		}
	}
}

func TestShort(t *testing.T) {
	for v, want := range map[float64]string{0: "0", 0.5: "0.5", 1200: "1200", 10000: "10k", 2.5e6: "2.5M", -3: "-3", 1e9: "1G"} {
		if got := short(v); got != want {
			t.Errorf("%v is %q, want %q", v, got, want)
		}
	}
}
