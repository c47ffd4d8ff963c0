package show

import (
	"testing"
	"time"
)

func TestCount(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", -1234567: "-1,234,567", 100000: "100,000"} {
		if got := Count(n); got != want {
			t.Errorf("%d prints as %q, want %q", n, got, want)
		}
	}
	if got := Counted(1, "token") + Counted(0, "byte"); got != "1 token0 bytes" {
		t.Error(got)
	}
}

func TestPrintable(t *testing.T) {
	for name, want := range map[string]string{
		"a/b-ü.npy": "a/b-ü.npy", "x\x1b[31m": `"x\x1b[31m"`, "x\u202ey": `"x\u202ey"`, "\xff": `"\xff"`,
	} {
		if got := Printable(name); got != want {
			t.Errorf("%q prints as %s, want %s", name, got, want)
		}
	}
}

func TestHarmless(t *testing.T) {
	for text, want := range map[string]string{
		`a "b" 'c' ü \ #`: `a "b" 'c' ü \ #`, "x\x1b[31m'\n": `x\x1b[31m'\n`, "\u202e\x9b\u009b\x7f": `\u202e\x9b\u009b\x7f`, "\ufffd": "\ufffd",
	} {
		if got := Harmless(text, ""); got != want {
			t.Errorf("%q prints as %s, want %s", text, got, want)
		}
	}
	if got := Harmless("a\n\tb\r", "\n\t"); got != "a\n\tb\\r" {
		t.Errorf("%q", got)
	}
}

func TestRate(t *testing.T) {
	for mb, want := range map[float64]string{412.34: "412.3", 1: "1.0", 0.5: "0.50", 0.0421: "0.042", 0.00123: "0.0012", 0: "0.0000"} {
		if got := Speed(mb); got != want {
			t.Errorf("%v prints as %s, want %s", mb, got, want)
		}
	}
	if got := Rate(5e6, 2*time.Second); got != 2.5 {
		t.Error(got)
	}
}
