package foretell

import (
	"encoding/binary"
	"fmt"

	"github.com/foretell/foretell/internal/container"
	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/internal/symbols"
	"github.com/foretell/foretell/internal/uvarint"
)

// The parameters of a block begin with its value map, or with nothing in its
// place if it has that of the block whose parameters it shares: a length, then the map.

func joinParams(valueMap, codec []byte) []byte {
	p := binary.AppendUvarint(nil, uint64(len(valueMap)))
	p = append(p, valueMap...)
	return append(p, codec...)
}

func splitParams(p []byte) (valueMap, codec []byte, err error) {
	n, l := uvarint.Parse(p)
	if l <= 0 || n > uint64(len(p)-l) {
		return nil, nil, fmt.Errorf("%w: block parameters", fault.ErrCorrupt)
	}
	return p[l : l+int(n)], p[l+int(n):], nil
}

// parseParams reads the parameters of a block: its value map, of at most largest
// symbols, and those of its codec and of the block that it shares some with.
func parseParams(data *container.BlockData, largest int) (m *symbols.ValueMap, own, base []byte, err error) {
	valueMap, own, err := splitParams(data.Params)
	if err != nil {
		return m, nil, nil, err
	}
	if data.Base != nil {
		var baseMap []byte
		if baseMap, base, err = splitParams(data.Base); err != nil {
			return m, nil, nil, err
		}
		if len(valueMap) == 0 {
			valueMap = baseMap
		}
	}
	m, rest, err := symbols.ParseValueMap(valueMap, largest)
	if err == nil && len(rest) != 0 {
		err = fmt.Errorf("%w: value map", fault.ErrCorrupt)
	}
	return m, own, base, inside(err)
}

// dictionaryEntry is how many bytes a symbol of a dictionary takes.
const dictionaryEntry = 8

// mapMemory returns the most bytes that the value map of a block can take.
func mapMemory(data *container.BlockData) int64 {
	most := 0
	for _, params := range [][]byte{data.Params, data.Base} {
		m, _, err := splitParams(params)
		if err == nil && len(m) > 0 && symbols.MapKind(m[0]) == symbols.DictionaryMap {
			most = max(most, len(m)) // a symbol takes a byte at least
		}
	}
	return dictionaryEntry * int64(most)
}
