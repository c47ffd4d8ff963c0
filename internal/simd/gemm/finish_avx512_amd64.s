//go:build !purego

#include "textflag.h"

// The scaling, as in finish_avx2_amd64.s. Products are of even and of odd rows.
//
// DI out, R8 bytes from token to token, SI sums, DX scales, R9 shifts, R10 tokens,
// R11 rows. For a token: X4 shift, Z5 half of 2^shift. Z6 and Z7 limits, K1 the odd
// lanes of 32 bits.

#define ARGS \
	MOVQ         out+0(FP), DI;       \
	MOVQ         outStride+8(FP), R8; \
	SHLQ         $2, R8;              \
	MOVQ         s+16(FP), SI;        \
	MOVQ         shift+32(FP), R9;    \
	MOVQ         tokens+40(FP), R10;  \
	MOVQ         rows+48(FP), R11;    \
	MOVQ         $0x7fffffff, AX;     \
	VPBROADCASTQ AX, Z7;              \
	NOTQ         AX;                  \
	VPBROADCASTQ AX, Z6;              \
	MOVL         $0xaaaa, AX;         \
	KMOVW        AX, K1

#define SHIFT \
	MOVBQZX      (R9), CX;            \
	VMOVQ        CX, X4;              \
	MOVQ         $1, AX;              \
	SHLQ         CX, AX;              \
	SHRQ         $1, AX;              \
	VPBROADCASTQ AX, Z5;              \
	MOVQ         mantissa+24(FP), DX; \
	MOVQ         R11, CX;             \
	XORL         BX, BX

#define ROUND(y) \
	VPADDQ  Z5, y, y; \
	VPSRAQ  X4, y, y; \
	VPMAXSQ Z6, y, y; \
	VPMINSQ Z7, y, y

// func finishAVX512(out *int32, outStride int, s, mantissa *int32, shift *uint8, tokens, rows int)
TEXT ·finishAVX512(SB), NOSPLIT, $0-56
	ARGS

token:
	SHIFT

turn:
	VMOVDQU32 (SI), Z0
	VMOVDQU32 (DX), Z2
	VPSRLQ    $32, Z0, Z1
	VPSRLQ    $32, Z2, Z3
	VPMULDQ   Z0, Z2, Z0
	VPMULDQ   Z1, Z3, Z1
	ROUND(Z0)
	ROUND(Z1)
	VPSLLQ    $32, Z1, Z1
	VMOVDQA32 Z1, K1, Z0
	VMOVDQU32 Z0, (DI)(BX*1)
	ADDQ      $64, SI
	ADDQ      $64, DX
	ADDQ      $64, BX
	SUBQ      $16, CX
	JNZ       turn
	ADDQ      R8, DI
	INCQ      R9
	DECQ      R10
	JNZ       token
	VZEROUPPER
	RET

// func finishWideAVX512(out *int32, outStride int, s *int64, mantissa *int32, shift *uint8, tokens, rows int)
TEXT ·finishWideAVX512(SB), NOSPLIT, $0-56
	ARGS

token:
	SHIFT

turn:
	VPMOVZXDQ (DX), Z2
	VPMULLQ   (SI), Z2, Z0
	ROUND(Z0)
	VPMOVQD   Z0, (DI)(BX*1)
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
