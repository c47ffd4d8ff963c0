package foretellbeam

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
)

func init() {
	beam.RegisterDoFn(&linesFn{})
	beam.RegisterFunction(recordLine)
	beam.RegisterFunction(statsLine)
}

// dir returns the folder that a file of any file system is in, with a slash.
func dir(name string) string {
	folder, _ := path.Split(name)
	if folder == "" {
		return "./"
	}
	return folder
}

// A line is one of a JSON Lines file, in which lines are sorted by key.
type line struct{ Key, Text string }

func recordLine(r Record) (line, error) {
	text, err := json.Marshal(r)
	return line{r.Name, string(text)}, err
}

func statsLine(m MemberStats) (line, error) {
	text, err := json.Marshal(m)
	return line{m.Shard + "\x00" + m.Member, string(text)}, err
}

// ManifestName is what a manifest is called in the folder of outputs.
const ManifestName = "manifest.jsonl"

// WriteManifest writes a PCollection of Record to a file of JSON Lines, sorted by
// name. The file gets its name when it is complete.
func WriteManifest(s beam.Scope, file string, records beam.PCollection) {
	s = s.Scope("foretell.WriteManifest")
	writeLines(s, file, beam.ParDo(s, recordLine, records))
}

// WriteStats writes a PCollection of MemberStats to a file of JSON Lines, sorted
// by shard and member.
func WriteStats(s beam.Scope, file string, members beam.PCollection) {
	s = s.Scope("foretell.WriteStats")
	writeLines(s, file, beam.ParDo(s, statsLine, members))
}

func writeLines(s beam.Scope, file string, lines beam.PCollection) {
	beam.ParDo0(s, &linesFn{File: file}, beam.Impulse(s), beam.SideInput{Input: lines})
}

type linesFn struct{ File string }

func (fn *linesFn) ProcessElement(ctx context.Context, _ []byte, next func(*line) bool) error {
	var all []line
	for l := (line{}); next(&l); {
		all = append(all, l)
	}
	slices.SortFunc(all, func(a, b line) int {
		return cmp.Or(strings.Compare(a.Key, b.Key), strings.Compare(a.Text, b.Text))
	})
	out, err := create(ctx, dir(fn.File), "", fn.File)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(out)
	for _, l := range all {
		w.WriteString(l.Text)
		w.WriteByte('\n')
	}
	if err := w.Flush(); err != nil {
		out.abort(ctx)
		return err
	}
	return out.commit(ctx)
}

// Totals sums up a manifest.
type Totals struct {
	Shards  int            // all
	Status  map[string]int // shards by status
	Kinds   map[string]int // failed shards by kind
	Tokens  int64
	Content int64 // bytes, uncompressed
	Bytes   int64 // of .fore files
}

// ReadManifest reads a manifest and calls fn with each record. An error of fn
// ends it.
func ReadManifest(ctx context.Context, file string, fn func(Record) error) (*Totals, error) {
	f, done, err := open(ctx, file)
	if err != nil {
		return nil, err
	}
	defer done()
	t := &Totals{Status: map[string]int{}, Kinds: map[string]int{}}
	d := json.NewDecoder(bufio.NewReader(f))
	for {
		var r Record
		if err := d.Decode(&r); err == io.EOF {
			return t, nil
		} else if err != nil {
			return nil, fmt.Errorf("manifest %s: %w", file, err)
		}
		t.Shards++
		t.Status[r.Status]++
		if r.Status == Failed {
			t.Kinds[r.Kind]++
		}
		t.Tokens += r.Tokens
		t.Content += r.Content
		t.Bytes += r.Bytes
		if err := fn(r); err != nil {
			return nil, err
		}
	}
}
