//go:build !purego

#include "textflag.h"

// Instructions that the assembler does not know, by the numbers of the registers.
#define SMLAL(m, n, d)  WORD $(0x0e608000 | m<<16 | n<<5 | d) // smlal  Vd.4s, Vn.4h, Vm.4h
#define SMLAL2(m, n, d) WORD $(0x4e608000 | m<<16 | n<<5 | d) // smlal2 Vd.4s, Vn.8h, Vm.8h
#define SMULL(m, n, d)  WORD $(0x0ea0c000 | m<<16 | n<<5 | d) // smull  Vd.2d, Vn.2s, Vm.2s
#define SMULL2(m, n, d) WORD $(0x4ea0c000 | m<<16 | n<<5 | d) // smull2 Vd.2d, Vn.4s, Vm.4s
#define SRSHL(m, n, d)  WORD $(0x4ee05400 | m<<16 | n<<5 | d) // srshl  Vd.2d, Vn.2d, Vm.2d
#define SQXTN(n, d)     WORD $(0x0ea14800 | n<<5 | d)         // sqxtn  Vd.2s, Vn.2d
#define SQXTN2(n, d)    WORD $(0x4ea14800 | n<<5 | d)         // sqxtn2 Vd.4s, Vn.2d
#define SXTLS(n, d)     WORD $(0x0f20a400 | n<<5 | d)         // sxtl   Vd.2d, Vn.2s
#define SXTLS2(n, d)    WORD $(0x4f20a400 | n<<5 | d)         // sxtl2  Vd.2d, Vn.4s
#define SXTLB(n, d)     WORD $(0x0f08a400 | n<<5 | d)         // sxtl   Vd.8h, Vn.8b
#define SXTLB2(n, d)    WORD $(0x4f08a400 | n<<5 | d)         // sxtl2  Vd.8h, Vn.16b
#define SMAX(m, n, d)   WORD $(0x4ea06400 | m<<16 | n<<5 | d) // smax   Vd.4s, Vn.4s, Vm.4s
#define SMIN(m, n, d)   WORD $(0x4ea06c00 | m<<16 | n<<5 | d) // smin   Vd.4s, Vn.4s, Vm.4s
#define MUL(m, n, d)    WORD $(0x4ea09c00 | m<<16 | n<<5 | d) // mul    Vd.4s, Vn.4s, Vm.4s
#define UMAX(m, n, d)   WORD $(0x6ea06400 | m<<16 | n<<5 | d) // umax   Vd.4s, Vn.4s, Vm.4s
#define UMIN(m, n, d)   WORD $(0x6ea06c00 | m<<16 | n<<5 | d) // umin   Vd.4s, Vn.4s, Vm.4s
#define USHL(m, n, d)   WORD $(0x6ea04400 | m<<16 | n<<5 | d) // ushl   Vd.4s, Vn.4s, Vm.4s
#define URSHL(m, n, d)  WORD $(0x6ea05400 | m<<16 | n<<5 | d) // urshl  Vd.4s, Vn.4s, Vm.4s
#define UADALP(n, d)    WORD $(0x6ea06800 | n<<5 | d)         // uadalp Vd.2d, Vn.4s
#define XTNS(n, d)      WORD $(0x0e612800 | n<<5 | d)         // xtn    Vd.4h, Vn.4s
#define XTNS2(n, d)     WORD $(0x4e612800 | n<<5 | d)         // xtn2   Vd.8h, Vn.4s
#define NEGS(n, d)      WORD $(0x6ea0b800 | n<<5 | d)         // neg    Vd.4s, Vn.4s
#define UMAXV(n, d)     WORD $(0x6eb0a800 | n<<5 | d)         // umaxv  Sd, Vn.4s
#define SMINV(n, d)     WORD $(0x4eb1a800 | n<<5 | d)         // sminv  Sd, Vn.4s
#define SMAXV(n, d)     WORD $(0x4eb0a800 | n<<5 | d)         // smaxv  Sd, Vn.4s

// func scoresFast(dst *int32, query *int16, n int, keys *int16, frac *int32, scale int64, shift, count int, top int32) int32
//
// Four keys at a time, at R4 to R7, R9 bytes each. V24 scale, V25 shift, V26 ones, V27
// 62s, V28 zeros, V29 largest.
TEXT ·scoresFast(SB), NOSPLIT, $0-76
	MOVD dst+0(FP), R0
	MOVD n+16(FP), R9
	MOVD keys+24(FP), R4
	MOVD frac+32(FP), R2
	MOVD scale+40(FP), R3
	VDUP R3, V24.S4
	MOVD shift+48(FP), R3
	VDUP R3, V25.S4
	MOVD $1, R3
	VDUP R3, V26.S4
	MOVD $62, R3
	VDUP R3, V27.S4
	VEOR V28.B16, V28.B16, V28.B16
	MOVW top+64(FP), R3
	VDUP R3, V29.S4
	MOVD count+56(FP), R8
	LSL  $1, R9, R9

keys:
	ADD  R9, R4, R5
	ADD  R9, R5, R6
	ADD  R9, R6, R7
	MOVD query+8(FP), R1
	MOVD R9, R10
	VEOR V0.B16, V0.B16, V0.B16
	VEOR V1.B16, V1.B16, V1.B16
	VEOR V2.B16, V2.B16, V2.B16
	VEOR V3.B16, V3.B16, V3.B16

products:
	VLD1.P 16(R1), [V16.H8]
	VLD1.P 16(R4), [V17.H8]
	VLD1.P 16(R5), [V18.H8]
	VLD1.P 16(R6), [V19.H8]
	VLD1.P 16(R7), [V20.H8]
	SMLAL(16, 17, 0)
	SMLAL(16, 18, 1)
	SMLAL(16, 19, 2)
	SMLAL(16, 20, 3)
	SMLAL2(16, 17, 0)
	SMLAL2(16, 18, 1)
	SMLAL2(16, 19, 2)
	SMLAL2(16, 20, 3)
	SUBS   $16, R10, R10
	BNE    products
	MOVD   R7, R4

	VADDP  V1.S4, V0.S4, V0.S4
	VADDP  V3.S4, V2.S4, V2.S4
	VADDP  V2.S4, V0.S4, V0.S4
	VLD1.P 16(R2), [V1.S4]
	VADD   V25.S4, V1.S4, V1.S4
	SMAX(26, 1, 1)
	SMIN(27, 1, 1)
	VSUB   V1.S4, V28.S4, V1.S4
	SXTLS(1, 2)
	SXTLS2(1, 3)
	SMULL(24, 0, 4)
	SMULL2(24, 0, 5)
	SRSHL(2, 4, 4)
	SRSHL(3, 5, 5)
	SQXTN(4, 6)
	SQXTN2(5, 6)
	SMAX(6, 29, 29)
	VST1.P [V6.S4], 16(R0)
	SUBS   $4, R8, R8
	BNE    keys

	SMAXV(29, 0)
	VMOV V0.S[0], R0
	MOVW R0, ret+72(FP)
	RET

// TOTAL leaves in R0 the sum of the lanes of V31, of 64 bits.
#define TOTAL \
	VMOV V31.D[0], R0; \
	VMOV V31.D[1], R1; \
	ADD  R1, R0, R0

// HORNER sets V2 to c less the upper half of the fraction V1 times V2.
#define HORNER(c) \
	MUL(1, 2, 2);               \
	VUSHR $16, V2.S4, V2.S4;    \
	VSUB  V2.S4, c.S4, V2.S4

// func powersFast(dst *uint32, x *int32, n int, top int32) (total uint64)
//
// A shift by more than 32 gives 0, as it should, but only its lowest byte counts.
TEXT ·powersFast(SB), NOSPLIT, $0-40
	MOVD dst+0(FP), R0
	MOVD x+8(FP), R1
	MOVD n+16(FP), R2
	MOVW top+24(FP), R3
	VDUP R3, V30.S4
	MOVD $0xffff, R3
	VDUP R3, V29.S4
	MOVD $443, R3
	VDUP R3, V28.S4
	MOVD $3478, R3
	VDUP R3, V27.S4
	MOVD $15685, R3
	VDUP R3, V26.S4
	MOVD $45418, R3
	VDUP R3, V25.S4
	MOVD $65536, R3
	VDUP R3, V24.S4
	MOVD $40, R3
	VDUP R3, V23.S4
	VEOR V31.B16, V31.B16, V31.B16

turn:
	VLD1.P 16(R1), [V0.S4]
	VSUB   V0.S4, V30.S4, V0.S4
	VAND   V29.B16, V0.B16, V1.B16
	VMOV   V28.B16, V2.B16
	HORNER(V27)
	HORNER(V26)
	HORNER(V25)
	HORNER(V24)
	VSHL   $4, V2.S4, V2.S4
	VUSHR  $16, V0.S4, V0.S4
	UMIN(23, 0, 0)
	NEGS(0, 0)
	USHL(0, 2, 2)
	UADALP(2, 31)
	VST1.P [V2.S4], 16(R0)
	SUBS   $4, R2, R2
	BNE    turn
	TOTAL
	MOVD   R0, total+32(FP)
	RET

// func alignFast(x *uint32, frac *int32, n int, least int32) (top uint32, total uint64)
TEXT ·alignFast(SB), NOSPLIT, $0-48
	MOVD x+0(FP), R0
	MOVD frac+8(FP), R1
	MOVD n+16(FP), R2
	MOVW least+24(FP), R3
	VDUP R3, V30.S4
	MOVD $40, R3
	VDUP R3, V29.S4
	VEOR V31.B16, V31.B16, V31.B16
	VEOR V28.B16, V28.B16, V28.B16

turn:
	VLD1   (R0), [V0.S4]
	VLD1.P 16(R1), [V1.S4]
	VSUB   V30.S4, V1.S4, V1.S4
	UMIN(29, 1, 1)
	NEGS(1, 1)
	URSHL(1, 0, 0)
	UMAX(0, 28, 28)
	UADALP(0, 31)
	VST1.P [V0.S4], 16(R0)
	SUBS   $4, R2, R2
	BNE    turn
	UMAXV(28, 0)
	VMOV   V0.S[0], R0
	MOVW   R0, top+32(FP)
	TOTAL
	MOVD   R0, total+40(FP)
	RET

// func shareFast(dst *int16, x *uint32, n, cut int)
TEXT ·shareFast(SB), NOSPLIT, $0-32
	MOVD dst+0(FP), R0
	MOVD x+8(FP), R1
	MOVD n+16(FP), R2
	MOVD cut+24(FP), R3
	NEG  R3, R3
	VDUP R3, V31.S4
	MOVD $0x7fff, R3
	VDUP R3, V30.S4

turn:
	VLD1.P 32(R1), [V0.S4, V1.S4]
	URSHL(31, 0, 0)
	URSHL(31, 1, 1)
	UMIN(30, 0, 0)
	UMIN(30, 1, 1)
	XTNS(0, 2)
	XTNS2(1, 2)
	VST1.P [V2.H8], 16(R0)
	SUBS   $8, R2, R2
	BNE    turn
	RET

// func leastFast(x *int32, n int, least int32) int32
TEXT ·leastFast(SB), NOSPLIT, $0-28
	MOVD x+0(FP), R1
	MOVD n+8(FP), R2
	MOVW least+16(FP), R3
	VDUP R3, V0.S4

turn:
	VLD1.P 16(R1), [V1.S4]
	SMIN(1, 0, 0)
	SUBS   $4, R2, R2
	BNE    turn
	SMINV(0, 0)
	VMOV   V0.S[0], R0
	MOVW   R0, ret+24(FP)
	RET

// func weighFast(sums *int32, n int, shares *int16, values *int8, count int)
//
// 16 numbers of all values, then the next 16. R4 values, R1 bytes of one, R2 shares, R5
// values left.
TEXT ·weighFast(SB), NOSPLIT, $0-40
	MOVD sums+0(FP), R0
	MOVD n+8(FP), R1
	MOVD values+24(FP), R3
	MOVD R1, R6

next:
	MOVD R3, R4
	MOVD shares+16(FP), R2
	MOVD count+32(FP), R5
	VLD1 (R0), [V0.S4, V1.S4, V2.S4, V3.S4]

value:
	VLD1    (R4), [V4.B16]
	VLD1R.P 2(R2), [V5.H8]
	SXTLB(4, 6)
	SXTLB2(4, 7)
	SMLAL(5, 6, 0)
	SMLAL2(5, 6, 1)
	SMLAL(5, 7, 2)
	SMLAL2(5, 7, 3)
	ADD     R1, R4, R4
	SUBS    $1, R5, R5
	BNE     value
	VST1.P  [V0.S4, V1.S4, V2.S4, V3.S4], 64(R0)
	ADD     $16, R3, R3
	SUBS    $16, R6, R6
	BNE     next
	RET
