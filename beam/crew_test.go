package foretellbeam

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"
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

// TestBundlePanic checks that a panic ends the bundle and not the process.
func TestBundlePanic(t *testing.T) {
	ctx := context.Background()
	c := Limit{Workers: 1, MaxFailures: -1}.crew("test of panics")
	var b bundle
	b.start()
	err := b.add(ctx, c, Shard{Name: "a"}, func(*Record) error { panic("no good") })
	if err == nil {
		err = b.finish(ctx, func(rec Record) { t.Errorf("emitted %+v", rec) })
	}
	if err == nil || !strings.Contains(err.Error(), "a: panic: no good") || !strings.Contains(err.Error(), "TestBundlePanic") {
		t.Errorf("%v, want a panic and where it was", err)
	}
	// The slot is free again.
	b.start()
	err = b.add(ctx, c, Shard{Name: "b"}, func(*Record) error { return nil })
	if err == nil {
		err = b.finish(ctx, func(Record) {})
	}
	if err != nil {
		t.Error(err)
	}
}

// TestBundleWaits checks that a bundle that is ended has no shards under way.
func TestBundleWaits(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	c := Limit{Workers: 1, MaxFailures: -1}.crew("test of waiting")
	var b bundle
	b.start()
	under, over := make(chan struct{}), false
	err := b.add(ctx, c, Shard{Name: "a"}, func(*Record) error {
		close(under)
		<-ctx.Done()
		time.Sleep(10 * time.Millisecond) // more than add needs to see the same
		over = true
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	<-under
	cancel()
	// The only slot is taken, so this ends with the context.
	err = b.add(ctx, c, Shard{Name: "b"}, func(*Record) error { return nil })
	if !over {
		t.Error("a shard is under way after its bundle")
	}
	if err != nil && !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
