//go:build amd64 && !purego

#include "textflag.h"

// Each turn takes eight numbers. CX counts what is left.

// SUM64 leaves in AX the sum of the 64-bit lanes of Y0.
#define SUM64 \
	VEXTRACTI128 $1, Y0, X1;    \
	VPADDQ       X1, X0, X0;    \
	VPSHUFD      $0x4e, X0, X1; \
	VPADDQ       X1, X0, X0;    \
	VMOVQ        X0, AX

// func dotAVX2(w, x *int32, n int) int32
TEXT ·dotAVX2(SB), NOSPLIT, $0-28
	MOVQ  w+0(FP), SI
	MOVQ  x+8(FP), DI
	MOVQ  n+16(FP), CX
	VPXOR X0, X0, X0

turn:
	VMOVDQU (SI), Y1
	VPSRAD  $6, Y1, Y1
	VPMULLD (DI), Y1, Y1
	VPSRAD  $8, Y1, Y1
	VPADDD  Y1, Y0, Y0
	ADDQ    $32, SI
	ADDQ    $32, DI
	SUBQ    $8, CX
	JNZ     turn

	VEXTRACTI128 $1, Y0, X1
	VPADDD       X1, X0, X0
	VPSHUFD      $0x4e, X0, X1
	VPADDD       X1, X0, X0
	VPSHUFD      $0xb1, X0, X1
	VPADDD       X1, X0, X0
	VMOVD        X0, AX
	MOVL         AX, ret+24(FP)
	VZEROUPPER
	RET

// func trainAVX2(w, x *int32, n int, e, limit int32)
TEXT ·trainAVX2(SB), NOSPLIT, $0-32
	MOVQ         w+0(FP), SI
	MOVQ         x+8(FP), DI
	MOVQ         n+16(FP), CX
	MOVL         e+24(FP), AX
	VMOVD        AX, X4
	VPBROADCASTD X4, Y4
	MOVL         limit+28(FP), AX
	VMOVD        AX, X5
	VPBROADCASTD X5, Y5
	VPXOR        X6, X6, X6
	VPSUBD       Y5, Y6, Y6
	VPCMPEQD     Y7, Y7, Y7
	VPSRLD       $31, Y7, Y7
	VPSLLD       $9, Y7, Y7

turn:
	VPMULLD (DI), Y4, Y1
	VPADDD  Y7, Y1, Y1
	VPSRAD  $10, Y1, Y1
	VPADDD  (SI), Y1, Y1
	VPMAXSD Y6, Y1, Y1
	VPMINSD Y5, Y1, Y1
	VMOVDQU Y1, (SI)
	ADDQ    $32, SI
	ADDQ    $32, DI
	SUBQ    $8, CX
	JNZ     turn
	VZEROUPPER
	RET

// func addAVX2(sum, v *int32, n int)
TEXT ·addAVX2(SB), NOSPLIT, $0-24
	MOVQ sum+0(FP), SI
	MOVQ v+8(FP), DI
	MOVQ n+16(FP), CX

turn:
	VMOVDQU (SI), Y1
	VPADDD  (DI), Y1, Y1
	VMOVDQU Y1, (SI)
	ADDQ    $32, SI
	ADDQ    $32, DI
	SUBQ    $8, CX
	JNZ     turn
	VZEROUPPER
	RET

// func productAVX2(x, v *int32, n int) int64
TEXT ·productAVX2(SB), NOSPLIT, $0-32
	MOVQ  x+0(FP), SI
	MOVQ  v+8(FP), DI
	MOVQ  n+16(FP), CX
	VPXOR X0, X0, X0

turn:
	VMOVDQU (SI), Y1
	VMOVDQU (DI), Y2
	VPMULDQ Y1, Y2, Y3
	VPSRLQ  $32, Y1, Y1
	VPSRLQ  $32, Y2, Y2
	VPMULDQ Y1, Y2, Y1
	VPADDQ  Y3, Y0, Y0
	VPADDQ  Y1, Y0, Y0
	ADDQ    $32, SI
	ADDQ    $32, DI
	SUBQ    $8, CX
	JNZ     turn
	SUM64
	MOVQ    AX, ret+24(FP)
	VZEROUPPER
	RET

// func energyAVX2(x *int32, n int) uint64
TEXT ·energyAVX2(SB), NOSPLIT, $0-24
	MOVQ  x+0(FP), SI
	MOVQ  n+8(FP), CX
	VPXOR X0, X0, X0

turn:
	VMOVDQU (SI), Y1
	VPMULDQ Y1, Y1, Y2
	VPSRLQ  $32, Y1, Y1
	VPMULDQ Y1, Y1, Y1
	VPSRLQ  $12, Y2, Y2
	VPSRLQ  $12, Y1, Y1
	VPADDQ  Y2, Y0, Y0
	VPADDQ  Y1, Y0, Y0
	ADDQ    $32, SI
	SUBQ    $8, CX
	JNZ     turn
	SUM64
	MOVQ    AX, ret+16(FP)
	VZEROUPPER
	RET

// SCALED leaves in Y1 the numbers at p times those of Y4, shifted right by right,
// 32 bits of each: of the even products those bits are moved down to the even lanes,
// of the odd ones up to the odd lanes, by left = 32 - right.
#define SCALED(p, right, left) \
	VMOVDQU  p, Y1;            \
	VPMULDQ  Y1, Y4, Y2;       \
	VPSRLQ   $32, Y1, Y1;      \
	VPMULDQ  Y1, Y4, Y1;       \
	VPSRLQ   $right, Y2, Y2;   \
	VPSLLQ   $left, Y1, Y1;    \
	VPBLENDD $0xaa, Y1, Y2, Y1

// func stepAVX2(v, x *int32, n int, e, limit int32)
TEXT ·stepAVX2(SB), NOSPLIT, $0-32
	MOVQ         v+0(FP), SI
	MOVQ         x+8(FP), DI
	MOVQ         n+16(FP), CX
	MOVL         e+24(FP), AX
	VMOVD        AX, X4
	VPBROADCASTD X4, Y4
	MOVL         limit+28(FP), AX
	VMOVD        AX, X5
	VPBROADCASTD X5, Y5
	VPXOR        X6, X6, X6
	VPSUBD       Y5, Y6, Y6

turn:
	SCALED((DI), 24, 8)
	VPADDD  (SI), Y1, Y1
	VPMAXSD Y6, Y1, Y1
	VPMINSD Y5, Y1, Y1
	VMOVDQU Y1, (SI)
	ADDQ    $32, SI
	ADDQ    $32, DI
	SUBQ    $8, CX
	JNZ     turn
	VZEROUPPER
	RET

// func backAVX2(to, v *int32, n int, e int32)
TEXT ·backAVX2(SB), NOSPLIT, $0-28
	MOVQ         to+0(FP), SI
	MOVQ         v+8(FP), DI
	MOVQ         n+16(FP), CX
	MOVL         e+24(FP), AX
	VMOVD        AX, X4
	VPBROADCASTD X4, Y4

turn:
	SCALED((DI), 16, 16)
	VPADDD  (SI), Y1, Y1
	VMOVDQU Y1, (SI)
	ADDQ    $32, SI
	ADDQ    $32, DI
	SUBQ    $8, CX
	JNZ     turn
	VZEROUPPER
	RET
