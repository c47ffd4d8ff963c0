package progress

import (
	"time"

	"github.com/foretell/foretell/cmd/foretell/internal/show"
)

// A tracker looks at an activity again and again.
type tracker struct {
	*Activity
	begin  time.Time
	first  moment   // at which anything was done
	recent []moment // of the last second, and one before
	trend  Trend
	bits   float64
}

// A moment is where an activity was at some time.
type moment struct {
	at                  time.Time
	done, content, file int64
}

func newTracker(what *Activity) *tracker {
	now := time.Now()
	return &tracker{Activity: what, begin: now, recent: []moment{{at: now}}}
}

func (t *tracker) look() progressLine {
	now := moment{at: time.Now()}
	done, total := t.Done()
	now.done = done
	if t.Sizes != nil {
		now.content, now.file = t.Sizes()
	}
	s := progressLine{
		Verb: t.Verb, Seconds: now.at.Sub(t.begin).Seconds(), Done: done, Total: max(total, 0),
		Content: now.content, File: now.file,
	}
	if t.Ahead {
		t.trend.Add(now.content, now.file)
		s.Ratio = t.trend.Ratio
	} else if now.content > 0 {
		s.Ratio = show.Ratio(now.content, now.file)
	}
	for len(t.recent) > 1 && now.at.Sub(t.recent[1].at) >= time.Second {
		t.recent = t.recent[1:]
	}
	last := t.recent[0]
	t.recent = append(t.recent, now)
	s.Speed = show.Rate(done-last.done, now.at.Sub(last.at))
	if t.Tokens != nil {
		n, bytes := t.Tokens()
		if content, file := now.content-last.content, now.file-last.file; content > 0 && file > 0 && n > 0 && s.Ratio > 0 {
			t.bits = 8 * float64(file) / float64(content) * show.Ratio(bytes, n)
		}
		s.Bits = t.bits
	}
	// What comes before the first of it, such as learning, is no measure of speed.
	if done > 0 && t.first.done == 0 {
		t.first = now
	}
	if passed := now.at.Sub(t.first.at); done > t.first.done && total > done && passed >= time.Second {
		s.Left = passed.Seconds() * float64(total-done) / float64(done-t.first.done)
	}
	return s
}

// A Trend tells the ratio of two sizes of which one runs ahead by some blocks
// that are under way: it compares how they grow.
type Trend struct {
	raw0, coded0 int64 // when both had begun
	raw, coded   int64 // last time
	steps        int   // times that both had grown since then
	Ratio        float64
}

// enoughSteps is how often both sizes must have grown for the ratio to mean
// something.
const enoughSteps = 4

// begun is a size that a file's header does not reach.
const begun = 1 << 12

func (t *Trend) Add(raw, coded int64) {
	switch {
	case raw < begun || coded < begun || raw == t.raw || coded == t.coded:
		return
	case t.coded0 == 0:
		t.raw0, t.coded0 = raw, coded
	default:
		t.steps++
	}
	t.raw, t.coded = raw, coded
	if t.steps >= enoughSteps {
		t.Ratio = show.Ratio(raw-t.raw0, coded-t.coded0)
	}
}
