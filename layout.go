package foretell

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"unicode/utf8"

	"github.com/foretell/foretell/internal/container"
	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/internal/uvarint"
	"github.com/foretell/foretell/tokens"
)

// The entries of a .fore file's layout (docs/format.md) as bytes.

const (
	fileRepacked = 1

	memberBigEndian = 1
	memberFortran   = 2
	memberForm      = 2 // bits before the form

	memberFollows = 0 // in the place of a number: one more than that of the member before
)

func fileEntry(name string, repacked bool) container.Entry {
	var flags byte
	if repacked {
		flags |= fileRepacked
	}
	return container.Entry{Kind: container.EntryFile, Data: append([]byte{flags}, name...)}
}

func parseFile(data []byte) (tokens.Part, error) {
	if len(data) < 1 || data[0]&^fileRepacked != 0 || len(data)-1 > tokens.MaxName || !utf8.Valid(data[1:]) {
		return tokens.Part{}, fmt.Errorf("%w: file entry", fault.ErrCorrupt)
	}
	return tokens.Part{Kind: tokens.File, Name: string(data[1:]), Repacked: data[0]&fileRepacked != 0}, nil
}

// memberEntry holds the member's number too, so that blocks find it when an
// earlier part of the layout is lost. follows says that the member before it stands
// in the same record: then the entries of alike members are alike.
func memberEntry(number int, info *tokens.Info, follows bool) container.Entry {
	var flags byte
	if info.BigEndian {
		flags |= memberBigEndian
	}
	if info.Fortran {
		flags |= memberFortran
	}
	flags |= byte(info.Form) << memberForm
	var data []byte
	if follows {
		data = append(data, memberFollows)
	} else {
		data = binary.AppendUvarint(nil, uint64(number)+1)
	}
	data = append(data, byte(info.Type), flags)
	data = binary.AppendUvarint(data, uint64(len(info.Shape)))
	for _, n := range info.Shape {
		data = binary.AppendUvarint(data, uint64(n+1))
	}
	return container.Entry{Kind: container.EntryMember, Data: append(data, info.Name...)}
}

// numbered returns the entries of one record, or of several ones in order, with the
// numbers of members in full.
func numbered(entries []container.Entry) ([]container.Entry, error) {
	entries = slices.Clone(entries)
	var n numbers
	for i, e := range entries {
		var err error
		if entries[i], err = n.full(e); err != nil {
			return nil, err
		}
	}
	return entries, nil
}

// numbers is one more than the number of the last member, 0 if there is none.
type numbers uint64

// full returns the next entry with the number of a member in full.
func (n *numbers) full(e container.Entry) (container.Entry, error) {
	if e.Kind != container.EntryMember {
		return e, nil
	}
	v, size := uvarint.Parse(e.Data)
	switch {
	case size <= 0 || v == memberFollows && *n == 0:
		return e, errMember
	case v == memberFollows:
		*n++
	default:
		*n = numbers(v)
	}
	e.Data = append(binary.AppendUvarint(nil, uint64(*n-1)), e.Data[size:]...)
	return e, nil
}

var errMember = fmt.Errorf("%w: member entry", fault.ErrCorrupt)

// parseMember reads an entry with its number in full.
func parseMember(data []byte) (number int, info tokens.Info, err error) {
	v, n := uvarint.Parse(data)
	if n <= 0 || v > 1<<40 || v > math.MaxInt {
		return 0, info, errMember
	}
	number, data = int(v), data[n:]
	if len(data) < 2 {
		return 0, info, errMember
	}
	info.Type = tokens.Type(data[0])
	info.BigEndian = data[1]&memberBigEndian != 0
	info.Fortran = data[1]&memberFortran != 0
	info.Form = tokens.Form(data[1] >> memberForm) // which Validate checks
	data = data[2:]
	next := func() uint64 {
		v, n := uvarint.Parse(data)
		if n <= 0 {
			data = nil
			return 0
		}
		data = data[n:]
		return v
	}
	rank := next()
	if rank > tokens.MaxRank {
		return 0, info, errMember
	}
	info.Shape = make([]int, rank)
	for i := range info.Shape {
		n := next()
		if n > 1<<62 || n > math.MaxInt || n == 0 && i > 0 || data == nil {
			return 0, info, errMember
		}
		info.Shape[i] = int(n) - 1
	}
	info.Name = string(data)
	return number, info, info.Validate()
}

var errNoFile = fmt.Errorf("%w: content that belongs to no file", fault.ErrCorrupt)

// endEntry closes a member whose first axis was open when it began.
func endEntry(length int) container.Entry {
	return container.Entry{Kind: container.EntryEnd, Data: binary.AppendUvarint(nil, uint64(length))}
}

func parseEnd(data []byte) (int, error) {
	v, n := uvarint.Parse(data)
	if n <= 0 || n != len(data) || v >= 1<<62 || v > math.MaxInt {
		return 0, fmt.Errorf("%w: end entry", fault.ErrCorrupt)
	}
	return int(v), nil
}
