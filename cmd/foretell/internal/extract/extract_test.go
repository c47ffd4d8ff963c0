package extract

import "testing"

func TestPlainTar(t *testing.T) {
	for _, c := range [][3]string{
		{"a/x.tar.gz", "x.tar", "a/x.tar"}, {"x.TGZ", "y.tar", "x.tar"}, {"x.npz", "x.npz", "x.npz"}, {"x", "x.tar", "x"},
	} {
		if got := PlainTar(c[0], c[1]); got != c[2] {
			t.Errorf("%s with %s in it comes out as %s, want %s", c[0], c[1], got, c[2])
		}
	}
}
