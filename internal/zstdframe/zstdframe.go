// Package zstdframe checks that bytes are one Zstandard frame (RFC 8878), of a form that
// the formats allow: a decoder of zstd takes any number of frames, and what it may skip.
package zstdframe

import (
	"encoding/binary"
	"fmt"

	"github.com/foretell/foretell/internal/fault"
)

const (
	magic         = 0xfd2fb528
	singleSegment = 1 << 5
	checksum      = 1 << 2
)

// Check refuses bytes that are not one frame, of single segments or with a window as said,
// and under the dictionary of that number, of one byte; 0 stands for none. The error
// wraps foretell.ErrCorrupt.
func Check(src []byte, window uint64, dictionary byte) error {
	bad := func(what string) error { return fmt.Errorf("%w: zstd: %s", fault.ErrCorrupt, what) }
	if len(src) < 6 || binary.LittleEndian.Uint32(src) != magic {
		return bad("no frame")
	}
	head, at := src[4], 5
	if head&singleSegment == 0 {
		if uint64(8+src[at]&7)<<(7+src[at]>>3) > window {
			return bad("too large a window")
		}
		at++
	}
	id := [...]int{0, 1, 2, 4}[head&3]
	if id > 1 || id == 1 && (at == len(src) || src[at] != dictionary) || (id == 0) != (dictionary == 0) {
		return bad("another dictionary")
	}
	at += id
	size := [...]int{0, 2, 4, 8}[head>>6]
	if size == 0 && head&singleSegment != 0 {
		size = 1
	}
	at += size
	for last := false; !last; {
		if at+3 > len(src) {
			return bad("a frame that is cut off")
		}
		block := int(src[at]) | int(src[at+1])<<8 | int(src[at+2])<<16
		at += 3
		last = block&1 != 0
		if block>>1&3 == 1 {
			at++ // one byte, repeated
		} else {
			at += block >> 3
		}
	}
	if head&checksum != 0 {
		at += 4
	}
	if at != len(src) {
		return bad("a frame that is cut off, or bytes after it")
	}
	return nil
}
