package main

import (
	"testing"
	"time"
)

func TestSize(t *testing.T) {
	good := map[string]int64{
		"1": 1, "65536": 65536, "512M": 512 << 20, "512m": 512 << 20, "2GiB": 2 << 30, "2GB": 2e9,
		"1.5K": 1536, "3kB": 3000, "7B": 7, "1T": 1 << 40,
	}
	for text, want := range good {
		var s size
		if err := s.Set(text); err != nil || int64(s) != want {
			t.Errorf("%q is %d, %v; want %d", text, s, err, want)
		}
	}
	for _, text := range []string{"", "0", "-1", "K", "1X", "1KK", "1e40", "9e18K", "NaN", "inf", "0.1", "1 K K"} {
		s := size(5)
		if err := s.Set(text); err == nil || s != 5 {
			t.Errorf("%q is taken as %d", text, s)
		}
	}
	for n, want := range map[int64]string{1 << 30: "1GiB", 1 << 36: "64GiB", 1000: "1000", 1 << 10: "1KiB", 0: ""} {
		if s := size(n); s.String() != want {
			t.Errorf("%d prints as %q, want %q", n, s.String(), want)
		}
	}
}

func TestCount(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", -1234567: "-1,234,567", 100000: "100,000"} {
		if got := count(n); got != want {
			t.Errorf("%d prints as %q, want %q", n, got, want)
		}
	}
	if got := counted(1, "token") + counted(0, "byte"); got != "1 token0 bytes" {
		t.Error(got)
	}
}

func TestPrintable(t *testing.T) {
	for name, want := range map[string]string{
		"a/b-ü.npy": "a/b-ü.npy", "x\x1b[31m": `"x\x1b[31m"`, "x\u202ey": `"x\u202ey"`, "\xff": `"\xff"`,
	} {
		if got := printable(name); got != want {
			t.Errorf("%q prints as %s, want %s", name, got, want)
		}
	}
}

func TestHarmless(t *testing.T) {
	for text, want := range map[string]string{
		`a "b" 'c' ü \ #`: `a "b" 'c' ü \ #`, "x\x1b[31m'\n": `x\x1b[31m'\n`, "\u202e\x9b\u009b\x7f": `\u202e\x9b\u009b\x7f`, "\ufffd": "\ufffd",
	} {
		if got := harmless(text, ""); got != want {
			t.Errorf("%q prints as %s, want %s", text, got, want)
		}
	}
	if got := harmless("a\n\tb\r", "\n\t"); got != "a\n\tb\\r" {
		t.Errorf("%q", got)
	}
}

// TestTrend has the input run ahead of the output by 1000 units.
func TestTrend(t *testing.T) {
	var trend trend
	for i := int64(0); i < 100; i++ {
		raw, coded := (1000+i)*500, i*100
		trend.add(raw, coded)
	}
	if trend.ratio != 5 {
		t.Errorf("ratio %v, want 5", trend.ratio)
	}
}

func TestPlainTar(t *testing.T) {
	for _, c := range [][3]string{
		{"a/x.tar.gz", "x.tar", "a/x.tar"}, {"x.TGZ", "y.tar", "x.tar"}, {"x.npz", "x.npz", "x.npz"}, {"x", "x.tar", "x"},
	} {
		if got := plainTar(c[0], c[1]); got != c[2] {
			t.Errorf("%s with %s in it comes out as %s, want %s", c[0], c[1], got, c[2])
		}
	}
}

func TestRate(t *testing.T) {
	for mb, want := range map[float64]string{412.34: "412.3", 1: "1.0", 0.5: "0.50", 0.0421: "0.042", 0.00123: "0.0012", 0: "0.0000"} {
		if got := speedText(mb); got != want {
			t.Errorf("%v prints as %s, want %s", mb, got, want)
		}
	}
	if got := rate(5e6, 2*time.Second); got != 2.5 {
		t.Error(got)
	}
}
