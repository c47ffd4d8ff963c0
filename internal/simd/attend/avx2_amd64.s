//go:build !purego

#include "textflag.h"

DATA consts<>+0(SB)/4, $1
DATA consts<>+4(SB)/4, $62
DATA consts<>+8(SB)/4, $65536
DATA consts<>+12(SB)/4, $45418
DATA consts<>+16(SB)/4, $15685
DATA consts<>+20(SB)/4, $3478
DATA consts<>+24(SB)/4, $443
GLOBL consts<>(SB), RODATA|NOPTR, $28

// SUM64 leaves in AX the sum of the 64-bit lanes of Y0.
#define SUM64 \
	VEXTRACTI128 $1, Y0, X1;    \
	VPADDQ       X1, X0, X0;    \
	VPSHUFD      $0x4e, X0, X1; \
	VPADDQ       X1, X0, X0;    \
	VMOVQ        X0, AX

// FOLD leaves in AX the lane of X0 that OP picks of the eight of Y0.
#define FOLD(OP) \
	VEXTRACTI128 $1, Y0, X1;    \
	OP           X1, X0, X0;    \
	VPSHUFD      $0x4e, X0, X1; \
	OP           X1, X0, X0;    \
	VPSHUFD      $0xb1, X0, X1; \
	OP           X1, X0, X0;    \
	VMOVD        X0, AX

#define PRODUCT(key, sum) \
	VPMADDWD key, Y8, Y9;   \
	VPADDD   Y9, sum, sum

// ROUND shifts the products y right by n, rounded: 2^63 is added before and what
// became of it taken away after, for want of an arithmetic shift.
#define ROUND(y, n, buf) \
	VPSLLVQ n, Y14, buf;   \
	VPSRLQ  $1, buf, buf;  \
	VPADDQ  buf, y, y;     \
	VPADDQ  Y13, y, y;     \
	VPSRLVQ n, y, y;       \
	VPSRLVQ n, Y13, buf;   \
	VPSUBQ  buf, y, y

// func scoresFast(dst *int32, query *int16, n int, keys *int16, frac *int32, scale int64, shift, count int, top int32) int32
//
// Eight keys at a time, from SI, R8 and R9 on, R10 bytes each. Y15 scale, Y14 ones,
// Y13 2^63, Y12 2^31-1, Y11 largest, Y10 shift.
TEXT ·scoresFast(SB), NOSPLIT, $0-76
	MOVQ         dst+0(FP), DI
	MOVQ         n+16(FP), R10
	MOVQ         keys+24(FP), SI
	MOVQ         frac+32(FP), DX
	MOVQ         count+56(FP), CX
	VPBROADCASTQ scale+40(FP), Y15
	VPCMPEQD     Y0, Y0, Y0
	VPSRLQ       $63, Y0, Y14
	VPSLLQ       $63, Y0, Y13
	VPSRLD       $1, Y0, Y12
	MOVL top+64(FP), AX
	VMOVD AX, X11
	VPBROADCASTD X11, Y11
	VPBROADCASTD shift+48(FP), Y10
	MOVQ         R10, R11
	SHRQ         $4, R11
	ADDQ         R10, R10
	LEAQ         (R10)(R10*2), R12

keys:
	LEAQ  (SI)(R12*1), R8
	LEAQ  (SI)(R12*2), R9
	MOVQ  query+8(FP), AX
	MOVQ  R11, BX
	VPXOR Y0, Y0, Y0
	VPXOR Y1, Y1, Y1
	VPXOR Y2, Y2, Y2
	VPXOR Y3, Y3, Y3
	VPXOR Y4, Y4, Y4
	VPXOR Y5, Y5, Y5
	VPXOR Y6, Y6, Y6
	VPXOR Y7, Y7, Y7

products:
	VMOVDQU (AX), Y8
	PRODUCT((SI), Y0)
	PRODUCT((SI)(R10*1), Y1)
	PRODUCT((SI)(R10*2), Y2)
	PRODUCT((R8), Y3)
	PRODUCT((R8)(R10*1), Y4)
	PRODUCT((R8)(R10*2), Y5)
	PRODUCT((R9), Y6)
	PRODUCT((R9)(R10*1), Y7)
	ADDQ    $32, AX
	ADDQ    $32, SI
	ADDQ    $32, R8
	ADDQ    $32, R9
	DECQ    BX
	JNZ     products
	LEAQ    (R9)(R10*1), SI

	VPHADDD    Y1, Y0, Y0
	VPHADDD    Y3, Y2, Y2
	VPHADDD    Y5, Y4, Y4
	VPHADDD    Y7, Y6, Y6
	VPHADDD    Y2, Y0, Y0
	VPHADDD    Y6, Y4, Y4
	VPERM2I128 $0x20, Y4, Y0, Y1
	VPERM2I128 $0x31, Y4, Y0, Y2
	VPADDD     Y1, Y2, Y0

	VPADDD       (DX), Y10, Y2
	VPBROADCASTD consts<>+0(SB), Y3
	VPBROADCASTD consts<>+4(SB), Y4
	VPMAXSD      Y3, Y2, Y2
	VPMINSD      Y4, Y2, Y2
	VPSRLQ       $32, Y2, Y3
	VPSLLQ       $32, Y2, Y2
	VPSRLQ       $32, Y2, Y2
	VPSRLQ       $32, Y0, Y1
	VPMULDQ      Y15, Y0, Y0
	VPMULDQ      Y15, Y1, Y1
	ROUND(Y0, Y2, Y4)
	ROUND(Y1, Y3, Y4)

	// Lower halves in Y2, upper ones in Y3.
	VPSLLQ    $32, Y1, Y2
	VPBLENDD  $0xaa, Y2, Y0, Y2
	VPSRLQ    $32, Y0, Y3
	VPBLENDD  $0xaa, Y1, Y3, Y3
	VPSRAD    $31, Y2, Y0
	VPCMPEQD  Y0, Y3, Y0
	VPSRAD    $31, Y3, Y1
	VPXOR     Y12, Y1, Y1
	VPBLENDVB Y0, Y2, Y1, Y2
	VMOVDQU   Y2, (DI)
	VPMAXSD   Y2, Y11, Y11
	ADDQ      $32, DI
	ADDQ      $32, DX
	SUBQ      $8, CX
	JNZ       keys

	VMOVDQA Y11, Y0
	FOLD(VPMAXSD)
	MOVL    AX, ret+72(FP)
	VZEROUPPER
	RET

// func dotFast(query, key *int16, n int) int32
TEXT ·dotFast(SB), NOSPLIT, $0-28
	MOVQ  query+0(FP), SI
	MOVQ  key+8(FP), DI
	MOVQ  n+16(FP), CX
	VPXOR Y0, Y0, Y0

turn:
	VMOVDQU  (SI), Y1
	VPMADDWD (DI), Y1, Y1
	VPADDD   Y1, Y0, Y0
	ADDQ     $32, SI
	ADDQ     $32, DI
	SUBQ     $16, CX
	JNZ      turn
	FOLD(VPADDD)
	MOVL     AX, ret+24(FP)
	VZEROUPPER
	RET

// func powersFast(dst *uint32, x *int32, n int, top int32) (total uint64)
TEXT ·powersFast(SB), NOSPLIT, $0-40
	MOVQ         dst+0(FP), DI
	MOVQ         x+8(FP), SI
	MOVQ         n+16(FP), CX
	MOVL top+24(FP), AX
	VMOVD AX, X15
	VPBROADCASTD X15, Y15
	VPCMPEQD     Y14, Y14, Y14
	VPSRLD       $16, Y14, Y14
	VPBROADCASTD consts<>+8(SB), Y13
	VPBROADCASTD consts<>+12(SB), Y12
	VPBROADCASTD consts<>+16(SB), Y11
	VPBROADCASTD consts<>+20(SB), Y10
	VPBROADCASTD consts<>+24(SB), Y9
	VPXOR        Y0, Y0, Y0
	VPXOR        Y8, Y8, Y8

turn:
	VPSUBD   (SI), Y15, Y1
	VPAND    Y14, Y1, Y2
	VPSRLD   $16, Y1, Y1
	VPMULHUW Y2, Y9, Y3
	VPSUBD   Y3, Y10, Y3
	VPMULHUW Y2, Y3, Y3
	VPSUBD   Y3, Y11, Y3
	VPMULHUW Y2, Y3, Y3
	VPSUBD   Y3, Y12, Y3
	VPMULHUW Y2, Y3, Y3
	VPSUBD   Y3, Y13, Y3
	VPSLLD   $4, Y3, Y3
	VPSRLVD  Y1, Y3, Y3
	VMOVDQU  Y3, (DI)
	VPBLENDD $0xaa, Y8, Y3, Y1
	VPSRLQ   $32, Y3, Y3
	VPADDQ   Y1, Y0, Y0
	VPADDQ   Y3, Y0, Y0
	ADDQ     $32, SI
	ADDQ     $32, DI
	SUBQ     $8, CX
	JNZ      turn
	SUM64
	MOVQ     AX, total+32(FP)
	VZEROUPPER
	RET

// func alignFast(x *uint32, frac *int32, n int, least int32) (top uint32, total uint64)
TEXT ·alignFast(SB), NOSPLIT, $0-48
	MOVQ         x+0(FP), SI
	MOVQ         frac+8(FP), DX
	MOVQ         n+16(FP), CX
	MOVL least+24(FP), AX
	VMOVD AX, X15
	VPBROADCASTD X15, Y15
	VPCMPEQD     Y14, Y14, Y14
	VPSRLD       $31, Y14, Y13
	VPXOR        Y8, Y8, Y8
	VPXOR        Y7, Y7, Y7
	VPXOR        Y6, Y6, Y6

turn:
	VMOVDQU  (DX), Y0
	VPSUBD   Y15, Y0, Y0
	VPADDD   Y14, Y0, Y1
	VPSLLVD  Y1, Y13, Y1
	VPADDD   (SI), Y1, Y1
	VPSRLVD  Y0, Y1, Y1
	VMOVDQU  Y1, (SI)
	VPMAXUD  Y1, Y7, Y7
	VPBLENDD $0xaa, Y8, Y1, Y2
	VPSRLQ   $32, Y1, Y1
	VPADDQ   Y2, Y6, Y6
	VPADDQ   Y1, Y6, Y6
	ADDQ     $32, SI
	ADDQ     $32, DX
	SUBQ     $8, CX
	JNZ      turn
	VMOVDQA  Y7, Y0
	FOLD(VPMAXUD)
	MOVL     AX, top+32(FP)
	VMOVDQA  Y6, Y0
	SUM64
	MOVQ     AX, total+40(FP)
	VZEROUPPER
	RET

// func shareFast(dst *int16, x *uint32, n, cut int)
TEXT ·shareFast(SB), NOSPLIT, $0-32
	MOVQ         dst+0(FP), DI
	MOVQ         x+8(FP), SI
	MOVQ         n+16(FP), DX
	MOVQ         cut+24(FP), CX
	VMOVQ        CX, X15
	MOVL         $1, AX
	SHLL         CX, AX
	SHRL         $1, AX
	VMOVD        AX, X14
	VPBROADCASTD X14, Y14
	VPCMPEQD     Y13, Y13, Y13
	VPSRLD       $17, Y13, Y13

turn:
	VPADDD    (SI), Y14, Y0
	VPADDD    32(SI), Y14, Y1
	VPSRLD    X15, Y0, Y0
	VPSRLD    X15, Y1, Y1
	VPMINUD   Y13, Y0, Y0
	VPMINUD   Y13, Y1, Y1
	VPACKUSDW Y1, Y0, Y0
	VPERMQ    $0xd8, Y0, Y0
	VMOVDQU   Y0, (DI)
	ADDQ      $64, SI
	ADDQ      $32, DI
	SUBQ      $16, DX
	JNZ       turn
	VZEROUPPER
	RET

// func leastFast(x *int32, n int, least int32) int32
TEXT ·leastFast(SB), NOSPLIT, $0-28
	MOVQ         x+0(FP), SI
	MOVQ         n+8(FP), CX
	MOVL least+16(FP), AX
	VMOVD AX, X0
	VPBROADCASTD X0, Y0

turn:
	VPMINSD (SI), Y0, Y0
	VPMINSD 32(SI), Y0, Y0
	ADDQ    $64, SI
	SUBQ    $16, CX
	JNZ     turn
	FOLD(VPMINSD)
	MOVL    AX, ret+24(FP)
	VZEROUPPER
	RET

// VALUES adds 16 numbers of two values to lo and hi, each in turn of the one and the
// other. lo gets numbers 0 to 3 and 8 to 11, hi the rest.
#define VALUES(first, second, lo, hi) \
	VPMOVSXBW  first, Y8;        \
	VPMOVSXBW  second, Y9;       \
	VPUNPCKLWD Y9, Y8, Y10;      \
	VPUNPCKHWD Y9, Y8, Y11;      \
	VPMADDWD   Y15, Y10, Y10;    \
	VPMADDWD   Y15, Y11, Y11;    \
	VPADDD     Y10, lo, lo;      \
	VPADDD     Y11, hi, hi

#define STORE(i, lo, hi) \
	VPERM2I128 $0x20, hi, lo, Y8;  \
	VPERM2I128 $0x31, hi, lo, Y9;  \
	VPADDD     (64*i)(DI), Y8, Y8;    \
	VPADDD     (64*i+32)(DI), Y9, Y9; \
	VMOVDQU    Y8, (64*i)(DI);        \
	VMOVDQU    Y9, (64*i+32)(DI)

// func weighFast(sums *int32, n int, shares *int16, values *int8, count int)
//
// 64 numbers of all values, or 16, then the next. SI values, R8 bytes of one, DX
// shares, BX numbers left.
TEXT ·weighFast(SB), NOSPLIT, $0-40
	MOVQ sums+0(FP), DI
	MOVQ n+8(FP), R8
	MOVQ values+24(FP), R9
	MOVQ R8, BX

next:
	MOVQ R9, SI
	MOVQ shares+16(FP), DX
	MOVQ count+32(FP), CX
	SHRQ $1, CX
	CMPQ BX, $64
	JLT  few

	VPXOR Y0, Y0, Y0
	VPXOR Y1, Y1, Y1
	VPXOR Y2, Y2, Y2
	VPXOR Y3, Y3, Y3
	VPXOR Y4, Y4, Y4
	VPXOR Y5, Y5, Y5
	VPXOR Y6, Y6, Y6
	VPXOR Y7, Y7, Y7

pair:
	VPBROADCASTD (DX), Y15
	VALUES((SI), (SI)(R8*1), Y0, Y1)
	VALUES(16(SI), 16(SI)(R8*1), Y2, Y3)
	VALUES(32(SI), 32(SI)(R8*1), Y4, Y5)
	VALUES(48(SI), 48(SI)(R8*1), Y6, Y7)
	LEAQ         (SI)(R8*2), SI
	ADDQ         $4, DX
	DECQ         CX
	JNZ          pair
	STORE(0, Y0, Y1)
	STORE(1, Y2, Y3)
	STORE(2, Y4, Y5)
	STORE(3, Y6, Y7)
	ADDQ         $256, DI
	ADDQ         $64, R9
	SUBQ         $64, BX
	JNZ          next
	VZEROUPPER
	RET

few:
	VPXOR Y0, Y0, Y0
	VPXOR Y1, Y1, Y1

fewPair:
	VPBROADCASTD (DX), Y15
	VALUES((SI), (SI)(R8*1), Y0, Y1)
	LEAQ         (SI)(R8*2), SI
	ADDQ         $4, DX
	DECQ         CX
	JNZ          fewPair
	STORE(0, Y0, Y1)
	ADDQ         $64, DI
	ADDQ         $16, R9
	SUBQ         $16, BX
	JNZ          next
	VZEROUPPER
	RET
