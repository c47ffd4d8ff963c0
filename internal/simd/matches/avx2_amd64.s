//go:build amd64 && !purego

#include "go_asm.h"
#include "textflag.h"

// The portable versions in matches.go are the reference.

// READ gets the bits from R11 on into R10, at least 57.
#define READ \
	MOVQ  R11, AX;         \
	SHRQ  $3, AX;          \
	CMPQ  AX, R13;         \
	JA    done;            \
	MOVQ  (SI)(AX*1), R10; \
	MOVL  R11, AX;         \
	ANDL  $7, AX;          \
	SHRXQ AX, R10, R10

// TAKE makes AX the number of code I, and CX how many bits it has.
#define TAKE(I) \
	MOVBLZX I(R9), BX;       \
	MOVL    (R8)(BX*8), CX;  \
	MOVL    4(R8)(BX*8), AX; \
	BZHIL   CX, R10, DX;     \
	ADDL    DX, AX;          \
	ADDQ    CX, R11

#define PLAIN
#define ORDERED \
	MOVL (R15)(AX*4), AX

// Where no code has more than 14 bits, those of four are read at once.
#define NUMBERS(MAP) \
	MOVQ  j+0(FP), R12;             \
	MOVQ  numbersJob_dst(R12), DI;   \
	MOVQ  numbersJob_codes(R12), R9; \
	MOVQ  numbersJob_src(R12), SI;   \
	MOVQ  numbersJob_table(R12), R8; \
	MOVQ  numbersJob_order(R12), R15; \
	MOVQ  numbersJob_n(R12), BP;    \
	MOVQ  numbersJob_last(R12), R13; \
	XORL  R11, R11;                 \
	CMPQ  numbersJob_narrow(R12), $0; \
	JEQ   wide;                     \
	narrow:                         \
	CMPQ  BP, $4;                   \
	JL    wide;                     \
	READ;                           \
	TAKE(0);                        \
	SHRXQ CX, R10, R10;             \
	MAP;                            \
	MOVL  AX, (DI);                 \
	TAKE(1);                        \
	SHRXQ CX, R10, R10;             \
	MAP;                            \
	MOVL  AX, 4(DI);                \
	TAKE(2);                        \
	SHRXQ CX, R10, R10;             \
	MAP;                            \
	MOVL  AX, 8(DI);                \
	TAKE(3);                        \
	MAP;                            \
	MOVL  AX, 12(DI);               \
	ADDQ  $4, R9;                   \
	ADDQ  $16, DI;                  \
	SUBQ  $4, BP;                   \
	JMP   narrow;                   \
	wide:                           \
	CMPQ  BP, $2;                   \
	JL    done;                     \
	READ;                           \
	TAKE(0);                        \
	SHRXQ CX, R10, R10;             \
	MAP;                            \
	MOVL  AX, (DI);                 \
	TAKE(1);                        \
	MAP;                            \
	MOVL  AX, 4(DI);                \
	ADDQ  $2, R9;                   \
	ADDQ  $8, DI;                   \
	SUBQ  $2, BP;                   \
	JMP   wide;                     \
	done:                           \
	MOVQ  BP, numbersJob_n(R12);    \
	MOVQ  R11, numbersJob_bits(R12); \
	RET

// func numbersBMI2(j *numbersJob)
TEXT ·numbersBMI2(SB), NOSPLIT, $8-8
	NUMBERS(PLAIN)

// func orderedBMI2(j *numbersJob)
TEXT ·orderedBMI2(SB), NOSPLIT, $8-8
	NUMBERS(ORDERED)

// func indexFromAVX2(v *uint32, groups int, most int32) (group int)
TEXT ·indexFromAVX2(SB), NOSPLIT, $0-32
	MOVQ         v+0(FP), SI
	MOVQ         groups+8(FP), DX
	MOVL         most+16(FP), AX
	VMOVD        AX, X0
	VPBROADCASTD X0, Y0
	XORL         CX, CX

search:
	VMOVDQU  (SI), Y1
	VPCMPGTD Y0, Y1, Y1
	VPTEST   Y1, Y1
	JNZ      found
	ADDQ     $32, SI
	INCQ     CX
	CMPQ     CX, DX
	JLT      search

found:
	MOVQ       CX, group+24(FP)
	VZEROUPPER
	RET

// Which of the last offsets and the new one, the fourth, are the last three after a
// step of each kind: the bytes of a shuffle.
DATA ·turns+0x00(SB)/4, $0x03020100
DATA ·turns+0x04(SB)/4, $0x07060504
DATA ·turns+0x08(SB)/4, $0x0b0a0908
DATA ·turns+0x0c(SB)/4, $0x80808080
DATA ·turns+0x10(SB)/4, $0x07060504
DATA ·turns+0x14(SB)/4, $0x03020100
DATA ·turns+0x18(SB)/4, $0x0b0a0908
DATA ·turns+0x1c(SB)/4, $0x80808080
DATA ·turns+0x20(SB)/4, $0x0b0a0908
DATA ·turns+0x24(SB)/4, $0x03020100
DATA ·turns+0x28(SB)/4, $0x07060504
DATA ·turns+0x2c(SB)/4, $0x80808080
DATA ·turns+0x30(SB)/4, $0x0f0e0d0c
DATA ·turns+0x34(SB)/4, $0x03020100
DATA ·turns+0x38(SB)/4, $0x07060504
DATA ·turns+0x3c(SB)/4, $0x80808080
GLOBL ·turns(SB), RODATA|NOPTR, $64

// For offsets of 1 to 7 symbols: which of 8 symbols from there on go on, as a
// permutation, and how many bytes of whole periods these are.
#define PERIOD(N, A, B, C, D, E, F, G, H, BYTES) \
DATA periods<>+(64*N+0x00)(SB)/4, $A \
DATA periods<>+(64*N+0x04)(SB)/4, $B \
DATA periods<>+(64*N+0x08)(SB)/4, $C \
DATA periods<>+(64*N+0x0c)(SB)/4, $D \
DATA periods<>+(64*N+0x10)(SB)/4, $E \
DATA periods<>+(64*N+0x14)(SB)/4, $F \
DATA periods<>+(64*N+0x18)(SB)/4, $G \
DATA periods<>+(64*N+0x1c)(SB)/4, $H \
DATA periods<>+(64*N+0x20)(SB)/8, $BYTES

PERIOD(1, 0, 0, 0, 0, 0, 0, 0, 0, 32)
PERIOD(2, 0, 1, 0, 1, 0, 1, 0, 1, 32)
PERIOD(3, 0, 1, 2, 0, 1, 2, 0, 1, 24)
PERIOD(4, 0, 1, 2, 3, 0, 1, 2, 3, 32)
PERIOD(5, 0, 1, 2, 3, 4, 0, 1, 2, 20)
PERIOD(6, 0, 1, 2, 3, 4, 5, 0, 1, 24)
PERIOD(7, 0, 1, 2, 3, 4, 5, 6, 0, 28)
GLOBL periods<>(SB), RODATA|NOPTR, $512

// func copyAVX2(j *copyJob)
TEXT ·copyAVX2(SB), NOSPLIT, $48-8
	MOVQ    j+0(FP), AX
	MOVQ    copyJob_tokens(AX), SI
	MOVQ    copyJob_table(AX), R8
	MOVQ    copyJob_offsets(AX), R10
	MOVQ    copyJob_longs(AX), R9
	MOVQ    copyJob_literals(AX), R11
	MOVQ    copyJob_out(AX), DI
	VMOVDQU copyJob_last(AX), X0
	LEAQ    ·turns(SB), R12
	MOVQ    copyJob_count(AX), BX
	ADDQ    SI, BX
	MOVQ    BX, tokenEnd-8(SP)
	MOVQ    copyJob_room(AX), BX
	LEAQ    (DI)(BX*4), BX
	MOVQ    BX, outEnd-16(SP)
	MOVQ    copyJob_runs(AX), BX
	LEAQ    (R11)(BX*4), BX
	MOVQ    BX, literalEnd-24(SP)
	MOVQ    DI, outBegin-32(SP)
	MOVQ    copyJob_short(AX), BX
	MOVQ    BX, short-40(SP)

loop:
	CMPQ SI, tokenEnd-8(SP)
	JAE  done

	// R9 and X0 as they are before the step.
	MOVQ    R9, R14
	VMOVDQA X0, X3

	// The token: run BX, length CX, offset R15.
	MOVBLZX (SI), AX
	LEAQ    (R8)(AX*8), AX
	MOVBLZX Token_Run(AX), BX
	MOVBLZX Token_LongRun(AX), DX
	MOVL    (R9), CX
	IMULL   DX, CX
	ADDQ    CX, BX
	LEAQ    (R9)(DX*4), R9
	MOVBLZX Token_Length(AX), CX
	MOVBLZX Token_LongLength(AX), DX
	MOVL    (R9), BP
	IMULL   DX, BP
	ADDQ    BP, CX
	LEAQ    (R9)(DX*4), R9
	VPINSRD $3, (R10), X0, X0
	MOVBLZX Token_Kind(AX), AX
	MOVL    AX, DX
	SHLL    $4, DX
	VPSHUFB (R12)(DX*1), X0, X0
	VMOVD   X0, R15
	SHLQ    $2, R15

	// DX is where the step ends, BP where the match begins, R13 the literals after.
	LEAQ (BX)(CX*1), DX
	LEAQ (DI)(DX*4), DX
	CMPQ DX, outEnd-16(SP)
	JA   undo
	LEAQ (R11)(BX*4), R13
	CMPQ R13, literalEnd-24(SP)
	JA   undo
	LEAQ (DI)(BX*4), BP
	MOVQ BP, DX
	SUBQ outBegin-32(SP), DX
	CMPQ DX, R15
	JB   undo

	// Only a new offset counts.
	INCL AX
	SHRL $2, AX
	LEAQ (R10)(AX*4), R10

	VMOVDQU (R11), Y1
	VMOVDQU 32(R11), Y2
	VMOVDQU Y1, (DI)
	VMOVDQU Y2, 32(DI)
	CMPQ    BX, $16
	JA      longRun

match:
	MOVQ    R13, R11
	LEAQ    (BP)(CX*4), DI
	MOVQ    BP, DX
	SUBQ    R15, DX
	INCQ    SI
	CMPQ    short-40(SP), $0
	JNE     short

wide:
	CMPQ    R15, $32
	JB      near
	VMOVDQU (DX), Y1
	VMOVDQU Y1, (BP)
	VMOVDQU 32(DX), Y1
	VMOVDQU Y1, 32(BP)
	CMPQ    CX, $16
	JBE     loop

longMatch:
	// BP goes up to where the match ends.
	ADDQ $64, BP
	ADDQ $64, DX

moreMatch:
	VMOVDQU (DX), Y1
	VMOVDQU Y1, (BP)
	ADDQ    $32, BP
	ADDQ    $32, DX
	CMPQ    BP, DI
	JB      moreMatch
	JMP     loop

longRun:
	ADDQ $64, R11
	ADDQ $64, DI

moreRun:
	VMOVDQU (R11), Y1
	VMOVDQU Y1, (DI)
	ADDQ    $32, R11
	ADDQ    $32, DI
	CMPQ    R11, R13
	JB      moreRun
	JMP     match

short:
	// One symbol after another: what has just been written is read fastest so, and
	// how far away it is makes no difference.
	MOVL (DX), AX
	MOVL AX, (BP)
	MOVL 4(DX), AX
	MOVL AX, 4(BP)
	MOVL 8(DX), AX
	MOVL AX, 8(BP)
	MOVL 12(DX), AX
	MOVL AX, 12(BP)
	CMPQ CX, $4
	JBE  loop
	JMP  wide

near:
	// The match goes on into itself.
	LEAQ    periods<>(SB), AX
	SHLQ    $4, R15
	ADDQ    R15, AX
	VMOVDQU (AX), Y2
	VPERMD  (DX), Y2, Y1
	MOVQ    32(AX), AX

moreNear:
	VMOVDQU Y1, (BP)
	ADDQ    AX, BP
	CMPQ    BP, DI
	JB      moreNear
	JMP     loop

undo:
	MOVQ    R14, R9
	VMOVDQA X3, X0

done:
	MOVQ    j+0(FP), AX
	VMOVDQU X0, copyJob_last(AX)
	SUBQ    copyJob_tokens(AX), SI
	MOVQ    SI, copyJob_doneTokens(AX)
	SUBQ    copyJob_offsets(AX), R10
	SHRQ    $2, R10
	MOVQ    R10, copyJob_doneOffsets(AX)
	SUBQ    copyJob_longs(AX), R9
	SHRQ    $2, R9
	MOVQ    R9, copyJob_doneLongs(AX)
	SUBQ    copyJob_literals(AX), R11
	SHRQ    $2, R11
	MOVQ    R11, copyJob_doneLiterals(AX)
	SUBQ    copyJob_out(AX), DI
	SHRQ    $2, DI
	MOVQ    DI, copyJob_doneSymbols(AX)
	VZEROUPPER
	RET
