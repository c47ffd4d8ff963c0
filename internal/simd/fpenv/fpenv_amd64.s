//go:build !purego

#include "textflag.h"

// func swap(v uint32) (old uint32)
TEXT ·swap(SB), NOSPLIT, $0-12
	STMXCSR old+8(FP)
	LDMXCSR v+0(FP)
	RET
