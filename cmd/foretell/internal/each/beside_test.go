package each

import (
	"slices"
	"sync/atomic"
	"testing"
)

// Results come in the order of the tasks, never more than so many run at a time, and what
// is not small, or stands alone, is left to the caller.
func TestBeside(t *testing.T) {
	tasks := []int{1, 2, 3, 4, 100, 5, 200, 300, 6, 7, 8}
	for workers := range 5 {
		var running, most atomic.Int64
		b := Beside[int, int]{Tasks: tasks, Workers: workers, Small: func(n int) bool { return n < 100 }, Run: func(n int) int {
			if now := running.Add(1); now > most.Load() {
				most.Store(now)
			}
			defer running.Add(-1)
			return 2 * n
		}}
		var alone []int
		for _, task := range tasks {
			got, ok := b.Take()
			if !ok {
				alone = append(alone, task)
			} else if got != 2*task {
				t.Errorf("task %d has the result %d", task, got)
			}
		}
		want := []int{100, 5, 200, 300}
		if workers < 2 {
			want = tasks
		}
		if !slices.Equal(alone, want) || most.Load() > int64(workers) {
			t.Errorf("%d workers: %v are left, %d ran at a time", workers, alone, most.Load())
		}
	}
}
