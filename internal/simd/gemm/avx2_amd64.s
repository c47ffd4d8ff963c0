//go:build !purego

#include "textflag.h"

// Sums of a panel of 16 rows with up to six tokens. Two registers hold the weights
// of a pair of columns; the two activations of a token are copied to all lanes;
// VPMADDWD multiplies and adds up each pair. The sums of token t stay in registers
// 2t and 2t+1.
//
// SI weights, DI activations, R8 bytes from token to token, R9 activations of token
// 3, CX turns of two pairs, R10 and R11 what to fetch ahead and how much further
// each turn.

#define ADD(from, lo, hi) \
	VPBROADCASTD from, Y14;     \
	VPMADDWD     Y14, Y12, Y15; \
	VPMADDWD     Y14, Y13, Y14; \
	VPADDD       Y15, lo, lo;   \
	VPADDD       Y14, hi, hi

#define TOKENS1(i) \
	VMOVDQU (64*i)(SI), Y12;    \
	VMOVDQU (64*i+32)(SI), Y13; \
	ADD((4*i)(DI), Y0, Y1)

#define TOKENS2(i) \
	TOKENS1(i);                  \
	ADD((4*i)(DI)(R8*1), Y2, Y3)

#define TOKENS3(i) \
	TOKENS2(i);                  \
	ADD((4*i)(DI)(R8*2), Y4, Y5)

#define TOKENS4(i) \
	TOKENS3(i);            \
	ADD((4*i)(R9), Y6, Y7)

#define TOKENS5(i) \
	TOKENS4(i);                  \
	ADD((4*i)(R9)(R8*1), Y8, Y9)

#define TOKENS6(i) \
	TOKENS5(i);                    \
	ADD((4*i)(R9)(R8*2), Y10, Y11)

// TURNS is the loop over pairs of columns with some tokens: one pair if their number
// is odd, then two in each turn.
#define TURNS(start, turn, TOKENS, store) \
	start:               \
	SHRQ       $1, CX;   \
	JCC        turn;     \
	TOKENS(0);           \
	ADDQ       $64, SI;  \
	ADDQ       $4, DI;   \
	ADDQ       $4, R9;   \
	TESTQ      CX, CX;   \
	JZ         store;    \
	turn:                \
	PREFETCHT1 (R10);    \
	PREFETCHT1 64(R10);  \
	ADDQ       R11, R10; \
	TOKENS(0);           \
	TOKENS(1);           \
	ADDQ       $128, SI; \
	ADDQ       $8, DI;   \
	ADDQ       $8, R9;   \
	DECQ       CX;       \
	JNZ        turn;     \
	JMP        store

#define STORE(i, lo, hi) \
	VMOVDQU lo, (64*i)(DX);   \
	VMOVDQU hi, (64*i+32)(DX)

// func sumsAVX2(s *int32, w, a *int16, aStride, tokens, pairs, ahead, step int)
TEXT ·sumsAVX2(SB), NOSPLIT, $0-64
	MOVQ  s+0(FP), DX
	MOVQ  w+8(FP), SI
	MOVQ  a+16(FP), DI
	MOVQ  aStride+24(FP), R8
	ADDQ  R8, R8
	LEAQ  (R8)(R8*2), R9
	ADDQ  DI, R9
	MOVQ  tokens+32(FP), AX
	MOVQ  pairs+40(FP), CX
	MOVQ  ahead+48(FP), R10
	LEAQ  (SI)(R10*2), R10
	MOVQ  step+56(FP), R11
	SHLQ  $2, R11
	VPXOR Y0, Y0, Y0
	VPXOR Y1, Y1, Y1
	VPXOR Y2, Y2, Y2
	VPXOR Y3, Y3, Y3
	VPXOR Y4, Y4, Y4
	VPXOR Y5, Y5, Y5
	VPXOR Y6, Y6, Y6
	VPXOR Y7, Y7, Y7
	VPXOR Y8, Y8, Y8
	VPXOR Y9, Y9, Y9
	VPXOR Y10, Y10, Y10
	VPXOR Y11, Y11, Y11
	CMPQ  AX, $1
	JEQ   t1
	CMPQ  AX, $2
	JEQ   t2
	CMPQ  AX, $3
	JEQ   t3
	CMPQ  AX, $4
	JEQ   t4
	CMPQ  AX, $5
	JEQ   t5
	TURNS(t6, u6, TOKENS6, s6)
	TURNS(t5, u5, TOKENS5, s5)
	TURNS(t4, u4, TOKENS4, s4)
	TURNS(t3, u3, TOKENS3, s3)
	TURNS(t2, u2, TOKENS2, s2)
	TURNS(t1, u1, TOKENS1, s1)

s6:
	STORE(5, Y10, Y11)

s5:
	STORE(4, Y8, Y9)

s4:
	STORE(3, Y6, Y7)

s3:
	STORE(2, Y4, Y5)

s2:
	STORE(1, Y2, Y3)

s1:
	STORE(0, Y0, Y1)
	VZEROUPPER
	RET
