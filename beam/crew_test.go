package foretellbeam

import (
	"context"
	"errors"
	"sync"
	"testing"
)

// TestBundle checks that two shards of a bundle are under way at a time, and never
// a third, and that what becomes of all is told at its end.
func TestBundle(t *testing.T) {
	ctx := context.Background()
	c := Limit{Workers: 2, MaxFailures: -1}.crew("test of bundles")
	var b bundle
	b.start()
	var (
		mu          sync.Mutex
		inside, top int
		both        sync.WaitGroup
	)
	both.Add(2) // the first two wait for each other
	for i, name := range []string{"a", "b", "c", "d", "e"} {
		err := b.add(ctx, c, Shard{Name: name}, func(rec *Record) error {
			mu.Lock()
			inside++
			top = max(top, inside)
			mu.Unlock()
			if i < 2 {
				both.Done()
				both.Wait()
			}
			mu.Lock()
			inside--
			mu.Unlock()
			if name == "d" {
				return errors.New("no good")
			}
			rec.Status = Written
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	status := map[string]string{}
	if err := b.finish(ctx, func(rec Record) { status[rec.Name] = rec.Status }); err != nil {
		t.Fatal(err)
	}
	if top != 2 || len(status) != 5 || status["c"] != Written || status["d"] != Failed {
		t.Errorf("%d shards at a time, %v", top, status)
	}
}

// TestBundleEnded checks that a run that is being ended says nothing of its shards.
func TestBundleEnded(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	c := Limit{Workers: 1, MaxFailures: 0}.crew("test of ends")
	var b bundle
	b.start()
	err := b.add(ctx, c, Shard{Name: "a"}, func(*Record) error {
		cancel()
		return ctx.Err()
	})
	if err == nil {
		err = b.finish(ctx, func(rec Record) { t.Errorf("emitted %+v", rec) })
	}
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
