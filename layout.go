package foretell

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/foretell/foretell/internal/container"
	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/tokens"
)

// The entries of a .fore file's layout (docs/format.md) as bytes.

const (
	fileRepacked = 1

	memberBigEndian = 1
	memberFortran   = 2
	memberForm      = 2 // bits before the form
)

func fileEntry(name string, repacked bool) container.Entry {
	var flags byte
	if repacked {
		flags |= fileRepacked
	}
	return container.Entry{Kind: container.EntryFile, Data: append([]byte{flags}, name...)}
}

func parseFile(data []byte) (tokens.Part, error) {
	if len(data) < 1 || data[0]&^fileRepacked != 0 || len(data)-1 > tokens.MaxName {
		return tokens.Part{}, fmt.Errorf("%w: file entry", fault.ErrCorrupt)
	}
	return tokens.Part{Kind: tokens.File, Name: string(data[1:]), Repacked: data[0]&fileRepacked != 0}, nil
}

// memberEntry holds the member's number too, so that blocks find it when an
// earlier part of the layout is lost.
func memberEntry(number int, info *tokens.Info) container.Entry {
	var flags byte
	if info.BigEndian {
		flags |= memberBigEndian
	}
	if info.Fortran {
		flags |= memberFortran
	}
	flags |= byte(info.Form) << memberForm
	data := binary.AppendUvarint(nil, uint64(number))
	data = append(data, byte(info.Type), flags)
	data = binary.AppendUvarint(data, uint64(len(info.Shape)))
	for _, n := range info.Shape {
		data = binary.AppendUvarint(data, uint64(n+1))
	}
	return container.Entry{Kind: container.EntryMember, Data: append(data, info.Name...)}
}

func parseMember(data []byte) (number int, info tokens.Info, err error) {
	bad := fmt.Errorf("%w: member entry", fault.ErrCorrupt)
	v, n := binary.Uvarint(data)
	if n <= 0 || v > 1<<40 || v > math.MaxInt {
		return 0, info, bad
	}
	number, data = int(v), data[n:]
	if len(data) < 2 {
		return 0, info, bad
	}
	info.Type = tokens.Type(data[0])
	info.BigEndian = data[1]&memberBigEndian != 0
	info.Fortran = data[1]&memberFortran != 0
	info.Form = tokens.Form(data[1] >> memberForm) // which Validate checks
	data = data[2:]
	next := func() uint64 {
		v, n := binary.Uvarint(data)
		if n <= 0 {
			data = nil
			return 0
		}
		data = data[n:]
		return v
	}
	rank := next()
	if rank > tokens.MaxRank {
		return 0, info, bad
	}
	info.Shape = make([]int, rank)
	for i := range info.Shape {
		n := next()
		if n > 1<<62 || n > math.MaxInt || n == 0 && i > 0 || data == nil {
			return 0, info, bad
		}
		info.Shape[i] = int(n) - 1
	}
	info.Name = string(data)
	return number, info, info.Validate()
}

// endEntry closes a member whose first axis was open when it began.
func endEntry(length int) container.Entry {
	return container.Entry{Kind: container.EntryEnd, Data: binary.AppendUvarint(nil, uint64(length))}
}

func parseEnd(data []byte) (int, error) {
	v, n := binary.Uvarint(data)
	if n <= 0 || n != len(data) || v > 1<<62 || v > math.MaxInt {
		return 0, fmt.Errorf("%w: end entry", fault.ErrCorrupt)
	}
	return int(v), nil
}
