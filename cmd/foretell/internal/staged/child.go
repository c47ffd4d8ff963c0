package staged

import (
	"os"
	"os/exec"
	"slices"
)

// A child is a process that this one has started.
type child struct {
	*exec.Cmd
	gone chan struct{} // closed when it has ended
}

// Run runs a command. When this process is told to end, the command ends too,
// with all that it has started where the system knows what that is.
func Run(cmd *exec.Cmd) error {
	leadGroup(cmd)
	c := &child{cmd, make(chan struct{})}
	now.mu.Lock()
	err := cmd.Start()
	if err == nil {
		now.children = append(now.children, c)
	}
	now.mu.Unlock()
	if err != nil {
		return err
	}
	err = cmd.Wait()
	close(c.gone)
	now.mu.Lock() // never comes if it was the signal handler that ended the command
	defer now.mu.Unlock()
	now.children = slices.DeleteFunc(now.children, func(other *child) bool { return other == c })
	return err
}

// ScratchFolder returns a temporary folder, and what removes it.
func ScratchFolder() (dir string, remove func(), err error) {
	now.mu.Lock()
	defer now.mu.Unlock()
	if dir, err = os.MkdirTemp("", "foretell-bench-"); err != nil {
		return "", nil, err
	}
	now.scratchDirs = append(now.scratchDirs, dir)
	return dir, func() {
		now.mu.Lock()
		defer now.mu.Unlock()
		os.RemoveAll(dir)
		now.scratchDirs = slices.DeleteFunc(now.scratchDirs, func(other string) bool { return other == dir })
	}, nil
}
