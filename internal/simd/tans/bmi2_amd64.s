//go:build amd64 && !purego

#include "go_asm.h"
#include "textflag.h"

// The loops with the shifts of BMI2. The portable versions in tans.go are the
// reference.

// PUT puts the symbol in AX on state L and appends what that sheds to R10, which
// holds R11 bits.
#define PUT(L) \
	CMPQ  AX, R12;        \
	JAE   bad;            \
	MOVQ  (R8)(AX*8), BX; \
	MOVL  (4*L)(R13), CX; \
	TESTL BX, BX;         \
	JZ    bad;            \
	LEAL  (CX)(BX*1), AX; \
	SHRL  $24, AX;        \
	SHRXL AX, CX, DX;     \
	SARQ  $32, BX;        \
	ADDQ  DX, BX;         \
	MOVL  (R9)(BX*4), BX; \
	MOVL  BX, (4*L)(R13); \
	SUBQ  DX, R10;        \
	SHLXQ AX, R10, R10;   \
	ADDQ  CX, R10;        \
	ADDQ  AX, R11

// FLUSH writes the bits of R10 that fill bytes: the oldest are highest and go to
// the top of the 8 bytes before SI.
#define FLUSH \
	MOVQ  R11, AX;     \
	NEGQ  AX;          \
	SHLXQ AX, R10, BX; \
	MOVQ  BX, -8(SI);  \
	MOVQ  R11, AX;     \
	SHRQ  $3, AX;      \
	SUBQ  AX, SI;      \
	ANDQ  $7, R11

#define LOAD8(L) MOVBLZX L(DI), AX
#define LOAD16(L) MOVWLZX (2*L)(DI), AX
#define LOAD32(L) MOVL (4*L)(DI), AX

// BYTES is what a symbol takes.
#define ENCODELOOP(BYTES, LOAD) \
	MOVQ   j+0(FP), R15;               \
	MOVQ   encodeJob_groups(R15), AX;  \
	IMUL3Q $(8*BYTES), AX, AX;         \
	MOVQ   encodeJob_src(R15), DI;     \
	ADDQ   AX, DI;                     \
	MOVQ   encodeJob_buf(R15), SI;     \
	ADDQ   encodeJob_at(R15), SI;      \
	MOVQ   encodeJob_table(R15), R8;   \
	MOVQ   encodeJob_next(R15), R9;    \
	MOVQ   encodeJob_acc(R15), R10;    \
	MOVQ   encodeJob_n(R15), R11;      \
	MOVQ   encodeJob_size(R15), R12;   \
	MOVQ   encodeJob_states(R15), R13; \
	loop:                              \
	CMPQ   encodeJob_groups(R15), $0;  \
	JEQ    done;                       \
	MOVQ   SI, AX;                     \
	SUBQ   encodeJob_buf(R15), AX;     \
	CMPQ   AX, $32;                    \
	JLT    done;                       \
	SUBQ   $(8*BYTES), DI;             \
	CMPQ   encodeJob_narrow(R15), $0;  \
	JEQ    wide;                       \
	LOAD(7);                           \
	PUT(7);                            \
	LOAD(6);                           \
	PUT(6);                            \
	LOAD(5);                           \
	PUT(5);                            \
	LOAD(4);                           \
	PUT(4);                            \
	FLUSH;                             \
	LOAD(3);                           \
	PUT(3);                            \
	LOAD(2);                           \
	PUT(2);                            \
	LOAD(1);                           \
	PUT(1);                            \
	LOAD(0);                           \
	PUT(0);                            \
	FLUSH;                             \
	DECQ   encodeJob_groups(R15);      \
	JMP    loop;                       \
	wide:                        \
	LOAD(7);                     \
	PUT(7);                      \
	LOAD(6);                     \
	PUT(6);                      \
	FLUSH;                       \
	LOAD(5);                     \
	PUT(5);                      \
	LOAD(4);                     \
	PUT(4);                      \
	FLUSH;                       \
	LOAD(3);                     \
	PUT(3);                      \
	LOAD(2);                     \
	PUT(2);                      \
	FLUSH;                       \
	LOAD(1);                     \
	PUT(1);                      \
	LOAD(0);                     \
	PUT(0);                      \
	FLUSH;                       \
	DECQ  encodeJob_groups(R15); \
	JMP   loop;                  \
	bad:                           \
	MOVQ  $1, AX;                  \
	MOVQ  AX, encodeJob_bad(R15);  \
	done:                          \
	SUBQ  encodeJob_buf(R15), SI;  \
	MOVQ  SI, encodeJob_at(R15);   \
	MOVQ  R10, encodeJob_acc(R15); \
	MOVQ  R11, encodeJob_n(R15);   \
	RET

// func encode8BMI2(j *encodeJob)
TEXT ·encode8BMI2(SB), NOSPLIT, $0-8
	ENCODELOOP(1, LOAD8)

// func encode16BMI2(j *encodeJob)
TEXT ·encode16BMI2(SB), NOSPLIT, $0-8
	ENCODELOOP(2, LOAD16)

// func encode32BMI2(j *encodeJob)
TEXT ·encode32BMI2(SB), NOSPLIT, $0-8
	ENCODELOOP(4, LOAD32)

// TAKE takes a symbol off state S and as many bits as that needs off R10, counting
// them in the lowest byte of R11. LOOK makes BX the slot of the state, and S what it
// adds to. The rest of BX does no harm: shifts look at 6 bits and BZHI at 8, and the
// sum of those bytes stays below 256.
#define TAKE(L, S, LOOK, STORE) \
	LOOK(S);              \
	STORE(L);             \
	BZHIL BX, R10, CX;    \
	SHRXQ BX, R10, R10;   \
	ADDL  CX, S;          \
	ADDQ  BX, R11

#define LOOK(S) MOVQ (R8)(S*8), BX; MOVL 4(R8)(S*8), S
#define LOOKSHORT(S) MOVL (R8)(S*4), BX; MOVWLZX 2(R8)(S*4), S

// READ moves SI to the byte in which the bits go on and gets those into R10.
#define READ \
	MOVBLZX R11, BX;       \
	ANDL    $7, R11;       \
	SHRL    $3, BX;        \
	ADDQ    BX, SI;        \
	MOVQ    (SI), R10;     \
	SHRXQ   R11, R10, R10

#define STORE8(L) MOVB BH, L(DI)
#define STORE16(L) MOVL BX, CX; SHRL $8, CX; MOVW CX, (2*L)(DI)
#define STORE32(L) MOVL BX, CX; SHRL $8, CX; MOVL CX, (4*L)(DI)
#define STORESHORT16(L) MOVBLZX BH, CX; MOVW CX, (2*L)(DI)
#define STORESHORT32(L) MOVBLZX BH, CX; MOVL CX, (4*L)(DI)

// All states are in registers: their way through memory would be what takes the
// most time. BYTES is what a symbol takes.
#define DECODELOOP(BYTES, LOOK, STORE) \
	MOVQ j+0(FP), BX;              \
	MOVQ decodeJob_dst(BX), DI;    \
	MOVQ decodeJob_src(BX), SI;    \
	MOVQ decodeJob_table(BX), R8;  \
	MOVQ decodeJob_pos(BX), R11;   \
	MOVQ R11, CX;                  \
	SHRQ $3, CX;                   \
	ADDQ CX, SI;                   \
	ANDQ $7, R11;                  \
	MOVQ decodeJob_groups(BX), CX; \
	IMUL3Q $(8*BYTES), CX, CX;     \
	ADDQ DI, CX;                   \
	MOVQ CX, end-8(SP);            \
	MOVQ decodeJob_last(BX), CX;   \
	ADDQ decodeJob_src(BX), CX;    \
	MOVQ CX, last-16(SP);          \
	MOVQ decodeJob_narrow(BX), CX; \
	MOVQ CX, narrow-24(SP);        \
	MOVQ decodeJob_states(BX), BX; \
	MOVL 0(BX), AX;                \
	MOVL 4(BX), DX;                \
	MOVL 8(BX), R9;                \
	MOVL 12(BX), R12;              \
	MOVL 16(BX), R13;              \
	MOVL 20(BX), R14;              \
	MOVL 24(BX), R15;              \
	MOVL 28(BX), BP;               \
	loop:                          \
	CMPQ DI, end-8(SP);            \
	JAE  done;                     \
	MOVBLZX R11, BX;               \
	SHRL $3, BX;                   \
	ADDQ SI, BX;                   \
	CMPQ BX, last-16(SP);          \
	JA   done;                     \
	CMPQ narrow-24(SP), $0;        \
	JEQ  wide;                     \
	READ;                          \
	TAKE(0, AX, LOOK, STORE);            \
	TAKE(1, DX, LOOK, STORE);            \
	TAKE(2, R9, LOOK, STORE);            \
	TAKE(3, R12, LOOK, STORE);           \
	READ;                          \
	TAKE(4, R13, LOOK, STORE);           \
	TAKE(5, R14, LOOK, STORE);           \
	TAKE(6, R15, LOOK, STORE);           \
	TAKE(7, BP, LOOK, STORE);            \
	ADDQ $(8*BYTES), DI;           \
	JMP  loop;                     \
	wide:                          \
	READ;                          \
	TAKE(0, AX, LOOK, STORE);            \
	TAKE(1, DX, LOOK, STORE);            \
	READ;                          \
	TAKE(2, R9, LOOK, STORE);            \
	TAKE(3, R12, LOOK, STORE);           \
	READ;                          \
	TAKE(4, R13, LOOK, STORE);           \
	TAKE(5, R14, LOOK, STORE);           \
	READ;                          \
	TAKE(6, R15, LOOK, STORE);           \
	TAKE(7, BP, LOOK, STORE);            \
	ADDQ $(8*BYTES), DI;           \
	JMP  loop;                     \
	done:                          \
	MOVQ j+0(FP), CX;              \
	MOVQ decodeJob_states(CX), BX; \
	MOVL AX, 0(BX);                \
	MOVL DX, 4(BX);                \
	MOVL R9, 8(BX);                \
	MOVL R12, 12(BX);              \
	MOVL R13, 16(BX);              \
	MOVL R14, 20(BX);              \
	MOVL R15, 24(BX);              \
	MOVL BP, 28(BX);               \
	SUBQ decodeJob_dst(CX), DI;    \
	MOVQ DI, decodeJob_bytes(CX);  \
	SUBQ decodeJob_src(CX), SI;    \
	MOVBLZX R11, R11;              \
	LEAQ (R11)(SI*8), R11;         \
	MOVQ R11, decodeJob_pos(CX);   \
	RET

// func decode8BMI2(j *decodeJob)
TEXT ·decode8BMI2(SB), NOSPLIT, $24-8
	DECODELOOP(1, LOOK, STORE8)

// func decode16BMI2(j *decodeJob)
TEXT ·decode16BMI2(SB), NOSPLIT, $24-8
	DECODELOOP(2, LOOK, STORE16)

// func decode32BMI2(j *decodeJob)
TEXT ·decode32BMI2(SB), NOSPLIT, $24-8
	DECODELOOP(4, LOOK, STORE32)

// func decodeShort8BMI2(j *decodeJob)
TEXT ·decodeShort8BMI2(SB), NOSPLIT, $24-8
	DECODELOOP(1, LOOKSHORT, STORE8)

// func decodeShort16BMI2(j *decodeJob)
TEXT ·decodeShort16BMI2(SB), NOSPLIT, $24-8
	DECODELOOP(2, LOOKSHORT, STORESHORT16)

// func decodeShort32BMI2(j *decodeJob)
TEXT ·decodeShort32BMI2(SB), NOSPLIT, $24-8
	DECODELOOP(4, LOOKSHORT, STORESHORT32)
