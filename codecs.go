package foretell

import (
	"fmt"
	"strings"

	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/model"
	"github.com/foretell/foretell/model/adaptive"
	"github.com/foretell/foretell/model/lz"
	"github.com/foretell/foretell/model/mix"
	"github.com/foretell/foretell/model/neural"
	"github.com/foretell/foretell/model/own"
	"github.com/foretell/foretell/model/plain"
	"github.com/foretell/foretell/model/static"
)

// The codecs by their number in a file (docs/format.md). A number is never given
// a second meaning; 2 was static tables under the range coder.
const (
	codecStored   model.ID = 0
	codecZstd     model.ID = 1
	codecAdaptive model.ID = 3
	codecStatic   model.ID = 4
	codecTANS     model.ID = 5
	codecMix      model.ID = 6
	codecOwn      model.ID = 7
	codecNet      model.ID = 8
	codecLZ       model.ID = 9
	codecOwnMix   model.ID = 10
)

// A codec is a row of the table of codecs.
type codec struct {
	id   model.ID
	name string
	make func(*codecConfig) (model.Codec, error)

	// tables says that blocks have parameters.
	tables bool

	// instead is asked to encode blocks that the codec refuses. It is a codec
	// that does not plan.
	instead model.ID
}

// codecConfig is what codecs are made with.
type codecConfig struct {
	level     int        // of encoding
	maxMemory int64      // that decoding a block may take, 0 for any
	prior     *mix.Prior // that blocks start from, nil if none

	// network predicts, by threads goroutines; nil if none does.
	network *neural.Model
	threads int

	// predictor returns the caller's own model, always the same.
	predictor func() (model.Predictor, error)
}

// own returns the caller's own model.
func (c *codecConfig) own() (model.Predictor, error) {
	if c.predictor == nil {
		return nil, fmt.Errorf("%w: it takes a predictor of yours, and none is given", fault.ErrModel)
	}
	return c.predictor()
}

// codecs is the one table of codecs.
var codecs = []codec{
	{id: codecStored, name: "stored", make: func(*codecConfig) (model.Codec, error) { return plain.Stored{}, nil }},
	{id: codecZstd, name: "zstd", make: func(c *codecConfig) (model.Codec, error) { return plain.NewZstd(max(c.level, 1)) }},
	{id: codecAdaptive, name: "adaptive", make: func(*codecConfig) (model.Codec, error) { return adaptive.New(), nil }},
	{id: codecStatic, name: "static", tables: true, instead: codecAdaptive, make: func(*codecConfig) (model.Codec, error) { return static.NewRANS(), nil }},
	{id: codecTANS, name: "static-tans", tables: true, instead: codecAdaptive, make: func(*codecConfig) (model.Codec, error) { return static.NewTANS(), nil }},
	{id: codecMix, name: "mix", instead: codecAdaptive, make: func(c *codecConfig) (model.Codec, error) {
		return mix.New(mix.Config{Level: mix.Level(c.level), Prior: c.prior, MaxMemory: c.maxMemory}), nil
	}},
	{id: codecOwn, name: "own", make: func(c *codecConfig) (model.Codec, error) {
		p, err := c.own()
		if err != nil {
			return nil, err
		}
		return own.New(p)
	}},
	{id: codecNet, name: netModel, instead: codecMix, make: makeNetwork},
	{id: codecLZ, name: "lz", instead: codecAdaptive, make: func(c *codecConfig) (model.Codec, error) {
		return lz.New(min(max(c.level, lz.MinLevel), lz.MaxLevel))
	}},
	{id: codecOwnMix, name: "own-mix", instead: codecOwn, make: func(c *codecConfig) (model.Codec, error) {
		p, err := c.own()
		if err != nil {
			return nil, err
		}
		return own.NewMixed(p), nil
	}},
}

// codecOf returns the row of a codec, or an error for a number that has none.
func codecOf(id model.ID) (*codec, error) {
	for i := range codecs {
		if codecs[i].id == id {
			return &codecs[i], nil
		}
	}
	return nil, fmt.Errorf("%w: codec %d: a newer foretell may know it", fault.ErrUnsupported, id)
}

// codecName returns a codec's name.
func codecName(id uint8) string {
	row, err := codecOf(model.ID(id))
	if err != nil {
		return fmt.Sprintf("codec %d", id)
	}
	return row.name
}

// A preset is what the name of a model in WriterOptions stands for.
type preset struct {
	name  string
	codec model.ID
	level int
}

// The models that WriterOptions.Model names.
const (
	ModelAdaptive   = "adaptive"    // counts that adapt, under the range coder
	ModelBest       = "best"        // as mix, with more contexts: the smallest files, slowly
	ModelFast       = "fast"        // matches and frequency tables, for speed
	ModelMix        = "mix"         // context mixing
	ModelStatic     = "static"      // frequency tables under rANS: the fastest random access
	ModelStaticTANS = "static-tans" // frequency tables under tANS
)

// DefaultModel is the model of WriterOptions that name none.
const DefaultModel = ModelMix

// ownModel is the preset of WriterOptions.External.
const ownModel = "own"

// netModel is the preset of WriterOptions.Network.
const netModel = "net"

// netBlock is how many tokens, or bytes of text, a block under a network has at most
// unless options say otherwise: about what its streams take.
const netBlock = 1 << 18

// fastLevel is the level of the model fast where none is asked for.
const fastLevel = 5

// presets are the models by name.
var presets = []preset{
	{ModelAdaptive, codecAdaptive, 0},
	{ModelBest, codecMix, int(mix.Best)},
	{ModelFast, codecLZ, fastLevel},
	{ModelMix, codecMix, int(mix.Fast)},
	{ownModel, codecOwn, 0},
	{ModelStatic, codecStatic, 0},
	{ModelStaticTANS, codecTANS, 0},
}

// maxLevel bounds the level that a header may say; larger ones are cut.
const maxLevel = 1 << 16

// defaultBlock is how many tokens a block has at most unless options say otherwise.
const defaultBlock = 1 << 20

// blockMemory is the most memory that decoding a block may need: less than what
// readers allow by default. Blocks that would need more are coded otherwise.
const blockMemory = 768 << 20

// Models returns the names that WriterOptions.Model takes, sorted.
func Models() []string {
	var names []string
	for _, p := range presets {
		if p.name != ownModel {
			names = append(names, p.name)
		}
	}
	return names
}

func presetOf(name string) (preset, error) {
	for _, p := range presets {
		if p.name == name && name != ownModel {
			return p, nil
		}
	}
	return preset{}, fmt.Errorf("no model is called %q: use one of %s", name, strings.Join(Models(), ", "))
}
