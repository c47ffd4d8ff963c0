//go:build !purego

#include "textflag.h"

// The kernels that weigh probabilities, with AVX-512. Each step loads 32 numbers
// as float32 into Z8 and Z9. ADD multiplies them by 2^k, by adding k to their
// exponents, for which a saturating addition in 16-bit lanes will do. (It takes
// no longer for denormals, which become tiny.) Then they are rounded down to
// integers.
//
// What cannot be weighed here is found out at the end, for all chunks at once; the
// caller then begins again with AVX2. Z6 collects the sign bits of the sums: of
// numbers that had theirs set, and of those that the addition carried into it. And
// the processor notes in MXCSR that a number was a NaN or came to 2^31 or more, as
// that has no integer. To set it and read it takes as long as some hundred numbers.
//
// Two weights below 2^31 fit one unsigned 32-bit lane, so they are added there
// first. The 64-bit lanes of Z4 then take the pair of lanes as one number, low +
// high * 2^32, and those of Z5 the high ones in both halves, high * (2^32 + 1),
// which is one instruction less than adding low and high lanes apart. The end of a
// chunk works it out modulo 2^64, where the inverse of 2^32 + 1 is 1 - 2^32.
//
// Fetching 1.5 KB ahead, which may run past the end of the array, takes up to 30 %
// off the time where the array is in no cache of the core's own, and nothing is
// lost where it is.
//
// SI numbers, DI cum, CX steps per chunk, DX chunks left, AX total.

#define ADD \
	VPADDUSW   Z8, Z0, Z8;        \
	VPADDUSW   Z9, Z0, Z9;        \
	VPTERNLOGD $0xfe, Z8, Z9, Z6; \
	VCVTTPS2DQ Z8, Z8;            \
	VCVTTPS2DQ Z9, Z9;            \
	VPADDD     Z8, Z9, Z10;       \
	VMOVSHDUP  Z10, Z11;          \
	VPADDQ     Z10, Z4, Z4;       \
	VPADDQ     Z11, Z5, Z5

// WEIGH is what follows SI, with LOAD to load the step that many bytes on, and the
// size of one.
#define WEIGH(LOAD, size) \
	VPBROADCASTD  exponent+8(FP), Z0; \
	VPXOR         X6, X6, X6;         \
	MOVQ          per+16(FP), CX;     \
	SHRQ          $5, CX;             \
	MOVQ          total+24(FP), AX;   \
	MOVQ          cum+32(FP), DI;     \
	MOVQ          chunks+40(FP), DX;  \
	STMXCSR       saved-4(SP);        \
	LDMXCSR       ·mxcsrNearest(SB);  \
	chunk:                            \
	VPXOR         X4, X4, X4;         \
	VPXOR         X5, X5, X5;         \
	MOVQ          CX, BX;             \
	SHRQ          $1, BX;             \
	JCC           pairs;              \
	LOAD(0);                          \
	ADD;                              \
	ADDQ          $size, SI;          \
	pairs:                            \
	TESTQ         BX, BX;             \
	JZ            close;              \
	step:                             \
	LOAD(0);                          \
	ADD;                              \
	LOAD(size);                       \
	ADD;                              \
	ADDQ          $(2*size), SI;      \
	DECQ          BX;                 \
	JNZ           step;               \
	close:                            \
	VPSLLQ        $32, Z5, Z12;       \
	VPSUBQ        Z12, Z5, Z5;        \
	VPSLLQ        $32, Z5, Z12;       \
	VPSUBQ        Z12, Z4, Z4;        \
	VPADDQ        Z5, Z4, Z4;         \
	VEXTRACTI64X4 $1, Z4, Y5;         \
	VPADDQ        Y5, Y4, Y4;         \
	VEXTRACTI128  $1, Y4, X5;         \
	VPADDQ        X5, X4, X4;         \
	VPSHUFD       $0x4e, X4, X5;      \
	VPADDQ        X5, X4, X4;         \
	VMOVQ         X4, R9;             \
	MOVQ          AX, (DI);           \
	ADDQ          R9, AX;             \
	ADDQ          $8, DI;             \
	DECQ          DX;                 \
	JNZ           chunk;              \
	STMXCSR       noted-8(SP);        \
	LDMXCSR       saved-4(SP);        \
	MOVL          noted-8(SP), R8;    \
	ANDL          $1, R8;             \
	VPMOVD2M      Z6, K1;             \
	KMOVW         K1, R9;             \
	ORL           R8, R9;             \
	SETEQ         ok+56(FP);          \
	MOVQ          AX, sum+48(FP);     \
	VZEROUPPER;                       \
	RET

#define FLOAT32(at) \
	VMOVUPS    (0+at)(SI), Z8;  \
	VMOVUPS    (64+at)(SI), Z9; \
	PREFETCHT0 (1536+at)(SI);   \
	PREFETCHT0 (1600+at)(SI)

// func weighFloat32AVX512(p *float32, exponent uint32, per int, total uint64, cum *uint64, chunks int) (sum uint64, ok bool)
TEXT ·weighFloat32AVX512(SB), NOSPLIT, $8-57
	MOVQ p+0(FP), SI
	WEIGH(FLOAT32, 128)

#define FLOAT64(at) \
	VMOVUPD      (0+at)(SI), Z8;    \
	VMOVUPD      (64+at)(SI), Z10;  \
	VMOVUPD      (128+at)(SI), Z9;  \
	VMOVUPD      (192+at)(SI), Z11; \
	PREFETCHT0   (1536+at)(SI);     \
	PREFETCHT0   (1600+at)(SI);     \
	PREFETCHT0   (1664+at)(SI);     \
	PREFETCHT0   (1728+at)(SI);     \
	VCVTPD2PS.RN_SAE Z8, Y8;        \
	VCVTPD2PS.RN_SAE Z10, Y10;      \
	VCVTPD2PS.RN_SAE Z9, Y9;        \
	VCVTPD2PS.RN_SAE Z11, Y11;      \
	VINSERTF64X4 $1, Y10, Z8, Z8;   \
	VINSERTF64X4 $1, Y11, Z9, Z9

// func weighFloat64AVX512(p *float64, exponent uint32, per int, total uint64, cum *uint64, chunks int) (sum uint64, ok bool)
TEXT ·weighFloat64AVX512(SB), NOSPLIT, $8-57
	MOVQ p+0(FP), SI
	WEIGH(FLOAT64, 256)

#define FLOAT16(at) \
	VCVTPH2PS  (0+at)(SI), Z8;  \
	VCVTPH2PS  (32+at)(SI), Z9; \
	PREFETCHT0 (1536+at)(SI)

// func weighFloat16AVX512(p *uint16, exponent uint32, per int, total uint64, cum *uint64, chunks int) (sum uint64, ok bool)
TEXT ·weighFloat16AVX512(SB), NOSPLIT, $8-57
	MOVQ p+0(FP), SI
	WEIGH(FLOAT16, 64)

// The even numbers go to Z8, the odd ones to Z9: their order is nothing to a sum.
#define BFLOAT16(at) \
	VMOVDQU32  (0+at)(SI), Z9; \
	PREFETCHT0 (1536+at)(SI);  \
	VPSLLD     $16, Z9, Z8;    \
	VPANDD     Z1, Z9, Z9

// func weighBFloat16AVX512(p *uint16, exponent uint32, per int, total uint64, cum *uint64, chunks int) (sum uint64, ok bool)
TEXT ·weighBFloat16AVX512(SB), NOSPLIT, $8-57
	MOVQ         p+0(FP), SI
	MOVL         $0xffff0000, R10
	VPBROADCASTD R10, Z1
	WEIGH(BFLOAT16, 64)
