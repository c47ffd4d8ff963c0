//go:build !purego

#include "textflag.h"

// Instructions that the assembler does not know, by the numbers of the registers.
#define SADDW(m, n, d)  WORD $(0x0ea01000 | m<<16 | n<<5 | d) // saddw  Vd.2d, Vn.2d, Vm.2s
#define SADDW2(m, n, d) WORD $(0x4ea01000 | m<<16 | n<<5 | d) // saddw2 Vd.2d, Vn.2d, Vm.4s
#define SMULL(m, n, d)  WORD $(0x0ea0c000 | m<<16 | n<<5 | d) // smull  Vd.2d, Vn.2s, Vm.2s
#define SMULL2(m, n, d) WORD $(0x4ea0c000 | m<<16 | n<<5 | d) // smull2 Vd.2d, Vn.4s, Vm.4s
#define UMULL(m, n, d)  WORD $(0x2ea0c000 | m<<16 | n<<5 | d) // umull  Vd.2d, Vn.2s, Vm.2s
#define UMULL2(m, n, d) WORD $(0x6ea0c000 | m<<16 | n<<5 | d) // umull2 Vd.2d, Vn.4s, Vm.4s
#define SRSHL(m, n, d)  WORD $(0x4ee05400 | m<<16 | n<<5 | d) // srshl  Vd.2d, Vn.2d, Vm.2d
#define SQXTN(n, d)     WORD $(0x0ea14800 | n<<5 | d)         // sqxtn  Vd.2s, Vn.2d
#define SQXTN2(n, d)    WORD $(0x4ea14800 | n<<5 | d)         // sqxtn2 Vd.4s, Vn.2d
#define XTN(n, d)       WORD $(0x0ea12800 | n<<5 | d)         // xtn    Vd.2s, Vn.2d
#define XTN2(n, d)      WORD $(0x4ea12800 | n<<5 | d)         // xtn2   Vd.4s, Vn.2d
#define SHRN(n, d)      WORD $(0x0f208400 | n<<5 | d)         // shrn   Vd.2s, Vn.2d, #32
#define SHRN2(n, d)     WORD $(0x4f208400 | n<<5 | d)         // shrn2  Vd.4s, Vn.2d, #32

// The scaling. The shift to the right is one to the left by a negative number; it
// rounds as asked for.
//
// R0 out, R1 bytes from token to token, R2 sums, R3 scales, R4 shifts, R5 tokens,
// R6 rows, R7 out of a token, R8 rows left. V31 minus the shift.

#define ARGS \
	MOVD out+0(FP), R0;       \
	MOVD outStride+8(FP), R1; \
	MOVD s+16(FP), R2;        \
	MOVD shift+32(FP), R4;    \
	MOVD tokens+40(FP), R5;   \
	MOVD rows+48(FP), R6

#define SHIFT \
	MOVBU.P 1(R4), R7;          \
	NEG     R7, R7;             \
	VDUP    R7, V31.D2;         \
	MOVD    mantissa+24(FP), R3; \
	MOVD    R0, R7;             \
	MOVD    R6, R8

// func finishNEON(out *int32, outStride int, s, mantissa *int32, shift *uint8, tokens, rows int)
TEXT ·finishNEON(SB), NOSPLIT, $0-56
	ARGS

token:
	SHIFT

turn:
	VLD1.P 16(R2), [V0.S4]
	VLD1.P 16(R3), [V1.S4]
	SMULL(1, 0, 2)
	SMULL2(1, 0, 3)
	SRSHL(31, 2, 2)
	SRSHL(31, 3, 3)
	SQXTN(2, 4)
	SQXTN2(3, 4)
	VST1.P [V4.S4], 16(R7)
	SUBS   $4, R8, R8
	BNE    turn
	ADD    R1<<2, R0, R0
	SUBS   $1, R5, R5
	BNE    token
	RET

// func finishWideNEON(out *int32, outStride int, s *int64, mantissa *int32, shift *uint8, tokens, rows int)
//
// A sum is taken as its lower half, unsigned, and its upper, signed.
TEXT ·finishWideNEON(SB), NOSPLIT, $0-56
	ARGS

token:
	SHIFT

turn:
	VLD1.P 32(R2), [V0.D2, V1.D2]
	VLD1.P 16(R3), [V2.S4]
	XTN(0, 3)
	XTN2(1, 3)
	SHRN(0, 4)
	SHRN2(1, 4)
	UMULL(2, 3, 5)
	UMULL2(2, 3, 6)
	SMULL(2, 4, 7)
	SMULL2(2, 4, 8)
	VSHL   $32, V7.D2, V7.D2
	VSHL   $32, V8.D2, V8.D2
	VADD   V7.D2, V5.D2, V5.D2
	VADD   V8.D2, V6.D2, V6.D2
	SRSHL(31, 5, 5)
	SRSHL(31, 6, 6)
	SQXTN(5, 9)
	SQXTN2(6, 9)
	VST1.P [V9.S4], 16(R7)
	SUBS   $4, R8, R8
	BNE    turn
	ADD    R1<<2, R0, R0
	SUBS   $1, R5, R5
	BNE    token
	RET

// func widenNEON(wide *int64, s *int32, n int)
TEXT ·widenNEON(SB), NOSPLIT, $0-24
	MOVD wide+0(FP), R0
	MOVD s+8(FP), R1
	MOVD n+16(FP), R2

turn:
	VLD1.P 16(R1), [V0.S4]
	VLD1   (R0), [V1.D2, V2.D2]
	SADDW(0, 1, 1)
	SADDW2(0, 2, 2)
	VST1.P [V1.D2, V2.D2], 32(R0)
	SUBS   $4, R2, R2
	BNE    turn
	RET
