//go:build !purego

#include "textflag.h"

// Instructions that the assembler does not know, by the numbers of the registers.
#define SSHR63(n, d)     WORD $(0x4f410400 | n<<5 | d)         // sshr   Vd.2d, Vn.2d, #63
#define SRSHL(m, n, d)   WORD $(0x4ee05400 | m<<16 | n<<5 | d) // srshl  Vd.2d, Vn.2d, Vm.2d
#define SRSHLS(m, n, d)  WORD $(0x4ea05400 | m<<16 | n<<5 | d) // srshl  Vd.4s, Vn.4s, Vm.4s
#define SQXTN(n, d)      WORD $(0x0ea14800 | n<<5 | d)         // sqxtn  Vd.2s, Vn.2d
#define SQXTN2(n, d)     WORD $(0x4ea14800 | n<<5 | d)         // sqxtn2 Vd.4s, Vn.2d
#define SQXTNS(n, d)     WORD $(0x0e614800 | n<<5 | d)         // sqxtn  Vd.4h, Vn.4s
#define SQXTNS2(n, d)    WORD $(0x4e614800 | n<<5 | d)         // sqxtn2 Vd.8h, Vn.4s
#define SMAX(m, n, d)    WORD $(0x4e606400 | m<<16 | n<<5 | d) // smax   Vd.8h, Vn.8h, Vm.8h
#define SMIN(m, n, d)    WORD $(0x4e606c00 | m<<16 | n<<5 | d) // smin   Vd.8h, Vn.8h, Vm.8h
#define SMULLH(m, n, d)  WORD $(0x0e60c000 | m<<16 | n<<5 | d) // smull  Vd.4s, Vn.4h, Vm.4h
#define SMULLH2(m, n, d) WORD $(0x4e60c000 | m<<16 | n<<5 | d) // smull2 Vd.4s, Vn.8h, Vm.8h
#define UADALP(n, d)     WORD $(0x6ea06800 | n<<5 | d)         // uadalp Vd.2d, Vn.4s
#define XTN(n, d)        WORD $(0x0ea12800 | n<<5 | d)         // xtn    Vd.2s, Vn.2d
#define SMLAL(m, n, d)   WORD $(0x0ea08000 | m<<16 | n<<5 | d) // smlal  Vd.2d, Vn.2s, Vm.2s
#define SMULL(m, n, d)   WORD $(0x0ea0c000 | m<<16 | n<<5 | d) // smull  Vd.2d, Vn.2s, Vm.2s
#define SMULL2(m, n, d)  WORD $(0x4ea0c000 | m<<16 | n<<5 | d) // smull2 Vd.2d, Vn.4s, Vm.4s
#define SXTLS(n, d)      WORD $(0x0f20a400 | n<<5 | d)         // sxtl   Vd.2d, Vn.2s
#define SXTLS2(n, d)     WORD $(0x4f20a400 | n<<5 | d)         // sxtl2  Vd.2d, Vn.4s
#define SXTLH(n, d)      WORD $(0x0f10a400 | n<<5 | d)         // sxtl   Vd.4s, Vn.4h
#define SXTLH2(n, d)     WORD $(0x4f10a400 | n<<5 | d)         // sxtl2  Vd.4s, Vn.8h
#define CMGT(m, n, d)    WORD $(0x4ee03400 | m<<16 | n<<5 | d) // cmgt   Vd.2d, Vn.2d, Vm.2d

// A shift to the right is one to the left by a negative number; it rounds as asked for.

// SUM leaves in R0 the sum of the lanes of V0, of 64 bits.
#define SUM \
	VMOV V0.D[0], R0; \
	VMOV V0.D[1], R1; \
	ADD  R1, R0, R0

// func signsFast(x *int64, n int) uint64
TEXT ·signsFast(SB), NOSPLIT, $0-24
	MOVD x+0(FP), R1
	MOVD n+8(FP), R2
	VEOR V0.B16, V0.B16, V0.B16

turn:
	VLD1.P 64(R1), [V1.D2, V2.D2, V3.D2, V4.D2]
	SSHR63(1, 5)
	SSHR63(2, 6)
	SSHR63(3, 7)
	SSHR63(4, 8)
	VEOR   V5.B16, V1.B16, V1.B16
	VEOR   V6.B16, V2.B16, V2.B16
	VEOR   V7.B16, V3.B16, V3.B16
	VEOR   V8.B16, V4.B16, V4.B16
	VORR   V1.B16, V0.B16, V0.B16
	VORR   V2.B16, V3.B16, V3.B16
	VORR   V4.B16, V0.B16, V0.B16
	VORR   V3.B16, V0.B16, V0.B16
	SUBS   $8, R2, R2
	BNE    turn
	VMOV   V0.D[0], R0
	VMOV   V0.D[1], R1
	ORR    R1, R0, R0
	MOVD   R0, ret+16(FP)
	RET

// func quantizeFast(dst *int16, x *int64, n, shift int)
TEXT ·quantizeFast(SB), NOSPLIT, $0-32
	MOVD dst+0(FP), R0
	MOVD x+8(FP), R1
	MOVD n+16(FP), R2
	MOVD shift+24(FP), R3
	NEG  R3, R3
	VDUP R3, V31.D2
	MOVD $4095, R3
	VDUP R3, V30.H8
	NEG  R3, R3
	VDUP R3, V29.H8

turn:
	VLD1.P 64(R1), [V0.D2, V1.D2, V2.D2, V3.D2]
	SRSHL(31, 0, 0)
	SRSHL(31, 1, 1)
	SRSHL(31, 2, 2)
	SRSHL(31, 3, 3)
	SQXTN(0, 4)
	SQXTN2(1, 4)
	SQXTN(2, 5)
	SQXTN2(3, 5)
	SQXTNS(4, 6)
	SQXTNS2(5, 6)
	SMIN(30, 6, 6)
	SMAX(29, 6, 6)
	VST1.P [V6.H8], 16(R0)
	SUBS   $8, R2, R2
	BNE    turn
	RET

// func squaresFast(x *int16, n int) uint64
TEXT ·squaresFast(SB), NOSPLIT, $0-24
	MOVD x+0(FP), R1
	MOVD n+8(FP), R2
	VEOR V0.B16, V0.B16, V0.B16
	VEOR V1.B16, V1.B16, V1.B16

turn:
	VLD1.P 32(R1), [V2.H8, V3.H8]
	SMULLH(2, 2, 4)
	SMULLH2(2, 2, 5)
	SMULLH(3, 3, 6)
	SMULLH2(3, 3, 7)
	UADALP(4, 0)
	UADALP(5, 1)
	UADALP(6, 0)
	UADALP(7, 1)
	SUBS   $16, R2, R2
	BNE    turn
	VADD   V1.D2, V0.D2, V0.D2
	SUM
	MOVD   R0, ret+16(FP)
	RET

// func shiftFast(dst, x *int64, n, left, right int) int64
TEXT ·shiftFast(SB), NOSPLIT, $0-48
	MOVD dst+0(FP), R0
	MOVD x+8(FP), R1
	MOVD n+16(FP), R2
	MOVD left+24(FP), R3
	MOVD right+32(FP), R4
	SUB  R4, R3, R3
	VDUP R3, V31.D2
	VEOR V4.B16, V4.B16, V4.B16
	VEOR V5.B16, V5.B16, V5.B16

turn:
	VLD1.P 64(R1), [V0.D2, V1.D2, V2.D2, V3.D2]
	SRSHL(31, 0, 0)
	SRSHL(31, 1, 1)
	SRSHL(31, 2, 2)
	SRSHL(31, 3, 3)
	VADD   V0.D2, V4.D2, V4.D2
	VADD   V1.D2, V5.D2, V5.D2
	VADD   V2.D2, V4.D2, V4.D2
	VADD   V3.D2, V5.D2, V5.D2
	VST1.P [V0.D2, V1.D2, V2.D2, V3.D2], 64(R0)
	SUBS   $8, R2, R2
	BNE    turn
	VADD   V5.D2, V4.D2, V0.D2
	SUM
	MOVD   R0, ret+40(FP)
	RET

// func energyFast(x *int64, n, shift int) uint64
TEXT ·energyFast(SB), NOSPLIT, $0-32
	MOVD x+0(FP), R1
	MOVD n+8(FP), R2
	MOVD shift+16(FP), R3
	NEG  R3, R3
	VDUP R3, V31.D2
	VEOR V0.B16, V0.B16, V0.B16
	VEOR V5.B16, V5.B16, V5.B16

turn:
	VLD1.P 64(R1), [V1.D2, V2.D2, V3.D2, V4.D2]
	SRSHL(31, 1, 1)
	SRSHL(31, 2, 2)
	SRSHL(31, 3, 3)
	SRSHL(31, 4, 4)
	XTN(1, 1)
	XTN(2, 2)
	XTN(3, 3)
	XTN(4, 4)
	SMLAL(1, 1, 0)
	SMLAL(2, 2, 5)
	SMLAL(3, 3, 0)
	SMLAL(4, 4, 5)
	SUBS   $8, R2, R2
	BNE    turn
	VADD   V5.D2, V0.D2, V0.D2
	SUM
	MOVD   R0, ret+24(FP)
	RET

// func addRoundedFast(dst, x *int32, n, shift int)
TEXT ·addRoundedFast(SB), NOSPLIT, $0-32
	MOVD dst+0(FP), R0
	MOVD x+8(FP), R1
	MOVD n+16(FP), R2
	MOVD shift+24(FP), R3
	NEG  R3, R3
	VDUP R3, V31.S4

turn:
	VLD1.P 32(R1), [V0.S4, V1.S4]
	VLD1   (R0), [V2.S4, V3.S4]
	SRSHLS(31, 0, 0)
	SRSHLS(31, 1, 1)
	VADD   V2.S4, V0.S4, V0.S4
	VADD   V3.S4, V1.S4, V1.S4
	VST1.P [V0.S4, V1.S4], 32(R0)
	SUBS   $8, R2, R2
	BNE    turn
	RET

// LIMITS sets V30 to 2^62 and V29 to -2^62. It uses R3.
#define LIMITS \
	MOVD $(1<<62), R3;  \
	VDUP R3, V30.D2;    \
	NEG  R3, R3;        \
	VDUP R3, V29.D2

// ADDWITHIN adds the shifted V2 and V3 to the numbers at R0 and keeps them within
// LIMITS.
#define ADDWITHIN \
	SRSHL(31, 2, 2);                 \
	SRSHL(31, 3, 3);                 \
	VLD1   (R0), [V4.D2, V5.D2];     \
	VADD   V4.D2, V2.D2, V2.D2;      \
	VADD   V5.D2, V3.D2, V3.D2;      \
	CMGT(30, 2, 4);                  \
	CMGT(30, 3, 5);                  \
	VBIT   V4.B16, V30.B16, V2.B16;  \
	VBIT   V5.B16, V30.B16, V3.B16;  \
	CMGT(2, 29, 4);                  \
	CMGT(3, 29, 5);                  \
	VBIT   V4.B16, V29.B16, V2.B16;  \
	VBIT   V5.B16, V29.B16, V3.B16;  \
	VST1.P [V2.D2, V3.D2], 32(R0)

// func accumulateFast(x *int64, y *int32, n, left, right int)
TEXT ·accumulateFast(SB), NOSPLIT, $0-40
	MOVD x+0(FP), R0
	MOVD y+8(FP), R1
	MOVD n+16(FP), R2
	MOVD left+24(FP), R3
	MOVD right+32(FP), R4
	SUB  R4, R3, R3
	VDUP R3, V31.D2
	LIMITS

turn:
	VLD1.P 16(R1), [V1.S4]
	SXTLS(1, 2)
	SXTLS2(1, 3)
	ADDWITHIN
	SUBS   $4, R2, R2
	BNE    turn
	RET

// func accumulateScaledFast(x *int64, y *int16, n int, scale int32, shift int)
TEXT ·accumulateScaledFast(SB), NOSPLIT, $0-40
	MOVD x+0(FP), R0
	MOVD y+8(FP), R1
	MOVD n+16(FP), R2
	MOVW scale+24(FP), R3
	VDUP R3, V28.S4
	MOVD shift+32(FP), R3
	NEG  R3, R3
	VDUP R3, V31.D2
	LIMITS

turn:
	VLD1.P 16(R1), [V0.H8]
	SXTLH(0, 1)
	SXTLH2(0, 0)
	SMULL(28, 1, 2)
	SMULL2(28, 1, 3)
	ADDWITHIN
	SMULL(28, 0, 2)
	SMULL2(28, 0, 3)
	ADDWITHIN
	SUBS   $8, R2, R2
	BNE    turn
	RET
