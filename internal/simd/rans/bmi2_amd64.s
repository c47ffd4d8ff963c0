//go:build amd64 && !purego

#include "go_asm.h"
#include "textflag.h"

// The loops for groups of two symbols for each lane under one table, one lane after
// another: where vectors hold four states, these are faster. The portable versions in
// rans.go are the reference.

// POP takes a symbol off the state in AX, with R10 the mask of slots, R11 the precision
// and R14 where in a slot its number is. BX becomes the slot, with the symbol lowest.
#define POP(STORE, P) \
	MOVL   AX, BX;         \
	ANDL   R10, BX;        \
	MOVQ   (R8)(BX*8), BX; \
	SHRXQ  R11, AX, AX;    \
	STORE(P);              \
	BEXTRQ R14, BX, CX;    \
	SHRQ   $40, BX;        \
	IMULQ  BX, AX;         \
	ADDQ   CX, AX

#define STORE8(P) MOVB BX, (P)(R12*1)
#define STORE16(P) MOVW BX, (P)(R12*2)
#define STORE32(P) MOVWLZX BX, CX; MOVL CX, (P)(R12*4)

// SHIFT is the binary logarithm of a symbol's bytes.
#define DECODELOOP(SHIFT, STORE) \
	MOVQ    j+0(FP), R15;               \
	MOVQ    decodeJob_dst(R15), DI;     \
	MOVQ    decodeJob_src(R15), SI;     \
	MOVQ    decodeJob_table(R15), R8;   \
	MOVQ    decodeJob_states(R15), R9;  \
	MOVQ    decodeJob_mask(R15), R10;   \
	MOVQ    decodeJob_prec(R15), R11;   \
	MOVQ    $0x1810, R14;               \
	ADDQ    SI, decodeJob_last(R15);    \
	MOVQ    decodeJob_lanes(R15), BP;   \
	SHLQ    $SHIFT, BP;                 \
	LEAQ    (DI)(BP*1), R13;            \
	ADDQ    BP, BP;                     \
	loop:                               \
	CMPQ    SI, decodeJob_last(R15);    \
	JHI     done;                       \
	CMPQ    decodeJob_groups(R15), $0;  \
	JEQ     done;                       \
	XORL    R12, R12;                   \
	lane:                               \
	MOVQ    (R9)(R12*8), AX;            \
	POP(STORE, DI);                     \
	POP(STORE, R13);                    \
	MOVL    (SI), CX;                   \
	MOVQ    AX, DX;                     \
	SHLQ    $32, DX;                    \
	ORQ     CX, DX;                     \
	XORL    BX, BX;                     \
	MOVQ    AX, CX;                     \
	SHRQ    $31, CX;                    \
	SETEQ   BX;                         \
	CMOVQEQ DX, AX;                     \
	LEAQ    (SI)(BX*4), SI;             \
	MOVQ    AX, (R9)(R12*8);            \
	INCQ    R12;                        \
	CMPQ    R12, decodeJob_lanes(R15);  \
	JLT     lane;                       \
	ADDQ    BP, DI;                     \
	ADDQ    BP, R13;                    \
	DECQ    decodeJob_groups(R15);      \
	JMP     loop;                       \
	done:                               \
	SUBQ    decodeJob_src(R15), SI;     \
	MOVQ    SI, decodeJob_used(R15);    \
	RET

// func decode8BMI2(j *decodeJob)
TEXT ·decode8BMI2(SB), NOSPLIT, $8-8
	DECODELOOP(0, STORE8)

// func decode16BMI2(j *decodeJob)
TEXT ·decode16BMI2(SB), NOSPLIT, $8-8
	DECODELOOP(1, STORE16)

// func decode32BMI2(j *decodeJob)
TEXT ·decode32BMI2(SB), NOSPLIT, $8-8
	DECODELOOP(2, STORE32)

#define LOAD8(P, X) MOVBLZX (P)(R12*1), X
#define LOAD16(P, X) MOVWLZX (P)(R12*2), X
#define LOAD32(P, X) MOVL (P)(R12*4), X

// ENTRY makes X the entry of symbol X.
#define ENTRY(X) \
	CMPQ X, R10; \
	JAE  bad;    \
	SHLQ $4, X;  \
	ADDQ R8, X

// PUSH puts the symbol with entry E on the state in R15.
#define PUSH(E) \
	MOVQ  R15, DX;                  \
	MULXQ Entry_Reciprocal(E), CX, R14; \
	MOVL  Entry_slots(E), CX;       \
	SHRXQ CX, R14, R14;             \
	SHRL  $8, CX;                   \
	MOVL  R11, DX;                  \
	SUBL  CX, DX;                   \
	IMULQ DX, R14;                  \
	MOVL  Entry_cum(E), CX;         \
	ADDQ  CX, R15;                  \
	ADDQ  R14, R15

// SHIFT is the binary logarithm of a symbol's bytes.
#define ENCODELOOP(SHIFT, LOAD) \
	MOVQ    j+0(FP), R15;               \
	MOVQ    encodeJob_src(R15), DI;     \
	MOVQ    encodeJob_n(R15), AX;       \
	SHLQ    $SHIFT, AX;                 \
	ADDQ    AX, DI;                     \
	MOVQ    encodeJob_dst(R15), SI;     \
	ADDQ    encodeJob_at(R15), SI;      \
	MOVQ    encodeJob_states(R15), R9;  \
	MOVQ    encodeJob_table(R15), R8;   \
	MOVQ    encodeJob_size(R15), R10;   \
	MOVQ    encodeJob_total(R15), R11;  \
	MOVQ    encodeJob_shift(R15), BP;   \
	loop:                               \
	MOVQ    j+0(FP), R15;               \
	CMPQ    encodeJob_groups(R15), $0;  \
	JEQ     done;                       \
	MOVQ    encodeJob_lanes(R15), R12;  \
	MOVQ    SI, AX;                     \
	SUBQ    encodeJob_dst(R15), AX;     \
	LEAQ    (R12*4), CX;                \
	CMPQ    AX, CX;                     \
	JLT     done;                       \
	MOVQ    R12, AX;                    \
	SHLQ    $SHIFT, AX;                 \
	SUBQ    AX, DI;                     \
	MOVQ    DI, R13;                    \
	SUBQ    AX, DI;                     \
	DECQ    R12;                        \
	lane:                               \
	LOAD(R13, AX);                      \
	ENTRY(AX);                          \
	LOAD(DI, BX);                       \
	ENTRY(BX);                          \
	MOVL    Entry_slots(AX), DX;        \
	SHRL    $8, DX;                     \
	MOVL    Entry_slots(BX), CX;        \
	SHRL    $8, CX;                     \
	IMULQ   CX, DX;                     \
	SHLXQ   BP, DX, DX;                 \
	TESTQ   DX, DX;                     \
	JZ      bad;                        \
	MOVQ    (R9)(R12*8), R15;           \
	MOVL    R15, -4(SI);                \
	MOVQ    R15, CX;                    \
	SHRQ    $32, CX;                    \
	LEAQ    -4(SI), R14;                \
	CMPQ    CX, DX;                     \
	CMOVQCC CX, R15;                    \
	CMOVQCC R14, SI;                    \
	PUSH(AX);                           \
	PUSH(BX);                           \
	MOVQ    R15, (R9)(R12*8);           \
	DECQ    R12;                        \
	JGE     lane;                       \
	MOVQ    j+0(FP), R15;               \
	DECQ    encodeJob_groups(R15);      \
	JMP     loop;                       \
	bad:                                \
	MOVQ    j+0(FP), R15;               \
	MOVQ    $1, encodeJob_bad(R15);     \
	done:                               \
	SUBQ    encodeJob_dst(R15), SI;     \
	MOVQ    SI, encodeJob_at(R15);      \
	RET

// func encode8BMI2(j *encodeJob)
TEXT ·encode8BMI2(SB), NOSPLIT, $8-8
	ENCODELOOP(0, LOAD8)

// func encode16BMI2(j *encodeJob)
TEXT ·encode16BMI2(SB), NOSPLIT, $8-8
	ENCODELOOP(1, LOAD16)

// func encode32BMI2(j *encodeJob)
TEXT ·encode32BMI2(SB), NOSPLIT, $8-8
	ENCODELOOP(2, LOAD32)
