//go:build !purego

#include "textflag.h"

// Sums of a panel of 16 rows with one to six tokens. Two registers hold the
// weights of a pair of columns; the two activations of a token are copied to all
// lanes; VPMADDWD multiplies and adds up each pair. The sums of token t stay in
// registers 2t and 2t+1.
//
// SI weights, DI activations, R8 bytes from token to token, R9 activations of token
// 3, CX turns of two pairs, R10 and R11 what to fetch ahead and how much further
// each turn.

#define TOKEN(from, lo, hi) \
	VPBROADCASTD from, Y14;          \
	VPMADDWD     Y14, Y12, Y15;      \
	VPADDD       Y15, lo, lo;        \
	VPMADDWD     Y14, Y13, Y14;      \
	VPADDD       Y14, hi, hi

#define WEIGHTS(i) \
	VMOVDQU (64*i)(SI), Y12;   \
	VMOVDQU (64*i+32)(SI), Y13

#define PAIR1(i) \
	WEIGHTS(i);               \
	TOKEN((4*i)(DI), Y0, Y1)

#define PAIR2(i) \
	PAIR1(i);                        \
	TOKEN((4*i)(DI)(R8*1), Y2, Y3)

#define PAIR3(i) \
	PAIR2(i);                        \
	TOKEN((4*i)(DI)(R8*2), Y4, Y5)

#define PAIR4(i) \
	PAIR3(i);                 \
	TOKEN((4*i)(R9), Y6, Y7)

#define PAIR5(i) \
	PAIR4(i);                        \
	TOKEN((4*i)(R9)(R8*1), Y8, Y9)

#define PAIR6(i) \
	PAIR5(i);                          \
	TOKEN((4*i)(R9)(R8*2), Y10, Y11)

#define SUMS(PAIR) \
	MOVQ       sums+0(FP), DX;       \
	MOVQ       w+8(FP), SI;          \
	MOVQ       a+16(FP), DI;         \
	MOVQ       aStride+24(FP), R8;   \
	ADDQ       R8, R8;               \
	LEAQ       (R8)(R8*2), R9;       \
	ADDQ       DI, R9;               \
	MOVQ       pairs+32(FP), CX;     \
	MOVQ       ahead+40(FP), R10;    \
	ADDQ       SI, R10;              \
	MOVQ       step+48(FP), R11;     \
	VPXOR      Y0, Y0, Y0;           \
	VPXOR      Y1, Y1, Y1;           \
	VPXOR      Y2, Y2, Y2;           \
	VPXOR      Y3, Y3, Y3;           \
	VPXOR      Y4, Y4, Y4;           \
	VPXOR      Y5, Y5, Y5;           \
	VPXOR      Y6, Y6, Y6;           \
	VPXOR      Y7, Y7, Y7;           \
	VPXOR      Y8, Y8, Y8;           \
	VPXOR      Y9, Y9, Y9;           \
	VPXOR      Y10, Y10, Y10;        \
	VPXOR      Y11, Y11, Y11;        \
	SHRQ       $1, CX;               \
	JCC        even;                 \
	PAIR(0);                         \
	ADDQ       $64, SI;              \
	ADDQ       $4, DI;               \
	ADDQ       $4, R9;               \
even:                                \
	TESTQ      CX, CX;               \
	JZ         done;                 \
turn:                                \
	PREFETCHT1 (R10);                \
	PREFETCHT1 64(R10);              \
	ADDQ       R11, R10;             \
	PAIR(0);                         \
	PAIR(1);                         \
	ADDQ       $128, SI;             \
	ADDQ       $8, DI;               \
	ADDQ       $8, R9;               \
	DECQ       CX;                   \
	JNZ        turn;                 \
done:

// STORE leaves the sums of token i.
#define STORE(i, lo, hi) \
	VMOVDQU lo, (64*i)(DX);   \
	VMOVDQU hi, (64*i+32)(DX)

// func sums1AVX2(sums *int32, w, a *int16, aStride, pairs, ahead, step int)
TEXT ·sums1AVX2(SB), NOSPLIT, $0-56
	SUMS(PAIR1)
	STORE(0, Y0, Y1)
	VZEROUPPER
	RET

// func sums2AVX2(sums *int32, w, a *int16, aStride, pairs, ahead, step int)
TEXT ·sums2AVX2(SB), NOSPLIT, $0-56
	SUMS(PAIR2)
	STORE(0, Y0, Y1)
	STORE(1, Y2, Y3)
	VZEROUPPER
	RET

// func sums3AVX2(sums *int32, w, a *int16, aStride, pairs, ahead, step int)
TEXT ·sums3AVX2(SB), NOSPLIT, $0-56
	SUMS(PAIR3)
	STORE(0, Y0, Y1)
	STORE(1, Y2, Y3)
	STORE(2, Y4, Y5)
	VZEROUPPER
	RET

// func sums4AVX2(sums *int32, w, a *int16, aStride, pairs, ahead, step int)
TEXT ·sums4AVX2(SB), NOSPLIT, $0-56
	SUMS(PAIR4)
	STORE(0, Y0, Y1)
	STORE(1, Y2, Y3)
	STORE(2, Y4, Y5)
	STORE(3, Y6, Y7)
	VZEROUPPER
	RET

// func sums5AVX2(sums *int32, w, a *int16, aStride, pairs, ahead, step int)
TEXT ·sums5AVX2(SB), NOSPLIT, $0-56
	SUMS(PAIR5)
	STORE(0, Y0, Y1)
	STORE(1, Y2, Y3)
	STORE(2, Y4, Y5)
	STORE(3, Y6, Y7)
	STORE(4, Y8, Y9)
	VZEROUPPER
	RET

// func sums6AVX2(sums *int32, w, a *int16, aStride, pairs, ahead, step int)
TEXT ·sums6AVX2(SB), NOSPLIT, $0-56
	SUMS(PAIR6)
	STORE(0, Y0, Y1)
	STORE(1, Y2, Y3)
	STORE(2, Y4, Y5)
	STORE(3, Y6, Y7)
	STORE(4, Y8, Y9)
	STORE(5, Y10, Y11)
	VZEROUPPER
	RET
