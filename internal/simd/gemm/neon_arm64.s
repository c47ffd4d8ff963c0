//go:build !purego

#include "textflag.h"

// Instructions that the assembler does not know, by the numbers of the registers.
#define SMLAL(m, n, d)  WORD $(0x0e608000 | m<<16 | n<<5 | d) // smlal  Vd.4s, Vn.4h, Vm.4h
#define SMLAL2(m, n, d) WORD $(0x4e608000 | m<<16 | n<<5 | d) // smlal2 Vd.4s, Vn.8h, Vm.8h

// Sums of a panel of 16 rows with up to three tokens. V24 to V27 hold the weights of
// a pair of columns; the two activations of a token are copied to all lanes of V28,
// V29 or V30. A sum has two lanes, for even and for odd columns, until they are
// added at the end: eight registers a token.
//
// R0 weights, R1, R2 and R3 activations, R4 pairs.

#define TOKEN(a, s0, s1, s2, s3, s4, s5, s6, s7) \
	SMLAL(a, 24, s0);  \
	SMLAL2(a, 24, s1); \
	SMLAL(a, 25, s2);  \
	SMLAL2(a, 25, s3); \
	SMLAL(a, 26, s4);  \
	SMLAL2(a, 26, s5); \
	SMLAL(a, 27, s6);  \
	SMLAL2(a, 27, s7)

#define STORE(s0, s1, s2, s3, s4, s5, s6, s7) \
	VADDP  s1.S4, s0.S4, s0.S4;                          \
	VADDP  s3.S4, s2.S4, V24.S4;                         \
	VADDP  s5.S4, s4.S4, V25.S4;                         \
	VADDP  s7.S4, s6.S4, V26.S4;                         \
	VST1.P [s0.S4], 16(R5);                              \
	VST1.P [V24.S4, V25.S4, V26.S4], 48(R5)

// func sumsNEON(s *int32, w, a *int16, aStride, tokens, pairs int)
TEXT ·sumsNEON(SB), NOSPLIT, $0-48
	MOVD s+0(FP), R5
	MOVD w+8(FP), R0
	MOVD a+16(FP), R1
	MOVD aStride+24(FP), R6
	MOVD tokens+32(FP), R7
	MOVD pairs+40(FP), R4
	ADD  R6<<1, R1, R2
	ADD  R6<<1, R2, R3
	VEOR V0.B16, V0.B16, V0.B16
	VEOR V1.B16, V1.B16, V1.B16
	VEOR V2.B16, V2.B16, V2.B16
	VEOR V3.B16, V3.B16, V3.B16
	VEOR V4.B16, V4.B16, V4.B16
	VEOR V5.B16, V5.B16, V5.B16
	VEOR V6.B16, V6.B16, V6.B16
	VEOR V7.B16, V7.B16, V7.B16
	VEOR V8.B16, V8.B16, V8.B16
	VEOR V9.B16, V9.B16, V9.B16
	VEOR V10.B16, V10.B16, V10.B16
	VEOR V11.B16, V11.B16, V11.B16
	VEOR V12.B16, V12.B16, V12.B16
	VEOR V13.B16, V13.B16, V13.B16
	VEOR V14.B16, V14.B16, V14.B16
	VEOR V15.B16, V15.B16, V15.B16
	VEOR V16.B16, V16.B16, V16.B16
	VEOR V17.B16, V17.B16, V17.B16
	VEOR V18.B16, V18.B16, V18.B16
	VEOR V19.B16, V19.B16, V19.B16
	VEOR V20.B16, V20.B16, V20.B16
	VEOR V21.B16, V21.B16, V21.B16
	VEOR V22.B16, V22.B16, V22.B16
	VEOR V23.B16, V23.B16, V23.B16
	CMP  $2, R7
	BEQ  two
	BGT  three

one:
	VLD1.P  64(R0), [V24.H8, V25.H8, V26.H8, V27.H8]
	VLD1R.P 4(R1), [V28.S4]
	TOKEN(28, 0, 1, 2, 3, 4, 5, 6, 7)
	SUBS    $1, R4, R4
	BNE     one
	B       store

two:
	VLD1.P  64(R0), [V24.H8, V25.H8, V26.H8, V27.H8]
	VLD1R.P 4(R1), [V28.S4]
	VLD1R.P 4(R2), [V29.S4]
	TOKEN(28, 0, 1, 2, 3, 4, 5, 6, 7)
	TOKEN(29, 8, 9, 10, 11, 12, 13, 14, 15)
	SUBS    $1, R4, R4
	BNE     two
	B       store

three:
	VLD1.P  64(R0), [V24.H8, V25.H8, V26.H8, V27.H8]
	VLD1R.P 4(R1), [V28.S4]
	VLD1R.P 4(R2), [V29.S4]
	VLD1R.P 4(R3), [V30.S4]
	TOKEN(28, 0, 1, 2, 3, 4, 5, 6, 7)
	TOKEN(29, 8, 9, 10, 11, 12, 13, 14, 15)
	TOKEN(30, 16, 17, 18, 19, 20, 21, 22, 23)
	SUBS    $1, R4, R4
	BNE     three

store:
	STORE(V0, V1, V2, V3, V4, V5, V6, V7)
	SUBS $1, R7, R7
	BEQ  done
	STORE(V8, V9, V10, V11, V12, V13, V14, V15)
	SUBS $1, R7, R7
	BEQ  done
	STORE(V16, V17, V18, V19, V20, V21, V22, V23)

done:
	RET
