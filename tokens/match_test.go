package tokens

import "testing"

func TestPatterns(t *testing.T) {
	for _, c := range []struct {
		pattern, name string
		want          bool
	}{
		{"fine_*", "fine_prompt", true}, {"fine_*", "a/b/fine_prompt", true}, {"*/fine_*", "a/b/fine_prompt", true},
		{"b/fine_*", "a/b/fine_prompt", true}, {"a/fine_*", "a/b/fine_prompt", false}, {"a/*/fine_*", "a/b/fine_prompt", true},
		{"x[1]", "x[1]", true}, {"x[1]", "x1", true}, {"x[1]", "a/x[1]", true}, {"x[1]", "x2", false},
		{"*", "a/b", true}, {"a", "a/b", false}, {"b", "a/b", true}, {"", "a", false},
	} {
		if got := (Patterns{c.pattern}).Match(c.name); got != c.want {
			t.Errorf("%q on %q: %v", c.pattern, c.name, got)
		}
	}
	if !(Patterns{}).Match("a") || (Patterns{"["}).Check() == nil || (Patterns{"a*"}).Check() != nil {
		t.Error("no patterns, a malformed one, or a good one")
	}
}
