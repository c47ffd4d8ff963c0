//go:build !purego

#include "textflag.h"

// Sums of a unit of 32 rows, which is two panels, with up to twelve tokens, as in
// avx2_amd64.s: a register holds the weights of a panel at a pair of columns. The
// sums of token t stay in registers 2t and 2t+1. VPDPWSSD multiplies and adds in one
// instruction, which wraps and does not saturate.
//
// SI and BX weights of the two panels, DI activations, R8 bytes from token to token,
// R9, R12 and R13 activations of tokens 3, 6 and 9, CX turns of two pairs, R10 and R11
// what to fetch ahead and how much further each turn.

#define ADD(from, lo, hi) \
	VPBROADCASTD from, Z26;     \
	VPMADDWD     Z26, Z24, Z27; \
	VPMADDWD     Z26, Z25, Z28; \
	VPADDD       Z27, lo, lo;   \
	VPADDD       Z28, hi, hi

#define ADDVNNI(from, lo, hi) \
	VPBROADCASTD from, Z26;    \
	VPDPWSSD     Z26, Z24, lo; \
	VPDPWSSD     Z26, Z25, hi

#define TOKENS1(ADD, i) \
	VMOVDQU32 (64*i)(SI), Z24; \
	VMOVDQU32 (64*i)(BX), Z25; \
	ADD((4*i)(DI), Z0, Z1)

#define TOKENS2(ADD, i) \
	TOKENS1(ADD, i);             \
	ADD((4*i)(DI)(R8*1), Z2, Z3)

#define TOKENS3(ADD, i) \
	TOKENS2(ADD, i);             \
	ADD((4*i)(DI)(R8*2), Z4, Z5)

#define TOKENS4(ADD, i) \
	TOKENS3(ADD, i);       \
	ADD((4*i)(R9), Z6, Z7)

#define TOKENS5(ADD, i) \
	TOKENS4(ADD, i);             \
	ADD((4*i)(R9)(R8*1), Z8, Z9)

#define TOKENS6(ADD, i) \
	TOKENS5(ADD, i);               \
	ADD((4*i)(R9)(R8*2), Z10, Z11)

#define TOKENS7(ADD, i) \
	TOKENS6(ADD, i);          \
	ADD((4*i)(R12), Z12, Z13)

#define TOKENS8(ADD, i) \
	TOKENS7(ADD, i);                \
	ADD((4*i)(R12)(R8*1), Z14, Z15)

#define TOKENS9(ADD, i) \
	TOKENS8(ADD, i);                \
	ADD((4*i)(R12)(R8*2), Z16, Z17)

#define TOKENS10(ADD, i) \
	TOKENS9(ADD, i);          \
	ADD((4*i)(R13), Z18, Z19)

#define TOKENS11(ADD, i) \
	TOKENS10(ADD, i);               \
	ADD((4*i)(R13)(R8*1), Z20, Z21)

#define TOKENS12(ADD, i) \
	TOKENS11(ADD, i);               \
	ADD((4*i)(R13)(R8*2), Z22, Z23)

// TURNS is the loop over pairs of columns with some tokens: one pair if their number
// is odd, then two in each turn.
#define TURNS(start, turn, TOKENS, ADD, store) \
	start:               \
	SHRQ       $1, CX;   \
	JCC        turn;     \
	TOKENS(ADD, 0);      \
	ADDQ       $64, SI;  \
	ADDQ       $64, BX;  \
	ADDQ       $4, DI;   \
	ADDQ       $4, R9;   \
	ADDQ       $4, R12;  \
	ADDQ       $4, R13;  \
	TESTQ      CX, CX;   \
	JZ         store;    \
	turn:                \
	PREFETCHT1 (R10);    \
	PREFETCHT1 64(R10);  \
	PREFETCHT1 128(R10); \
	PREFETCHT1 192(R10); \
	ADDQ       R11, R10; \
	TOKENS(ADD, 0);      \
	TOKENS(ADD, 1);      \
	ADDQ       $128, SI; \
	ADDQ       $128, BX; \
	ADDQ       $8, DI;   \
	ADDQ       $8, R9;   \
	ADDQ       $8, R12;  \
	ADDQ       $8, R13;  \
	DECQ       CX;       \
	JNZ        turn;     \
	JMP        store

#define STORE(i, lo, hi) \
	VMOVDQU32 lo, (128*i)(DX);   \
	VMOVDQU32 hi, (128*i+64)(DX)

#define SUMS(ADD) \
	MOVQ   s+0(FP), DX;                  \
	MOVQ   w+8(FP), SI;                  \
	MOVQ   a+16(FP), DI;                 \
	MOVQ   aStride+24(FP), R8;           \
	ADDQ   R8, R8;                       \
	LEAQ   (R8)(R8*2), AX;               \
	LEAQ   (DI)(AX*1), R9;               \
	LEAQ   (DI)(AX*2), R12;              \
	LEAQ   (R9)(AX*2), R13;              \
	MOVQ   tokens+32(FP), AX;            \
	MOVQ   pairs+40(FP), CX;             \
	MOVQ   size+48(FP), BX;              \
	LEAQ   (SI)(BX*2), BX;               \
	MOVQ   ahead+56(FP), R10;            \
	LEAQ   (SI)(R10*2), R10;             \
	MOVQ   step+64(FP), R11;             \
	SHLQ   $2, R11;                      \
	VPXORD Z0, Z0, Z0;                   \
	VPXORD Z1, Z1, Z1;                   \
	VPXORD Z2, Z2, Z2;                   \
	VPXORD Z3, Z3, Z3;                   \
	VPXORD Z4, Z4, Z4;                   \
	VPXORD Z5, Z5, Z5;                   \
	VPXORD Z6, Z6, Z6;                   \
	VPXORD Z7, Z7, Z7;                   \
	VPXORD Z8, Z8, Z8;                   \
	VPXORD Z9, Z9, Z9;                   \
	VPXORD Z10, Z10, Z10;                \
	VPXORD Z11, Z11, Z11;                \
	VPXORD Z12, Z12, Z12;                \
	VPXORD Z13, Z13, Z13;                \
	VPXORD Z14, Z14, Z14;                \
	VPXORD Z15, Z15, Z15;                \
	VPXORD Z16, Z16, Z16;                \
	VPXORD Z17, Z17, Z17;                \
	VPXORD Z18, Z18, Z18;                \
	VPXORD Z19, Z19, Z19;                \
	VPXORD Z20, Z20, Z20;                \
	VPXORD Z21, Z21, Z21;                \
	VPXORD Z22, Z22, Z22;                \
	VPXORD Z23, Z23, Z23;                \
	CMPQ   AX, $1;                       \
	JEQ    t1;                           \
	CMPQ   AX, $2;                       \
	JEQ    t2;                           \
	CMPQ   AX, $3;                       \
	JEQ    t3;                           \
	CMPQ   AX, $4;                       \
	JEQ    t4;                           \
	CMPQ   AX, $5;                       \
	JEQ    t5;                           \
	CMPQ   AX, $6;                       \
	JEQ    t6;                           \
	CMPQ   AX, $7;                       \
	JEQ    t7;                           \
	CMPQ   AX, $8;                       \
	JEQ    t8;                           \
	CMPQ   AX, $9;                       \
	JEQ    t9;                           \
	CMPQ   AX, $10;                      \
	JEQ    t10;                          \
	CMPQ   AX, $11;                      \
	JEQ    t11;                          \
	TURNS(t12, u12, TOKENS12, ADD, s12); \
	TURNS(t11, u11, TOKENS11, ADD, s11); \
	TURNS(t10, u10, TOKENS10, ADD, s10); \
	TURNS(t9, u9, TOKENS9, ADD, s9);     \
	TURNS(t8, u8, TOKENS8, ADD, s8);     \
	TURNS(t7, u7, TOKENS7, ADD, s7);     \
	TURNS(t6, u6, TOKENS6, ADD, s6);     \
	TURNS(t5, u5, TOKENS5, ADD, s5);     \
	TURNS(t4, u4, TOKENS4, ADD, s4);     \
	TURNS(t3, u3, TOKENS3, ADD, s3);     \
	TURNS(t2, u2, TOKENS2, ADD, s2);     \
	TURNS(t1, u1, TOKENS1, ADD, s1);     \
	s12:                                 \
	STORE(11, Z22, Z23);                 \
	s11:                                 \
	STORE(10, Z20, Z21);                 \
	s10:                                 \
	STORE(9, Z18, Z19);                  \
	s9:                                  \
	STORE(8, Z16, Z17);                  \
	s8:                                  \
	STORE(7, Z14, Z15);                  \
	s7:                                  \
	STORE(6, Z12, Z13);                  \
	s6:                                  \
	STORE(5, Z10, Z11);                  \
	s5:                                  \
	STORE(4, Z8, Z9);                    \
	s4:                                  \
	STORE(3, Z6, Z7);                    \
	s3:                                  \
	STORE(2, Z4, Z5);                    \
	s2:                                  \
	STORE(1, Z2, Z3);                    \
	s1:                                  \
	STORE(0, Z0, Z1);                    \
	VZEROUPPER;                          \
	RET

// func sumsAVX512(s *int32, w, a *int16, aStride, tokens, pairs, size, ahead, step int)
TEXT ·sumsAVX512(SB), NOSPLIT, $0-72
	SUMS(ADD)

// func sumsVNNI(s *int32, w, a *int16, aStride, tokens, pairs, size, ahead, step int)
TEXT ·sumsVNNI(SB), NOSPLIT, $0-72
	SUMS(ADDVNNI)
