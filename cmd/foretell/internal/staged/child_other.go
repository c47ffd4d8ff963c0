//go:build !unix

package staged

import "os/exec"

// leadGroup does nothing: there are no process groups here.
func leadGroup(*exec.Cmd) {}

// killGroup ends a command.
func killGroup(cmd *exec.Cmd) { cmd.Process.Kill() }
