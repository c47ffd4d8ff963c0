package prob

import "testing"

func TestNoAllocation(t *testing.T) {
	p := []float32{0.5, 0.25, 0, 0.25}
	var c Categorical
	if n := testing.AllocsPerRun(10, func() {
		if Set(&c, p) != nil || SetLogits(&c, p) != nil {
			t.Fatal("refused")
		}
		iv, _ := c.Interval(3)
		if s, _ := c.Find(uint32(iv.Low)); s != 3 {
			t.Fatal("lost")
		}
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
