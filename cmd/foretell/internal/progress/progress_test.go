package progress

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// TestDraw has lines lose pieces so that they fit into a terminal.
func TestDraw(t *testing.T) {
	for _, total := range []int64{1000e6, 0} {
		s := &progressLine{Verb: "decompressing", Seconds: 65, Done: 300e6, Total: total, Ratio: 12.25, Bits: 10.5, Speed: 1.5, Left: 3725}
		if total == 0 {
			s.Left = 0
		}
		for width := range 150 {
			line := s.draw(width)
			if n := utf8.RuneCountInString(line); n >= max(width, 1) {
				t.Errorf("total %d: %q in %d columns", total, line, width)
			}
			for part, from := range map[string]int{"decompressing": 25, "300.0": 50, "1.5 MB/s": 70, "1:05": 80, "12.25:1": 80, "10.50 bits": 120} {
				if width >= from && !strings.Contains(line, part) {
					t.Errorf("total %d: no %s in %q in %d columns", total, part, line, width)
				}
			}
			if total > 0 && (width > 4 && !strings.Contains(line, "30%") || width >= 40 && !strings.Contains(line, "1:02:05 left")) {
				t.Errorf("no share in %q in %d columns", line, width)
			}
			if total == 0 && (strings.Contains(line, "%") || strings.Contains(line, "left")) {
				t.Errorf("what is not known is told: %q", line)
			}
		}
	}
	for s, want := range map[*progressLine]string{
		{Verb: "v", Total: 2e6}:                               "v  0%  [----------------]  0/2.0 MB  0:00  ? left",
		{Verb: "v", Total: 2e6, Done: 2e6, Seconds: 1}:        "v  100%  [################]  2.0/2.0 MB  0:01",
		{Verb: "v", Total: 2e6, Done: 3e6, Seconds: 1}:        "v  100%  [################]  3.0/2.0 MB  0:01",
		{Verb: "v", Done: 12345678, Seconds: 59.6, Speed: 20}: "v  12.3 MB  20.0 MB/s  1:00",
	} {
		if got := s.draw(80); got != want {
			t.Errorf("%q, want %q", got, want)
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
		tr.first.at = tr.first.at.Add(-d)
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
	if s.Left != 0 {
		t.Errorf("%v seconds left by a single look", s.Left)
	}
	pass(time.Second)
	done, content, file = 4000, 4000, 600
	s = tr.look()
	about("ratio", s.Ratio, 4000./600)
	about("bits of the last second", s.Bits, 0.8)
	about("MB/s", s.Speed, 0.002)
	about("left", s.Left, 3) // 2000 in a second, not counting what came before the first
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
