package main

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

// run runs a command. When this process is told to end, the command ends too,
// with all that it has started where the system knows what that is.
func (s *stage) run(cmd *exec.Cmd) error {
	leadGroup(cmd)
	c := &child{cmd, make(chan struct{})}
	s.mu.Lock()
	err := cmd.Start()
	if err == nil {
		s.children = append(s.children, c)
	}
	s.mu.Unlock()
	if err != nil {
		return err
	}
	err = cmd.Wait()
	close(c.gone)
	s.mu.Lock() // never comes if it was the signal handler that ended the command
	defer s.mu.Unlock()
	s.children = slices.DeleteFunc(s.children, func(other *child) bool { return other == c })
	return err
}

// scratchFolder returns a temporary folder, and what removes it.
func (s *stage) scratchFolder() (dir string, remove func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if dir, err = os.MkdirTemp("", "foretell-bench-"); err != nil {
		return "", nil, err
	}
	s.scratchDirs = append(s.scratchDirs, dir)
	return dir, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		os.RemoveAll(dir)
		s.scratchDirs = slices.DeleteFunc(s.scratchDirs, func(other string) bool { return other == dir })
	}, nil
}
