// Package staged holds the outputs of this run, its temporary files and the processes
// that it has started. Outputs are moved to their places when all of them are whole;
// what a run that fails or is interrupted has begun is removed and ended.
package staged

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/foretell/foretell/internal/outputs"
)

// now is the run's: there is one for each process, as the signal handler has to find it.
var now struct {
	outputs  outputs.Stage
	standard bool // output is an output

	mu          sync.Mutex
	spooled     []*os.File // temporary files that could not be removed while open
	scratchDirs []string
	children    []*child // that run
}

// Path stages the file with the given path, as outputs.Stage.Path does.
func Path(name string, force bool, mode fs.FileMode) (*outputs.File, error) {
	return now.outputs.Path(name, force, mode)
}

// Below stages a file below a folder, as outputs.Stage.Below does.
func Below(root *os.Root, name string, force bool, mode fs.FileMode) (*outputs.File, error) {
	return now.outputs.Below(root, name, force, mode)
}

// Folder opens a folder for outputs, and makes it if need be.
func Folder(name string) (*os.Root, error) { return now.outputs.Folder(name) }

// Partial opens the partial file of an output, as outputs.Stage.Partial does.
func Partial(out string, resume bool) (*outputs.Partial, *io.SectionReader, error) {
	return now.outputs.Partial(out, resume)
}

// Check returns what Path would say of a file that stands there already.
func Check(name string, force bool) error { return now.outputs.Check(name, force) }

// Read says that a file is read: no output replaces it, by whatever path or link.
func Read(fi fs.FileInfo) { now.outputs.Read(fi) }

// Commit moves all outputs to their places.
func Commit() error { return now.outputs.Commit() }

// Abandon removes what a file of several that has failed has begun.
func Abandon() { now.outputs.Abandon() }

// Wait ends here for good if a signal is ending the run, whose outputs have been
// removed under it, so that err is only what comes of that.
func Wait(err error) {
	if errors.Is(err, syscall.EPIPE) && (unread(os.Stdout) || unread(os.Stderr)) {
		time.Sleep(time.Second) // the signal that says the same is on its way
	}
	if interrupted.Load() {
		select {}
	}
}

// interrupted says that a signal is ending the run.
var interrupted atomic.Bool

// Discard removes what has been staged and not committed.
func Discard() {
	now.mu.Lock()
	defer now.mu.Unlock()
	endChildren()
	now.outputs.Discard()
	removeScratch()
}

// endChildren ends what has been started, so that it writes no more.
func endChildren() {
	for _, c := range now.children {
		killGroup(c.Cmd)
		<-c.gone
	}
	now.children = nil
}

func removeScratch() {
	for _, f := range now.spooled {
		f.Close()
		os.Remove(f.Name())
	}
	for _, dir := range now.scratchDirs {
		os.RemoveAll(dir)
	}
	now.spooled, now.scratchDirs = nil, nil
}

// RemoveOnSignal removes what has been staged when the process is told to end,
// and ends what it has started and then itself, in the way that the signal does. last,
// which may be nil, is called before that.
func RemoveOnSignal(last func()) {
	// What nohup and the like have this process ignore, it goes on to ignore.
	ending := slices.DeleteFunc(slices.Clone(Endings), signal.Ignored)
	if len(ending) == 0 {
		return // Notify would take no signals for all
	}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, ending...)
	go func() {
		sig := <-signals
		for isPipe(sig) && !unread(os.Stdout) && !unread(os.Stderr) {
			sig = <-signals // a pipe to a child
		}
		interrupted.Store(true)
		now.mu.Lock() // for good: nothing may be staged from here on
		endChildren()
		now.outputs.End()
		removeScratch()
		if last != nil {
			last()
		}
		signal.Reset()
		if self, err := os.FindProcess(os.Getpid()); err == nil && self.Signal(sig) == nil {
			time.Sleep(time.Second)
		}
		os.Exit(1)
	}()
}

// Standard is standard output as an output, of which there may be several.
func Standard() (*outputs.File, error) {
	if closed(1) {
		return nil, errors.New("standard output is closed (or is /dev/null, opened for reading as well): name an output with -o")
	}
	f, err := now.outputs.Open(os.Stdout, "standard output")
	if err == nil {
		f.Shared, now.standard = true, true
	}
	return f, err
}

// CloseStandard closes standard output if it was an output: only then is it known that
// all has been taken.
func CloseStandard() error {
	if !now.standard {
		return nil
	}
	return os.Stdout.Close()
}

// Input returns an error if there is no standard input to read.
func Input() error {
	if closed(0) {
		return errors.New("standard input is closed (or is /dev/null, opened for writing as well): name a file")
	}
	return nil
}

// OutName is a dash for all that stands for standard output.
func OutName(name string) string {
	if n, ok := outputs.Descriptor(name); ok && n == int(os.Stdout.Fd()) {
		return "-"
	}
	return name
}

// Scratch returns a temporary file that is removed at the end of the run.
func Scratch() (*os.File, error) {
	now.mu.Lock()
	defer now.mu.Unlock()
	f, err := os.CreateTemp("", "foretell-*.fore")
	if err == nil && os.Remove(f.Name()) != nil {
		now.spooled = append(now.spooled, f)
	}
	return f, err
}

// Create stages an output that comes from no single file.
func Create(name string, force bool) (*outputs.File, error) {
	if name == "-" {
		return Standard()
	}
	return Path(name, force, outputs.AnyMode)
}
