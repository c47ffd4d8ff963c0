package mix

// MemoryBytes returns how many bytes at most a codec takes beside the symbols
// and the encoded bytes, for blocks of count tokens over size symbols.
func MemoryBytes(level Level, size, count int) int64 {
	most := 0
	for k := range geometries {
		g := &geometries[k]
		n := len(g.contexts)
		if level == Best {
			n += len(g.best)
		}
		most = max(most, n)
	}
	table := int64(64) << tableBits(level, count, most)
	perSymbol := int64(2048 + 64*most)
	return table + perSymbol*int64(min(size, MaxSize)) + 16<<20
}
