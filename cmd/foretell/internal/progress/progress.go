// Package progress shows how far a run is, on a terminal or as lines of JSON.
package progress

import (
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/foretell/foretell/cmd/foretell/internal/show"
	"github.com/spf13/cobra"
)

// A Running shows how far a run is, how fast it goes, how small the output is so
// far and how long it will take: on a terminal, or as lines of JSON.
type Running struct {
	stop chan struct{}
	gone chan struct{}
}

// shown is how long a run takes at least before its progress is shown.
const shown = 300 * time.Millisecond

// progressMode is the flag --progress.
type progressMode string

const (
	progressAuto progressMode = "auto" // on a terminal, unless in a pipe
	progressJSON progressMode = "json"
	progressNone progressMode = "none"
)

// Set reads the flag.
func (m *progressMode) Set(text string) error {
	switch mode := progressMode(text); mode {
	case progressAuto, progressJSON, progressNone:
		*m = mode
		return nil
	}
	return fmt.Errorf("use auto, json or none")
}

// String shows what help prints as the default.
func (m *progressMode) String() string { return string(*m) }

// Type names the flag's argument in help.
func (m *progressMode) Type() string { return "MODE" }

// A View is how much is told of what goes on.
type View struct {
	Quiet   bool
	Verbose bool
	mode    progressMode
}

// AddFlag adds the flag --progress.
func (a *View) AddProgress(cmd *cobra.Command) {
	a.mode = progressAuto
	cmd.Flags().Var(&a.mode, "progress", "show progress on a terminal (auto), as a line of JSON each second on standard error (json), or not (none)")
	cmd.RegisterFlagCompletionFunc("progress", cobra.FixedCompletions(
		[]cobra.Completion{"auto", "json", "none"}, cobra.ShellCompDirectiveNoFileComp))
}

// Lines reports whether progress is shown as lines of JSON.
func (a *View) Lines() bool { return a.mode == progressJSON }

// An Activity is what progress is shown of.
type Activity struct {
	Verb string

	// done returns how much is done and how much there is, -1 if unknown, in
	// bytes of the input.
	Done func() (done, total int64)

	// sizes, which may be nil, returns the bytes so far as they are when
	// decompressed and when compressed. ahead says that one of them runs ahead
	// of the other by some blocks.
	Sizes func() (content, file int64)
	Ahead bool

	// tokens, which may be nil, returns how many tokens there are in how many
	// of their bytes, as far as that is known.
	Tokens func() (tokens, bytes int64)
}

// Show shows progress until its end is called.
func (a *View) ShowProgress(verb string, inPipe bool, done func() (int64, int64)) *Running {
	return a.Follow(&Activity{Verb: verb, Done: done}, inPipe)
}

// Follow shows the progress of a run until its end is called.
func (a *View) Follow(what *Activity, inPipe bool) *Running {
	p := &Running{stop: make(chan struct{}), gone: make(chan struct{})}
	switch {
	case a.mode == progressJSON:
		go p.lines(what)
	case a.mode == progressNone || a.Quiet || inPipe || !show.IsTerminal(os.Stderr):
		close(p.gone)
	default:
		go p.bar(what)
	}
	return p
}

// End takes the progress from the terminal.
func (p *Running) End() {
	close(p.stop)
	<-p.gone
}

// bar shows a line on the terminal.
func (p *Running) bar(what *Activity) {
	defer close(p.gone)
	t := newTracker(what)
	select {
	case <-p.stop:
		return
	case <-time.After(shown):
	}
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		s := t.look()
		showLine(s.draw(show.Columns()))
		select {
		case <-p.stop:
			showLine("")
			return
		case <-tick.C:
		}
	}
}

// showLine shows a line on the terminal, in place of the one before.
func showLine(line string) {
	const clearLine = "\r\x1b[K"
	fmt.Fprint(os.Stderr, clearLine+line)
}

// Tell shows what goes on, on a terminal, until it is told the next thing.
func (a *View) Tell(text string) {
	if show.IsTerminal(os.Stderr) && !a.Quiet {
		line := []rune(text)
		showLine(string(line[:min(len(line), show.Columns()-1)]))
	}
}

// lines prints a line of JSON each second, and one at the end.
func (p *Running) lines(what *Activity) {
	defer close(p.gone)
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	t := newTracker(what)
	out := json.NewEncoder(os.Stderr)
	for over := false; !over; {
		select {
		case <-p.stop:
			over = true
		case <-tick.C:
		}
		s := t.look()
		if s.Over = over; over {
			s.Speed, s.Left = show.Rate(s.Done, time.Since(t.begin)), 0
		}
		out.Encode(s)
	}
}
