// Package tile holds the inner loop of turning arrays: columns that become rows, and
// back.
//
// As everywhere below internal/simd the portable loop is the reference.
package tile

// Width is the number of columns.
const Width = 8

// ToRows copies elements from to end of columns, which have that many, into rows:
// element from+i of column k to rows[i*stride+k]. The last row may end with its last
// element; stride is at least Width.
func ToRows(rows []uint32, stride int, columns *[Width][]uint32, from, end int) {
	for at := fast(rows, stride, columns, from, end, true); at < end; at++ {
		row := (*[Width]uint32)(rows[(at-from)*stride:])
		for k := range row {
			row[k] = columns[k][at]
		}
	}
}

// ToColumns undoes ToRows.
func ToColumns(columns *[Width][]uint32, rows []uint32, stride, from, end int) {
	for at := fast(rows, stride, columns, from, end, false); at < end; at++ {
		row := (*[Width]uint32)(rows[(at-from)*stride:])
		for k, v := range row {
			columns[k][at] = v
		}
	}
}
