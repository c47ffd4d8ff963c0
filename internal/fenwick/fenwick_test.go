package fenwick

import (
	"math/rand/v2"
	"testing"
)

func TestTree(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		n := 1 + r.IntN(1<<r.IntN(11))
		tree, plain := New(n), make([]uint32, n)
		if r.IntN(2) == 0 {
			tree.Fill()
			for i := range plain {
				plain[i] = 1
			}
		}
		for range 50 {
			i, c := r.IntN(n), uint32(r.IntN(1000))
			tree.Add(i, c)
			plain[i] += c
		}
		if r.IntN(2) == 0 {
			total := uint32(0)
			for i := range plain {
				plain[i] -= plain[i] / 2
				total += plain[i]
			}
			if got := tree.Halve(); got != total {
				t.Fatalf("sum %d, want %d", got, total)
			}
		}
		if tree.Len() != n || tree.Top() > n || 2*tree.Top() <= n {
			t.Fatalf("%d counts, first step %d, want %d counts", tree.Len(), tree.Top(), n)
		}
		sum := uint32(0)
		for i, c := range plain {
			if tree.Sum(i) != sum || tree.Count(i) != c {
				t.Fatalf("count %d of %d is %d after %d, want %d after %d", i, n, tree.Count(i), tree.Sum(i), c, sum)
			}
			sum += c
		}
		if tree.Sum(n) != sum {
			t.Fatalf("sum of all %d, want %d", tree.Sum(n), sum)
		}
	}
}
