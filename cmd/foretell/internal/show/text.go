// Package show writes what people read: numbers, shapes, names, tables.
package show

import (
	"strconv"
	"strings"
)

// Count writes a number with commas between thousands.
func Count(n int64) string {
	digits := strconv.FormatInt(n, 10)
	var b strings.Builder
	for i, c := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 && digits[i-1] != '-' {
			b.WriteByte(',')
		}
		b.WriteRune(c)
	}
	return b.String()
}

// Counted writes a number of things: "1 token", "2 tokens".
func Counted(n int64, thing string) string {
	if n != 1 {
		thing += "s"
	}
	return Count(n) + " " + thing
}

// Speed writes a speed in MB/s with at least two digits that count.
func Speed(mb float64) string {
	digits := 1
	for limit := 1.0; mb < limit && digits < 4; limit /= 10 {
		digits++
	}
	return strconv.FormatFloat(mb, 'f', digits, 64)
}

// Shape writes a shape as NumPy prints it.
func Shape(shape []int) string {
	parts := make([]string, len(shape))
	for i, n := range shape {
		parts[i] = strconv.Itoa(n)
	}
	if len(shape) == 1 {
		return "(" + parts[0] + ",)"
	}
	return "(" + strings.Join(parts, ", ") + ")"
}
