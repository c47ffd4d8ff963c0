//go:build !purego

#include "textflag.h"

// The scaling. There is no arithmetic shift of 64-bit lanes, so 2^63 is added
// before the shift, and what became of it taken away after it. A product that
// leaves the 32 bits is one whose upper half is not all copies of the sign of the
// lower.
//
// DI out, R8 bytes from token to token, SI sums, DX scales, R9 shifts, R10 tokens,
// R11 rows. For a token: X4 shift, Y5 half of 2^shift and 2^63, Y6 2^63 shifted.

#define ARGS \
	MOVQ     out+0(FP), DI;       \
	MOVQ     outStride+8(FP), R8; \
	SHLQ     $2, R8;              \
	MOVQ     s+16(FP), SI;     \
	MOVQ     shift+32(FP), R9;    \
	MOVQ     tokens+40(FP), R10;  \
	MOVQ     rows+48(FP), R11;    \
	VPCMPEQD Y7, Y7, Y7;          \
	VPSRLD   $1, Y7, Y7

#define SHIFT \
	MOVBQZX      (R9), CX;            \
	VMOVQ        CX, X4;              \
	MOVQ         $1, AX;              \
	SHLQ         CX, AX;              \
	SHRQ         $1, AX;              \
	BTSQ         $63, AX;             \
	VMOVQ        AX, X5;              \
	VPBROADCASTQ X5, Y5;              \
	MOVQ         $1, AX;              \
	SHLQ         $63, AX;             \
	SHRQ         CX, AX;              \
	VMOVQ        AX, X6;              \
	VPBROADCASTQ X6, Y6;              \
	MOVQ         mantissa+24(FP), DX; \
	MOVQ         R11, CX;             \
	XORL         BX, BX

#define ROUND(y) \
	VPADDQ Y5, y, y; \
	VPSRLQ X4, y, y; \
	VPSUBQ Y6, y, y

// SATURATE leaves in Y2 the lanes Y2, of which Y3 holds the upper halves.
#define SATURATE \
	VPSRAD    $31, Y2, Y0;    \
	VPCMPEQD  Y0, Y3, Y0;     \
	VPSRAD    $31, Y3, Y1;    \
	VPXOR     Y7, Y1, Y1;     \
	VPBLENDVB Y0, Y2, Y1, Y2

// func finishAVX2(out *int32, outStride int, s, mantissa *int32, shift *uint8, tokens, rows int)
TEXT ·finishAVX2(SB), NOSPLIT, $0-56
	ARGS

token:
	SHIFT

turn:
	VMOVDQU  (SI), Y0
	VMOVDQU  (DX), Y2
	VPSRLQ   $32, Y0, Y1
	VPSRLQ   $32, Y2, Y3
	VPMULDQ  Y0, Y2, Y0
	VPMULDQ  Y1, Y3, Y1
	ROUND(Y0)
	ROUND(Y1)
	VPSLLQ   $32, Y1, Y2
	VPBLENDD $0xaa, Y2, Y0, Y2
	VPSRLQ   $32, Y0, Y3
	VPBLENDD $0xaa, Y1, Y3, Y3
	SATURATE
	VMOVDQU  Y2, (DI)(BX*1)
	ADDQ     $32, SI
	ADDQ     $32, DX
	ADDQ     $32, BX
	SUBQ     $8, CX
	JNZ      turn
	ADDQ     R8, DI
	INCQ     R9
	DECQ     R10
	JNZ      token
	VZEROUPPER
	RET

// func finishWideAVX2(out *int32, outStride int, s *int64, mantissa *int32, shift *uint8, tokens, rows int)
//
// A sum is taken as its lower half, unsigned, and its upper, signed.
TEXT ·finishWideAVX2(SB), NOSPLIT, $0-56
	ARGS

token:
	SHIFT

turn:
	VMOVDQU   (SI), Y0
	VMOVDQU   32(SI), Y1
	VPMOVZXDQ (DX), Y2
	VPMOVZXDQ 16(DX), Y3
	VPMULUDQ  Y0, Y2, Y8
	VPMULUDQ  Y1, Y3, Y9
	VPSRLQ    $32, Y0, Y0
	VPSRLQ    $32, Y1, Y1
	VPMULDQ   Y0, Y2, Y0
	VPMULDQ   Y1, Y3, Y1
	VPSLLQ    $32, Y0, Y0
	VPSLLQ    $32, Y1, Y1
	VPADDQ    Y8, Y0, Y0
	VPADDQ    Y9, Y1, Y1
	ROUND(Y0)
	ROUND(Y1)
	VSHUFPS   $0x88, Y1, Y0, Y2
	VSHUFPS   $0xdd, Y1, Y0, Y3
	SATURATE
	VPERMQ    $0xd8, Y2, Y2
	VMOVDQU   Y2, (DI)(BX*1)
	ADDQ      $64, SI
	ADDQ      $32, DX
	ADDQ      $32, BX
	SUBQ      $8, CX
	JNZ       turn
	ADDQ      R8, DI
	INCQ      R9
	DECQ      R10
	JNZ       token
	VZEROUPPER
	RET

// func widenAVX2(wide *int64, s *int32, n int)
TEXT ·widenAVX2(SB), NOSPLIT, $0-24
	MOVQ wide+0(FP), DI
	MOVQ s+8(FP), SI
	MOVQ n+16(FP), CX

turn:
	VPMOVSXDQ (SI), Y0
	VPMOVSXDQ 16(SI), Y1
	VPADDQ    (DI), Y0, Y0
	VPADDQ    32(DI), Y1, Y1
	VMOVDQU   Y0, (DI)
	VMOVDQU   Y1, 32(DI)
	ADDQ      $32, SI
	ADDQ      $64, DI
	SUBQ      $8, CX
	JNZ       turn
	VZEROUPPER
	RET
