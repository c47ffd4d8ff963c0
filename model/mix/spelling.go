package mix

// A speller takes the tokens of streams as the bytes that they stand for, however text
// is cut into tokens.
type speller struct {
	text    func(symbol uint32) string // nil if symbols stand for no bytes, or are bytes
	bytes   bool                       // whether they are
	streams []spelling
}

// A spelling is what the latest bytes of a stream are.
type spelling struct {
	wordbook
	tail   uint64 // the last 8, the last one lowest
	column uint32 // bytes since the last newline, up to maxColumn
}

// tailBytes is how many bytes the tail of a token's surroundings has.
const tailBytes = 6

// reset begins so many streams anew.
func (p *speller) reset(streams int) {
	if len(p.streams) != streams {
		p.streams = make([]spelling, streams)
	}
	clear(p.streams)
}

// follow takes in a token, which has just been coded, as the next one of a stream.
func (p *speller) follow(stream int, symbol uint32) {
	s := &p.streams[stream]
	if p.bytes {
		s.take(byte(symbol))
	} else if p.text != nil {
		text := p.text(symbol)
		for i := range len(text) {
			s.take(text[i])
		}
	}
}

func (s *spelling) take(x byte) {
	s.wordbook.take(uint32(x))
	s.tail = s.tail<<8 | uint64(x)
	s.column = min(s.column+1, maxColumn)
	if x == '\n' {
		s.column = 0
	}
}

// load sets the values for the next token of a stream.
func (p *speller) load(v []uint32, stream int) {
	s := &p.streams[stream]
	s.wordbook.load(v)
	v[valueColumn] = s.column
	v[valueTail] = uint32(s.tail << (64 - 8*tailBytes) * 0x9E3779B97F4A7C15 >> 32)
}
