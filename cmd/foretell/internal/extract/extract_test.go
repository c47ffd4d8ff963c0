package extract

import "testing"

func TestBelow(t *testing.T) {
	for _, c := range []struct {
		path  string
		names []string
		want  string
	}{
		{"a/tokens.npy", []string{"tokens.npy"}, ""}, {"x", []string{"tokens.npy"}, ""},
		{"a/clips", []string{"clips/1.npy", "clips/b/2.npy"}, "a"}, {"clips", []string{"clips/1.npy"}, "."},
		{"a/other", []string{"clips/1.npy"}, "a/other"}, {"all", []string{"clips/1.npy", "b.npy"}, "all"},
		{"clips", []string{"clips/1.npy", "b.npy"}, "clips"}, {"all", nil, "."},
	} {
		if got := Below(c.path, c.names); got != c.want {
			t.Errorf("%s with %v goes below %q, want %q", c.path, c.names, got, c.want)
		}
	}
}

func TestUnpacked(t *testing.T) {
	for _, c := range [][3]string{
		{"a/x.tar.gz", "x.tar", "a/x.tar"}, {"x.TGZ", "y.tar", "x.tar"}, {"x.npz", "x.npz", "x.npz"}, {"x", "x.tar", "x"},
		{"a.npy.gz", "a.npy", "a.npy"}, {"b/a.npy.ZST", "a.npy", "b/a.npy"}, {"a.tzst", "a.tar", "a.tar"}, {"a.tar.xz", "a.tar", "a.tar"},
	} {
		if got := Unpacked(c[0], c[1]); got != c[2] {
			t.Errorf("%s with %s in it comes out as %s, want %s", c[0], c[1], got, c[2])
		}
	}
}
