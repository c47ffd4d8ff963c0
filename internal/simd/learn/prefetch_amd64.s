//go:build amd64 && !purego

#include "textflag.h"

// func fetchLines(lines unsafe.Pointer, at *uint32, n int)
TEXT ·fetchLines(SB), NOSPLIT, $0-24
	MOVQ lines+0(FP), DI
	MOVQ at+8(FP), SI
	MOVQ n+16(FP), DX

turn:
	MOVL       (SI), AX
	SHLQ       $6, AX
	PREFETCHT0 (DI)(AX*1)
	ADDQ       $4, SI
	DECQ       DX
	JNZ        turn
	RET

// func fetch(v *[]int32, n int)
TEXT ·fetch(SB), NOSPLIT, $0-16
	MOVQ v+0(FP), SI
	MOVQ n+8(FP), DX

slice:
	MOVQ (SI), DI
	MOVQ 8(SI), CX
	SHLQ $2, CX
	ADDQ DI, CX    // the end
	ANDQ $~63, DI
	JMP  check

turn:
	PREFETCHT0 (DI)
	ADDQ       $64, DI

check:
	CMPQ DI, CX
	JCS  turn
	ADDQ $24, SI
	DECQ DX
	JNZ  slice
	RET
