//go:build amd64 && !purego

#include "go_asm.h"
#include "textflag.h"

// The loops over groups of 8, 16 or 32 lanes, 4 to a vector, whose states stay in
// Y0 to Y7. The portable versions in rans.go are the reference.

// Patterns that gather the symbols of each half of a vector of entries.
DATA pick<>+0x00(SB)/8, $0x8080808080800800
DATA pick<>+0x08(SB)/8, $0x8080808080808080
DATA pick<>+0x10(SB)/8, $0x8080808080800800
DATA pick<>+0x18(SB)/8, $0x8080808080808080
DATA pick<>+0x20(SB)/8, $0x8080808009080100
DATA pick<>+0x28(SB)/8, $0x8080808080808080
DATA pick<>+0x30(SB)/8, $0x8080808009080100
DATA pick<>+0x38(SB)/8, $0x8080808080808080
DATA pick<>+0x40(SB)/8, $0x8080090880800100
DATA pick<>+0x48(SB)/8, $0x8080808080808080
DATA pick<>+0x50(SB)/8, $0x8080090880800100
DATA pick<>+0x58(SB)/8, $0x8080808080808080
GLOBL pick<>(SB), RODATA|NOPTR, $96

// For each set of lanes that take a word, in 4 bits: the pattern that hands the
// words out to them in order.
DATA spread<>+0x00(SB)/8, $0x8080808080808080
DATA spread<>+0x08(SB)/8, $0x8080808080808080
DATA spread<>+0x10(SB)/8, $0x8080808003020100
DATA spread<>+0x18(SB)/8, $0x8080808080808080
DATA spread<>+0x20(SB)/8, $0x0302010080808080
DATA spread<>+0x28(SB)/8, $0x8080808080808080
DATA spread<>+0x30(SB)/8, $0x0706050403020100
DATA spread<>+0x38(SB)/8, $0x8080808080808080
DATA spread<>+0x40(SB)/8, $0x8080808080808080
DATA spread<>+0x48(SB)/8, $0x8080808003020100
DATA spread<>+0x50(SB)/8, $0x8080808003020100
DATA spread<>+0x58(SB)/8, $0x8080808007060504
DATA spread<>+0x60(SB)/8, $0x0302010080808080
DATA spread<>+0x68(SB)/8, $0x8080808007060504
DATA spread<>+0x70(SB)/8, $0x0706050403020100
DATA spread<>+0x78(SB)/8, $0x808080800b0a0908
DATA spread<>+0x80(SB)/8, $0x8080808080808080
DATA spread<>+0x88(SB)/8, $0x0302010080808080
DATA spread<>+0x90(SB)/8, $0x8080808003020100
DATA spread<>+0x98(SB)/8, $0x0706050480808080
DATA spread<>+0xa0(SB)/8, $0x0302010080808080
DATA spread<>+0xa8(SB)/8, $0x0706050480808080
DATA spread<>+0xb0(SB)/8, $0x0706050403020100
DATA spread<>+0xb8(SB)/8, $0x0b0a090880808080
DATA spread<>+0xc0(SB)/8, $0x8080808080808080
DATA spread<>+0xc8(SB)/8, $0x0706050403020100
DATA spread<>+0xd0(SB)/8, $0x8080808003020100
DATA spread<>+0xd8(SB)/8, $0x0b0a090807060504
DATA spread<>+0xe0(SB)/8, $0x0302010080808080
DATA spread<>+0xe8(SB)/8, $0x0b0a090807060504
DATA spread<>+0xf0(SB)/8, $0x0706050403020100
DATA spread<>+0xf8(SB)/8, $0x0f0e0d0c0b0a0908
GLOBL spread<>(SB), RODATA|NOPTR, $256

// DECODE takes a symbol off the states in X: slot = x & mask, then
// x = slots*(x >> prec) + number of the slot. Y8 becomes the entries.
#define DECODE(X, INDEX, STORE) \
	VPAND      Y13, X, Y9;          \
	INDEX;                          \
	VPCMPEQD   Y10, Y10, Y10;       \
	VPGATHERQQ Y10, (R8)(Y9*8), Y8; \
	VPSRLQ     X12, X, X;           \
	VPSRLQ     $40, Y8, Y9;         \
	VPSRLQ     $32, X, Y10;         \
	VPMULUDQ   Y9, X, X;            \
	VPMULUDQ   Y9, Y10, Y10;        \
	VPSLLQ     $32, Y10, Y10;       \
	VPADDQ     Y10, X, X;           \
	VPSRLQ     $16, Y8, Y9;         \
	VPAND      Y15, Y9, Y9;         \
	VPADDQ     Y9, X, X;            \
	STORE

// REFILL shifts a word into each state in X that is below 2^31.
#define REFILL(X) \
	VPCMPGTQ  X, Y14, Y9;           \
	VMOVMSKPD Y9, CX;               \
	VMOVDQU   (SI), X10;            \
	POPCNTL   CX, R15;              \
	SHLQ      $4, CX;               \
	VPSHUFB   (DX)(CX*1), X10, X10; \
	VPMOVZXDQ X10, Y10;             \
	VPSLLQ    $32, X, Y11;          \
	VPBLENDVB Y9, Y11, X, X;        \
	VPOR      Y10, X, X;            \
	LEAQ      (SI)(R15*4), SI

#define STORE8(P, N) VPSHUFB pick<>+0x00(SB), Y8, Y8; VEXTRACTI128 $1, Y8, X9; VPUNPCKLWD X9, X8, X8; VMOVD X8, N(P)
#define STORE16(P, N) VPSHUFB pick<>+0x20(SB), Y8, Y8; VEXTRACTI128 $1, Y8, X9; VPUNPCKLDQ X9, X8, X8; VMOVQ X8, (2*N)(P)
#define STORE32(P, N) VPSHUFB pick<>+0x40(SB), Y8, Y8; VEXTRACTI128 $1, Y8, X9; VPUNPCKLQDQ X9, X8, X8; VMOVDQU X8, (4*N)(P)
#define NOINDEX(P, N)
#define INDEX16(P, N) VPMOVZXWQ (2*N)(P), Y11; VPSLLQ X12, Y11, Y11; VPADDQ Y11, Y9, Y9

#define VECTOR(X, N, INDEX, STORE, single) \
	DECODE(X, INDEX(R12, N), STORE(DI, N)); \
	TESTQ   R11, R11;                       \
	JZ      single;                         \
	DECODE(X, INDEX(R10, N), STORE(BX, N)); \
	single:                                 \
	REFILL(X)

// SHIFT is the binary logarithm of a symbol's bytes.
#define DECODELOOP(SHIFT, INDEX, STORE) \
	MOVQ         j+0(FP), AX;              \
	MOVQ         decodeJob_dst(AX), DI;    \
	MOVQ         decodeJob_src(AX), SI;    \
	MOVQ         decodeJob_index(AX), R12; \
	MOVQ         decodeJob_table(AX), R8;  \
	MOVQ         decodeJob_groups(AX), R9; \
	MOVQ         decodeJob_pairs(AX), R11; \
	MOVQ         decodeJob_lanes(AX), R13; \
	MOVQ         decodeJob_states(AX), CX; \
	VPBROADCASTQ decodeJob_mask(AX), Y13;  \
	VMOVQ        decodeJob_prec(AX), X12;  \
	ADDQ         SI, decodeJob_last(AX);   \
	MOVQ         $0x80000000, DX;          \
	VMOVQ        DX, X14;                  \
	VPBROADCASTQ X14, Y14;                 \
	MOVQ         $0xffffff, DX;            \
	VMOVQ        DX, X15;                  \
	VPBROADCASTQ X15, Y15;                 \
	VMOVDQU      (CX), Y0;                 \
	VMOVDQU      32(CX), Y1;               \
	CMPQ         R13, $8;                  \
	JEQ          begin;                    \
	VMOVDQU      64(CX), Y2;               \
	VMOVDQU      96(CX), Y3;               \
	CMPQ         R13, $16;                 \
	JEQ          begin;                    \
	VMOVDQU      128(CX), Y4;              \
	VMOVDQU      160(CX), Y5;              \
	VMOVDQU      192(CX), Y6;              \
	VMOVDQU      224(CX), Y7;              \
	begin:                                 \
	LEAQ         spread<>(SB), DX;         \
	loop:                                  \
	CMPQ         SI, decodeJob_last(AX);   \
	JHI          done;                     \
	TESTQ        R9, R9;                   \
	JZ           done;                     \
	MOVQ         R13, CX;                  \
	SHLQ         $SHIFT, CX;               \
	LEAQ         (DI)(CX*1), BX;           \
	LEAQ         (R12)(R13*2), R10;        \
	VECTOR(Y0, 0, INDEX, STORE, single0);  \
	VECTOR(Y1, 4, INDEX, STORE, single1);  \
	CMPQ         R13, $8;                  \
	JEQ          next;                     \
	VECTOR(Y2, 8, INDEX, STORE, single2);  \
	VECTOR(Y3, 12, INDEX, STORE, single3); \
	CMPQ         R13, $16;                 \
	JEQ          next;                     \
	VECTOR(Y4, 16, INDEX, STORE, single4); \
	VECTOR(Y5, 20, INDEX, STORE, single5); \
	VECTOR(Y6, 24, INDEX, STORE, single6); \
	VECTOR(Y7, 28, INDEX, STORE, single7); \
	next:                                  \
	TESTQ        R11, R11;                 \
	CMOVQNE      BX, DI;                   \
	CMOVQNE      R10, R12;                 \
	MOVQ         R13, CX;                  \
	SHLQ         $SHIFT, CX;               \
	ADDQ         CX, DI;                   \
	LEAQ         (R12)(R13*2), R12;        \
	DECQ         R9;                       \
	JMP          loop;                     \
	done:                             \
	SUBQ    decodeJob_src(AX), SI;    \
	MOVQ    SI, decodeJob_used(AX);   \
	MOVQ    R9, decodeJob_groups(AX); \
	MOVQ    decodeJob_states(AX), CX; \
	VMOVDQU Y0, (CX);                 \
	VMOVDQU Y1, 32(CX);               \
	CMPQ    R13, $8;                  \
	JEQ     out;                      \
	VMOVDQU Y2, 64(CX);               \
	VMOVDQU Y3, 96(CX);               \
	CMPQ    R13, $16;                 \
	JEQ     out;                      \
	VMOVDQU Y4, 128(CX);              \
	VMOVDQU Y5, 160(CX);              \
	VMOVDQU Y6, 192(CX);              \
	VMOVDQU Y7, 224(CX);              \
	out:                              \
	VZEROUPPER;                       \
	RET

// func decode8AVX2(j *decodeJob)
TEXT ·decode8AVX2(SB), NOSPLIT, $0-8
	DECODELOOP(0, NOINDEX, STORE8)

// func decode16AVX2(j *decodeJob)
TEXT ·decode16AVX2(SB), NOSPLIT, $0-8
	DECODELOOP(1, NOINDEX, STORE16)

// func decode32AVX2(j *decodeJob)
TEXT ·decode32AVX2(SB), NOSPLIT, $0-8
	DECODELOOP(2, NOINDEX, STORE32)

// func decodeIndexed8AVX2(j *decodeJob)
TEXT ·decodeIndexed8AVX2(SB), NOSPLIT, $0-8
	DECODELOOP(0, INDEX16, STORE8)

// func decodeIndexed16AVX2(j *decodeJob)
TEXT ·decodeIndexed16AVX2(SB), NOSPLIT, $0-8
	DECODELOOP(1, INDEX16, STORE16)

// func decodeIndexed32AVX2(j *decodeJob)
TEXT ·decodeIndexed32AVX2(SB), NOSPLIT, $0-8
	DECODELOOP(2, INDEX16, STORE32)
