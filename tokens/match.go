package tokens

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// Patterns choose members by name. A pattern of path.Match is tried on the name and
// on all that follows one of its slashes, so that fine_* and */fine_* find members in
// any folder; a * itself does not match slashes. A pattern that is a name, or the end
// of one behind a slash, matches it whatever characters it has. No patterns match
// every name.
type Patterns []string

// Check refuses patterns that are malformed.
func (p Patterns) Check() error {
	for _, pattern := range p {
		if _, err := path.Match(pattern, ""); err != nil {
			return fmt.Errorf("pattern %s: %w", pattern, err)
		}
	}
	return nil
}

// Match reports whether a name matches one of the patterns.
func (p Patterns) Match(name string) bool {
	return len(p) == 0 || slices.ContainsFunc(p, func(pattern string) bool {
		for end, more := name, true; more; _, end, more = strings.Cut(end, "/") {
			if ok, _ := path.Match(pattern, end); ok || pattern == end {
				return true
			}
		}
		return false
	})
}
