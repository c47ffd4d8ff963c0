package main

import (
	"os"
	"syscall"
)

var testSignals = map[string]os.Signal{"INT": os.Interrupt, "TERM": syscall.SIGTERM, "HUP": syscall.SIGHUP}
