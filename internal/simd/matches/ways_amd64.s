//go:build amd64 && !purego

#include "go_asm.h"
#include "textflag.h"

// The loop of Ways. Package lz has the reference.

// What is added to prices so that only those of the first n lengths count: 8 numbers
// from the n-th before the middle on.
DATA limits<>+0x00(SB)/8, $0
DATA limits<>+0x08(SB)/8, $0
DATA limits<>+0x10(SB)/8, $0
DATA limits<>+0x18(SB)/8, $0
DATA limits<>+0x20(SB)/8, $0x2000000020000000
DATA limits<>+0x28(SB)/8, $0x2000000020000000
DATA limits<>+0x30(SB)/8, $0x2000000020000000
DATA limits<>+0x38(SB)/8, $0x2000000020000000
GLOBL limits<>(SB), RODATA|NOPTR, $64

// NEXT goes on to the next place. The prices of the 8 places after the one in hand are
// in Y0 and their matches in Y1, since the way through memory would take the most time.
#define NEXT \
	VMOVD      (Ways_Least+36)(R8)(CX*4), X8; \
	VMOVD      (Ways_Match+36)(R8)(CX*4), X10; \
	VPERM2I128 $0x21, Y8, Y0, Y9;             \
	VPERM2I128 $0x21, Y10, Y1, Y11;           \
	VPALIGNR   $4, Y0, Y9, Y0;                \
	VPALIGNR   $4, Y1, Y11, Y1;               \
	INCQ       CX;                            \
	ADDQ       $4, DI

// PASS goes on to the next place by a match if that is no dearer than this one and slack.
#define PASS \
	CMPQ  CX, limit-8(SP);   \
	JGE   exit;              \
	VMOVD X0, BP;            \
	MOVL  slack-16(SP), R13; \
	ADDL  AX, R13;           \
	CMPL  BP, R13;           \
	JLE   pass

// SAME makes OUT a bit for each of the 8 symbols from here on that are those OFFSET bytes
// before.
#define SAME(OFFSET, OUT) \
	MOVQ      DI, BP;       \
	SUBQ      OFFSET, BP;   \
	VPCMPEQD  (BP), Y2, Y3; \
	VMOVMSKPS Y3, OUT

// OFFER offers the BP first lengths of a match of the kind whose prices begin at ROW, above
// the price BASE.
#define OFFER(ROW, BASE) \
	LEAQ         limits<>+32(SB), R13; \
	SHLQ         $2, BP;               \
	SUBQ         BP, R13;              \
	VPADDD       ROW(R14), BASE, Y3;   \
	VPADDD       (R13), Y3, Y3;        \
	VPCMPGTD     Y3, Y0, Y5;           \
	VPMINSD      Y3, Y0, Y0;           \
	VMOVD        R12, X6;              \
	VPBROADCASTD X6, Y6;               \
	VPBLENDVB    Y5, Y6, Y1, Y1;       \
	MOVQ         R12, BP;              \
	SHLQ         $4, BP;               \
	ADDQ         offers-24(SP), BP;    \
	MOVL         CX, Offer_From(BP);   \
	MOVL         DX, Offer_Origin(BP); \
	INCQ         R12

// LONG offers the lengths above 8 of a match OFFSET bytes before, as OFFER does.
#define LONG(OFFSET, ROW, BASE, more, found, offer, back) \
	MOVQ         R15, saveR15-72(SP);            \
	MOVL         $8, BP;                         \
	more:                                        \
	MOVQ         DI, R13;                        \
	SUBQ         SI, R13;                        \
	SHRQ         $2, R13;                        \
	ADDQ         BP, R13;                        \
	CMPQ         R13, last-32(SP);               \
	JGT          stay;                           \
	LEAQ         (DI)(BP*4), R13;                \
	VMOVDQU      (R13), Y3;                      \
	SUBQ         OFFSET, R13;                    \
	VPCMPEQD     (R13), Y3, Y3;                  \
	VMOVMSKPS    Y3, R13;                        \
	XORL         $0xff, R13;                     \
	JNZ          found;                          \
	ADDQ         $8, BP;                         \
	CMPQ         BP, $const_LongMatch;           \
	JAE          stay;                           \
	JMP          more;                           \
	found:                                       \
	TZCNTL       R13, R13;                       \
	ADDL         R13, BP;                        \
	CMPL         BP, longest-40(SP);             \
	CMOVLCS      longest-40(SP), R13;            \
	CMOVLCC      BP, R13;                        \
	MOVL         R13, longest-40(SP);            \
	MOVQ         AX, saveAX-48(SP);              \
	MOVQ         BX, saveBX-56(SP);              \
	MOVQ         prices-64(SP), AX;              \
	VPBROADCASTD (ROW+28)(R14), Y5;              \
	VPADDD       BASE, Y5, Y5;                   \
	VMOVD        R12, X6;                        \
	VPBROADCASTD X6, Y6;                         \
	MOVL         $8, BX;                         \
	offer:                                       \
	VPADDD       (Prices_Longer-28)(AX)(BX*4), Y5, Y3; \
	MOVQ         BP, R13;                        \
	SUBQ         BX, R13;                        \
	MOVL         $8, R15;                        \
	CMPL         R13, R15;                       \
	CMOVLHI      R15, R13;                       \
	SHLQ         $2, R13;                        \
	NEGQ         R13;                            \
	LEAQ         limits<>+32(SB), R15;           \
	VPADDD       (R15)(R13*1), Y3, Y3;           \
	LEAQ         (CX)(BX*1), R13;                \
	VMOVDQU      (Ways_Least+4)(R8)(R13*4), Y8;  \
	VPCMPGTD     Y3, Y8, Y9;                     \
	VPMINSD      Y3, Y8, Y8;                     \
	VMOVDQU      Y8, (Ways_Least+4)(R8)(R13*4);  \
	VMOVDQU      (Ways_Match+4)(R8)(R13*4), Y8;  \
	VPBLENDVB    Y9, Y6, Y8, Y8;                 \
	VMOVDQU      Y8, (Ways_Match+4)(R8)(R13*4);  \
	ADDQ         $8, BX;                         \
	CMPQ         BX, BP;                         \
	JLT          offer;                          \
	MOVQ         saveAX-48(SP), AX;              \
	MOVQ         saveBX-56(SP), BX;              \
	MOVQ         saveR15-72(SP), R15;            \
	MOVL         $8, BP;                         \
	JMP          back

// REP offers a match at one of the last offsets. R15 has what is the same there.
#define REP(KIND, long, back, next) \
	MOVBLZX R15, BP;                 \
	CMPL    BP, $0xff;               \
	JEQ     long;                    \
	NOTL    BP;                      \
	TZCNTL  BP, BP;                  \
	back:                            \
	OFFER((32*KIND), Y4);            \
	MOVL    $KIND, Offer_Offset(BP); \
	next:                            \
	SHRL    $8, R15

// NEW offers a match R15 symbols before.
#define NEW(long, back) \
	LEAL         -1(R15), BP;                     \
	VCVTSI2SDL   BP, X8, X8;                      \
	VMOVQ        X8, R13;                         \
	SHRQ         $50, R13;                        \
	SUBQ         $(1023<<2), R13;                 \
	CMPL         BP, $16;                         \
	CMOVLCS      BP, R13;                         \
	MOVQ         prices-64(SP), BP;               \
	VPBROADCASTD Prices_Offsets(BP)(R13*4), Y7;   \
	VPADDD       Y4, Y7, Y7;                      \
	SHLQ         $2, R15;                         \
	SAME(R15, BP);                                \
	CMPL         BP, $0xff;                       \
	JEQ          long;                            \
	NOTL         BP;                              \
	TZCNTL       BP, BP;                          \
	back:                                         \
	OFFER(96, Y7);                                \
	SHRL         $2, R15;                         \
	ADDL         $(const_NewOffset-1), R15;       \
	MOVL         R15, Offer_Offset(BP)

// func advanceAVX2(j *waysJob)
TEXT ·advanceAVX2(SB), NOSPLIT, $120-8
	MOVQ j+0(FP), BP
	MOVQ waysJob_limit(BP), AX
	MOVQ AX, limit-8(SP)
	MOVL waysJob_slack(BP), AX
	MOVL AX, slack-16(SP)
	MOVQ waysJob_offers(BP), AX
	MOVQ AX, offers-24(SP)
	MOVQ waysJob_last(BP), AX
	MOVQ AX, last-32(SP)
	MOVQ waysJob_prices(BP), AX
	MOVQ AX, prices-64(SP)
	MOVQ waysJob_pairs(BP), AX
	MOVQ AX, pairs-80(SP)
	MOVQ waysJob_fours(BP), AX
	MOVQ AX, fours-88(SP)
	MOVQ waysJob_literals(BP), AX
	MOVQ AX, literals-96(SP)
	MOVQ waysJob_ways(BP), R8
	MOVQ waysJob_s(BP), SI
	MOVQ waysJob_at(BP), CX
	MOVQ waysJob_start(BP), DI
	ADDQ CX, DI
	LEAQ (SI)(DI*4), DI
	MOVL waysJob_price(BP), AX
	MOVL waysJob_run(BP), BX
	MOVL waysJob_origin(BP), DX
	MOVQ waysJob_count(BP), R12
	MOVL (waysJob_history+0)(BP), R9
	MOVL (waysJob_history+4)(BP), R10
	MOVL (waysJob_history+8)(BP), R11
	SHLQ $2, R9
	SHLQ $2, R10
	SHLQ $2, R11
	VMOVDQU (Ways_Least+4)(R8)(CX*4), Y0
	VMOVDQU (Ways_Match+4)(R8)(CX*4), Y1
	MOVQ    waysJob_known(BP), R13
	MOVL    Ways_Match(R8)(CX*4), R15
	TESTQ   R13, R13
	JNZ     known

match:
	// A match, R15, leads here, at the price AX.
	MOVL $0, R13
	PASS

	// What follows: DX the origin, BX the run, R9 to R11 the last offsets in bytes.
	MOVL    R15, Ways_Match(R8)(CX*4)
	SHLQ    $4, R15
	ADDQ    offers-24(SP), R15
	MOVL    Offer_Origin(R15), DX
	MOVL    Offer_Offset(R15), R15
	SHLQ    $4, DX
	VMOVDQU Ways_Last(R8)(DX*1), X8
	LEAL    (1-const_NewOffset)(R15), R13
	VPINSRD $3, R13, X8, X8
	MOVL    $const_NewOffset, R13
	CMPL    R15, R13
	CMOVLHI R13, R15
	SHLQ    $4, R15
	LEAQ    ·turns(SB), R13
	VPSHUFB (R13)(R15*1), X8, X8
	MOVQ    CX, DX
	SHLQ    $4, DX
	VMOVDQU X8, Ways_Last(R8)(DX*1)
	VMOVD   X8, R9
	VPEXTRD $1, X8, R10
	VPEXTRD $2, X8, R11
	SHLQ    $2, R9
	SHLQ    $2, R10
	SHLQ    $2, R11
	MOVL    CX, DX
	XORL    BX, BX
	JMP     offer

pass:
	MOVL  BP, AX
	VMOVD X1, R15
	NEXT
	JMP   match

known:
	MOVL $1, R13
	PASS

offer:
	VMOVDQU (DI), Y2
	SAME(R9, R15)
	SAME(R10, R13)
	SHLL    $8, R13
	ORL     R13, R15
	SAME(R11, R13)
	SHLL    $16, R13
	ORL     R13, R15
	MOVQ    pairs-80(SP), BP
	MOVL    (BP)(CX*4), R14
	MOVQ    DI, BP
	SUBQ    SI, BP
	SHRQ    $2, BP
	SUBL    R14, BP
	MOVL    R15, R13
	ANDL    $0x010101, R13
	ORL     BP, R13
	JZ      literal
	MOVL    BP, distance-104(SP)
	MOVL    $0, longest-40(SP)

	// Y4 is the price before a match, and at R14 are those of steps after the run.
	MOVQ         prices-64(SP), R14
	MOVL         Prices_After(R14)(BX*4), R13
	ADDL         AX, R13
	VMOVD        R13, X4
	VPBROADCASTD X4, Y4
	MOVL         $7, R13
	CMPL         BX, R13
	CMOVLCS      BX, R13
	SHLQ         $7, R13
	LEAQ         Prices_Steps(R14)(R13*1), R14
	TESTL        $0x010101, R15
	JZ           pair
	REP(0, long0, back0, next0)
	REP(1, long1, back1, next1)
	REP(2, long2, back2, next2)
	CMPL         longest-40(SP), $const_NiceMatch
	JAE          literal

pair:
	MOVL  distance-104(SP), R15
	TESTL R15, R15
	JZ    literal
	NEW(longPair, backPair)
	MOVQ  fours-88(SP), BP
	TESTQ BP, BP
	JZ    literal
	MOVL  (BP)(CX*4), R13
	MOVQ  DI, R15
	SUBQ  SI, R15
	SHRQ  $2, R15
	SUBL  R13, R15
	JZ    literal
	CMPL  longest-40(SP), $const_NiceMatch
	JAE   literal
	NEW(longFour, backFour)

literal:
	MOVL    (DI), BP
	MOVQ    literals-96(SP), R13
	MOVWLZX (R13)(BP*2), BP
	ADDL    BP, AX
	MOVQ    prices-64(SP), R13
	ADDL    Prices_More(R13)(BX*4), AX
	VMOVD   X0, BP
	VMOVD   X1, R15
	NEXT
	CMPL    AX, BP
	JGT     dearer
	INCL    BX
	MOVL    $const_MaxRun, R13
	CMPL    BX, R13
	CMOVLHI R13, BX
	JMP     known

dearer:
	MOVL BP, AX
	JMP  match

long0:
	LONG(R9, 0, Y4, more0, found0, offer0, back0)

long1:
	LONG(R10, 32, Y4, more1, found1, offer1, back1)

long2:
	LONG(R11, 64, Y4, more2, found2, offer2, back2)

longPair:
	LONG(R15, 96, Y7, morePair, foundPair, offerPair, backPair)

longFour:
	LONG(R15, 96, Y7, moreFour, foundFour, offerFour, backFour)

stay:
	MOVL $2, R13

exit:
	MOVQ    j+0(FP), BP
	MOVQ    R13, waysJob_known(BP)
	TESTQ   R13, R13
	JNZ     done
	MOVL    AX, Ways_Least(R8)(CX*4)
	MOVL    R15, Ways_Match(R8)(CX*4)

done:
	VMOVDQU Y0, (Ways_Least+4)(R8)(CX*4)
	VMOVDQU Y1, (Ways_Match+4)(R8)(CX*4)
	MOVQ    CX, waysJob_at(BP)
	MOVQ    R12, waysJob_count(BP)
	MOVL    AX, waysJob_price(BP)
	MOVL    BX, waysJob_run(BP)
	MOVL    DX, waysJob_origin(BP)
	SHRQ    $2, R9
	SHRQ    $2, R10
	SHRQ    $2, R11
	MOVL    R9, (waysJob_history+0)(BP)
	MOVL    R10, (waysJob_history+4)(BP)
	MOVL    R11, (waysJob_history+8)(BP)
	VZEROUPPER
	RET
