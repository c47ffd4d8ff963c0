package staged

import (
	"os"
	"syscall"
)

// Endings are the signals that end a run.
var Endings = []os.Signal{os.Interrupt, syscall.SIGTERM}
