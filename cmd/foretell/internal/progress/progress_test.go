package progress

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// TestBarLine has lines lose parts so that they fit into a terminal.
func TestBarLine(t *testing.T) {
	for _, total := range []int64{1000, -1} {
		bar := newBar(total)
		bar.Add64(1)
		time.Sleep(time.Millisecond) // for a speed
		s := &progressLine{Verb: "decompressing", Done: 300, Total: max(total, 0), Ratio: 12.25, Bits: 10.5}
		for width := range 150 {
			line := barLine(bar, s, width)
			if n := utf8.RuneCountInString(line); n >= max(width, 1) {
				t.Errorf("total %d: %q in %d columns", total, line, width)
			}
			for part, from := range map[string]int{"decompressing": 25, "12.25:1": 90, "10.50 bits": 90, "B/s)": 90} {
				if width >= from && !strings.Contains(line, part) {
					t.Errorf("total %d: no %s in %q in %d columns", total, part, line, width)
				}
			}
			if width > 4 && total > 0 && !strings.Contains(line, "30%") {
				t.Errorf("no share in %q in %d columns", line, width)
			}
		}
	}
}

// TestTracker lets time pass by hand.
func TestTracker(t *testing.T) {
	var done, content, file int64
	what := &Activity{
		Verb:   "testing",
		Done:   func() (int64, int64) { return done, 10000 },
		Sizes:  func() (int64, int64) { return content, file },
		Tokens: func() (int64, int64) { return 500, 1000 }, // of two bytes each
	}
	tr := newTracker(what)
	pass := func(d time.Duration) {
		tr.begin = tr.begin.Add(-d)
		for i := range tr.recent {
			tr.recent[i].at = tr.recent[i].at.Add(-d)
		}
	}
	about := func(what string, got, want float64) {
		t.Helper()
		if got < want*0.9 || got > want*1.1 {
			t.Errorf("%s: %v, want about %v", what, got, want)
		}
	}
	pass(2 * time.Second)
	done, content, file = 2000, 2000, 500
	s := tr.look()
	about("ratio", s.Ratio, 4)
	about("bits", s.Bits, 4) // 500 bytes for 1000 tokens
	about("MB/s", s.Speed, 0.001)
	about("left", s.Left, 8)
	pass(time.Second)
	done, content, file = 4000, 4000, 600
	s = tr.look()
	about("ratio", s.Ratio, 4000./600)
	about("bits of the last second", s.Bits, 0.8)
	about("MB/s", s.Speed, 0.002)
	pass(time.Second)
	s = tr.look() // nothing new: what was known before
	about("bits", s.Bits, 0.8)
	if s.Speed != 0 {
		t.Errorf("%v MB/s while nothing is done", s.Speed)
	}
	done = 10000
	if s = tr.look(); s.Left != 0 {
		t.Errorf("%v seconds left at the end", s.Left)
	}
}

// TestTrend has the input run ahead of the output by 1000 units.
func TestTrend(t *testing.T) {
	var trend Trend
	for i := int64(0); i < 100; i++ {
		raw, coded := (1000+i)*500, i*100
		trend.Add(raw, coded)
	}
	if trend.Ratio != 5 {
		t.Errorf("ratio %v, want 5", trend.Ratio)
	}
}
