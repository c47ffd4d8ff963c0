package gguf

import (
	"math"
)

// The types of metadata by their number in a file.
const (
	uint8Value = iota
	int8Value
	uint16Value
	int16Value
	uint32Value
	int32Value
	float32Value
	boolValue
	textValue
	arrayValue
	uint64Value
	int64Value
	float64Value
)

// widths are the bytes of values by type; 0 where they vary.
var widths = [...]int{
	uint8Value: 1, int8Value: 1, uint16Value: 2, int16Value: 2, uint32Value: 4, int32Value: 4,
	float32Value: 4, boolValue: 1, uint64Value: 8, int64Value: 8, float64Value: 8,
}

// A value is one value or an array of values of one type: texts, or the bytes of the
// others one after another.
type value struct {
	kind  uint32 // of the elements
	array bool
	texts []string
	raw   []byte
}

// integer returns number i as an integer, if that is what it is.
func (v value) integer(i int) (int64, bool) {
	if v.kind == textValue {
		return 0, false
	}
	b := v.raw[i*widths[v.kind]:]
	switch v.kind {
	case uint8Value:
		return int64(b[0]), true
	case int8Value:
		return int64(int8(b[0])), true
	case uint16Value:
		return int64(order.Uint16(b)), true
	case int16Value:
		return int64(int16(order.Uint16(b))), true
	case uint32Value:
		return int64(order.Uint32(b)), true
	case int32Value:
		return int64(int32(order.Uint32(b))), true
	case uint64Value, int64Value:
		n := order.Uint64(b)
		return int64(n), v.kind == int64Value || n <= math.MaxInt64
	}
	return 0, false
}

// number returns number i, if a float64 can hold it.
func (v value) number(i int) (float64, bool) {
	switch v.kind {
	case float32Value:
		return float64(math.Float32frombits(order.Uint32(v.raw[i*4:]))), true
	case float64Value:
		return math.Float64frombits(order.Uint64(v.raw[i*8:])), true
	}
	n, ok := v.integer(i)
	const exact = 1 << 53
	return float64(n), ok && n >= -exact && n <= exact
}

// len returns the number of elements.
func (v value) len() int {
	if v.kind == textValue {
		return len(v.texts)
	}
	return len(v.raw) / widths[v.kind]
}

// one returns the value under a key, if it is not an array.
func (f *File) one(key string) (value, bool) {
	v, ok := f.values[key]
	return v, ok && !v.array
}

// Integer returns the integer under a key. It reports false if there is none, or
// something else.
func (f *File) Integer(key string) (int64, bool) {
	v, ok := f.one(key)
	if !ok {
		return 0, false
	}
	return v.integer(0)
}

// Number returns the number under a key, an integer or a float. It reports false if
// there is none, something else or an integer that a float64 cannot hold.
func (f *File) Number(key string) (float64, bool) {
	v, ok := f.one(key)
	if !ok {
		return 0, false
	}
	return v.number(0)
}

// Bool returns the truth value under a key. It reports false for ok if there is none,
// or something else.
func (f *File) Bool(key string) (b, ok bool) {
	v, ok := f.one(key)
	if !ok || v.kind != boolValue {
		return false, false
	}
	return v.raw[0] != 0, true
}

// Text returns the text under a key. It reports false if there is none, or something
// else.
func (f *File) Text(key string) (string, bool) {
	v, ok := f.one(key)
	if !ok || v.kind != textValue {
		return "", false
	}
	return v.texts[0], true
}

// Texts returns the array of texts under a key. It reports false if there is none, or
// something else. The array is not to be changed.
func (f *File) Texts(key string) ([]string, bool) {
	v, ok := f.values[key]
	if !ok || !v.array || v.kind != textValue {
		return nil, false
	}
	return v.texts, true
}

// Integers returns the array of integers under a key. It reports false if there is
// none, or something else.
func (f *File) Integers(key string) ([]int64, bool) { return list(f.values[key], value.integer) }

// Numbers returns the array of numbers, integers or floats, under a key. It reports
// false if there is none, or something else.
func (f *File) Numbers(key string) ([]float64, bool) { return list(f.values[key], value.number) }

// list returns the elements of an array, if all are of one kind.
func list[T any](v value, element func(value, int) (T, bool)) ([]T, bool) {
	if !v.array || v.kind == textValue {
		return nil, false
	}
	out := make([]T, v.len())
	for i := range out {
		x, ok := element(v, i)
		if !ok {
			return nil, false
		}
		out[i] = x
	}
	return out, true
}
