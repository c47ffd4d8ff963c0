//go:build !purego

#include "textflag.h"

DATA consts<>+0(SB)/4, $0x003fffff          // the most that is looked up
DATA consts<>+4(SB)/4, $0x000003ff          // fraction between two entries
DATA consts<>+8(SB)/4, $0x00000200          // half an entry
DATA consts<>+12(SB)/4, $0x40000000         // one
DATA consts<>+16(SB)/8, $0x8000000020000000 // half of 2^30, and 2^63
DATA consts<>+24(SB)/8, $0x0000000200000000 // 2^63 >> 30
GLOBL consts<>(SB), RODATA|NOPTR, $32

// The activations. SI table, DX numbers, CX how many are left, DI results. X15 and X14
// shifts to the left and to the right, Y13 half of 2^right, Y12 what numbers may be
// before the first shift, Y11 to Y6 the constants.

#define ARGS \
	VMOVQ        BX, X15;               \
	VMOVQ        R8, X14;               \
	MOVL         $1, AX;                \
	MOVQ         CX, R9;                \
	MOVQ         R8, CX;                \
	SHLL         CX, AX;                \
	SHRL         $1, AX;                \
	VMOVD        AX, X13;               \
	VPBROADCASTD X13, Y13;              \
	MOVL         $0xffffffff, AX;       \
	MOVL         $0x003fffff, R10;      \
	MOVQ         BX, CX;                \
	SHRL         CX, R10;               \
	INCL         R10;                   \
	TESTQ        CX, CX;                \
	CMOVQNE      R10, AX;               \
	VMOVD        AX, X12;               \
	VPBROADCASTD X12, Y12;              \
	MOVQ         R9, CX;                \
	VPBROADCASTD consts<>+0(SB), Y11;   \
	VPBROADCASTD consts<>+4(SB), Y10;   \
	VPBROADCASTD consts<>+8(SB), Y9;    \
	VPBROADCASTD consts<>+12(SB), Y8;   \
	VPBROADCASTQ consts<>+16(SB), Y7;   \
	VPBROADCASTQ consts<>+24(SB), Y6

// ACTIVATE sets Y2 and Y3 to the activations of the even and the odd lanes at DX.
#define ACTIVATE \
	VMOVDQU    (DX), Y0;               \
	VPABSD     Y0, Y1;                 \
	VPMINUD    Y12, Y1, Y1;            \
	VPSLLD     X15, Y1, Y1;            \
	VPADDD     Y13, Y1, Y1;            \
	VPSRLD     X14, Y1, Y1;            \
	VPMINUD    Y11, Y1, Y1;            \
	VPSRLD     $10, Y1, Y2;            \
	VPAND      Y10, Y1, Y1;            \
	VPCMPEQD   Y3, Y3, Y3;             \
	VPGATHERDD Y3, (SI)(Y2*4), Y4;     \
	VPCMPEQD   Y3, Y3, Y3;             \
	VPGATHERDD Y3, 4(SI)(Y2*4), Y5;    \
	VPSUBD     Y4, Y5, Y5;             \
	VPMULLD    Y1, Y5, Y5;             \
	VPADDD     Y9, Y5, Y5;             \
	VPSRAD     $10, Y5, Y5;            \
	VPADDD     Y4, Y5, Y1;             \
	VPSRAD     $31, Y0, Y2;            \
	VPXOR      Y2, Y1, Y1;             \
	VPSUBD     Y2, Y1, Y1;             \
	VPAND      Y8, Y2, Y2;             \
	VPADDD     Y2, Y1, Y1;             \
	VPMULDQ    Y0, Y1, Y2;             \
	VPSRLQ     $32, Y0, Y0;            \
	VPSRLQ     $32, Y1, Y1;            \
	VPMULDQ    Y0, Y1, Y3;             \
	VPADDQ     Y7, Y2, Y2;             \
	VPADDQ     Y7, Y3, Y3;             \
	VPSRLQ     $30, Y2, Y2;            \
	VPSRLQ     $30, Y3, Y3;            \
	VPSUBQ     Y6, Y2, Y2;             \
	VPSUBQ     Y6, Y3, Y3

// STORE puts the even lanes Y2 and the odd ones Y3 in order at DI.
#define STORE \
	VPUNPCKLQDQ Y3, Y2, Y4;        \
	VPUNPCKHQDQ Y3, Y2, Y5;        \
	VPERM2I128  $0x20, Y5, Y4, Y2; \
	VPERM2I128  $0x31, Y5, Y4, Y3; \
	VMOVDQU     Y2, (DI);          \
	VMOVDQU     Y3, 32(DI)

// func activateFast(dst *int64, c *Curve, x *int32, n, left, right int)
TEXT ·activateFast(SB), NOSPLIT, $0-48
	MOVQ dst+0(FP), DI
	MOVQ c+8(FP), SI
	MOVQ x+16(FP), DX
	MOVQ n+24(FP), CX
	MOVQ left+32(FP), BX
	MOVQ right+40(FP), R8
	ARGS

turn:
	ACTIVATE
	STORE
	ADDQ $32, DX
	ADDQ $64, DI
	SUBQ $8, CX
	JNZ  turn
	VZEROUPPER
	RET

// func gateFast(dst *int64, c *Curve, x, y *int32, n, left, right int)
TEXT ·gateFast(SB), NOSPLIT, $0-56
	MOVQ dst+0(FP), DI
	MOVQ c+8(FP), SI
	MOVQ x+16(FP), DX
	MOVQ y+24(FP), R11
	MOVQ n+32(FP), CX
	MOVQ left+40(FP), BX
	MOVQ right+48(FP), R8
	ARGS

turn:
	ACTIVATE
	VMOVDQU (R11), Y0
	VPSRLQ  $32, Y0, Y1
	VPMULDQ Y0, Y2, Y2
	VPMULDQ Y1, Y3, Y3
	STORE
	ADDQ    $32, DX
	ADDQ    $32, R11
	ADDQ    $64, DI
	SUBQ    $8, CX
	JNZ     turn
	VZEROUPPER
	RET
