//go:build !unix

package staged

import "os"

// unread reports that a file is read: there is no way to tell.
func unread(*os.File) bool { return false }

// isPipe reports that a signal is another one.
func isPipe(os.Signal) bool { return false }
