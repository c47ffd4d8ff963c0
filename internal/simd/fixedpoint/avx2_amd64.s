//go:build !purego

#include "textflag.h"

// FOLD leaves in AX what OP makes of the four lanes of Y0.
#define FOLD(OP) \
	VEXTRACTI128 $1, Y0, X1;    \
	OP           X1, X0, X0;    \
	VPSHUFD      $0x4e, X0, X1; \
	OP           X1, X0, X0;    \
	VMOVQ        X0, AX

// There is no arithmetic shift of 64-bit lanes, so 2^63 is added before a shift to the
// right, and what became of it taken away after it. ROUNDING prepares it for the
// number of bits in CX, from 0 to 62: that number in count, half of 2^CX and 2^63 in
// xadd and yadd, which are one register, and 2^63 shifted in xsub and ysub.
#define ROUNDING(count, xadd, yadd, xsub, ysub) \
	VMOVQ        CX, count; \
	MOVQ         $1, AX;    \
	SHLQ         CX, AX;    \
	SHRQ         $1, AX;    \
	BTSQ         $63, AX;   \
	VMOVQ        AX, xadd;  \
	VPBROADCASTQ xadd, yadd; \
	MOVQ         $1, AX;    \
	SHLQ         $63, AX;   \
	SHRQ         CX, AX;    \
	VMOVQ        AX, xsub;  \
	VPBROADCASTQ xsub, ysub

#define ROUND(x, count, add, sub) \
	VPADDQ add, x, x;   \
	VPSRLQ count, x, x; \
	VPSUBQ sub, x, x

// MULTIPLY sets x to the lower 64 bits of x*y, given the upper halves of y in high.
#define MULTIPLY(x, y, high) \
	VPSRLQ   $32, x, Y8;   \
	VPMULUDQ y, Y8, Y8;    \
	VPMULUDQ high, x, Y9;  \
	VPMULUDQ y, x, x;      \
	VPADDQ   Y8, Y9, Y9;   \
	VPSLLQ   $32, Y9, Y9;  \
	VPADDQ   Y9, x, x

// LIMITS sets Y11 to 2^62 and Y10 to -2^62. It uses AX.
#define LIMITS \
	MOVQ         $1, AX;   \
	SHLQ         $62, AX;  \
	VMOVQ        AX, X11;  \
	VPBROADCASTQ X11, Y11; \
	NEGQ         AX;       \
	VMOVQ        AX, X10;  \
	VPBROADCASTQ X10, Y10

// ADDWITHIN adds Y0 to the numbers at DI and keeps them within LIMITS.
#define ADDWITHIN \
	VPADDQ    (DI), Y0, Y0;     \
	VPCMPGTQ  Y11, Y0, Y1;      \
	VPBLENDVB Y1, Y11, Y0, Y0;  \
	VPCMPGTQ  Y0, Y10, Y1;      \
	VPBLENDVB Y1, Y10, Y0, Y0;  \
	VMOVDQU   Y0, (DI)

// func signsFast(x *int64, n int) uint64
TEXT ·signsFast(SB), NOSPLIT, $0-24
	MOVQ  x+0(FP), SI
	MOVQ  n+8(FP), CX
	VPXOR Y0, Y0, Y0
	VPXOR Y5, Y5, Y5

turn:
	VMOVDQU  (SI), Y1
	VMOVDQU  32(SI), Y2
	VPCMPGTQ Y1, Y5, Y3
	VPCMPGTQ Y2, Y5, Y4
	VPXOR    Y3, Y1, Y1
	VPXOR    Y4, Y2, Y2
	VPOR     Y1, Y0, Y0
	VPOR     Y2, Y0, Y0
	ADDQ     $64, SI
	SUBQ     $8, CX
	JNZ      turn
	FOLD(VPOR)
	MOVQ     AX, ret+16(FP)
	VZEROUPPER
	RET

// func quantizeFast(dst *int16, x *int64, n, shift int)
TEXT ·quantizeFast(SB), NOSPLIT, $0-32
	MOVQ     dst+0(FP), DI
	MOVQ     x+8(FP), SI
	MOVQ     n+16(FP), DX
	MOVQ     shift+24(FP), CX
	ROUNDING(X15, X14, Y14, X13, Y13)
	VPCMPEQD Y12, Y12, Y12
	VPSRLW   $4, Y12, Y12
	VPXOR    Y11, Y11, Y11
	VPSUBW   Y12, Y11, Y11

turn:
	VMOVDQU   (SI), Y0
	VMOVDQU   32(SI), Y1
	VMOVDQU   64(SI), Y2
	VMOVDQU   96(SI), Y3
	ROUND(Y0, X15, Y14, Y13)
	ROUND(Y1, X15, Y14, Y13)
	ROUND(Y2, X15, Y14, Y13)
	ROUND(Y3, X15, Y14, Y13)
	VSHUFPS   $0x88, Y1, Y0, Y0
	VSHUFPS   $0x88, Y3, Y2, Y2
	VPERMQ    $0xd8, Y0, Y0
	VPERMQ    $0xd8, Y2, Y2
	VPACKSSDW Y2, Y0, Y0
	VPERMQ    $0xd8, Y0, Y0
	VPMINSW   Y12, Y0, Y0
	VPMAXSW   Y11, Y0, Y0
	VMOVDQU   Y0, (DI)
	ADDQ      $128, SI
	ADDQ      $32, DI
	SUBQ      $16, DX
	JNZ       turn
	VZEROUPPER
	RET

// func squaresFast(x *int16, n int) uint64
TEXT ·squaresFast(SB), NOSPLIT, $0-24
	MOVQ  x+0(FP), SI
	MOVQ  n+8(FP), CX
	VPXOR Y0, Y0, Y0
	VPXOR Y5, Y5, Y5

turn:
	VMOVDQU  (SI), Y1
	VPMADDWD Y1, Y1, Y1
	VPBLENDD $0xaa, Y5, Y1, Y2
	VPSRLQ   $32, Y1, Y1
	VPADDQ   Y2, Y0, Y0
	VPADDQ   Y1, Y0, Y0
	ADDQ     $32, SI
	SUBQ     $16, CX
	JNZ      turn
	FOLD(VPADDQ)
	MOVQ     AX, ret+16(FP)
	VZEROUPPER
	RET

// func shiftFast(dst, x *int64, n, left, right int) int64
TEXT ·shiftFast(SB), NOSPLIT, $0-48
	MOVQ  dst+0(FP), DI
	MOVQ  x+8(FP), SI
	MOVQ  n+16(FP), DX
	MOVQ  left+24(FP), CX
	VMOVQ CX, X12
	MOVQ  right+32(FP), CX
	ROUNDING(X15, X14, Y14, X13, Y13)
	VPXOR Y0, Y0, Y0

turn:
	VMOVDQU (SI), Y1
	VMOVDQU 32(SI), Y2
	VPSLLQ  X12, Y1, Y1
	VPSLLQ  X12, Y2, Y2
	ROUND(Y1, X15, Y14, Y13)
	ROUND(Y2, X15, Y14, Y13)
	VMOVDQU Y1, (DI)
	VMOVDQU Y2, 32(DI)
	VPADDQ  Y1, Y0, Y0
	VPADDQ  Y2, Y0, Y0
	ADDQ    $64, SI
	ADDQ    $64, DI
	SUBQ    $8, DX
	JNZ     turn
	FOLD(VPADDQ)
	MOVQ    AX, ret+40(FP)
	VZEROUPPER
	RET

// func energyFast(x *int64, n, shift int) uint64
TEXT ·energyFast(SB), NOSPLIT, $0-32
	MOVQ  x+0(FP), SI
	MOVQ  n+8(FP), DX
	MOVQ  shift+16(FP), CX
	ROUNDING(X15, X14, Y14, X13, Y13)
	VPXOR Y0, Y0, Y0

turn:
	VMOVDQU (SI), Y1
	VMOVDQU 32(SI), Y2
	ROUND(Y1, X15, Y14, Y13)
	ROUND(Y2, X15, Y14, Y13)
	VPMULDQ Y1, Y1, Y1
	VPMULDQ Y2, Y2, Y2
	VPADDQ  Y1, Y0, Y0
	VPADDQ  Y2, Y0, Y0
	ADDQ    $64, SI
	SUBQ    $8, DX
	JNZ     turn
	FOLD(VPADDQ)
	MOVQ    AX, ret+24(FP)
	VZEROUPPER
	RET

// func scaleFast(x *int64, n int, by int64, shift int, gain *int32, gainShift int)
TEXT ·scaleFast(SB), NOSPLIT, $0-48
	MOVQ         x+0(FP), SI
	MOVQ         n+8(FP), DX
	VPBROADCASTQ by+16(FP), Y6
	VPSRLQ       $32, Y6, Y7
	MOVQ         shift+24(FP), CX
	ROUNDING(X15, X14, Y14, X13, Y13)
	MOVQ         gain+32(FP), DI
	MOVQ         gainShift+40(FP), CX
	ROUNDING(X12, X11, Y11, X10, Y10)

turn:
	VMOVDQU   (SI), Y0
	MULTIPLY(Y0, Y6, Y7)
	ROUND(Y0, X15, Y14, Y13)
	VPMOVSXDQ (DI), Y1
	VPSRLQ    $32, Y1, Y2
	MULTIPLY(Y0, Y1, Y2)
	ROUND(Y0, X12, Y11, Y10)
	VMOVDQU   Y0, (SI)
	ADDQ      $32, SI
	ADDQ      $16, DI
	SUBQ      $4, DX
	JNZ       turn
	VZEROUPPER
	RET

// func addRoundedFast(dst, x *int32, n, shift int)
TEXT ·addRoundedFast(SB), NOSPLIT, $0-32
	MOVQ         dst+0(FP), DI
	MOVQ         x+8(FP), SI
	MOVQ         n+16(FP), DX
	MOVQ         shift+24(FP), CX
	VMOVQ        CX, X15
	MOVL         $1, AX
	SHLL         CX, AX
	SHRL         $1, AX
	VMOVD        AX, X14
	VPBROADCASTD X14, Y14

turn:
	VPADDD  (SI), Y14, Y0
	VPADDD  32(SI), Y14, Y1
	VPSRAD  X15, Y0, Y0
	VPSRAD  X15, Y1, Y1
	VPADDD  (DI), Y0, Y0
	VPADDD  32(DI), Y1, Y1
	VMOVDQU Y0, (DI)
	VMOVDQU Y1, 32(DI)
	ADDQ    $64, SI
	ADDQ    $64, DI
	SUBQ    $16, DX
	JNZ     turn
	VZEROUPPER
	RET

// func accumulateFast(x *int64, y *int32, n, left, right int)
TEXT ·accumulateFast(SB), NOSPLIT, $0-40
	MOVQ  x+0(FP), DI
	MOVQ  y+8(FP), SI
	MOVQ  n+16(FP), DX
	MOVQ  left+24(FP), CX
	VMOVQ CX, X12
	MOVQ  right+32(FP), CX
	ROUNDING(X15, X14, Y14, X13, Y13)
	LIMITS

turn:
	VPMOVSXDQ (SI), Y0
	VPSLLQ    X12, Y0, Y0
	ROUND(Y0, X15, Y14, Y13)
	ADDWITHIN
	ADDQ      $16, SI
	ADDQ      $32, DI
	SUBQ      $4, DX
	JNZ       turn
	VZEROUPPER
	RET

// func accumulateScaledFast(x *int64, y *int16, n int, scale int32, shift int)
TEXT ·accumulateScaledFast(SB), NOSPLIT, $0-40
	MOVQ         x+0(FP), DI
	MOVQ         y+8(FP), SI
	MOVQ         n+16(FP), DX
	MOVL         scale+24(FP), AX
	VMOVD        AX, X12
	VPBROADCASTD X12, Y12
	MOVQ         shift+32(FP), CX
	ROUNDING(X15, X14, Y14, X13, Y13)
	LIMITS

turn:
	VPMOVSXWQ (SI), Y0
	VPMULDQ   Y12, Y0, Y0
	ROUND(Y0, X15, Y14, Y13)
	ADDWITHIN
	ADDQ      $8, SI
	ADDQ      $32, DI
	SUBQ      $4, DX
	JNZ       turn
	VZEROUPPER
	RET
