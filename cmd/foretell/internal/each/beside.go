package each

// A Beside runs tasks beside one another whose results are wanted in their order: those
// of a series that are small, up to the first that is not.
type Beside[T, R any] struct {
	Tasks   []T
	Workers int          // tasks at a time
	Small   func(T) bool // reports whether a task may run beside others
	Run     func(T) R    // in a goroutine
	begun   []chan R     // of the tasks from next on
	next    int          // the task that is taken next
}

// Take returns the result of the next task, or false if that is to be run by itself.
func (b *Beside[T, R]) Take() (result R, ok bool) {
	if len(b.begun) == 0 && b.Workers > 1 {
		b.begin()
	}
	b.next++
	if len(b.begun) == 0 {
		return result, false
	}
	result = <-b.begun[0]
	b.begun = b.begun[1:]
	return result, true
}

// begin starts the small tasks that come next, if there are several.
func (b *Beside[T, R]) begin() {
	from, to := b.next, b.next
	for to < len(b.Tasks) && b.Small(b.Tasks[to]) {
		to++
	}
	if to-from < 2 {
		return
	}
	for range to - from {
		b.begun = append(b.begun, make(chan R, 1))
	}
	slots := make(chan struct{}, b.Workers)
	go func(tasks []T, results []chan R) {
		for i, task := range tasks {
			slots <- struct{}{}
			go func() {
				results[i] <- b.Run(task)
				<-slots
			}()
		}
	}(b.Tasks[from:to], b.begun)
}
