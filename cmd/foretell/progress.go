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
// that are done and how many there are, -1 if that is unknown; ratio returns
// the ratio so far.
func (a *app) showProgress(verb string, inPipe bool, done func() (int64, int64), ratio func() float64) *progress {
	p := &progress{stop: make(chan struct{}), gone: make(chan struct{})}
	if a.quiet || inPipe || !isTerminal(os.Stderr) {
		close(p.gone)
		return p
	}
	go func() {
		defer close(p.gone)
		select {
		case <-p.stop:
			return
		case <-time.After(shown):
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
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		for {
			n, _ := done()
			if total >= 0 {
				n = min(n, total-1) // at the total it would be finished
			}
			if r := ratio(); r > 0 {
				bar.Describe(fmt.Sprintf("%s %.2f:1", verb, r))
			} else {
				bar.Describe(verb)
			}
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
