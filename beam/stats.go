package foretellbeam

import (
	"context"
	"crypto/rand"
	"sync"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/foretell/foretell"
)

func init() {
	beam.RegisterDoFn(&statsFn{})
}

// MemberStats describes the tokens of a member of a shard. Entropies are in bits
// per token, of the observed frequencies.
type MemberStats struct {
	Shard    string  `json:"shard"`
	Member   string  `json:"member"`
	Type     string  `json:"type"`
	Shape    []int   `json:"shape"`
	Tokens   int64   `json:"tokens"`
	Distinct int     `json:"distinct"` // values
	Order0   float64 `json:"order0_bits"`

	// GivenPrevious is the entropy of a token when the one before it is known,
	// GivenStepBack when that one step earlier along the first axis is. They
	// are nil if there are too many pairs to count, or no second axis.
	GivenPrevious *float64 `json:"given_previous_bits"`
	GivenStepBack *float64 `json:"given_step_back_bits"`
}

// Stats counts the tokens of each Shard of a PCollection. It returns a PCollection
// of MemberStats and one of Record, one for each shard.
func Stats(s beam.Scope, shards beam.PCollection, opts CompressOptions) (members, records beam.PCollection) {
	s = s.Scope("foretell.Stats")
	return beam.ParDo2(s, &statsFn{Options: opts, Run: rand.Text()}, shards)
}

type statsFn struct {
	bundle
	Options CompressOptions
	Run     string
	members *memberList // of the bundle's shards
}

type memberList struct {
	mu  sync.Mutex
	all []MemberStats
}

func (l *memberList) add(all []MemberStats) {
	l.mu.Lock()
	l.all = append(l.all, all...)
	l.mu.Unlock()
}

func (fn *statsFn) StartBundle(_ context.Context, _ func(MemberStats), _ func(Record)) {
	fn.start()
	fn.members = &memberList{}
}

func (fn *statsFn) ProcessElement(ctx context.Context, shard Shard, _ func(MemberStats), _ func(Record)) error {
	members := fn.members
	return fn.add(ctx, fn.Options.Limit.crew(fn.Run), shard, func(rec *Record) error {
		all, err := fn.stats(ctx, shard, rec)
		members.add(all)
		return err
	})
}

func (fn *statsFn) FinishBundle(ctx context.Context, emit func(MemberStats), done func(Record)) error {
	err := fn.finish(ctx, done)
	for _, m := range fn.members.all {
		emit(m)
	}
	return err
}

func (fn *statsFn) stats(ctx context.Context, shard Shard, rec *Record) (all []MemberStats, err error) {
	f, done, err := open(ctx, shard.Path)
	if err != nil {
		return nil, err
	}
	defer done()
	src, err := fn.Options.source(shard, f, rec)
	if err != nil {
		return nil, err
	}
	defer src.Close()
	list, err := foretell.CollectStats(ctx, src)
	if err != nil {
		return nil, err
	}
	for i := range list {
		s := &list[i]
		m := MemberStats{
			Shard: shard.Name, Member: s.Info.Name, Type: s.Info.Type.String(), Shape: append([]int{}, s.Info.Shape...),
			Tokens: s.Tokens, Distinct: len(s.Frequencies), Order0: s.Order0,
		}
		if s.GivenPrevious >= 0 {
			m.GivenPrevious = &s.GivenPrevious
		}
		if len(m.Shape) > 1 && s.GivenStepBack >= 0 {
			m.GivenStepBack = &s.GivenStepBack
		}
		all = append(all, m)
		rec.Tokens += m.Tokens
		rec.Content += m.Tokens * int64(s.Info.Type.Size())
	}
	rec.Status = Whole
	return all, nil
}
