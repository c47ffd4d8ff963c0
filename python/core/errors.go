package main

// #include <stdlib.h>
// #include "ft.h"
import "C"

import (
	"errors"
	"io"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/foretell/foretell"
	"github.com/foretell/foretell/prob"
	"github.com/foretell/foretell/step"
)

// fail describes err to C and returns its code, FT_OK if it is nil.
func fail(e *C.ft_error, err error) C.int32_t {
	if err == nil {
		return C.FT_OK
	}
	*e = C.ft_error{index: -1, length: -1, row: -1, from: -1, to: -1, block: -1, offset: -1}
	e.code = code(err)
	var (
		row    *step.RowError
		dist   *prob.DistributionError
		symbol *prob.SymbolError
		drift  *step.DriftError
		block  *foretell.BlockError
		errno  syscall.Errno
	)
	if errors.As(err, &row) {
		e.row = C.int64_t(row.Row)
		if row.Moved {
			e.moved = 1
		}
		err = row.Err
	}
	if errors.As(err, &dist) {
		e.index = C.int64_t(dist.Index)
	}
	if errors.As(err, &symbol) {
		e.index, e.length = C.int64_t(symbol.Symbol), C.int64_t(symbol.Len)
	}
	if errors.As(err, &drift) {
		e.from, e.to = C.int64_t(drift.From), C.int64_t(drift.To)
	}
	if errors.As(err, &block) {
		e.block, e.offset = C.int64_t(block.Block), C.int64_t(block.Offset)
	}
	if e.code == C.FT_OS && errors.As(err, &errno) {
		e.number = C.int32_t(errno)
	}
	e.message = C.CString(strings.Replace(err.Error(), "Reset begins another", "a new coder begins another", 1))
	return e.code
}

// code returns the number of the kind of err.
func code(err error) C.int32_t {
	for _, k := range kinds {
		if errors.Is(err, k.err) {
			return k.code
		}
	}
	var errno syscall.Errno
	var bug *defect
	switch {
	case errors.As(err, &bug):
		return C.FT_INTERNAL
	case errors.As(err, &errno):
		return C.FT_OS
	}
	return C.FT_VALUE
}

var kinds = []struct {
	err  error
	code C.int32_t
}{
	{step.ErrDistribution, C.FT_DISTRIBUTION},
	{step.ErrSymbol, C.FT_SYMBOL},
	{step.ErrDrift, C.FT_DRIFT},
	{step.ErrNotThere, C.FT_NOT_THERE},
	{foretell.ErrCorrupt, C.FT_CORRUPT},
	{io.ErrUnexpectedEOF, C.FT_TRUNCATED},
	{foretell.ErrLimit, C.FT_LIMIT},
	{foretell.ErrModel, C.FT_MODEL},
	{foretell.ErrUnsupported, C.FT_UNSUPPORTED},
	{io.EOF, C.FT_END},
	{errCaller, C.FT_CALLER},
}

// rescue turns a panic, which would end the process, into an error. To be
// deferred.
func rescue(e *C.ft_error) {
	if r := recover(); r != nil {
		fail(e, &defect{r, debug.Stack()})
	}
}
