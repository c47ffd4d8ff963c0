//go:build !purego

#include "textflag.h"

// The kernels for masses; masses.go tells what is computed. They run with MXCSR at
// its default: round to nearest, denormal numbers as they are. Lane i of eight sums
// up the numbers i, i+8, ...: Y8 holds the first four lanes, Y9 the others, or Z8
// all.

DATA mxcsrDefault<>(SB)/4, $0x1f80
GLOBL mxcsrDefault<>(SB), RODATA|NOPTR, $4

// MASSES_AVX2 turns eight numbers at x into masses in p, by way of a, t and n.
#define MASSES_AVX2(x, a, t, n, p) \
	VMAXPS       x, Y15, a;                 \
	VMOVAPS      Y14, t;                    \
	VFMADD231PS  a, Y13, t;                 \
	VSUBPS       Y14, t, n;                 \
	VFNMADD231PS n, Y12, a;                 \
	VMOVUPS      ·massTable+0(SB), p;       \
	VFMADD213PS  ·massTable+32(SB), a, p;   \
	VFMADD213PS  ·massTable+64(SB), a, p;   \
	VFMADD213PS  ·massTable+96(SB), a, p;   \
	VFMADD213PS  ·massTable+128(SB), a, p;  \
	VFMADD213PS  ·massTable+160(SB), a, p;  \
	VFMADD213PS  ·massTable+160(SB), a, p;  \
	VPSUBD       Y10, t, t;                 \
	VPSLLD       $23, t, t;                 \
	VPADDD       t, p, p

#define SCALE_AVX2(s) \
	VBROADCASTSS s, Y15;                    \
	VBROADCASTSS ·massTable+192(SB), Y14;   \
	VBROADCASTSS ·massTable+196(SB), Y13;   \
	VBROADCASTSS ·massTable+200(SB), Y12

// FOLD adds up the lanes in Y8 and Y9 to X8.
#define FOLD \
	VADDPD       Y9, Y8, Y8;  \
	VEXTRACTF128 $1, Y8, X9;  \
	VADDPD       X9, X8, X8;  \
	VPERMILPD    $1, X8, X9;  \
	VADDSD       X9, X8, X8

// func massSumsAVX2(sums *float64, blocks int, x *float32, floor float32, base int32)
TEXT ·massSumsAVX2(SB), NOSPLIT, $8-32
	MOVQ         sums+0(FP), DI
	MOVQ         blocks+8(FP), DX
	MOVQ         x+16(FP), SI
	STMXCSR      saved-8(SP)
	LDMXCSR      mxcsrDefault<>(SB)
	SCALE_AVX2(floor+24(FP))
	VBROADCASTSS base+28(FP), Y10

block:
	VXORPD Y8, Y8, Y8
	VXORPD Y9, Y9, Y9
	MOVQ   $16, CX

step:
	MASSES_AVX2((SI), Y0, Y1, Y2, Y3)
	MASSES_AVX2(32(SI), Y4, Y5, Y6, Y7)
	PREFETCHT0   1024(SI)
	ADDQ         $64, SI
	VCVTPS2PD    X3, Y0
	VEXTRACTF128 $1, Y3, X3
	VCVTPS2PD    X3, Y1
	VADDPD       Y0, Y8, Y8
	VADDPD       Y1, Y9, Y9
	VCVTPS2PD    X7, Y4
	VEXTRACTF128 $1, Y7, X7
	VCVTPS2PD    X7, Y5
	VADDPD       Y4, Y8, Y8
	VADDPD       Y5, Y9, Y9
	DECQ         CX
	JNZ          step

	FOLD
	VMOVSD X8, (DI)
	ADDQ   $8, DI
	DECQ   DX
	JNZ    block

	LDMXCSR saved-8(SP)
	VZEROUPPER
	RET

// func massesAVX2(dst, x *float32, n int, floor float32, base int32)
TEXT ·massesAVX2(SB), NOSPLIT, $8-32
	MOVQ         dst+0(FP), DI
	MOVQ         x+8(FP), SI
	MOVQ         n+16(FP), CX
	SHRQ         $5, CX
	STMXCSR      saved-8(SP)
	LDMXCSR      mxcsrDefault<>(SB)
	SCALE_AVX2(floor+24(FP))
	VBROADCASTSS base+28(FP), Y10

step:
	MASSES_AVX2((SI), Y0, Y1, Y2, Y3)
	MASSES_AVX2(32(SI), Y4, Y5, Y6, Y7)
	VMOVUPS Y3, (DI)
	VMOVUPS Y7, 32(DI)
	MASSES_AVX2(64(SI), Y0, Y1, Y2, Y3)
	MASSES_AVX2(96(SI), Y4, Y5, Y6, Y7)
	VMOVUPS Y3, 64(DI)
	VMOVUPS Y7, 96(DI)
	ADDQ    $128, SI
	ADDQ    $128, DI
	DECQ    CX
	JNZ     step

	LDMXCSR saved-8(SP)
	VZEROUPPER
	RET

// func sumBlocksAVX2(sums *float64, blocks int, p *float32)
TEXT ·sumBlocksAVX2(SB), NOSPLIT, $8-24
	MOVQ    sums+0(FP), DI
	MOVQ    blocks+8(FP), DX
	MOVQ    p+16(FP), SI
	STMXCSR saved-8(SP)
	LDMXCSR mxcsrDefault<>(SB)

block:
	VXORPD Y8, Y8, Y8
	VXORPD Y9, Y9, Y9
	MOVQ   $16, CX

step:
	VCVTPS2PD (SI), Y0
	VCVTPS2PD 16(SI), Y1
	VCVTPS2PD 32(SI), Y2
	VCVTPS2PD 48(SI), Y3
	ADDQ      $64, SI
	VADDPD    Y0, Y8, Y8
	VADDPD    Y1, Y9, Y9
	VADDPD    Y2, Y8, Y8
	VADDPD    Y3, Y9, Y9
	DECQ      CX
	JNZ       step

	FOLD
	VMOVSD X8, (DI)
	ADDQ   $8, DI
	DECQ   DX
	JNZ    block

	LDMXCSR saved-8(SP)
	VZEROUPPER
	RET
