//go:build amd64 && !purego

#include "go_asm.h"
#include "textflag.h"

// The loops over groups of 8, 16 or 32 lanes, 8 to a vector, whose states stay in
// Z0 to Z3. The portable versions in rans.go are the reference.

// DECODE takes a symbol off the states in X: slot = x & mask, then
// x = slots*(x >> prec) + number of the slot. Z4 becomes the entries.
#define DECODE(X, INDEX, STORE) \
	VPANDQ     Z31, X, Z5;         \
	INDEX;                         \
	KXNORB     K1, K1, K1;         \
	VPXORQ     Z4, Z4, Z4;         \
	VPGATHERQQ (R8)(Z5*8), K1, Z4; \
	VPSRLQ     X28, X, X;          \
	VPSRLQ     $40, Z4, Z5;        \
	VPSRLQ     $32, X, Z6;         \
	VPMULUDQ   Z5, X, X;           \
	VPMULUDQ   Z5, Z6, Z6;         \
	VPSLLQ     $32, Z6, Z6;        \
	VPADDQ     Z6, X, X;           \
	VPSRLQ     $16, Z4, Z5;        \
	VPANDQ     Z29, Z5, Z5;        \
	VPADDQ     Z5, X, X;           \
	STORE

// REFILL shifts a word into each state in X that is below 2^31.
#define REFILL(X) \
	VPCMPUQ     $1, Z30, X, K2; \
	VMOVDQU32   (SI), Y7;       \
	VPEXPANDD.Z Y7, K2, Y7;     \
	VPMOVZXDQ   Y7, Z7;         \
	VPSLLQ      $32, X, K2, X;  \
	VPORQ       Z7, X, X;       \
	KMOVB       K2, CX;         \
	POPCNTL     CX, CX;         \
	LEAQ        (SI)(CX*4), SI

// Where the symbols go, and where the index is: P is the place of the vector's
// first symbol in the group.
#define STORE8(P, N) VPMOVQB Z4, N(P)
#define STORE16(P, N) VPMOVQW Z4, (2*N)(P)
#define STORE32(P, N) VPMOVQW Z4, X4; VPMOVZXWD X4, Y4; VMOVDQU Y4, (4*N)(P)
#define NOINDEX(P, N)
#define INDEX16(P, N) VPMOVZXWQ (2*N)(P), Z6; VPSLLQ X28, Z6, Z6; VPADDQ Z6, Z5, Z5

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
	MOVQ         decodeJob_states(AX), DX; \
	VPBROADCASTQ decodeJob_mask(AX), Z31;  \
	VMOVQ        decodeJob_prec(AX), X28;  \
	ADDQ         SI, decodeJob_last(AX);   \
	MOVQ         $0x80000000, CX;          \
	VPBROADCASTQ CX, Z30;                  \
	MOVQ         $0xffffff, CX;            \
	VPBROADCASTQ CX, Z29;                  \
	VMOVDQU64    (DX), Z0;                 \
	CMPQ         R13, $8;                  \
	JEQ          loop;                     \
	VMOVDQU64    64(DX), Z1;               \
	CMPQ         R13, $16;                 \
	JEQ          loop;                     \
	VMOVDQU64    128(DX), Z2;              \
	VMOVDQU64    192(DX), Z3;              \
	loop:                                  \
	CMPQ         SI, decodeJob_last(AX);   \
	JHI          done;                     \
	TESTQ        R9, R9;                   \
	JZ           done;                     \
	MOVQ         R13, CX;                  \
	SHLQ         $SHIFT, CX;               \
	LEAQ         (DI)(CX*1), BX;           \
	LEAQ         (R12)(R13*2), R10;        \
	VECTOR(Z0, 0, INDEX, STORE, single0);  \
	CMPQ         R13, $8;                  \
	JEQ          next;                     \
	VECTOR(Z1, 8, INDEX, STORE, single1);  \
	CMPQ         R13, $16;                 \
	JEQ          next;                     \
	VECTOR(Z2, 16, INDEX, STORE, single2); \
	VECTOR(Z3, 24, INDEX, STORE, single3); \
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
	done:                               \
	SUBQ      decodeJob_src(AX), SI;    \
	MOVQ      SI, decodeJob_used(AX);   \
	MOVQ      R9, decodeJob_groups(AX); \
	VMOVDQU64 Z0, (DX);                 \
	CMPQ      R13, $8;                  \
	JEQ       out;                      \
	VMOVDQU64 Z1, 64(DX);               \
	CMPQ      R13, $16;                 \
	JEQ       out;                      \
	VMOVDQU64 Z2, 128(DX);              \
	VMOVDQU64 Z3, 192(DX);              \
	out:                                \
	VZEROUPPER;                         \
	RET

// func decode8AVX512(j *decodeJob)
TEXT ·decode8AVX512(SB), NOSPLIT, $0-8
	DECODELOOP(0, NOINDEX, STORE8)

// func decode16AVX512(j *decodeJob)
TEXT ·decode16AVX512(SB), NOSPLIT, $0-8
	DECODELOOP(1, NOINDEX, STORE16)

// func decode32AVX512(j *decodeJob)
TEXT ·decode32AVX512(SB), NOSPLIT, $0-8
	DECODELOOP(2, NOINDEX, STORE32)

// func decodeIndexed8AVX512(j *decodeJob)
TEXT ·decodeIndexed8AVX512(SB), NOSPLIT, $0-8
	DECODELOOP(0, INDEX16, STORE8)

// func decodeIndexed16AVX512(j *decodeJob)
TEXT ·decodeIndexed16AVX512(SB), NOSPLIT, $0-8
	DECODELOOP(1, INDEX16, STORE16)

// func decodeIndexed32AVX512(j *decodeJob)
TEXT ·decodeIndexed32AVX512(SB), NOSPLIT, $0-8
	DECODELOOP(2, INDEX16, STORE32)

	// ENTRIES gets the entries of the symbols in Z4, of which those that have none are
	// noted in K4: R becomes the reciprocals, P the rest.
#define ENTRIES(P, R, INDEX) \
	VPCMPUQ    $6, Z30, Z4, K3;    \
	KORB       K3, K4, K4;         \
	VPMINUQ    Z30, Z4, Z4;        \
	INDEX;                         \
	VPADDQ     Z4, Z4, Z4;         \
	KXNORB     K1, K1, K1;         \
	VPXORQ     R, R, R;            \
	VPGATHERQQ (R8)(Z4*8), K1, R;  \
	KXNORB     K1, K1, K1;         \
	VPXORQ     P, P, P;            \
	VPGATHERQQ 8(R8)(Z4*8), K1, P; \
	VPTESTNMQ  P, P, K3;           \
	KORB       K3, K4, K4

// SHED moves the lower halves of those states in X whose upper halves are at least
// the limits in Z5 to the words.
#define SHED(X) \
	VPSRLQ        $32, X, Z10;     \
	VPCMPUQ       $5, Z5, Z10, K2; \
	VPMOVQD       X, Y11;          \
	VPCOMPRESSD.Z Y11, K2, Y11;    \
	VMOVDQA64     Z10, K2, X;      \
	KMOVB         K2, CX;          \
	POPCNTL       CX, CX;          \
	MOVL          $-1, R15;        \
	BZHIL         CX, R15, R15;    \
	KMOVB         R15, K3;         \
	SHLQ          $2, CX;          \
	SUBQ          CX, SI;          \
	VMOVDQU32     Y11, K3, (SI)

// PUSH puts symbols on the states in X: with q = hi64(x * reciprocal) >> shift,
// x += cum + q * (2^prec - slots).
#define PUSH(X, P, R) \
	VPSRLQ   $32, X, Z10;   \
	VPSRLQ   $32, R, Z11;   \
	VPMULUDQ X, R, Z12;     \
	VPMULUDQ Z10, R, Z13;   \
	VPMULUDQ X, Z11, Z14;   \
	VPMULUDQ Z10, Z11, Z15; \
	VPSRLQ   $32, Z12, Z12; \
	VPADDQ   Z12, Z13, Z13; \
	VPANDQ   Z29, Z13, Z12; \
	VPADDQ   Z12, Z14, Z14; \
	VPSRLQ   $32, Z13, Z13; \
	VPSRLQ   $32, Z14, Z14; \
	VPADDQ   Z13, Z15, Z15; \
	VPADDQ   Z14, Z15, Z15; \
	VPSRLQ   $32, P, Z10;   \
	VPANDQ   Z28, Z10, Z10; \
	VPSRLVQ  Z10, Z15, Z15; \
	VPSRLQ   $40, P, Z11;   \
	VPSUBQ   Z11, Z31, Z11; \
	VPSRLQ   $32, Z15, Z12; \
	VPMULUDQ Z11, Z15, Z15; \
	VPMULUDQ Z11, Z12, Z12; \
	VPSLLQ   $32, Z12, Z12; \
	VPANDQ   Z29, P, Z10;   \
	VPADDQ   Z15, X, X;     \
	VPADDQ   Z12, Z10, Z10; \
	VPADDQ   Z10, X, X

#define LOAD8(P, N) VPMOVZXBQ N(P), Z4
#define LOAD16(P, N) VPMOVZXWQ (2*N)(P), Z4
#define LOAD32(P, N) VPMOVZXDQ (4*N)(P), Z4
#define TABLE16(P, N) VPMOVZXWQ (2*N)(P), Z5; VPMULUDQ Z26, Z5, Z5; VPADDQ Z5, Z4, Z4

#define ENCODEVECTOR(X, N, INDEX, LOAD, single, push) \
	LOAD(DI, N);                    \
	ENTRIES(Z6, Z7, INDEX(R12, N)); \
	VPSRLQ   $40, Z6, Z16;          \
	TESTQ    R11, R11;              \
	JZ       single;                \
	LOAD(BX, N);                    \
	ENTRIES(Z8, Z9, INDEX(R10, N)); \
	VPSRLQ   $40, Z8, Z5;           \
	VPMULUDQ Z16, Z5, Z5;           \
	VPSLLQ   X27, Z5, Z5;           \
	SHED(X);                        \
	PUSH(X, Z8, Z9);                \
	JMP      push;                  \
	single:               \
	VPSLLQ  X27, Z16, Z5; \
	SHED(X);              \
	push:                 \
	PUSH(X, Z6, Z7)

#define ENCODELOOP(SHIFT, INDEX, LOAD) \
	MOVQ         j+0(FP), AX;                          \
	MOVQ         encodeJob_src(AX), DI;                \
	MOVQ         encodeJob_n(AX), CX;                  \
	MOVQ         encodeJob_index(AX), R12;             \
	LEAQ         (R12)(CX*2), R12;                     \
	SHLQ         $SHIFT, CX;                           \
	ADDQ         CX, DI;                               \
	MOVQ         encodeJob_dst(AX), SI;                \
	ADDQ         encodeJob_at(AX), SI;                 \
	MOVQ         encodeJob_table(AX), R8;              \
	MOVQ         encodeJob_groups(AX), R9;             \
	MOVQ         encodeJob_pairs(AX), R11;             \
	MOVQ         encodeJob_lanes(AX), R13;             \
	MOVQ         encodeJob_states(AX), DX;             \
	VPBROADCASTQ encodeJob_total(AX), Z31;             \
	VPBROADCASTQ encodeJob_most(AX), Z30;              \
	VPBROADCASTQ encodeJob_size(AX), Z26;              \
	VMOVQ        encodeJob_shift(AX), X27;             \
	MOVL         $0xffffffff, CX;                      \
	VPBROADCASTQ CX, Z29;                              \
	MOVL         $0xff, CX;                            \
	VPBROADCASTQ CX, Z28;                              \
	KXORB        K4, K4, K4;                           \
	VMOVDQU64    (DX), Z0;                             \
	CMPQ         R13, $8;                              \
	JEQ          loop;                                 \
	VMOVDQU64    64(DX), Z1;                           \
	CMPQ         R13, $16;                             \
	JEQ          loop;                                 \
	VMOVDQU64    128(DX), Z2;                          \
	VMOVDQU64    192(DX), Z3;                          \
	loop:                                              \
	TESTQ        R9, R9;                               \
	JZ           done;                                 \
	MOVQ         SI, CX;                               \
	SUBQ         encodeJob_dst(AX), CX;                \
	SHRQ         $2, CX;                               \
	CMPQ         CX, R13;                              \
	JLT          done;                                 \
	MOVQ         R13, CX;                              \
	SHLQ         $SHIFT, CX;                           \
	SUBQ         CX, DI;                               \
	MOVQ         DI, BX;                               \
	ADDQ         R13, R13;                             \
	SUBQ         R13, R12;                             \
	MOVQ         R12, R10;                             \
	TESTQ        R11, R11;                             \
	JZ           ready;                                \
	SUBQ         CX, DI;                               \
	SUBQ         R13, R12;                             \
	ready:                                             \
	SHRQ         $1, R13;                              \
	CMPQ         R13, $8;                              \
	JEQ          eight;                                \
	CMPQ         R13, $16;                             \
	JEQ          sixteen;                              \
	ENCODEVECTOR(Z3, 24, INDEX, LOAD, single3, push3); \
	ENCODEVECTOR(Z2, 16, INDEX, LOAD, single2, push2); \
	sixteen:                                           \
	ENCODEVECTOR(Z1, 8, INDEX, LOAD, single1, push1);  \
	eight:                                             \
	ENCODEVECTOR(Z0, 0, INDEX, LOAD, single0, push0);  \
	DECQ         R9;                                   \
	JMP          loop;                                 \
	done:                               \
	SUBQ      encodeJob_dst(AX), SI;    \
	MOVQ      SI, encodeJob_at(AX);     \
	MOVQ      R9, encodeJob_groups(AX); \
	KMOVB     K4, CX;                   \
	MOVQ      CX, encodeJob_bad(AX);    \
	VMOVDQU64 Z0, (DX);                 \
	CMPQ      R13, $8;                  \
	JEQ       out;                      \
	VMOVDQU64 Z1, 64(DX);               \
	CMPQ      R13, $16;                 \
	JEQ       out;                      \
	VMOVDQU64 Z2, 128(DX);              \
	VMOVDQU64 Z3, 192(DX);              \
	out:                                \
	VZEROUPPER;                         \
	RET

// func encode8AVX512(j *encodeJob)
TEXT ·encode8AVX512(SB), NOSPLIT, $0-8
	ENCODELOOP(0, NOINDEX, LOAD8)

// func encode16AVX512(j *encodeJob)
TEXT ·encode16AVX512(SB), NOSPLIT, $0-8
	ENCODELOOP(1, NOINDEX, LOAD16)

// func encode32AVX512(j *encodeJob)
TEXT ·encode32AVX512(SB), NOSPLIT, $0-8
	ENCODELOOP(2, NOINDEX, LOAD32)

// func encodeIndexed8AVX512(j *encodeJob)
TEXT ·encodeIndexed8AVX512(SB), NOSPLIT, $0-8
	ENCODELOOP(0, TABLE16, LOAD8)

// func encodeIndexed16AVX512(j *encodeJob)
TEXT ·encodeIndexed16AVX512(SB), NOSPLIT, $0-8
	ENCODELOOP(1, TABLE16, LOAD16)

// func encodeIndexed32AVX512(j *encodeJob)
TEXT ·encodeIndexed32AVX512(SB), NOSPLIT, $0-8
	ENCODELOOP(2, TABLE16, LOAD32)
