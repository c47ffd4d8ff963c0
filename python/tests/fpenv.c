/* Sets how the thread calculates with floats: rounding mode and, where the
 * processor has it, flush-to-zero. Built and loaded by test_modes.py. */
#include <fenv.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

int set_rounding(int mode) {
	static const int modes[] = {FE_TONEAREST, FE_DOWNWARD, FE_UPWARD, FE_TOWARDZERO};
	return fesetround(modes[mode]);
}

void set_flush(int on) {
#if defined(__x86_64__)
	_mm_setcsr(on ? _mm_getcsr() | 0x8040 : _mm_getcsr() & ~0x8040u);
#elif defined(__aarch64__)
	unsigned long long fpcr;
	__asm__ volatile("mrs %0, fpcr" : "=r"(fpcr));
	fpcr = on ? fpcr | 1ull << 24 : fpcr & ~(1ull << 24);
	__asm__ volatile("msr fpcr, %0" : : "r"(fpcr));
#else
	(void)on;
#endif
}

/* half of the smallest normal float: 0 if denormals are flushed */
float probe(void) {
	volatile float x = 1.17549435e-38f;
	return x * 0.5f;
}

/* 1/3: tells the rounding modes apart */
double third(void) {
	volatile double x = 1;
	return x / 3;
}
