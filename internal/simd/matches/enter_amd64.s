//go:build amd64 && !purego

#include "go_asm.h"
#include "textflag.h"

// The portable versions in enter.go are the reference.

// BEGIN loads the job. R10 and R15 are the factors of hashes, R12 a place and R13 the
// same in the upper bits of a head.
#define BEGIN \
	MOVQ j+0(FP), AX;                \
	MOVQ enterJob_latest(AX), DI;    \
	MOVQ enterJob_known(AX), R9;     \
	MOVQ enterJob_s(AX), SI;         \
	MOVQ enterJob_heads(AX), R8;     \
	MOVL enterJob_mask(AX), R11;     \
	MOVQ $0x9e3779b97f4a7c15, R10

// ENTER makes place R12 the head of hash AX, and DX the one before, or R12 if that has
// another tag. R13 is the place in the upper bits of a head.
#define ENTER \
	MOVQ    AX, BX;           \
	SHRQ    $46, AX;          \
	SHRQ    $38, BX;          \
	ANDL    R11, AX;          \
	MOVBLZX BX, BX;           \
	MOVL    (R8)(AX*4), DX;   \
	ORL     R13, BX;          \
	MOVL    BX, (R8)(AX*4);   \
	XORL    DX, BX;           \
	SHRL    $8, DX;           \
	TESTB   BX, BX;           \
	CMOVLNE R12, DX

// func enterPairsBMI2(j *enterJob)
TEXT ·enterPairsBMI2(SB), NOSPLIT, $8-8
	BEGIN
	MOVQ enterJob_n(AX), BP
	MOVL enterJob_start(AX), R12
	MOVL R12, R13
	SHLL $8, R13
	XORL CX, CX
	XORL R14, R14

	// The symbols of earlier places are looked at soon, where they are the caller's: R15 is
	// where those of place 0 would be.
	MOVQ R12, R15
	SHLQ $2, R15
	NEGQ R15
	ADDQ SI, R15
	JMP  check

loop:
	MOVQ  (SI)(CX*4), AX
	IMULQ R10, AX
	ENTER
	PREFETCHT0 (R15)(DX*4)
	MOVL  DX, (DI)(CX*4)
	MOVL  CX, (R9)(R14*4)
	CMPL  DX, R12
	ADCQ  $0, R14
	INCL  R12
	ADDL  $256, R13
	INCQ  CX

check:
	CMPQ CX, BP
	JLT  loop
	MOVQ j+0(FP), AX
	MOVQ R14, enterJob_found(AX)
	RET

// func enterFoursBMI2(j *enterJob)
TEXT ·enterFoursBMI2(SB), NOSPLIT, $8-8
	BEGIN
	MOVQ $0xc2b2ae3d27d4eb4f, R15
	MOVQ enterJob_n(AX), BP
	LEAQ (R9)(BP*4), BP
	MOVQ enterJob_found(AX), R14
	JMP  check

loop:
	MOVL  (R9), CX
	CMPQ  CX, R14
	JAE   done
	MOVQ  j+0(FP), BX
	MOVQ  (SI)(CX*4), AX
	MOVL  enterJob_start(BX), R12
	MOVQ  8(SI)(CX*4), BX
	ADDL  CX, R12
	MOVL  R12, R13
	SHLL  $8, R13
	IMULQ R10, AX
	IMULQ R15, BX
	ADDQ  BX, AX
	ENTER
	MOVL  DX, (DI)(CX*4)
	ADDQ  $4, R9

check:
	CMPQ R9, BP
	JB   loop

done:
	MOVQ j+0(FP), AX
	SUBQ enterJob_known(AX), R9
	SHRQ $2, R9
	MOVQ R9, enterJob_n(AX)
	RET
