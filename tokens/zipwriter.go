package tokens

import (
	"archive/zip"
	"encoding/binary"
	"math"
)

// A zipWriter writes what stands around the data in a zip of stored entries:
// a local header before each, the directory at the end. Names, times, CRCs and
// attributes are those of the entries; their extra fields are left out.
type zipWriter struct {
	at      int64  // bytes so far, data included
	records []byte // of the directory
	count   int
}

const (
	zipPlain   = 20 // version needed to read: folders
	zipLarge   = 45 // version needed to read: zip64
	zipUTF8    = 1 << 11
	zip64Extra = 1
)

// fields appends little-endian numbers of 2, 4 or 8 bytes.
func fields(dst []byte, values ...any) []byte {
	for _, v := range values {
		switch v := v.(type) {
		case uint16:
			dst = binary.LittleEndian.AppendUint16(dst, v)
		case uint32:
			dst = binary.LittleEndian.AppendUint32(dst, v)
		case uint64:
			dst = binary.LittleEndian.AppendUint64(dst, v)
		}
	}
	return dst
}

// entry returns the local header of the next entry and counts its data.
func (w *zipWriter) entry(e zipEntry) []byte {
	clock, date := e.ModifiedTime, e.ModifiedDate
	flags := e.Flags & zipUTF8
	size := uint64(e.size)
	version, size32 := uint16(zipPlain), uint32(size)
	var extra []byte
	if size >= math.MaxUint32 {
		version, size32 = zipLarge, math.MaxUint32
		extra = fields(nil, uint16(zip64Extra), uint16(16), size, size)
	}
	local := fields(nil, uint32(0x04034b50), version, flags, zip.Store, clock, date, e.CRC32,
		size32, size32, uint16(len(e.Name)), uint16(len(extra)))
	local = append(append(local, e.Name...), extra...)

	at32 := uint32(w.at)
	if size >= math.MaxUint32 || w.at >= math.MaxUint32 {
		version, size32, at32 = zipLarge, math.MaxUint32, math.MaxUint32
		extra = fields(nil, uint16(zip64Extra), uint16(24), size, size, uint64(w.at))
	}
	w.records = fields(w.records, uint32(0x02014b50), e.CreatorVersion&^0xff|version, version, flags, zip.Store,
		clock, date, e.CRC32, size32, size32, uint16(len(e.Name)), uint16(len(extra)),
		uint16(0), uint16(0), uint16(0), e.ExternalAttrs, at32)
	w.records = append(append(w.records, e.Name...), extra...)
	w.count++
	w.at += int64(len(local)) + e.size
	return local
}

// end returns the directory and what ends a zip.
func (w *zipWriter) end() []byte {
	dst := w.records
	size, at, count := uint64(len(w.records)), uint64(w.at), uint64(w.count)
	if size >= math.MaxUint32 || at >= math.MaxUint32 || count >= math.MaxUint16 {
		dst = fields(dst, uint32(0x06064b50), uint64(44), uint16(zipLarge), uint16(zipLarge),
			uint32(0), uint32(0), count, count, size, at)
		dst = fields(dst, uint32(0x07064b50), uint32(0), at+size, uint32(1))
	}
	n16 := uint16(min(count, math.MaxUint16))
	return fields(dst, uint32(0x06054b50), uint16(0), uint16(0), n16, n16,
		uint32(min(size, math.MaxUint32)), uint32(min(at, math.MaxUint32)), uint16(0))
}
