//go:build amd64 && !purego

#include "go_asm.h"
#include "textflag.h"

// func turnAVX2(j *job)
//
// Halves of eight rows are put beside one another, so that what is left to do is
// within the lanes of registers.
TEXT ·turnAVX2(SB), NOSPLIT, $0-8
	MOVQ j+0(FP), AX
	MOVQ job_blocks(AX), DI
	XORL CX, CX
	XORL DX, DX

loop:
	MOVQ        job_src+0(AX), BX
	MOVQ        job_src+32(AX), SI
	VMOVUPS     (BX)(CX*1), X0
	VINSERTF128 $1, (SI)(CX*1), Y0, Y0
	MOVQ        job_src+8(AX), BX
	MOVQ        job_src+40(AX), SI
	VMOVUPS     (BX)(CX*1), X1
	VINSERTF128 $1, (SI)(CX*1), Y1, Y1
	MOVQ        job_src+16(AX), BX
	MOVQ        job_src+48(AX), SI
	VMOVUPS     (BX)(CX*1), X2
	VINSERTF128 $1, (SI)(CX*1), Y2, Y2
	MOVQ        job_src+24(AX), BX
	MOVQ        job_src+56(AX), SI
	VMOVUPS     (BX)(CX*1), X3
	VINSERTF128 $1, (SI)(CX*1), Y3, Y3
	VUNPCKLPS   Y1, Y0, Y4
	VUNPCKHPS   Y1, Y0, Y5
	VUNPCKLPS   Y3, Y2, Y6
	VUNPCKHPS   Y3, Y2, Y7
	VUNPCKLPD   Y6, Y4, Y8
	VUNPCKHPD   Y6, Y4, Y9
	VUNPCKLPD   Y7, Y5, Y10
	VUNPCKHPD   Y7, Y5, Y11
	MOVQ        job_dst+0(AX), BX
	VMOVUPS     Y8, (BX)(DX*1)
	MOVQ        job_dst+8(AX), BX
	VMOVUPS     Y9, (BX)(DX*1)
	MOVQ        job_dst+16(AX), BX
	VMOVUPS     Y10, (BX)(DX*1)
	MOVQ        job_dst+24(AX), BX
	VMOVUPS     Y11, (BX)(DX*1)

	MOVQ        job_src+0(AX), BX
	MOVQ        job_src+32(AX), SI
	VMOVUPS     16(BX)(CX*1), X0
	VINSERTF128 $1, 16(SI)(CX*1), Y0, Y0
	MOVQ        job_src+8(AX), BX
	MOVQ        job_src+40(AX), SI
	VMOVUPS     16(BX)(CX*1), X1
	VINSERTF128 $1, 16(SI)(CX*1), Y1, Y1
	MOVQ        job_src+16(AX), BX
	MOVQ        job_src+48(AX), SI
	VMOVUPS     16(BX)(CX*1), X2
	VINSERTF128 $1, 16(SI)(CX*1), Y2, Y2
	MOVQ        job_src+24(AX), BX
	MOVQ        job_src+56(AX), SI
	VMOVUPS     16(BX)(CX*1), X3
	VINSERTF128 $1, 16(SI)(CX*1), Y3, Y3
	VUNPCKLPS   Y1, Y0, Y4
	VUNPCKHPS   Y1, Y0, Y5
	VUNPCKLPS   Y3, Y2, Y6
	VUNPCKHPS   Y3, Y2, Y7
	VUNPCKLPD   Y6, Y4, Y8
	VUNPCKHPD   Y6, Y4, Y9
	VUNPCKLPD   Y7, Y5, Y10
	VUNPCKHPD   Y7, Y5, Y11
	MOVQ        job_dst+32(AX), BX
	VMOVUPS     Y8, (BX)(DX*1)
	MOVQ        job_dst+40(AX), BX
	VMOVUPS     Y9, (BX)(DX*1)
	MOVQ        job_dst+48(AX), BX
	VMOVUPS     Y10, (BX)(DX*1)
	MOVQ        job_dst+56(AX), BX
	VMOVUPS     Y11, (BX)(DX*1)

	ADDQ job_srcStep(AX), CX
	ADDQ job_dstStep(AX), DX
	DECQ DI
	JNZ  loop
	VZEROUPPER
	RET
