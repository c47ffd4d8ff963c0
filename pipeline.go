package foretell

// A pipeline runs jobs in several goroutines and hands their results out in the
// order in which the jobs were given.
type pipeline[T any] struct {
	results chan chan T
	slots   chan struct{}
}

// newPipeline returns a pipeline that runs at most workers jobs at a time and
// holds about as many results that wait to be taken.
func newPipeline[T any](workers int) *pipeline[T] {
	return &pipeline[T]{
		results: make(chan chan T, workers),
		slots:   make(chan struct{}, workers),
	}
}

// run gives the pipeline a job. It waits while there is too much to do, or
// returns false because stop is closed.
func (p *pipeline[T]) run(stop <-chan struct{}, job func() T) bool {
	result := make(chan T, 1)
	select {
	case p.results <- result:
	case <-stop:
		return false
	}
	p.slots <- struct{}{}
	go func() {
		result <- job()
		<-p.slots
	}()
	return true
}

// done says that no more jobs will come.
func (p *pipeline[T]) done() { close(p.results) }

// next returns the next result, false after the last one.
func (p *pipeline[T]) next() (T, bool) {
	result, ok := <-p.results
	if !ok {
		var none T
		return none, false
	}
	return <-result, true
}

// A pool keeps buffers for reuse, so that a long file makes no garbage.
type pool chan []byte

// get returns an empty buffer.
func (s pool) get() []byte {
	select {
	case b := <-s:
		return b[:0]
	default:
		return nil
	}
}

func (s pool) put(b []byte) {
	select {
	case s <- b:
	default:
	}
}
