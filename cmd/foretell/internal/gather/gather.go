// Package gather finds out all that a report says.
package gather

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"sync/atomic"
	"time"

	"github.com/foretell/foretell"
	"github.com/foretell/foretell/cmd/foretell/internal/failure"
	"github.com/foretell/foretell/cmd/foretell/internal/flags"
	"github.com/foretell/foretell/cmd/foretell/internal/inputs"
	"github.com/foretell/foretell/cmd/foretell/internal/progress"
	"github.com/foretell/foretell/cmd/foretell/internal/report"
	"github.com/foretell/foretell/cmd/foretell/internal/show"
	"github.com/foretell/foretell/cmd/foretell/internal/staged"
	"github.com/foretell/foretell/cmd/foretell/internal/ways"
	"github.com/foretell/foretell/cmd/foretell/internal/writing"
)

// A Gathering is what the numbers of a report are gathered from, and how.
type Gathering struct {
	Told *progress.View
	inputs.Flags
	Model   string
	Compare []string
	Arrays  int
	Sharing inputs.Sharing
	Block   flags.Size
	Memory  flags.Size

	PriorFile string
	Embed     bool

	Rows, Cols int    // of the pictures of arrays of two axes, 0 if not asked for
	prior      []byte // of PriorFile
	elements   int64  // bytes, when they have been counted
}

// Gather finds out all that the report says.
func (r *Gathering) Gather(in *Input, version string) (*report.Report, error) {
	rep := &report.Report{Name: in.name, Version: version, Model: writing.ModelName(&in.writer), Solid: in.writer.Solid}
	stats, err := r.count(in)
	if err != nil {
		return nil, err
	}
	if err := r.checkGrid(stats); err != nil {
		return nil, err
	}
	gatherers := make([]*report.Gatherer, len(stats))
	for i := range stats {
		s := &stats[i]
		rep.Members = append(rep.Members, memberOf(s))
		rep.Tokens += s.Tokens
		r.elements += s.Tokens * int64(s.Info.Type.Size())
		gatherers[i] = report.NewGatherer(s.Info.StorageShape(), s.Info.Fortran)
	}
	if err := r.analyze(in, gatherers); err != nil {
		return nil, err
	}
	for i, g := range gatherers {
		rep.Members[i].Bits = g.Bits()
	}
	for _, i := range largest(rep.Members, r.Arrays) {
		rep.Members[i].Costs = gatherers[i].Finish(r.Rows, r.Cols)
	}
	return rep, r.measure(in, rep)
}

// checkGrid refuses a grid that fits no array.
func (r *Gathering) checkGrid(stats []foretell.MemberStats) error {
	fits := func(s foretell.MemberStats) bool {
		return len(s.Info.Shape) == 2 && slices.Contains(s.Info.Shape, r.Rows*r.Cols)
	}
	if r.Cols > 0 && !slices.ContainsFunc(stats, fits) {
		return failure.Usagef("--grid %dx%d: there is no array of two axes, one of them %d long", r.Rows, r.Cols, r.Rows*r.Cols)
	}
	return nil
}

// largest returns the n largest members that are not empty.
func largest(members []report.Member, n int) []int {
	var list []int
	for i := range members {
		if members[i].Tokens > 0 {
			list = append(list, i)
		}
	}
	slices.SortStableFunc(list, func(a, b int) int { return cmp.Compare(members[b].Tokens, members[a].Tokens) })
	return list[:min(len(list), max(n, 0))]
}

func memberOf(s *foretell.MemberStats) report.Member {
	m := report.Member{
		Name: s.Info.Name, Type: s.Info.Type.String(), Shape: s.Info.Shape,
		Tokens: s.Tokens, Distinct: len(s.Frequencies), Order0: s.Order0,
	}
	if s.GivenPrevious >= 0 {
		m.GivenPrevious = &s.GivenPrevious
	}
	if len(s.Info.Shape) > 1 && s.GivenStepBack >= 0 {
		m.GivenStepBack = &s.GivenStepBack
	}
	counts := make([]int64, len(s.Frequencies))
	for i, f := range s.Frequencies {
		counts[i] = f.Count
	}
	m.Frequencies = report.Sample(counts)
	return m
}

func (r *Gathering) count(in *Input) ([]foretell.MemberStats, error) {
	src, err := in.source()
	if err != nil {
		return nil, err
	}
	defer src.Close()
	defer r.Told.ShowProgress("counting", false, src.Progress).End()
	return foretell.CollectStats(context.Background(), src)
}

func (r *Gathering) analyze(in *Input, to []*report.Gatherer) error {
	src, err := in.source()
	if err != nil {
		return err
	}
	defer src.Close()
	opts := in.writer
	defer r.follow("looking at every token", &opts.Progress)()
	_, err = foretell.Analyze(src, &opts, func(member int, first int64, costs []float32) error {
		to[member].Add(first, costs)
		return nil
	})
	return err
}

// follow shows how far coding all elements is, until it is told that it has ended.
func (r *Gathering) follow(verb string, tell *func(int64)) (end func()) {
	var done atomic.Int64
	*tell = done.Store
	return r.Told.ShowProgress(verb, false, func() (int64, int64) { return done.Load(), r.elements }).End
}

// measure compresses with each model, and takes the file apart.
func (r *Gathering) measure(in *Input, rep *report.Report) error {
	names := slices.Clone(r.Compare)
	if in.file == nil && !slices.Contains(names, rep.Model) {
		names = append(names, rep.Model)
	}
	for _, name := range names {
		m, d, err := r.try(in, name)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		m.Bits = 8 * show.Ratio(m.Size, rep.Tokens)
		rep.Models = append(rep.Models, m)
		if name == rep.Model && in.file == nil {
			in.file = d
		}
	}
	if len(r.Compare) == 0 {
		rep.Models = nil
	}
	slices.SortStableFunc(rep.Models, func(a, b report.Model) int { return cmp.Compare(b.Size, a.Size) })
	rep.Size, rep.Content, rep.Blocks = in.file.Size, in.file.Content, len(in.file.Blocks)
	rep.Parts = partsOf(in.file)
	return nil
}

// try compresses with a model, decompresses, and describes the file.
func (r *Gathering) try(in *Input, name string) (m report.Model, d *foretell.Description, err error) {
	f, err := staged.Scratch()
	if err != nil {
		return m, nil, err
	}
	defer f.Close()
	src, err := in.source()
	if err != nil {
		return m, nil, err
	}
	defer src.Close()
	opts := in.writer
	if name != writing.ModelName(&in.writer) {
		opts.Model, opts.Network = name, nil
		opts.Prior, opts.EmbedPrior = nil, false // it is not for other models
	}
	begin := time.Now()
	end := r.follow("compressing with "+name, &opts.Progress)
	n, err := foretell.Compress(f, src, &opts)
	end()
	encode := time.Since(begin)
	if err != nil {
		return m, nil, err
	}
	reader := &foretell.ReaderOptions{MaxMemory: ways.OwnMemory, Prior: r.prior, Network: opts.Network}
	begin = time.Now()
	end = r.follow("decompressing with "+name, &reader.Progress)
	content, err := foretell.Verify(io.NewSectionReader(f, 0, n), reader)
	end()
	decode := time.Since(begin)
	if err != nil {
		return m, nil, err
	}
	at, err := foretell.OpenReaderAt(f, n, reader)
	if err == nil {
		d, err = at.Describe()
	}
	return report.Model{
		Name: name, Size: n, Ratio: show.Ratio(content, n), Encode: show.Rate(content, encode), Decode: show.Rate(content, decode),
	}, d, err
}

// partsOf returns the sizes of all parts of a file.
func partsOf(d *foretell.Description) []report.Part {
	var headers, params, body int64
	for _, b := range d.Blocks {
		headers += b.Size - b.Params - b.Body
		params += b.Params
		body += b.Body
	}
	parts := []report.Part{
		{Name: "header", Size: d.Header}, {Name: "prior", Size: d.Embedded}, {Name: "layout", Size: d.Layout},
		{Name: "block headers", Size: headers}, {Name: "block parameters", Size: params}, {Name: "block code", Size: body},
		{Name: "index", Size: d.Index}, {Name: "trailer", Size: d.Trailer},
	}
	return slices.DeleteFunc(parts, func(p report.Part) bool { return p.Name == "prior" && p.Size == 0 })
}
