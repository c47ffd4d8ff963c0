//go:build !purego

#include "textflag.h"

// The kernels that weigh probabilities, with AVX2, as in weigh_avx512_amd64.s but
// for two things. Each step has two halves of 16 numbers, in Y8 and Y9. And Y6
// collects the largest bit pattern, which END compares with that of 2^(31-k), in
// Y7: a number that is not below, as unsigned integers, is not to be weighed
// here. That pattern is (158 - k) << 23.

#define SETUP \
	VPBROADCASTD exponent+8(FP), Y0; \
	MOVL         $0x4f000000, R9;    \
	SUBL         exponent+8(FP), R9; \
	VMOVD        R9, X7;             \
	VPBROADCASTD X7, Y7;             \
	MOVQ         per+16(FP), CX;     \
	SHRQ         $5, CX;             \
	MOVQ         total+24(FP), AX;   \
	MOVQ         cum+32(FP), DI;     \
	MOVQ         chunks+40(FP), DX;  \
	XORL         R8, R8

#define OPEN \
	VPXOR Y4, Y4, Y4; \
	VPXOR Y5, Y5, Y5; \
	VPXOR Y6, Y6, Y6; \
	MOVQ  CX, BX

#define ADD \
	VPADDUSW   Y8, Y0, Y10;   \
	VPADDUSW   Y9, Y0, Y11;   \
	VCVTTPS2DQ Y10, Y10;      \
	VCVTTPS2DQ Y11, Y11;      \
	VPMAXUD    Y8, Y6, Y6;    \
	VPMAXUD    Y9, Y6, Y6;    \
	VPADDD     Y10, Y11, Y10; \
	VMOVSHDUP  Y10, Y11;      \
	VPADDQ     Y10, Y4, Y4;   \
	VPADDQ     Y11, Y5, Y5

// END leaves a nonzero R9 if the chunk is refused.
#define END \
	VPMAXUD   Y7, Y6, Y8; \
	VPCMPEQD  Y8, Y6, Y8; \
	VPMOVMSKB Y8, R9

#define CLOSE \
	VPSLLQ       $32, Y5, Y6;   \
	VPSUBQ       Y6, Y5, Y5;    \
	VPSLLQ       $32, Y5, Y6;   \
	VPSUBQ       Y6, Y4, Y4;    \
	VPADDQ       Y5, Y4, Y4;    \
	VEXTRACTI128 $1, Y4, X5;    \
	VPADDQ       X5, X4, X4;    \
	VPSHUFD      $0x4e, X4, X5; \
	VPADDQ       X5, X4, X4;    \
	VMOVQ        X4, R9;        \
	MOVQ         AX, (DI);      \
	ADDQ         R9, AX;        \
	ADDQ         $8, DI;        \
	INCQ         R8

// func weighFloat32AVX2(p *float32, exponent uint32, per int, total uint64, cum *uint64, chunks int) (done int, sum uint64)
TEXT ·weighFloat32AVX2(SB), NOSPLIT, $0-64
	MOVQ p+0(FP), SI
	SETUP

chunk:
	OPEN

step:
	VMOVUPS    (SI), Y8
	VMOVUPS    32(SI), Y9
	ADD
	VMOVUPS    64(SI), Y8
	VMOVUPS    96(SI), Y9
	PREFETCHT0 1536(SI)
	PREFETCHT0 1600(SI)
	ADDQ       $128, SI
	ADD
	DECQ       BX
	JNZ        step

	END
	TESTL R9, R9
	JNZ   stop
	CLOSE
	DECQ  DX
	JNZ   chunk

stop:
	MOVQ R8, done+48(FP)
	MOVQ AX, sum+56(FP)
	VZEROUPPER
	RET

// func weighFloat64AVX2(p *float64, exponent uint32, per int, total uint64, cum *uint64, chunks int) (done int, sum uint64)
TEXT ·weighFloat64AVX2(SB), NOSPLIT, $8-64
	MOVQ    p+0(FP), SI
	SETUP
	STMXCSR saved-8(SP)
	LDMXCSR ·mxcsrNearest(SB)

chunk:
	OPEN

step:
	VCVTPD2PSY  (SI), X8
	VCVTPD2PSY  32(SI), X10
	VCVTPD2PSY  64(SI), X9
	VCVTPD2PSY  96(SI), X11
	VINSERTF128 $1, X10, Y8, Y8
	VINSERTF128 $1, X11, Y9, Y9
	ADD
	VCVTPD2PSY  128(SI), X8
	VCVTPD2PSY  160(SI), X10
	VCVTPD2PSY  192(SI), X9
	VCVTPD2PSY  224(SI), X11
	VINSERTF128 $1, X10, Y8, Y8
	VINSERTF128 $1, X11, Y9, Y9
	PREFETCHT0  1536(SI)
	PREFETCHT0  1600(SI)
	PREFETCHT0  1664(SI)
	PREFETCHT0  1728(SI)
	ADDQ        $256, SI
	ADD
	DECQ        BX
	JNZ         step

	END
	TESTL R9, R9
	JNZ   stop
	CLOSE
	DECQ  DX
	JNZ   chunk

stop:
	LDMXCSR saved-8(SP)
	MOVQ    R8, done+48(FP)
	MOVQ    AX, sum+56(FP)
	VZEROUPPER
	RET

// func weighFloat16AVX2(p *uint16, exponent uint32, per int, total uint64, cum *uint64, chunks int) (done int, sum uint64)
TEXT ·weighFloat16AVX2(SB), NOSPLIT, $0-64
	MOVQ p+0(FP), SI
	SETUP

chunk:
	OPEN

step:
	VCVTPH2PS  (SI), Y8
	VCVTPH2PS  16(SI), Y9
	ADD
	VCVTPH2PS  32(SI), Y8
	VCVTPH2PS  48(SI), Y9
	PREFETCHT0 1536(SI)
	ADDQ       $64, SI
	ADD
	DECQ       BX
	JNZ        step

	END
	TESTL R9, R9
	JNZ   stop
	CLOSE
	DECQ  DX
	JNZ   chunk

stop:
	MOVQ R8, done+48(FP)
	MOVQ AX, sum+56(FP)
	VZEROUPPER
	RET

// func weighBFloat16AVX2(p *uint16, exponent uint32, per int, total uint64, cum *uint64, chunks int) (done int, sum uint64)
TEXT ·weighBFloat16AVX2(SB), NOSPLIT, $0-64
	MOVQ         p+0(FP), SI
	SETUP
	MOVL         $0xffff0000, R9
	VMOVD        R9, X1
	VPBROADCASTD X1, Y1

chunk:
	OPEN

step:
	VMOVDQU    (SI), Y9
	VPSLLD     $16, Y9, Y8
	VPAND      Y1, Y9, Y9
	ADD
	VMOVDQU    32(SI), Y9
	VPSLLD     $16, Y9, Y8
	VPAND      Y1, Y9, Y9
	PREFETCHT0 1536(SI)
	ADDQ       $64, SI
	ADD
	DECQ       BX
	JNZ        step

	END
	TESTL R9, R9
	JNZ   stop
	CLOSE
	DECQ  DX
	JNZ   chunk

stop:
	MOVQ R8, done+48(FP)
	MOVQ AX, sum+56(FP)
	VZEROUPPER
	RET

// func weightsFloat32AVX2(dst *uint32, p *float32, exponent uint32, n int)
TEXT ·weightsFloat32AVX2(SB), NOSPLIT, $0-32
	MOVQ         dst+0(FP), DI
	MOVQ         p+8(FP), SI
	MOVL         exponent+16(FP), AX
	VMOVD        AX, X0
	VPBROADCASTD X0, Y0
	MOVQ         n+24(FP), CX

step:
	VPADDUSW   (SI), Y0, Y1
	VPADDUSW   32(SI), Y0, Y2
	VPADDUSW   64(SI), Y0, Y3
	VPADDUSW   96(SI), Y0, Y4
	VCVTTPS2DQ Y1, Y1
	VCVTTPS2DQ Y2, Y2
	VCVTTPS2DQ Y3, Y3
	VCVTTPS2DQ Y4, Y4
	VMOVDQU    Y1, (DI)
	VMOVDQU    Y2, 32(DI)
	VMOVDQU    Y3, 64(DI)
	VMOVDQU    Y4, 96(DI)
	ADDQ       $128, SI
	ADDQ       $128, DI
	SUBQ       $32, CX
	JNZ        step
	VZEROUPPER
	RET
