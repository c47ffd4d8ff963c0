package show

import (
	"slices"
	"testing"
)

func TestSummary(t *testing.T) {
	facts := []string{"1,000 -> 100 bytes", "8.000 bits/token", "1.0 MB/s"}
	for _, c := range []struct {
		width int
		want  []string
	}{
		{0, []string{"a.npy: 1,000 -> 100 bytes, 8.000 bits/token, 1.0 MB/s"}},
		{80, []string{"a.npy: 1,000 -> 100 bytes, 8.000 bits/token, 1.0 MB/s"}},
		{40, []string{"a.npy:", "  1,000 -> 100 bytes, 8.000 bits/token,", "  1.0 MB/s"}},
		{20, []string{"a.npy:", "  1,000 -> 100 bytes", "  8.000 bits/token,", "  1.0 MB/s"}},
	} {
		if got := summary("a.npy", facts, c.width); !slices.Equal(got, c.want) {
			t.Errorf("%d columns: %q, want %q", c.width, got, c.want)
		}
	}
}
