package flags

import "testing"

func TestSize(t *testing.T) {
	good := map[string]int64{
		"1": 1, "65536": 65536, "512M": 512 << 20, "512m": 512 << 20, "2GiB": 2 << 30, "2GB": 2e9,
		"1.5K": 1536, "3kB": 3000, "7B": 7, "1T": 1 << 40,
	}
	for text, want := range good {
		var s Size
		if err := s.Set(text); err != nil || int64(s) != want {
			t.Errorf("%q is %d, %v; want %d", text, s, err, want)
		}
	}
	for _, text := range []string{"", "0", "-1", "K", "1X", "1KK", "1e40", "9e18K", "NaN", "inf", "0.1", "1 K K"} {
		s := Size(5)
		if err := s.Set(text); err == nil || s != 5 {
			t.Errorf("%q is taken as %d", text, s)
		}
	}
	for n, want := range map[int64]string{1 << 30: "1GiB", 1 << 36: "64GiB", 1000: "1000", 1 << 10: "1KiB", 0: ""} {
		if s := Size(n); s.String() != want {
			t.Errorf("%d prints as %q, want %q", n, s.String(), want)
		}
	}
}
