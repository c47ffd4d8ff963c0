//go:build !purego

#include "textflag.h"

// The kernels for logits; logits.go tells what is computed. With MXCSR set to
// round toward zero, t = offset - x*log2(e), of which the fused operation keeps
// 24 bits, has 18 bits after the point where it lies in [32, 64). The polynomial
// is that of LogitWeight, times 2^30, half the weight. Adding 2^23 - 32 to the whole part of t
// leaves the shift in the low bits of the sum's pattern, above those of 2^23; of
// a t beyond 64 it leaves 32 or more, which shifts everything out.
//
// Four weights below 2^30 fit one unsigned 32-bit lane. From there on they are
// added as in weigh_avx512_amd64.s.

DATA bitsOfWhole<>(SB)/4, $0xfffc0000
GLOBL bitsOfWhole<>(SB), RODATA|NOPTR, $4

DATA magic<>(SB)/4, $0x4affffc0 // 2^23 - 32
GLOBL magic<>(SB), RODATA|NOPTR, $4

DATA bitsOfMagic<>(SB)/4, $0x4b000000 // 2^23
GLOBL bitsOfMagic<>(SB), RODATA|NOPTR, $4

DATA shiftOf32<>(SB)/4, $0x1080 // the bits of 32.0, >> 18
GLOBL shiftOf32<>(SB), RODATA|NOPTR, $4

#define SETUP \
	MOVQ    per+16(FP), CX;    \
	SHRQ    $5, CX;            \
	MOVQ    total+24(FP), AX;  \
	MOVQ    cum+32(FP), DI;    \
	MOVQ    chunks+40(FP), DX; \
	STMXCSR saved-8(SP);       \
	LDMXCSR ·mxcsrToZero(SB)

// LOGITS_AVX512 turns the numbers at x into weights in w.
#define LOGITS_AVX512(x, t, n, w) \
	VMOVUPS      x, t;        \
	VFNMADD213PS Z0, Z1, t;   \
	VPSRLD       $18, t, n;   \
	VREDUCEPS    $0x0b, t, t; \
	VMOVAPS      Z5, w;       \
	VFNMADD231PS Z6, t, w;    \
	VFNMADD213PS Z4, t, w;    \
	VFNMADD213PS Z3, t, w;    \
	VFNMADD213PS Z2, t, w;    \
	VPSUBD       Z7, n, n;    \
	VCVTTPS2DQ   w, w;        \
	VPSRLVD      n, w, w

// func weighLogitsAVX512(x *float32, offset float32, per int, total uint64, cum *uint64, chunks int) (sum uint64)
TEXT ·weighLogitsAVX512(SB), NOSPLIT, $8-56
	MOVQ         x+0(FP), SI
	SETUP
	VBROADCASTSS offset+8(FP), Z0
	VBROADCASTSS ·logitTable+0(SB), Z1
	VBROADCASTSS ·logitTable+4(SB), Z2
	VBROADCASTSS ·logitTable+8(SB), Z3
	VBROADCASTSS ·logitTable+12(SB), Z4
	VBROADCASTSS ·logitTable+16(SB), Z5
	VBROADCASTSS ·logitTable+20(SB), Z6
	VBROADCASTSS shiftOf32<>(SB), Z7

chunk:
	VPXOR X8, X8, X8
	VPXOR X9, X9, X9
	MOVQ  CX, BX
	TESTQ $1, BX
	JZ    pairs

	// An odd number of steps: two vectors.
	LOGITS_AVX512((SI), Z12, Z13, Z14)
	LOGITS_AVX512(64(SI), Z15, Z16, Z17)
	ADDQ      $128, SI
	VPADDD    Z14, Z17, Z14
	VMOVSHDUP Z14, Z15
	VPADDQ    Z14, Z8, Z8
	VPADDQ    Z15, Z9, Z9

pairs:
	SHRQ $1, BX
	JZ   close

step:
	LOGITS_AVX512((SI), Z12, Z13, Z14)
	LOGITS_AVX512(64(SI), Z15, Z16, Z17)
	LOGITS_AVX512(128(SI), Z18, Z19, Z20)
	LOGITS_AVX512(192(SI), Z21, Z22, Z23)
	ADDQ      $256, SI
	VPADDD    Z14, Z17, Z14
	VPADDD    Z20, Z23, Z20
	VPADDD    Z14, Z20, Z14
	VMOVSHDUP Z14, Z15
	VPADDQ    Z14, Z8, Z8
	VPADDQ    Z15, Z9, Z9
	DECQ      BX
	JNZ       step

close:
	VPSLLQ        $32, Z9, Z12
	VPSUBQ        Z12, Z9, Z9
	VPSLLQ        $32, Z9, Z12
	VPSUBQ        Z12, Z8, Z8
	VPADDQ        Z9, Z8, Z8
	VEXTRACTI64X4 $1, Z8, Y9
	VPADDQ        Y9, Y8, Y8
	VEXTRACTI128  $1, Y8, X9
	VPADDQ        X9, X8, X8
	VPSHUFD       $0x4e, X8, X9
	VPADDQ        X9, X8, X8
	VMOVQ         X8, R9
	MOVQ          AX, (DI)
	ADDQ          R9, AX
	ADDQ          $8, DI
	DECQ          DX
	JNZ           chunk

	LDMXCSR saved-8(SP)
	MOVQ    AX, sum+48(FP)
	VZEROUPPER
	RET

#define CONSTANTS_AVX2 \
	VBROADCASTSS ·logitTable+0(SB), Y1;  \
	VBROADCASTSS ·logitTable+4(SB), Y2;  \
	VBROADCASTSS ·logitTable+8(SB), Y3;  \
	VBROADCASTSS ·logitTable+12(SB), Y4; \
	VBROADCASTSS ·logitTable+16(SB), Y5; \
	VBROADCASTSS ·logitTable+20(SB), Y6; \
	VBROADCASTSS bitsOfWhole<>(SB), Y7;  \
	VBROADCASTSS magic<>(SB), Y8;        \
	VBROADCASTSS bitsOfMagic<>(SB), Y9

// LOGITS_AVX2 turns the numbers at x into weights in w, by way of Y12 and Y13.
#define LOGITS_AVX2(x, w) \
	VMOVUPS      x, Y12;        \
	VFNMADD213PS Y0, Y1, Y12;   \
	VPAND        Y7, Y12, Y13;  \
	VSUBPS       Y13, Y12, Y12; \
	VADDPS       Y8, Y13, Y13;  \
	VMOVAPS      Y5, w;         \
	VFNMADD231PS Y6, Y12, w;    \
	VFNMADD213PS Y4, Y12, w;    \
	VFNMADD213PS Y3, Y12, w;    \
	VFNMADD213PS Y2, Y12, w;    \
	VPSUBD       Y9, Y13, Y13;  \
	VCVTTPS2DQ   w, w;          \
	VPSRLVD      Y13, w, w

// func weighLogitsAVX2(x *float32, offset float32, per int, total uint64, cum *uint64, chunks int) (sum uint64)
TEXT ·weighLogitsAVX2(SB), NOSPLIT, $8-56
	MOVQ         x+0(FP), SI
	SETUP
	VBROADCASTSS offset+8(FP), Y0
	CONSTANTS_AVX2

chunk:
	VPXOR Y10, Y10, Y10
	VPXOR Y11, Y11, Y11
	MOVQ  CX, BX

step:
	LOGITS_AVX2((SI), Y14)
	LOGITS_AVX2(32(SI), Y15)
	VPADDD     Y14, Y15, Y14
	LOGITS_AVX2(64(SI), Y15)
	VPADDD     Y14, Y15, Y14
	LOGITS_AVX2(96(SI), Y15)
	VPADDD     Y14, Y15, Y14
	PREFETCHT0 1536(SI)
	PREFETCHT0 1600(SI)
	ADDQ       $128, SI
	VMOVSHDUP  Y14, Y15
	VPADDQ     Y14, Y10, Y10
	VPADDQ     Y15, Y11, Y11
	DECQ       BX
	JNZ        step

	VPSLLQ       $32, Y11, Y12
	VPSUBQ       Y12, Y11, Y11
	VPSLLQ       $32, Y11, Y12
	VPSUBQ       Y12, Y10, Y10
	VPADDQ       Y11, Y10, Y10
	VEXTRACTI128 $1, Y10, X11
	VPADDQ       X11, X10, X10
	VPSHUFD      $0x4e, X10, X11
	VPADDQ       X11, X10, X10
	VMOVQ        X10, R9
	MOVQ         AX, (DI)
	ADDQ         R9, AX
	ADDQ         $8, DI
	DECQ         DX
	JNZ          chunk

	LDMXCSR saved-8(SP)
	MOVQ    AX, sum+48(FP)
	VZEROUPPER
	RET

// func weightsLogitsAVX2(dst *uint32, x *float32, offset float32, n int)
TEXT ·weightsLogitsAVX2(SB), NOSPLIT, $8-32
	MOVQ         dst+0(FP), DI
	MOVQ         x+8(FP), SI
	MOVQ         n+24(FP), CX
	STMXCSR      saved-8(SP)
	LDMXCSR      ·mxcsrToZero(SB)
	VBROADCASTSS offset+16(FP), Y0
	CONSTANTS_AVX2

step:
	LOGITS_AVX2((SI), Y14)
	VMOVDQU Y14, (DI)
	LOGITS_AVX2(32(SI), Y15)
	VMOVDQU Y15, 32(DI)
	LOGITS_AVX2(64(SI), Y14)
	VMOVDQU Y14, 64(DI)
	LOGITS_AVX2(96(SI), Y15)
	VMOVDQU Y15, 96(DI)
	ADDQ    $128, SI
	ADDQ    $128, DI
	SUBQ    $32, CX
	JNZ     step
	LDMXCSR saved-8(SP)
	VZEROUPPER
	RET

// The maximum of logits leaves NaNs out: of a NaN and another number the
// instruction takes its second operand (the first one here). A sum tells whether
// there may have been one, for it stays a NaN. Denormals must count, so MXCSR is
// set here too.

// func maxLogitAVX512(x *float32, n int, largest float32) (m float32, nan bool)
TEXT ·maxLogitAVX512(SB), NOSPLIT, $8-29
	MOVQ         x+0(FP), SI
	MOVQ         n+8(FP), CX
	VBROADCASTSS largest+16(FP), Z0
	VMOVAPS      Z0, Z1
	VMOVAPS      Z0, Z2
	VMOVAPS      Z0, Z3
	VPXOR        X4, X4, X4
	VPXOR        X5, X5, X5
	VPXOR        X6, X6, X6
	VPXOR        X7, X7, X7
	STMXCSR      saved-8(SP)
	LDMXCSR      ·mxcsrNearest(SB)
	SUBQ         $64, CX
	JLT          last

step:
	VMOVUPS (SI), Z8
	VMOVUPS 64(SI), Z9
	VMOVUPS 128(SI), Z10
	VMOVUPS 192(SI), Z11
	VMAXPS  Z0, Z8, Z0
	VMAXPS  Z1, Z9, Z1
	VMAXPS  Z2, Z10, Z2
	VMAXPS  Z3, Z11, Z3
	VADDPS  Z8, Z4, Z4
	VADDPS  Z9, Z5, Z5
	VADDPS  Z10, Z6, Z6
	VADDPS  Z11, Z7, Z7
	ADDQ    $256, SI
	SUBQ    $64, CX
	JGE     step

last:
	ADDQ    $64, CX
	JZ      reduce
	VMOVUPS (SI), Z8
	VMOVUPS 64(SI), Z9
	VMAXPS  Z0, Z8, Z0
	VMAXPS  Z1, Z9, Z1
	VADDPS  Z8, Z4, Z4
	VADDPS  Z9, Z5, Z5

reduce:
	VMAXPS        Z1, Z0, Z0
	VMAXPS        Z3, Z2, Z2
	VMAXPS        Z2, Z0, Z0
	VEXTRACTF64X4 $1, Z0, Y1
	VMAXPS        Y1, Y0, Y0
	VEXTRACTF128  $1, Y0, X1
	VMAXPS        X1, X0, X0
	VPERMILPS     $0x4e, X0, X1
	VMAXPS        X1, X0, X0
	VPERMILPS     $0xb1, X0, X1
	VMAXPS        X1, X0, X0
	VADDPS        Z5, Z4, Z4
	VADDPS        Z7, Z6, Z6
	VADDPS        Z6, Z4, Z4
	VCMPPS        $3, Z4, Z4, K1
	KORTESTW      K1, K1
	LDMXCSR       saved-8(SP)
	SETNE         nan+28(FP)
	VMOVSS        X0, m+24(FP)
	VZEROUPPER
	RET

// func maxLogitAVX2(x *float32, n int, largest float32) (m float32, nan bool)
TEXT ·maxLogitAVX2(SB), NOSPLIT, $8-29
	MOVQ         x+0(FP), SI
	MOVQ         n+8(FP), CX
	VBROADCASTSS largest+16(FP), Y0
	VMOVAPS      Y0, Y1
	VMOVAPS      Y0, Y2
	VMOVAPS      Y0, Y3
	VMOVAPS      Y0, Y4
	VMOVAPS      Y0, Y5
	VMOVAPS      Y0, Y6
	VMOVAPS      Y0, Y7
	VPXOR        X8, X8, X8
	VPXOR        X9, X9, X9
	VPXOR        X10, X10, X10
	VPXOR        X11, X11, X11
	STMXCSR      saved-8(SP)
	LDMXCSR      ·mxcsrNearest(SB)
	SUBQ         $64, CX
	JLT          last

step:
	VMOVUPS    (SI), Y12
	VMOVUPS    32(SI), Y13
	VMOVUPS    64(SI), Y14
	VMOVUPS    96(SI), Y15
	VMAXPS     Y0, Y12, Y0
	VMAXPS     Y1, Y13, Y1
	VMAXPS     Y2, Y14, Y2
	VMAXPS     Y3, Y15, Y3
	VADDPS     Y12, Y8, Y8
	VADDPS     Y13, Y9, Y9
	VADDPS     Y14, Y10, Y10
	VADDPS     Y15, Y11, Y11
	VMOVUPS    128(SI), Y12
	VMOVUPS    160(SI), Y13
	VMOVUPS    192(SI), Y14
	VMOVUPS    224(SI), Y15
	VMAXPS     Y4, Y12, Y4
	VMAXPS     Y5, Y13, Y5
	VMAXPS     Y6, Y14, Y6
	VMAXPS     Y7, Y15, Y7
	VADDPS     Y12, Y8, Y8
	VADDPS     Y13, Y9, Y9
	VADDPS     Y14, Y10, Y10
	VADDPS     Y15, Y11, Y11
	PREFETCHT0 1536(SI)
	PREFETCHT0 1600(SI)
	PREFETCHT0 1664(SI)
	PREFETCHT0 1728(SI)
	ADDQ       $256, SI
	SUBQ       $64, CX
	JGE        step

last:
	ADDQ    $64, CX
	JZ      reduce
	VMOVUPS (SI), Y12
	VMOVUPS 32(SI), Y13
	VMOVUPS 64(SI), Y14
	VMOVUPS 96(SI), Y15
	VMAXPS  Y0, Y12, Y0
	VMAXPS  Y1, Y13, Y1
	VMAXPS  Y2, Y14, Y2
	VMAXPS  Y3, Y15, Y3
	VADDPS  Y12, Y8, Y8
	VADDPS  Y13, Y9, Y9
	VADDPS  Y14, Y10, Y10
	VADDPS  Y15, Y11, Y11

reduce:
	VMAXPS       Y4, Y0, Y0
	VMAXPS       Y5, Y1, Y1
	VMAXPS       Y6, Y2, Y2
	VMAXPS       Y7, Y3, Y3
	VMAXPS       Y1, Y0, Y0
	VMAXPS       Y3, Y2, Y2
	VMAXPS       Y2, Y0, Y0
	VEXTRACTF128 $1, Y0, X1
	VMAXPS       X1, X0, X0
	VPERMILPS    $0x4e, X0, X1
	VMAXPS       X1, X0, X0
	VPERMILPS    $0xb1, X0, X1
	VMAXPS       X1, X0, X0
	VADDPS       Y9, Y8, Y8
	VADDPS       Y11, Y10, Y10
	VADDPS       Y10, Y8, Y8
	VCMPPS       $3, Y8, Y8, Y8
	VMOVMSKPS    Y8, R8
	TESTL        R8, R8
	LDMXCSR      saved-8(SP)
	SETNE        nan+28(FP)
	VMOVSS       X0, m+24(FP)
	VZEROUPPER
	RET
