package rangecoder_test

import (
	"fmt"
	"log"

	"github.com/foretell/foretell/prob"
	"github.com/foretell/foretell/rangecoder"
)

// Intervals of a distribution go in, and the symbols come out again.
func Example() {
	counts, err := prob.NewCounts([]uint32{8, 1, 1, 6})
	if err != nil {
		log.Fatal(err)
	}
	enc := rangecoder.NewEncoder(nil)
	for _, s := range []uint32{0, 3, 0, 2} {
		iv, err := counts.Interval(s)
		if err != nil {
			log.Fatal(err)
		}
		enc.Put(iv)
	}
	dec := rangecoder.NewDecoder(enc.Finish())
	for range 4 {
		point, err := dec.Point()
		if err != nil {
			log.Fatal(err)
		}
		s, iv := counts.Find(point)
		dec.Take(iv)
		fmt.Print(s, " ")
	}
	fmt.Println(dec.Finish())
	// Output: 0 3 0 2 <nil>
}
