// Package levels runs tests at each level of vector instructions that there is.
package levels

import (
	"testing"

	"github.com/foretell/foretell/internal/simd"
)

// Each runs f as a subtest at each level, which it is named after.
func Each(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	for _, level := range simd.Levels() {
		t.Run(level, func(t *testing.T) {
			restore, err := simd.Use(level)
			if err != nil {
				t.Fatal(err)
			}
			defer restore()
			f(t)
		})
	}
}
