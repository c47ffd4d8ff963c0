//go:build amd64 && !purego

#include "textflag.h"

// func prefetch(lines unsafe.Pointer, hashes *uint32, n int, shift uint)
TEXT ·prefetch(SB), NOSPLIT, $0-32
	MOVQ lines+0(FP), DI
	MOVQ hashes+8(FP), SI
	MOVQ n+16(FP), DX
	MOVQ shift+24(FP), CX

turn:
	MOVL       (SI), AX
	ORL        $1, AX
	SHRL       CX, AX
	SHLQ       $6, AX
	PREFETCHT0 (DI)(AX*1)
	XORQ       $64, AX
	PREFETCHT0 (DI)(AX*1)
	ADDQ       $4, SI
	DECQ       DX
	JNZ        turn
	RET
