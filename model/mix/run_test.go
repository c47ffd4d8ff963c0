package mix

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/foretell/foretell/model"
)

// TestRunsStandForCounters checks that runs change nothing but what the tables hold: while
// these have room a block is coded as without runs, but for chance finds of a tag.
func TestRunsStandForCounters(t *testing.T) {
	for kind, b := range map[int]*model.Block{
		geometryStream: synthetic(500, 4000), geometryProse: prose(4000), geometryBytes: synthetic(200, 3000), geometrySpelt: spelledBlock(2000),
	} {
		with, err := New(Config{}).Encode(nil, b)
		if err != nil {
			t.Fatal(err)
		}
		whole := geometries[kind]
		defer func() { geometries[kind] = whole }()
		geometries[kind].runs = false
		geometries[kind].final = whole.sets[0]
		without, err := New(Config{}).Encode(nil, b)
		if err != nil {
			t.Fatal(err)
		}
		geometries[kind].runs = true
		if with, err = New(Config{}).Encode(with[:0], b); err != nil {
			t.Fatal(err)
		}
		if d := len(with) - len(without); d < -8 || d > 8 {
			t.Errorf("%s: %d bytes with runs, %d without", whole.name, len(with), len(without))
		}
	}
}

// TestRuns holds the table of runs against a list for each bucket.
func TestRuns(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := newRuns(1)
		want := [2]map[uint32]run{{}, {}}
		for range rapid.IntRange(0, 60).Draw(t, "steps") {
			tag := rapid.Uint32Range(0, 11).Draw(t, "tag")<<1 | 1 | rapid.Uint32Range(0, 1).Draw(t, "half")<<31
			known := want[tag>>31]
			if got := r.find(tag); got != known[tag] {
				t.Fatalf("run %x is %v, want %v", tag, got, known[tag])
			}
			if _, ok := known[tag]; ok && rapid.Bool().Draw(t, "drop") {
				r.drop(tag)
				delete(known, tag)
				continue
			}
			x := newRun(tag, rapid.Uint32Range(0, MaxSize-1).Draw(t, "symbol"), rapid.Uint32Range(1, 300).Draw(t, "count"))
			least := uint32(countLimit)
			for _, k := range known {
				least = min(least, k.count())
			}
			r.put(x)
			known[tag] = x
			for tag, k := range known {
				if r.find(tag) != k {
					if len(known) <= 8 || k.count() > least {
						t.Fatalf("run %x was lost", tag)
					}
					delete(known, tag)
				}
			}
			if len(known) > 8 {
				t.Fatalf("%d runs in a bucket", len(known))
			}
		}
	})
}

// TestRunLimits checks what a run can hold.
func TestRunLimits(t *testing.T) {
	if r := newRun(1<<31|1, MaxSize-1, 1000); r.symbol() != MaxSize-1 || r.count() != countLimit {
		t.Errorf("a run of %d, %d times", r.symbol(), r.count())
	}
}
