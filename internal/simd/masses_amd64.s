//go:build !purego

#include "textflag.h"

// The kernels for masses; masses.go tells what is computed. They run with MXCSR at
// its default: round to nearest, denormal numbers as they are. Lane i of eight sums
// up the numbers i, i+8, ...: Y12 holds the first four lanes, Y13 the others.

DATA mxcsrDefault<>(SB)/4, $0x1f80
GLOBL mxcsrDefault<>(SB), RODATA|NOPTR, $4

// MASSES_AVX2 turns 32 numbers at SI into masses in Y8 to Y11. Four at a time go
// side by side, for one alone waits for itself.
#define MASSES_AVX2 \
	VMAXPS (SI), Y15, Y0; \
	VMAXPS 32(SI), Y15, Y1; \
	VMAXPS 64(SI), Y15, Y2; \
	VMAXPS 96(SI), Y15, Y3; \
	VMOVAPS Y14, Y4; \
	VMOVAPS Y14, Y5; \
	VMOVAPS Y14, Y6; \
	VMOVAPS Y14, Y7; \
	VFMADD231PS ·massTable+192(SB), Y0, Y4; \
	VFMADD231PS ·massTable+192(SB), Y1, Y5; \
	VFMADD231PS ·massTable+192(SB), Y2, Y6; \
	VFMADD231PS ·massTable+192(SB), Y3, Y7; \
	VSUBPS Y14, Y4, Y8; \
	VSUBPS Y14, Y5, Y9; \
	VSUBPS Y14, Y6, Y10; \
	VSUBPS Y14, Y7, Y11; \
	VFNMADD231PS ·massTable+224(SB), Y8, Y0; \
	VFNMADD231PS ·massTable+224(SB), Y9, Y1; \
	VFNMADD231PS ·massTable+224(SB), Y10, Y2; \
	VFNMADD231PS ·massTable+224(SB), Y11, Y3; \
	VMOVUPS ·massTable+0(SB), Y8; \
	VMOVUPS ·massTable+0(SB), Y9; \
	VMOVUPS ·massTable+0(SB), Y10; \
	VMOVUPS ·massTable+0(SB), Y11; \
	VFMADD213PS ·massTable+32(SB), Y0, Y8; \
	VFMADD213PS ·massTable+32(SB), Y1, Y9; \
	VFMADD213PS ·massTable+32(SB), Y2, Y10; \
	VFMADD213PS ·massTable+32(SB), Y3, Y11; \
	VFMADD213PS ·massTable+64(SB), Y0, Y8; \
	VFMADD213PS ·massTable+64(SB), Y1, Y9; \
	VFMADD213PS ·massTable+64(SB), Y2, Y10; \
	VFMADD213PS ·massTable+64(SB), Y3, Y11; \
	VFMADD213PS ·massTable+96(SB), Y0, Y8; \
	VFMADD213PS ·massTable+96(SB), Y1, Y9; \
	VFMADD213PS ·massTable+96(SB), Y2, Y10; \
	VFMADD213PS ·massTable+96(SB), Y3, Y11; \
	VFMADD213PS ·massTable+128(SB), Y0, Y8; \
	VFMADD213PS ·massTable+128(SB), Y1, Y9; \
	VFMADD213PS ·massTable+128(SB), Y2, Y10; \
	VFMADD213PS ·massTable+128(SB), Y3, Y11; \
	VFMADD213PS ·massTable+160(SB), Y0, Y8; \
	VFMADD213PS ·massTable+160(SB), Y1, Y9; \
	VFMADD213PS ·massTable+160(SB), Y2, Y10; \
	VFMADD213PS ·massTable+160(SB), Y3, Y11; \
	VFMADD213PS ·massTable+160(SB), Y0, Y8; \
	VFMADD213PS ·massTable+160(SB), Y1, Y9; \
	VFMADD213PS ·massTable+160(SB), Y2, Y10; \
	VFMADD213PS ·massTable+160(SB), Y3, Y11; \
	VPSLLD $23, Y4, Y4; \
	VPSLLD $23, Y5, Y5; \
	VPSLLD $23, Y6, Y6; \
	VPSLLD $23, Y7, Y7; \
	VPADDD Y4, Y8, Y8; \
	VPADDD Y5, Y9, Y9; \
	VPADDD Y6, Y10, Y10; \
	VPADDD Y7, Y11, Y11

// FOLD adds up the lanes to X12.
#define FOLD \
	VADDPD       Y13, Y12, Y12; \
	VEXTRACTF128 $1, Y12, X13;  \
	VADDPD       X13, X12, X12; \
	VPERMILPD    $1, X12, X13;  \
	VADDSD       X13, X12, X12

// ADD_AVX2 adds the masses in p to the lanes.
#define ADD_AVX2(p, x, free, other) \
	VCVTPS2PD    x, free;        \
	VEXTRACTF128 $1, p, x;       \
	VCVTPS2PD    x, other;       \
	VADDPD       free, Y12, Y12; \
	VADDPD       other, Y13, Y13

// func massSumsAVX2(sums *float64, blocks int, x *float32, floor, magic float32)
TEXT ·massSumsAVX2(SB), NOSPLIT, $8-32
	MOVQ         sums+0(FP), DI
	MOVQ         blocks+8(FP), DX
	MOVQ         x+16(FP), SI
	STMXCSR      saved-8(SP)
	LDMXCSR      mxcsrDefault<>(SB)
	VBROADCASTSS floor+24(FP), Y15
	VBROADCASTSS magic+28(FP), Y14

block:
	VXORPD Y12, Y12, Y12
	VXORPD Y13, Y13, Y13
	MOVQ   $8, CX

step:
	MASSES_AVX2
	ADD_AVX2(Y8, X8, Y0, Y4)
	ADD_AVX2(Y9, X9, Y1, Y5)
	ADD_AVX2(Y10, X10, Y2, Y6)
	ADD_AVX2(Y11, X11, Y3, Y7)
	PREFETCHT0 1024(SI)
	PREFETCHT0 1088(SI)
	ADDQ       $128, SI
	DECQ       CX
	JNZ        step

	FOLD
	VMOVSD X12, (DI)
	ADDQ   $8, DI
	DECQ   DX
	JNZ    block

	LDMXCSR saved-8(SP)
	VZEROUPPER
	RET

// func massesAVX2(dst, x *float32, n int, floor, magic float32)
TEXT ·massesAVX2(SB), NOSPLIT, $8-32
	MOVQ         dst+0(FP), DI
	MOVQ         x+8(FP), SI
	MOVQ         n+16(FP), CX
	SHRQ         $5, CX
	STMXCSR      saved-8(SP)
	LDMXCSR      mxcsrDefault<>(SB)
	VBROADCASTSS floor+24(FP), Y15
	VBROADCASTSS magic+28(FP), Y14

step:
	MASSES_AVX2
	VMOVUPS Y8, (DI)
	VMOVUPS Y9, 32(DI)
	VMOVUPS Y10, 64(DI)
	VMOVUPS Y11, 96(DI)
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
	VXORPD Y12, Y12, Y12
	VXORPD Y13, Y13, Y13
	MOVQ   $16, CX

step:
	VCVTPS2PD (SI), Y0
	VCVTPS2PD 16(SI), Y1
	VCVTPS2PD 32(SI), Y2
	VCVTPS2PD 48(SI), Y3
	ADDQ      $64, SI
	VADDPD    Y0, Y12, Y12
	VADDPD    Y1, Y13, Y13
	VADDPD    Y2, Y12, Y12
	VADDPD    Y3, Y13, Y13
	DECQ      CX
	JNZ       step

	FOLD
	VMOVSD X12, (DI)
	ADDQ   $8, DI
	DECQ   DX
	JNZ    block

	LDMXCSR saved-8(SP)
	VZEROUPPER
	RET
