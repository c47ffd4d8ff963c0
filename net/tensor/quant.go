package tensor

// The quantised types of ggml. A number is a scale times a small integer, plus or
// minus a minimum. All scales are binary16, that is integers below 2^40 in 2^-24, and
// what they are multiplied with is below 2^12, so every product and every sum here is
// exact in float64, in whatever order.

// blocks decodes blocks of 32 numbers in size bytes.
func blocks(size int, one func(dst *[32]float64, b []byte)) func([]float64, []byte) bool {
	return func(dst []float64, src []byte) bool {
		for len(dst) >= 32 {
			one((*[32]float64)(dst), src[:size])
			dst, src = dst[32:], src[size:]
		}
		return true
	}
}

// superblocks decodes blocks of 256 numbers in size bytes.
func superblocks(size int, one func(dst *[256]float64, b []byte)) func([]float64, []byte) bool {
	return func(dst []float64, src []byte) bool {
		for len(dst) >= 256 {
			one((*[256]float64)(dst), src[:size])
			dst, src = dst[256:], src[size:]
		}
		return true
	}
}

// q4_0 reads a scale and 32 nibbles: first the low ones of 16 bytes, then the high.
func q4_0(dst *[32]float64, b []byte) {
	d := half(b)
	for i, q := range b[2:18] {
		dst[i] = d * float64(int(q&15)-8)
		dst[i+16] = d * float64(int(q>>4)-8)
	}
}

// q4_1 is q4_0 without the offset of 8 and with a minimum after the scale.
func q4_1(dst *[32]float64, b []byte) {
	d, m := half(b), half(b[2:])
	for i, q := range b[4:20] {
		dst[i] = float64(d*float64(q&15)) + m
		dst[i+16] = float64(d*float64(q>>4)) + m
	}
}

// q5_0 is q4_0 with a fifth bit each, in four bytes after the scale.
func q5_0(dst *[32]float64, b []byte) {
	d, high := half(b), order.Uint32(b[2:])
	for i, q := range b[6:22] {
		dst[i] = d * float64(int(q&15|byte(high>>i&1)<<4)-16)
		dst[i+16] = d * float64(int(q>>4|byte(high>>(i+16)&1)<<4)-16)
	}
}

// q5_1 is q4_1 with a fifth bit each, in four bytes after the minimum.
func q5_1(dst *[32]float64, b []byte) {
	d, m, high := half(b), half(b[2:]), order.Uint32(b[4:])
	for i, q := range b[8:24] {
		dst[i] = float64(d*float64(q&15|byte(high>>i&1)<<4)) + m
		dst[i+16] = float64(d*float64(q>>4|byte(high>>(i+16)&1)<<4)) + m
	}
}

// q8_0 reads a scale and 32 bytes.
func q8_0(dst *[32]float64, b []byte) {
	d := half(b)
	for i, q := range b[2:34] {
		dst[i] = d * float64(int8(q))
	}
}

// sixes returns scale and minimum j, from 0 to 7, of the twelve bytes in which the
// K types hold eight of each, in 6 bits. Those of 0 to 3 are the low bits of the first
// eight bytes; the others have four bits in the last four, and two in what the first
// eight left over.
func sixes(b []byte, j int) (scale, minimum float64) {
	if j < 4 {
		return float64(b[j] & 63), float64(b[j+4] & 63)
	}
	return float64(b[j+4]&15 | b[j-4]>>6<<4), float64(b[j+4]>>4 | b[j]>>6<<4)
}

// q4_K reads a scale of scales, a scale of minimums, the scales and minimums of eight
// groups of 32 numbers, and 128 bytes: of each 32, the low nibbles are a group and the
// high ones the next.
func q4_K(dst *[256]float64, b []byte) {
	d, dmin := half(b), half(b[2:])
	for j := range 8 {
		scale, minimum := sixes(b[4:16], j)
		scale, minimum = d*scale, dmin*minimum
		to := dst[j*32:][:32]
		for i, q := range b[16+j/2*32:][:32] {
			to[i] = float64(scale*float64(q>>(j%2*4)&15)) - minimum
		}
	}
}

// q5_K is q4_K with a fifth bit: bit j of 32 bytes that come before is that of group j.
func q5_K(dst *[256]float64, b []byte) {
	d, dmin := half(b), half(b[2:])
	high := b[16:48]
	for j := range 8 {
		scale, minimum := sixes(b[4:16], j)
		scale, minimum = d*scale, dmin*minimum
		to := dst[j*32:][:32]
		for i, q := range b[48+j/2*32:][:32] {
			to[i] = float64(scale*float64(q>>(j%2*4)&15|high[i]>>j&1<<4)) - minimum
		}
	}
}

// q6_K reads 128 bytes of low nibbles, 64 of upper pairs of bits, 16 scales and the
// scale of scales. Each half of the numbers has half of each: four groups of 32, whose
// nibbles are the low ones of 32 bytes, of the next 32, and the high ones of both.
func q6_K(dst *[256]float64, b []byte) {
	d := half(b[208:])
	for h := range 2 {
		low, high, scales := b[h*64:][:64], b[128+h*32:][:32], b[192+h*8:][:8]
		for j := range 4 {
			to := dst[h*128+j*32:][:32]
			for i := range to {
				q := low[j%2*32+i]>>(j/2*4)&15 | high[i]>>(j*2)&3<<4
				to[i] = float64(d*float64(int8(scales[j*2+i/16]))) * float64(int(q)-32)
			}
		}
	}
}
