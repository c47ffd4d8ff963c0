package main

import (
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"time"

	"github.com/schollz/progressbar/v3"
)

// A progress shows on a terminal how far a run is, how fast it goes, how small
// the output is so far and how long it will take.
type progress struct {
	stop chan struct{}
	gone chan struct{}
}

// shown is how long a run takes at least before its progress is shown.
const shown = 300 * time.Millisecond

// showProgress shows progress until its end is called. done returns the bytes
// that are done and how many there are, -1 if that is unknown. sizes, which may
// be nil, returns the bytes so far as they are when decompressed and when
// compressed.
func (a *app) showProgress(verb string, inPipe bool, done, sizes func() (int64, int64)) *progress {
	p := &progress{stop: make(chan struct{}), gone: make(chan struct{})}
	if a.quiet || inPipe || !isTerminal(os.Stderr) {
		close(p.gone)
		return p
	}
	_, total := done()
	bar := progressbar.NewOptions64(total,
		progressbar.OptionSetWriter(os.Stderr),
		progressbar.OptionShowBytes(true),
		progressbar.OptionShowTotalBytes(true),
		progressbar.OptionSetPredictTime(true),
		progressbar.OptionSetWidth(24),
		progressbar.OptionUseANSICodes(true),
		progressbar.OptionSetTheme(progressbar.ThemeASCII),
		progressbar.OptionClearOnFinish(),
	)
	bar.Reset() // starts its clock
	go func() {
		defer close(p.gone)
		select {
		case <-p.stop:
			return
		case <-time.After(shown):
		}
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		var t trend
		for {
			n, _ := done()
			if sizes != nil && n != total {
				t.add(sizes())
			}
			if total >= 0 {
				n = min(n, total-1) // at the total it would be finished
			}
			text := verb
			if t.ratio > 0 {
				text = fmt.Sprintf("%s, %.2f:1", verb, t.ratio)
			}
			bar.Describe(text)
			bar.Set64(max(n, 0))
			select {
			case <-p.stop:
				bar.Clear()
				return
			case <-tick.C:
			}
		}
	}()
	return p
}

// end takes the progress from the terminal.
func (p *progress) end() {
	close(p.stop)
	<-p.gone
}

// A trend tells the ratio of two sizes of which one runs ahead by some blocks
// that are under way: it compares how they grow.
type trend struct {
	raw0, coded0 int64 // when both had begun
	raw, coded   int64 // last time
	steps        int   // times that both had grown since then
	ratio        float64
}

// enoughSteps is how often both sizes must have grown for the ratio to mean
// something.
const enoughSteps = 4

// begun is a size that a file's header does not reach.
const begun = 1 << 12

func (t *trend) add(raw, coded int64) {
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
		t.ratio = ratio(raw-t.raw0, coded-t.coded0)
	}
}

// A meter counts the bytes of one reader, and those of all in total.
type meter struct {
	r     io.Reader
	n     int64
	total *atomic.Int64
}

func (m *meter) Read(p []byte) (int, error) {
	n, err := m.r.Read(p)
	m.n += int64(n)
	m.total.Add(int64(n))
	return n, err
}

// A tallyWriter counts the bytes that are written. Any goroutine may ask.
type tallyWriter struct {
	w io.Writer
	n atomic.Int64
}

func (t *tallyWriter) Write(p []byte) (int, error) {
	n, err := t.w.Write(p)
	t.n.Add(int64(n))
	return n, err
}
