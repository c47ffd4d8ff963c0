package tokenizer

// unspelt are the bytes by the rune that GPT-2 spells them as: printable ones of
// Latin-1 are themselves, and the others, in order, the runes from U+0100 on.
var unspelt = func() map[rune]byte {
	m := make(map[rune]byte, 256)
	next := rune(0x100)
	for b := range rune(256) {
		if b >= '!' && b <= '~' || b >= 0xa1 && b <= 0xac || b >= 0xae {
			m[b] = byte(b)
			continue
		}
		m[next] = byte(b)
		next++
	}
	return m
}()

// unspellBytes returns the bytes that a text of such runes spells. It reports false if
// there are other runes.
func unspellBytes(s string) (string, bool) {
	b := make([]byte, 0, len(s))
	for _, r := range s {
		c, ok := unspelt[r]
		if !ok {
			return "", false
		}
		b = append(b, c)
	}
	return string(b), true
}
