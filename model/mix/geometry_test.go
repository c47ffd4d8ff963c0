package mix

import (
	"slices"
	"strings"
	"testing"
)

// TestValuesAsked checks that no value is loaded for each token that no geometry asks for.
func TestValuesAsked(t *testing.T) {
	var asked []string
	for k := range geometries {
		g := &geometries[k]
		specs := slices.Concat(g.contexts, g.best, g.sets, g.bestSets, g.net, g.bestNet, g.maps, []string{g.final})
		for _, c := range g.candidate {
			specs = append(append(specs, c.value), c.contexts...)
		}
		for _, s := range g.side {
			specs = append(append(specs, s.inputs...), s.best...)
		}
		for _, spec := range specs {
			for _, term := range strings.Fields(spec) {
				name, _, _ := strings.Cut(term, ":")
				name, _, _ = strings.Cut(name, "/")
				asked = append(asked, name)
			}
		}
	}
	for _, name := range valueNames {
		if !slices.Contains(asked, name) {
			t.Errorf("no geometry asks for %s", name)
		}
	}
}

// TestTable checks that the geometries parse, read nothing that the decoder does
// not have yet, and take prefixes and classes of symbols only.
func TestTable(t *testing.T) {
	for k := range geometries {
		g := &geometries[k]
		s := setup{level: Best, geometry: uint8(k), rows: 4, cols: 4}
		inOrder := s.flat()
		p, err := s.draw(100, 5, 100)
		if err != nil {
			t.Errorf("%s: %v", g.name, err)
			continue
		}
		if len(g.neighbours)+valueCount > maxValues || len(g.neighbours) > 64 {
			t.Errorf("%s: too many neighbours", g.name)
		}
		if len(g.changes) > 8 || len(p.sets) > 2*lanes || len(g.matches) > 2 {
			t.Errorf("%s: too much of something", g.name)
		}
		if !inOrder && (g.trail || g.words || g.windows != nil || g.matches != nil && k != geometryText) {
			t.Errorf("%s: may be coded in another order than stored, which windows, the trail and most matches do not allow", g.name)
		}
		for _, n := range g.neighbours {
			before := n.dt < 0 || n.dt == 0 && (n.dr < 0 || n.dr == 0 && n.dc < 0)
			if !before {
				t.Errorf("%s: %s comes later", g.name, n.name)
			}
			if g.backward > 0 && g.backward+n.dt < 0 {
				t.Errorf("%s: %s is farther than time runs backwards", g.name, n.name)
			}
		}
		for _, c := range g.changes {
			for _, name := range c {
				if _, err := g.value(name); err != nil {
					t.Errorf("%s: %v", g.name, err)
				}
			}
		}
		for _, terms := range p.contexts {
			for _, x := range terms {
				if x.kind >= kindDepth {
					t.Errorf("%s: a context that changes from bit to bit", g.name)
				}
				v := int(x.value) - len(g.neighbours)
				if symbol := v <= valueAbove; x.kind != kindValue && !symbol {
					t.Errorf("%s: %v is no symbol", g.name, x)
				}
			}
		}
	}
}
