//go:build !purego

#include "textflag.h"

// The kernels that weigh probabilities, with AVX-512. Each step loads 32 numbers
// as float32 into Z8 and Z9. ADD multiplies them by 2^k, by adding k to their
// exponents, for which a saturating addition in 16-bit lanes will do. (It takes
// no longer for denormals, which become tiny.) Then they are rounded down to
// integers. Whatever had its sign bit set, is a NaN or comes to 2^31 or more gives
// an integer below zero: the addition does not carry out of the sign bit, and the
// conversion gives 0x80000000 for what does not fit. Z6 collects the sign bits.
//
// Two weights below 2^31 fit one unsigned 32-bit lane, so they are added there
// first. The 64-bit lanes of Z4 then take the pair of lanes as one number, low +
// high * 2^32, and those of Z5 the high ones in both halves, high * (2^32 + 1),
// which is one instruction less than adding low and high lanes apart. CLOSE works
// it out modulo 2^64, where the inverse of 2^32 + 1 is 1 - 2^32.
//
// Fetching 1.5 KB ahead, which may run past the end of the array, takes up to 30 %
// off the time where the array is in no cache of the core's own, and nothing is
// lost where it is.
//
// SI numbers, DI cum, CX steps per chunk, DX chunks left, AX total, R8 chunks
// done.

#define SETUP \
	VPBROADCASTD exponent+8(FP), Z0; \
	MOVQ         per+16(FP), CX;     \
	SHRQ         $5, CX;             \
	MOVQ         total+24(FP), AX;   \
	MOVQ         cum+32(FP), DI;     \
	MOVQ         chunks+40(FP), DX;  \
	XORL         R8, R8

#define OPEN \
	VPXOR X4, X4, X4; \
	VPXOR X5, X5, X5; \
	VPXOR X6, X6, X6; \
	MOVQ  CX, BX

#define ADD \
	VPADDUSW   Z8, Z0, Z8;        \
	VPADDUSW   Z9, Z0, Z9;        \
	VCVTPS2DQ.RD_SAE Z8, Z8;      \
	VCVTPS2DQ.RD_SAE Z9, Z9;      \
	VPTERNLOGD $0xfe, Z8, Z9, Z6; \
	VPADDD     Z8, Z9, Z10;       \
	VMOVSHDUP  Z10, Z11;          \
	VPADDQ     Z10, Z4, Z4;       \
	VPADDQ     Z11, Z5, Z5

#define CLOSE \
	VPSLLQ        $32, Z5, Z6;   \
	VPSUBQ        Z6, Z5, Z5;    \
	VPSLLQ        $32, Z5, Z6;   \
	VPSUBQ        Z6, Z4, Z4;    \
	VPADDQ        Z5, Z4, Z4;    \
	VEXTRACTI64X4 $1, Z4, Y5;    \
	VPADDQ        Y5, Y4, Y4;    \
	VEXTRACTI128  $1, Y4, X5;    \
	VPADDQ        X5, X4, X4;    \
	VPSHUFD       $0x4e, X4, X5; \
	VPADDQ        X5, X4, X4;    \
	VMOVQ         X4, R9;        \
	MOVQ          AX, (DI);      \
	ADDQ          R9, AX;        \
	ADDQ          $8, DI;        \
	INCQ          R8

// func weighFloat32AVX512(p *float32, exponent uint32, per int, total uint64, cum *uint64, chunks int) (done int, sum uint64)
TEXT ·weighFloat32AVX512(SB), NOSPLIT, $0-64
	MOVQ p+0(FP), SI
	SETUP

chunk:
	OPEN
	TESTQ $1, BX
	JZ    pairs

	// An odd number of steps.
	VMOVUPS    (SI), Z8
	VMOVUPS    64(SI), Z9
	PREFETCHT0 1536(SI)
	PREFETCHT0 1600(SI)
	ADDQ       $128, SI
	ADD

pairs:
	SHRQ $1, BX
	JZ   close

step:
	VMOVUPS    (SI), Z8
	VMOVUPS    64(SI), Z9
	PREFETCHT0 1536(SI)
	PREFETCHT0 1600(SI)
	ADD
	VMOVUPS    128(SI), Z8
	VMOVUPS    192(SI), Z9
	PREFETCHT0 1664(SI)
	PREFETCHT0 1728(SI)
	ADDQ       $256, SI
	ADD
	DECQ       BX
	JNZ        step

close:
	VPMOVD2M Z6, K1
	KORTESTW K1, K1
	JNZ      stop
	CLOSE
	DECQ     DX
	JNZ      chunk

stop:
	MOVQ R8, done+48(FP)
	MOVQ AX, sum+56(FP)
	VZEROUPPER
	RET

// func weighFloat64AVX512(p *float64, exponent uint32, per int, total uint64, cum *uint64, chunks int) (done int, sum uint64)
TEXT ·weighFloat64AVX512(SB), NOSPLIT, $0-64
	MOVQ p+0(FP), SI
	SETUP

chunk:
	OPEN

step:
	VMOVUPD      (SI), Z8
	VMOVUPD      64(SI), Z10
	VMOVUPD      128(SI), Z9
	VMOVUPD      192(SI), Z11
	PREFETCHT0   1536(SI)
	PREFETCHT0   1600(SI)
	PREFETCHT0   1664(SI)
	PREFETCHT0   1728(SI)
	ADDQ         $256, SI
	VCVTPD2PS.RN_SAE  Z8, Y8
	VCVTPD2PS.RN_SAE  Z10, Y10
	VCVTPD2PS.RN_SAE  Z9, Y9
	VCVTPD2PS.RN_SAE  Z11, Y11
	VINSERTF64X4 $1, Y10, Z8, Z8
	VINSERTF64X4 $1, Y11, Z9, Z9
	ADD
	DECQ         BX
	JNZ          step

	VPMOVD2M Z6, K1
	KORTESTW K1, K1
	JNZ      stop
	CLOSE
	DECQ     DX
	JNZ      chunk

stop:
	MOVQ R8, done+48(FP)
	MOVQ AX, sum+56(FP)
	VZEROUPPER
	RET

// func weighFloat16AVX512(p *uint16, exponent uint32, per int, total uint64, cum *uint64, chunks int) (done int, sum uint64)
TEXT ·weighFloat16AVX512(SB), NOSPLIT, $0-64
	MOVQ p+0(FP), SI
	SETUP

chunk:
	OPEN

step:
	VCVTPH2PS  (SI), Z8
	VCVTPH2PS  32(SI), Z9
	PREFETCHT0 1536(SI)
	ADDQ       $64, SI
	ADD
	DECQ       BX
	JNZ        step

	VPMOVD2M Z6, K1
	KORTESTW K1, K1
	JNZ      stop
	CLOSE
	DECQ     DX
	JNZ      chunk

stop:
	MOVQ R8, done+48(FP)
	MOVQ AX, sum+56(FP)
	VZEROUPPER
	RET

// func weighBFloat16AVX512(p *uint16, exponent uint32, per int, total uint64, cum *uint64, chunks int) (done int, sum uint64)
TEXT ·weighBFloat16AVX512(SB), NOSPLIT, $0-64
	MOVQ         p+0(FP), SI
	SETUP
	MOVL         $0xffff0000, R10
	VPBROADCASTD R10, Z1

chunk:
	OPEN

step:
	// The even numbers go to Z8, the odd ones to Z9: their order is nothing
	// to a sum.
	VMOVDQU32  (SI), Z9
	PREFETCHT0 1536(SI)
	VPSLLD     $16, Z9, Z8
	VPANDD     Z1, Z9, Z9
	ADDQ       $64, SI
	ADD
	DECQ       BX
	JNZ        step

	VPMOVD2M Z6, K1
	KORTESTW K1, K1
	JNZ      stop
	CLOSE
	DECQ     DX
	JNZ      chunk

stop:
	MOVQ R8, done+48(FP)
	MOVQ AX, sum+56(FP)
	VZEROUPPER
	RET
