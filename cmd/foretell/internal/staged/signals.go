//go:build !js

package staged

import (
	"os"
	"syscall"
)

// Endings are the signals that end a run. The last one does only when what the run
// prints is read no more.
var Endings = []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGPIPE}
