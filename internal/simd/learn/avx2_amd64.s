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

// func dotsAVX2(out *int32, w *[]int32, sets int, x *int32, n int)
TEXT ·dotsAVX2(SB), NOSPLIT, $0-40
	MOVQ out+0(FP), R8
	MOVQ w+8(FP), R9
	MOVQ sets+16(FP), R10
	MOVQ x+24(FP), DI
	MOVQ n+32(FP), R11
	SHLQ $2, R11

set:
	MOVQ  (R9), SI
	VPXOR X0, X0, X0
	XORQ  CX, CX

turn:
	VMOVDQU (SI)(CX*1), Y1
	VPSRAD  $6, Y1, Y1
	VPMULLD (DI)(CX*1), Y1, Y1
	VPSRAD  $8, Y1, Y1
	VPADDD  Y1, Y0, Y0
	ADDQ    $32, CX
	CMPQ    CX, R11
	JNE     turn

	VEXTRACTI128 $1, Y0, X1
	VPADDD       X1, X0, X0
	VPSHUFD      $0x4e, X0, X1
	VPADDD       X1, X0, X0
	VPSHUFD      $0xb1, X0, X1
	VPADDD       X1, X0, X0
	VMOVD        X0, (R8)
	ADDQ         $4, R8
	ADDQ         $24, R9
	DECQ         R10
	JNZ          set
	VZEROUPPER
	RET

// func trainAVX2(w *[]int32, sets int, x *int32, n int, e *int32, limit int32)
TEXT ·trainAVX2(SB), NOSPLIT, $0-44
	MOVQ         w+0(FP), R9
	MOVQ         sets+8(FP), R10
	MOVQ         x+16(FP), DI
	MOVQ         n+24(FP), R11
	SHLQ         $2, R11
	MOVQ         e+32(FP), R8
	MOVL limit+40(FP), AX
	VMOVD AX, X5
	VPBROADCASTD X5, Y5
	VPXOR        X6, X6, X6
	VPSUBD       Y5, Y6, Y6
	VPCMPEQD     Y7, Y7, Y7
	VPSRLD       $31, Y7, Y7
	VPSLLD       $9, Y7, Y7

set:
	MOVQ         (R9), SI
	VPBROADCASTD (R8), Y4
	XORQ         CX, CX

turn:
	VPMULLD (DI)(CX*1), Y4, Y1
	VPADDD  Y7, Y1, Y1
	VPSRAD  $10, Y1, Y1
	VPADDD  (SI)(CX*1), Y1, Y1
	VPMAXSD Y6, Y1, Y1
	VPMINSD Y5, Y1, Y1
	VMOVDQU Y1, (SI)(CX*1)
	ADDQ    $32, CX
	CMPQ    CX, R11
	JNE     turn
	ADDQ    $4, R8
	ADDQ    $24, R9
	DECQ    R10
	JNZ     set
	VZEROUPPER
	RET

// func sumAVX2(sum *int32, n int, v *[]int32, count int)
TEXT ·sumAVX2(SB), NOSPLIT, $0-32
	MOVQ sum+0(FP), DI
	MOVQ n+8(FP), R11
	SHLQ $2, R11
	MOVQ v+16(FP), R9
	MOVQ count+24(FP), R10
	XORQ CX, CX

turn:
	VPXOR X0, X0, X0
	MOVQ  R9, R8
	MOVQ  R10, DX

vector:
	MOVQ   (R8), SI
	VPADDD (SI)(CX*1), Y0, Y0
	ADDQ   $24, R8
	DECQ   DX
	JNZ    vector
	VMOVDQU Y0, (DI)(CX*1)
	ADDQ   $32, CX
	CMPQ   CX, R11
	JNE    turn
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

// SCALED leaves in Y1 the numbers of Y1 times those of by, shifted right by right, 32 bits
// of each: of the even products those bits are moved down to the even lanes, of the odd
// ones up to the odd lanes, by left = 32 - right.
#define SCALED(by, right, left) \
	VPMULDQ  Y1, by, Y2;     \
	VPSRLQ   $32, Y1, Y1;    \
	VPMULDQ  Y1, by, Y1;     \
	VPSRLQ   $right, Y2, Y2; \
	VPSLLQ   $left, Y1, Y1;  \
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
	VMOVDQU (DI), Y1
	SCALED(Y4, 24, 8)
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

// func learnAVX2(to, v, x *int32, n int, err, e, limit int32)
TEXT ·learnAVX2(SB), NOSPLIT, $0-44
	MOVQ         to+0(FP), R8
	MOVQ         v+8(FP), SI
	MOVQ         x+16(FP), DI
	MOVQ         n+24(FP), CX
	MOVL err+32(FP), AX
	VMOVD AX, X3
	VPBROADCASTD X3, Y3
	MOVL e+36(FP), AX
	VMOVD AX, X4
	VPBROADCASTD X4, Y4
	MOVL limit+40(FP), AX
	VMOVD AX, X5
	VPBROADCASTD X5, Y5
	VPXOR        X6, X6, X6
	VPSUBD       Y5, Y6, Y6

turn:
	VMOVDQU (SI), Y0
	VMOVDQA Y0, Y1
	SCALED(Y3, 16, 16)
	VPADDD  (R8), Y1, Y1
	VMOVDQU Y1, (R8)
	VMOVDQU (DI), Y1
	SCALED(Y4, 24, 8)
	VPADDD  Y0, Y1, Y1
	VPMAXSD Y6, Y1, Y1
	VPMINSD Y5, Y1, Y1
	VMOVDQU Y1, (SI)
	ADDQ    $32, R8
	ADDQ    $32, SI
	ADDQ    $32, DI
	SUBQ    $8, CX
	JNZ     turn
	VZEROUPPER
	RET
