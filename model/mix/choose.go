package mix

// choose decides how a block is coded.
func choose(b *Block, level Level) setup {
	s := setup{level: level, geometry: geometryStream, rows: 1, cols: 1}
	if len(b.Spans) > 0 {
		sh := b.Spans[0].Shape
		if len(sh) == 2 && sh[1] == 128 {
			s.geometry, s.rows, s.cols = geometryGrid, 8, 16
		}
		if len(sh) == 2 && sh[0] == 8 {
			s.geometry, s.cols, s.transposed, s.learned = geometryBooks, 8, true, treeKin
		}
	}
	if b.Size <= 4096 && s.geometry == geometryGrid && len(b.Symbols) > 16*b.Size {
		s.learned = treeHalves
	}
	if s.geometry == geometryStream && len(b.Symbols) > 20000 {
		s.learned = treeClasses
	}
	return s
}
