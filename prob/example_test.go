package prob_test

import (
	"fmt"
	"log"

	"github.com/foretell/foretell/prob"
)

// Probabilities become exact integer intervals of 2^32 parts, the same on every
// machine. They need not be normalised.
func ExampleSet() {
	var c prob.Categorical
	if err := prob.Set(&c, []float32{2, 1, 1}); err != nil {
		log.Fatal(err)
	}
	defer c.Release()
	iv, err := c.Interval(1)
	if err != nil {
		log.Fatal(err)
	}
	symbol, _ := c.Find(uint32(iv.Low))
	fmt.Println(symbol, float64(iv.Width)/(1<<32) > 0.2499)
	// Output: 1 true
}

// Counts that adapt predict from what came before.
func ExampleNewAdaptive() {
	a, err := prob.NewAdaptive(4, 32, 1<<12)
	if err != nil {
		log.Fatal(err)
	}
	for range 100 {
		a.Update(3)
	}
	iv, err := a.Interval(3)
	fmt.Println(float64(iv.Width)/(1<<32) > 0.9, err)
	// Output: true <nil>
}
