package foretellbeam

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"sync"
)

// A Limit bounds what the shards of a run take and how many may fail.
type Limit struct {
	// Workers is how many shards each worker process has under way at a time,
	// which bounds its memory; 0 is one for each CPU.
	Workers int

	// MaxFailures is how many shards may fail in a worker process before it
	// skips those that it has not begun; below 0 there is no limit.
	MaxFailures int
}

// A crew is what the shards that a process has under way for a run share.
type crew struct {
	slots chan struct{}
	max   int

	mu       sync.Mutex
	failures int

	cleaning sync.Mutex
	cleaned  bool
}

// crews holds a crew for each run and limit of the process. Nothing tells when a
// run is over here, so they stay: some hundred bytes for each pipeline.
var crews sync.Map

func (l Limit) crew(run string) *crew {
	type key struct {
		run   string
		limit Limit
	}
	n := l.Workers
	if n <= 0 {
		n = runtime.GOMAXPROCS(0)
	}
	c, _ := crews.LoadOrStore(key{run, l}, &crew{slots: make(chan struct{}, n), max: l.MaxFailures})
	return c.(*crew)
}

// clean deletes, the first time, what earlier runs have left in a folder. What fails, or
// is ended, is tried again for the next shard.
func (c *crew) clean(ctx context.Context, root, run string) error {
	c.cleaning.Lock()
	defer c.cleaning.Unlock()
	if c.cleaned {
		return nil
	}
	err := clean(ctx, root, run)
	c.cleaned = err == nil
	return err
}

// do works on a shard and records what became of it. A panic is an error that ends
// the bundle, as Beam makes it one in its own goroutines.
func (c *crew) do(ctx context.Context, rec *Record, work func(*Record) error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%s: panic: %v\n%s", rec.Name, r, debug.Stack())
		}
	}()
	c.mu.Lock()
	full := c.max >= 0 && c.failures > c.max
	c.mu.Unlock()
	if full {
		*rec = Record{Name: rec.Name, Status: Skipped, Error: fmt.Sprintf("more than %d shards have failed", c.max)}
		return nil
	}
	if err := work(rec); err != nil {
		// A run that is being ended says nothing about the shard.
		if ctx.Err() != nil {
			return ctx.Err()
		}
		rec.fail(err)
		c.mu.Lock()
		c.failures++
		c.mu.Unlock()
	}
	return nil
}

// A bundle is the part of a function that works on the shards of one of the
// runner's bundles: on several at a time, as many as the limit says, since a runner
// may well put all shards in one. Their records are in the global window.
type bundle struct{ lot *lot }

type lot struct {
	wait sync.WaitGroup

	mu      sync.Mutex
	records []Record
	counted int   // of the records, in the metrics
	err     error // the first that ended a shard without a record
}

// StartBundle begins a bundle for Beam, which has it take what ProcessElement takes.
func (b *bundle) StartBundle(_ context.Context, _ func(Record)) { b.start() }

// FinishBundle ends it.
func (b *bundle) FinishBundle(ctx context.Context, emit func(Record)) error {
	return b.finish(ctx, emit)
}

func (b *bundle) start() { b.lot = &lot{} }

// finish waits for the shards of the bundle and emits their records.
func (b *bundle) finish(ctx context.Context, emit func(Record)) error {
	b.lot.wait.Wait()
	err := b.lot.count(ctx)
	for _, rec := range b.lot.records {
		emit(rec)
	}
	return err
}

// add begins to work on a shard once there is room for it. After an error Beam does
// not finish a bundle, so add waits for the bundle's other shards then.
func (b *bundle) add(ctx context.Context, c *crew, shard Shard, work func(*Record) error) (err error) {
	l := b.lot
	defer func() {
		if err != nil {
			l.wait.Wait()
		}
	}()
	select {
	case c.slots <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	l.wait.Go(func() {
		defer func() { <-c.slots }()
		rec := Record{Name: shard.Name}
		err := c.do(ctx, &rec, work)
		l.mu.Lock()
		defer l.mu.Unlock()
		if err == nil {
			l.records = append(l.records, rec)
		} else if l.err == nil {
			l.err = err
		}
	})
	return l.count(ctx)
}

// count adds new records to the metrics, which are the runner's goroutine's own.
func (l *lot) count(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for ; l.counted < len(l.records); l.counted++ {
		l.records[l.counted].count(ctx)
	}
	return l.err
}
