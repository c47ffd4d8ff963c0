package main

import (
	"os"
	"os/signal"
	"slices"
	"sync"
	"time"

	"github.com/foretell/foretell/internal/outputs"
)

// A stage holds the outputs of a run. What a run that fails or is interrupted has
// staged is removed, with its scratch files, and what it has started is ended.
type stage struct {
	outputs.Stage
	mu      sync.Mutex
	spooled []*os.File // temporary files that could not be removed while open

	scratchDirs []string
	children    []*child // that run
}

// staged holds the outputs of this run, for the signal handler to find.
var staged stage

// discard removes what has been staged and not committed.
func (s *stage) discard() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.endChildren()
	s.Discard()
	s.removeScratch()
}

// endChildren ends what has been started, so that it writes no more.
func (s *stage) endChildren() {
	for _, c := range s.children {
		killGroup(c.Cmd)
		<-c.gone
	}
	s.children = nil
}

func (s *stage) removeScratch() {
	for _, f := range s.spooled {
		f.Close()
		os.Remove(f.Name())
	}
	for _, dir := range s.scratchDirs {
		os.RemoveAll(dir)
	}
	s.spooled, s.scratchDirs = nil, nil
}

// removeOnSignal removes what has been staged when the process is told to end,
// and ends what it has started and then itself, in the way that the signal does.
func removeOnSignal() {
	// What nohup and the like have this process ignore, it goes on to ignore.
	ending := slices.DeleteFunc(slices.Clone(endings), signal.Ignored)
	if len(ending) == 0 {
		return // Notify would take no signals for all
	}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, ending...)
	go func() {
		sig := <-signals
		staged.mu.Lock() // for good: nothing may be staged from here on
		staged.endChildren()
		staged.End()
		staged.removeScratch()
		tellKept()
		signal.Reset()
		if self, err := os.FindProcess(os.Getpid()); err == nil && self.Signal(sig) == nil {
			time.Sleep(time.Second)
		}
		os.Exit(exitFailed)
	}()
}

// standard is standard output as an output.
func (s *stage) standard() (*outputs.File, error) { return s.Open(os.Stdout, "standard output") }

// outName is a dash for all that stands for standard output.
func outName(name string) string {
	if n, ok := outputs.Descriptor(name); ok && n == int(os.Stdout.Fd()) {
		return "-"
	}
	return name
}

// scratch returns a temporary file that is removed at the end of the run.
func (s *stage) scratch() (*os.File, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := os.CreateTemp("", "foretell-*.fore")
	if err == nil && os.Remove(f.Name()) != nil {
		s.spooled = append(s.spooled, f)
	}
	return f, err
}
