package mix

import (
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/foretell/foretell/model"
)

// The benchmarks need the real data. Those of text take the first 300,000 tokens;
// set FORETELL_TOKENS to take more (1000000 is all).

func textTokens() int {
	if n, err := strconv.Atoi(os.Getenv("FORETELL_TOKENS")); err == nil {
		return n
	}
	return 300000
}

var samples = []struct {
	name string
	load func(tb testing.TB) *model.Block
}{
	{"video", func(tb testing.TB) *model.Block { return video(tb, 0, 1200) }},
	{"text", func(tb testing.TB) *model.Block { return text(tb, textTokens()) }},
	{"audio", audio},
}

func encodeBench(b *testing.B, level Level, block *model.Block) []byte {
	var body []byte
	var err error
	c := New(Config{Level: level})
	for b.Loop() {
		if body, err = c.Encode(body[:0], block); err != nil {
			b.Fatal(err)
		}
	}
	report(b, block, body)
	return body
}

func report(b *testing.B, block *model.Block, body []byte) {
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(len(body)), "bytes")
	b.ReportMetric(float64(len(block.Symbols)*b.N)/b.Elapsed().Seconds(), "tokens/s")
}

func BenchmarkEncode(b *testing.B) {
	for _, s := range samples {
		for level, name := range []string{"mix", "best"} {
			b.Run(s.name+"/"+name, func(b *testing.B) { encodeBench(b, Level(level), s.load(b)) })
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	for _, s := range samples {
		for level, name := range []string{"mix", "best"} {
			b.Run(s.name+"/"+name, func(b *testing.B) {
				block := s.load(b)
				c := New(Config{Level: Level(level)})
				body, err := c.Encode(nil, block)
				if err != nil {
					b.Fatal(err)
				}
				back := emptyOf(block)
				for b.Loop() {
					if err := c.Decode(back, body); err != nil {
						b.Fatal(err)
					}
				}
				report(b, block, body)
			})
		}
	}
}

// BenchmarkAblation leaves out one part of the model at a time, for the table in
// docs/mix.md.
func BenchmarkAblation(b *testing.B) {
	parts := []struct {
		name string
		drop func(g *geometry)
	}{
		{"everything", func(*geometry) {}},
		{"learned tree", nil},
		{"nets", func(g *geometry) { g.net, g.side = nil, nil }},
		{"nets but the first", func(g *geometry) { g.side = nil }},
		{"first branches in the nets", func(g *geometry) {
			cut := func(told []string) []string {
				return slices.DeleteFunc(slices.Clone(told), func(s string) bool { return strings.Contains(s, "/") })
			}
			g.net, g.side = cut(g.net), slices.Clone(g.side)
			for k := range g.side {
				g.side[k] = told{cut(g.side[k].inputs), cut(g.side[k].best)}
			}
		}},
		{"candidates", func(g *geometry) {
			// Whether the code agrees with them still selects weights.
			g.candidate = slices.Clone(g.candidate)
			for k := range g.candidate {
				g.candidate[k].contexts = nil
			}
		}},
		{"backward training", func(g *geometry) { g.backward = 0 }},
		{"windows", func(g *geometry) { g.windows = nil }},
		{"next, above, start", func(g *geometry) { g.contexts = g.contexts[:min(8, len(g.contexts))] }},
		{"final maps", func(g *geometry) { g.maps = nil }},
		{"all weight sets but one", func(g *geometry) { g.sets = g.sets[:1] }},
		{"all contexts but three", func(g *geometry) { g.contexts = g.contexts[:3] }},
	}
	for _, s := range samples {
		for _, p := range parts {
			b.Run(s.name+"/without "+p.name, func(b *testing.B) {
				block := s.load(b)
				setup := choose(block, Fast)[0]
				if setup.geometry == geometrySpelt {
					setup.geometry, setup.learned = geometryStream, treeClasses
				}
				kind := setup.geometry
				whole := geometries[kind]
				defer func() { geometries[kind] = whole }()
				if p.drop != nil {
					p.drop(&geometries[kind])
				} else {
					setup.learned = treeNatural
				}
				var body []byte
				var err error
				c := New(Config{})
				for b.Loop() {
					if body, err = c.encodeMixed(body[:0], block, setup); err != nil {
						b.Fatal(err)
					}
				}
				report(b, block, body)
			})
		}
	}
}
