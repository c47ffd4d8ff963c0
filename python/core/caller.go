package main

// #include "ft.h"
import "C"

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"time"
	"unsafe"
)

// pollEvery is how long a signal may wait.
const pollEvery = 50 * time.Millisecond

// errCaller ends a call whose caller has an error of its own: the one that a signal
// handler, a progress bar or a file object raised.
var errCaller = errors.New("the caller ends the call")

// A defect is a panic.
type defect struct {
	what  any
	stack []byte
}

func (d *defect) Error() string {
	return fmt.Sprintf("a defect of foretell, please report it: %v\n%s", d.what, d.stack)
}

// safely runs work, and returns its error, or its panic as one.
func safely(work func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = &defect{r, debug.Stack()}
		}
	}()
	return work()
}

// An ask is what work on another goroutine has the caller's thread do.
type ask struct {
	do     func(*C.ft_caller) bool
	answer chan bool
}

// A task is work under way for a caller. It may outlive one call, as that of a file
// that is open does.
type task struct {
	context.Context
	stop context.CancelFunc
	asks chan ask
}

func newTask() *task {
	t := &task{asks: make(chan ask)}
	t.Context, t.stop = context.WithCancel(context.Background())
	return t
}

// run does work on a goroutine, while this one, on the thread that called from Python,
// has the caller hear signals and answers what the work asks of it. done, if not nil,
// says how many bytes are done, of how many, -1 if unknown. Where the caller ends the
// call the context is cancelled; the work is over in any case when run returns.
func (t *task) run(c *C.ft_caller, done func() (int64, int64), work func() error) error {
	over := make(chan error, 1)
	go func() { over <- safely(work) }()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	ended := false
	end := func(going bool) bool {
		if !going && !ended {
			ended = true
			t.stop()
		}
		return going
	}
	for {
		select {
		case err := <-over:
			if ended {
				return errCaller
			}
			return err
		case a := <-t.asks:
			a.answer <- !ended && end(a.do(c))
		case <-tick.C:
			if ended {
				continue
			}
			have, total := int64(0), int64(-1)
			if done != nil {
				have, total = done()
			}
			end(C.ft_poll(c, C.int64_t(have), C.int64_t(total)) == 0)
		}
	}
}

// ask has the caller's thread do something.
func (t *task) ask(do func(*C.ft_caller) bool) error {
	a := ask{do, make(chan bool, 1)}
	select {
	case t.asks <- a:
	case <-t.Done():
		return t.Err()
	}
	if !<-a.answer {
		return errCaller
	}
	return nil
}

// A foreign file is a file object of Python's.
type foreign struct{ *task }

// ReadAt reads all of p.
func (f foreign) ReadAt(p []byte, offset int64) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	err := f.ask(func(c *C.ft_caller) bool {
		return C.ft_read(c, C.int64_t(offset), unsafe.Pointer(&p[0]), C.int64_t(len(p))) == 0
	})
	if err != nil {
		return 0, err
	}
	return len(p), nil
}

// Write writes all of p.
func (f foreign) Write(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	err := f.ask(func(c *C.ft_caller) bool {
		return C.ft_write(c, unsafe.Pointer(&p[0]), C.int64_t(len(p))) == 0
	})
	if err != nil {
		return 0, err
	}
	return len(p), nil
}

var (
	_ io.ReaderAt = foreign{}
	_ io.Writer   = foreign{}
)
