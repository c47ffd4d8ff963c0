// Command core is the Go side of the Python package foretell: built as a C
// archive, it is linked into the package's extension module, which calls the
// functions exported here.
//
// Coders stay on this side and go by handles. The caller makes sure that a handle
// is used by one thread at a time and not after its release. Arrays are read where
// they lie; a coder may keep the address of the last one that it was given, but
// never looks there again.
package main

// #include <stdlib.h>
// #include "ft.h"
import "C"

import (
	"os"
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/foretell/foretell/net"
)

func main() {}

// init has Go get what it waits with for files, while there is room for that.
func init() {
	if f, err := os.Open(os.DevNull); err == nil {
		f.Close()
	}
}

// A table hands out numbers for objects that C refers to. Looking one up takes no
// lock.
type table[T any] struct {
	mu     sync.Mutex
	chunks atomic.Pointer[[]*[chunkSize]*T]
	free   []uint32
	used   uint32
}

const chunkSize = 256

// add returns a number above zero for x.
func (t *table[T]) add(x *T) uint32 {
	t.mu.Lock()
	defer t.mu.Unlock()
	var h uint32
	if n := len(t.free); n > 0 {
		h, t.free = t.free[n-1], t.free[:n-1]
	} else {
		t.used++
		h = t.used
	}
	var chunks []*[chunkSize]*T
	if p := t.chunks.Load(); p != nil {
		chunks = *p
	}
	if int(h/chunkSize) == len(chunks) {
		chunks = append(chunks[:len(chunks):len(chunks)], new([chunkSize]*T))
		t.chunks.Store(&chunks)
	}
	chunks[h/chunkSize][h%chunkSize] = x
	return h
}

func (t *table[T]) at(h uint32) *T { return t.all().at(h) }

// all returns the objects as they are now, for looking up several.
func (t *table[T]) all() objects[T] { return *t.chunks.Load() }

type objects[T any] []*[chunkSize]*T

func (o objects[T]) at(h uint32) *T { return o[h/chunkSize][h%chunkSize] }

// remove forgets the object with number h and returns it.
func (t *table[T]) remove(h uint32) *T {
	t.mu.Lock()
	defer t.mu.Unlock()
	p := &(*t.chunks.Load())[h/chunkSize][h%chunkSize]
	x := *p
	*p = nil
	t.free = append(t.free, h)
	return x
}

var (
	encoders table[encoder]
	decoders table[decoder]
	stacks   table[stack]
	writers  table[writer]
	readers  table[reader]
	blobs    table[[]byte]
	networks table[opened]
	streams  table[net.Streams]
)

//export ft_release
func ft_release(kind C.int32_t, h C.uint32_t) {
	switch kind {
	case C.FT_ENCODER:
		encoders.remove(uint32(h))
	case C.FT_DECODER:
		decoders.remove(uint32(h))
	case C.FT_STACK:
		stacks.remove(uint32(h))
	case C.FT_WRITER:
		writers.remove(uint32(h)).abandon()
	case C.FT_READER:
		readers.remove(uint32(h)).close()
	case C.FT_BLOB:
		blobs.remove(uint32(h))
	case C.FT_NETWORK:
		networks.remove(uint32(h))
	case C.FT_STREAMS:
		streams.remove(uint32(h))
	}
}

// give hands bytes to C, which learns their length and calls ft_take.
func give(b []byte, length *C.int64_t) C.uint32_t {
	*length = C.int64_t(len(b))
	return C.uint32_t(blobs.add(&b))
}

// ft_take copies the bytes with number h to dst and forgets them.
//
//export ft_take
func ft_take(h C.uint32_t, dst unsafe.Pointer) {
	b := *blobs.remove(uint32(h))
	copy(slice[byte](dst, C.int64_t(len(b))), b)
}

// slice returns the n numbers at p.
func slice[T any](p unsafe.Pointer, n C.int64_t) []T {
	if n == 0 {
		return nil
	}
	return unsafe.Slice((*T)(p), int(n))
}
