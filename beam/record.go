package foretellbeam

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"runtime"
	"sync"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/foretell/foretell"
)

// What became of a shard.
const (
	Written = "written" // the output was written
	Kept    = "kept"    // an earlier run's output is whole and was left alone
	Whole   = "whole"   // all of the file was decoded and checked
	Failed  = "failed"  // Error says why; there is no output
	Skipped = "skipped" // too many shards had failed before
)

// A Record says what became of a shard. Records are the lines of a manifest.
type Record struct {
	Name    string `json:"name"`             // of the shard
	Output  string `json:"output,omitempty"` // path of what was written
	Status  string `json:"status"`
	Tokens  int64  `json:"tokens"`
	Content int64  `json:"content_bytes"` // uncompressed, as decompression gives them back
	Bytes   int64  `json:"bytes"`         // of the .fore file
	Hash    string `json:"hash"`          // 128-bit xxh3 of the content, in hexadecimal
	Prior   string `json:"prior"`         // SHA-256 of the prior, "" without one
	Kind    string `json:"kind,omitempty"`
	Error   string `json:"error,omitempty"`
}

// Kinds of failures, which the metrics are named after.
var kinds = []struct {
	err  error
	name string
}{
	{io.ErrUnexpectedEOF, "truncated"},
	{foretell.ErrCorrupt, "corrupt"},
	{foretell.ErrUnsupported, "unsupported"},
	{errors.ErrUnsupported, "unsupported"},
	{foretell.ErrLimit, "limit"},
	{foretell.ErrModel, "model"},
	{fs.ErrNotExist, "missing"},
	{fs.ErrPermission, "permission"},
}

func kindOf(err error) string {
	for _, k := range kinds {
		if errors.Is(err, k.err) {
			return k.name
		}
	}
	return "io"
}

// fail sets what became of a shard that could not be worked on.
func (r *Record) fail(err error) {
	*r = Record{Name: r.Name, Status: Failed, Kind: kindOf(err), Error: err.Error()}
}

const namespace = "foretell"

var (
	tokensMetric  = beam.NewCounter(namespace, "tokens")
	contentMetric = beam.NewCounter(namespace, "content_bytes")
	bytesMetric   = beam.NewCounter(namespace, "bytes")
	// ratioMetric is a thousand times the ratio of each shard.
	ratioMetric = beam.NewDistribution(namespace, "ratio_permille")
)

// count adds a record to the metrics.
func (r *Record) count(ctx context.Context) {
	beam.NewCounter(namespace, "shards_"+r.Status).Inc(ctx, 1)
	if r.Status == Failed {
		beam.NewCounter(namespace, "failures_"+r.Kind).Inc(ctx, 1)
		return
	}
	tokensMetric.Inc(ctx, r.Tokens)
	contentMetric.Inc(ctx, r.Content)
	bytesMetric.Inc(ctx, r.Bytes)
	if r.Bytes > 0 {
		ratioMetric.Update(ctx, 1000*r.Content/r.Bytes)
	}
}

// A Limit bounds what the shards of a run take and how many may fail.
type Limit struct {
	// Workers is how many shards each worker process has under way at a time,
	// which bounds its memory; 0 is one for each CPU.
	Workers int

	// MaxFailures is how many shards may fail in a worker process before it
	// skips those that it has not begun; below 0 there is no limit.
	MaxFailures int
}

// A crew is what the goroutines of a worker process that share a Limit share.
type crew struct {
	slots    chan struct{}
	mu       sync.Mutex
	failures int
}

// crews holds a crew for each run and limit of the process.
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
	c, _ := crews.LoadOrStore(key{run, l}, &crew{slots: make(chan struct{}, n)})
	return c.(*crew)
}

// do works on a shard once there is room for it and records what became of it.
func (c *crew) do(ctx context.Context, max int, rec *Record, work func() error) error {
	select {
	case c.slots <- struct{}{}:
		defer func() { <-c.slots }()
	case <-ctx.Done():
		return ctx.Err()
	}
	c.mu.Lock()
	full := max >= 0 && c.failures > max
	c.mu.Unlock()
	if full {
		*rec = Record{Name: rec.Name, Status: Skipped, Error: fmt.Sprintf("more than %d shards have failed", max)}
		rec.count(ctx)
		return nil
	}
	if err := work(); err != nil {
		// A run that is being ended says nothing about the shard.
		if ctx.Err() != nil {
			return ctx.Err()
		}
		rec.fail(err)
		c.mu.Lock()
		c.failures++
		c.mu.Unlock()
	}
	rec.count(ctx)
	return nil
}
