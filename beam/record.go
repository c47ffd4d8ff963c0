package foretellbeam

import (
	"context"
	"errors"
	"io"
	"io/fs"

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
	Content int64  `json:"content_bytes"`  // uncompressed, as decompression gives them back
	Bytes   int64  `json:"bytes"`          // of the .fore file
	Hash    string `json:"hash"`           // 128-bit xxh3 of the content, in hexadecimal
	Prior   string `json:"prior"`          // SHA-256 of the prior, "" without one
	Note    string `json:"note,omitempty"` // what is kept as bytes, and why
	Kind    string `json:"kind,omitempty"`
	Error   string `json:"error,omitempty"`
}

// note adds to the note of a record, up to a length that a manifest can bear.
func (r *Record) note(why error) {
	const most = 1000
	switch {
	case r.Note == "":
		r.Note = why.Error()
	case len(r.Note) < most:
		r.Note += "; " + why.Error()
	}
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
