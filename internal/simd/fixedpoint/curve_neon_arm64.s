//go:build !purego

#include "textflag.h"

// Instructions that the assembler does not know, by the numbers of the registers.
#define ABS(n, d)       WORD $(0x4ea0b800 | n<<5 | d)         // abs    Vd.4s, Vn.4s
#define UQRSHL(m, n, d) WORD $(0x6ea05c00 | m<<16 | n<<5 | d) // uqrshl Vd.4s, Vn.4s, Vm.4s
#define UMIN(m, n, d)   WORD $(0x6ea06c00 | m<<16 | n<<5 | d) // umin   Vd.4s, Vn.4s, Vm.4s
#define MUL(m, n, d)    WORD $(0x4ea09c00 | m<<16 | n<<5 | d) // mul    Vd.4s, Vn.4s, Vm.4s
#define SRSHR10(n, d)   WORD $(0x4f362400 | n<<5 | d)         // srshr  Vd.4s, Vn.4s, #10
#define SRSHR30(n, d)   WORD $(0x4f622400 | n<<5 | d)         // srshr  Vd.2d, Vn.2d, #30
#define CMLT0(n, d)     WORD $(0x4ea0a800 | n<<5 | d)         // cmlt   Vd.4s, Vn.4s, #0
#define XTN(n, d)       WORD $(0x0ea12800 | n<<5 | d)         // xtn    Vd.2s, Vn.2d
#define XTN2(n, d)      WORD $(0x4ea12800 | n<<5 | d)         // xtn2   Vd.4s, Vn.2d
#define SMULL(m, n, d)  WORD $(0x0ea0c000 | m<<16 | n<<5 | d) // smull  Vd.2d, Vn.2s, Vm.2s
#define SMULL2(m, n, d) WORD $(0x4ea0c000 | m<<16 | n<<5 | d) // smull2 Vd.2d, Vn.4s, Vm.4s

// The activations. R0 results, R1 table, R2 numbers, R3 factors, R4 how many are left.
// V31 the shift to the left, V30 the most that is looked up, V29 fraction between two
// entries, V28 one.

#define CONSTANTS \
	SUB  R6, R5, R5;    \
	VDUP R5, V31.S4;    \
	MOVD $0x3fffff, R5; \
	VDUP R5, V30.S4;    \
	MOVD $0x3ff, R5;    \
	VDUP R5, V29.S4;    \
	MOVD $1<<30, R5;    \
	VDUP R5, V28.S4

// ENTRIES loads two neighbours of the table into a part of a register.
#define ENTRIES(index, to) \
	VMOV index, R5;         \
	ADD  R5<<2, R1, R5;     \
	VLD1 (R5), to

// ACTIVATE sets V6 and V7 to the activations of four numbers.
#define ACTIVATE \
	VLD1.P 16(R2), [V0.S4];            \
	ABS(0, 1);                         \
	UQRSHL(31, 1, 1);                  \
	UMIN(30, 1, 1);                    \
	VUSHR  $10, V1.S4, V2.S4;          \
	VAND   V29.B16, V1.B16, V1.B16;    \
	ENTRIES(V2.S[0], V3.D[0]);         \
	ENTRIES(V2.S[1], V3.D[1]);         \
	ENTRIES(V2.S[2], V4.D[0]);         \
	ENTRIES(V2.S[3], V4.D[1]);         \
	VUZP1  V4.S4, V3.S4, V5.S4;        \
	VUZP2  V4.S4, V3.S4, V6.S4;        \
	VSUB   V5.S4, V6.S4, V6.S4;        \
	MUL(1, 6, 6);                      \
	SRSHR10(6, 6);                     \
	VADD   V6.S4, V5.S4, V5.S4;        \
	CMLT0(0, 1);                       \
	VSUB   V5.S4, V28.S4, V6.S4;       \
	VBIT   V1.B16, V6.B16, V5.B16;     \
	SMULL(0, 5, 6);                    \
	SMULL2(0, 5, 7);                   \
	SRSHR30(6, 6);                     \
	SRSHR30(7, 7)

// func activateFast(dst *int64, c *Curve, x *int32, n, left, right int)
TEXT ·activateFast(SB), NOSPLIT, $0-48
	MOVD dst+0(FP), R0
	MOVD c+8(FP), R1
	MOVD x+16(FP), R2
	MOVD n+24(FP), R4
	MOVD left+32(FP), R5
	MOVD right+40(FP), R6
	CONSTANTS

turn:
	ACTIVATE
	VST1.P [V6.D2, V7.D2], 32(R0)
	SUBS   $4, R4, R4
	BNE    turn
	RET

// func gateFast(dst *int64, c *Curve, x, y *int32, n, left, right int)
TEXT ·gateFast(SB), NOSPLIT, $0-56
	MOVD dst+0(FP), R0
	MOVD c+8(FP), R1
	MOVD x+16(FP), R2
	MOVD y+24(FP), R3
	MOVD n+32(FP), R4
	MOVD left+40(FP), R5
	MOVD right+48(FP), R6
	CONSTANTS

turn:
	ACTIVATE
	VLD1.P 16(R3), [V0.S4]
	XTN(6, 1)
	XTN2(7, 1)
	SMULL(0, 1, 6)
	SMULL2(0, 1, 7)
	VST1.P [V6.D2, V7.D2], 32(R0)
	SUBS   $4, R4, R4
	BNE    turn
	RET
