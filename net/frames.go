package net

import (
	"encoding/json"
	"fmt"
	"math/big"

	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/net/internal/layer"
)

// frameArchitecture is how a file says that it holds a frame predictor for commaVQ.
const frameArchitecture = "commavq-frame-student"

// A frames network predicts all tokens of a frame at once from the frames before it:
// encoders over the frames at each place, then encoders over the places of the last
// frame.
type frames struct {
	shape     frameShape
	embedding *layer.Embedding // of tokens
	places    *layer.Embedding
	ages      *layer.Embedding // of frames, the oldest first
	temporal  []encoder
	spatial   []encoder
	norm      *layer.Norm
	head      *layer.Linear
	down, up  *layer.Linear // of the adapter; nil for none
	scale     *layer.Scale  // bias and temperature of each place
}

// A frameShape is the configuration in the metadata of a file.
type frameShape struct {
	AdapterRank    int  `json:"adapter_rank"`
	ContextFrames  int  `json:"context_frames"`
	Width          int  `json:"d_model"`
	Expansion      int  `json:"ff_mult"`
	NormFirst      bool `json:"norm_first"`
	SpatialHeads   int  `json:"spatial_heads"`
	SpatialLayers  int  `json:"spatial_layers"`
	TemporalHeads  int  `json:"temporal_heads"`
	TemporalLayers int  `json:"temporal_layers"`
	Places         int  `json:"tokens_per_frame"`
	Vocabulary     int  `json:"vocab_size"`
}

// check refuses what cannot be run.
func (c *frameShape) check() error {
	for _, v := range []struct {
		name  string
		value int
		most  int
	}{
		{"context_frames", c.ContextFrames, 1 << 10}, {"d_model", c.Width, layer.MaxWidth},
		{"ff_mult", c.Expansion, 64}, {"spatial_heads", c.SpatialHeads, c.Width}, {"spatial_layers", c.SpatialLayers, maxCount},
		{"temporal_heads", c.TemporalHeads, c.Width}, {"temporal_layers", c.TemporalLayers, maxCount},
		{"tokens_per_frame", c.Places, 1 << 12}, {"vocab_size", c.Vocabulary, 1 << 18},
	} {
		if v.value < 1 || v.value > v.most {
			return fmt.Errorf("%w: the model says %d for %q; from 1 to %d can be run", fault.ErrUnsupported, v.value, v.name, v.most)
		}
	}
	if c.Places*c.Vocabulary > 1<<26 {
		return fmt.Errorf("%w: frames of %d tokens out of %d", fault.ErrUnsupported, c.Places, c.Vocabulary)
	}
	if c.NormFirst || c.Expansion*c.Width > layer.MaxWidth || c.AdapterRank < 0 || c.AdapterRank > layer.MaxWidth {
		return fmt.Errorf("%w: a frame predictor of width %d, %d times that inside, an adapter of %d, norms first: %v",
			fault.ErrUnsupported, c.Width, c.Expansion, c.AdapterRank, c.NormFirst)
	}
	for _, heads := range []int{c.SpatialHeads, c.TemporalHeads} {
		if c.Width%heads != 0 || c.Width/heads > layer.MaxHead {
			return fmt.Errorf("%w: %d heads over a width of %d", fault.ErrUnsupported, heads, c.Width)
		}
	}
	return nil
}

// readFrames reads a frame predictor from a safetensors file: its configuration is in
// the metadata, tensors are named as PyTorch names them.
func readFrames(l *loader) *frames {
	f := &frames{}
	c := &f.shape
	text, _ := l.Text("config")
	if err := json.Unmarshal([]byte(text), c); err != nil {
		l.fail(fmt.Errorf("%w: the configuration of the model: %w", fault.ErrCorrupt, err))
		return nil
	}
	if err := c.check(); err != nil {
		l.fail(err)
		return nil
	}
	f.embedding = l.embedding("tok_embed.weight", c.Vocabulary, c.Width)
	f.places = l.embedding("pos_embed.weight", c.Places, c.Width)
	f.ages = l.embedding("frame_embed.weight", c.ContextFrames, c.Width)
	for i := 0; i < c.TemporalLayers && l.err == nil; i++ {
		f.temporal = append(f.temporal, l.encoder(fmt.Sprintf("temporal_encoder.layers.%d.", i), c.Width, c.Width*c.Expansion, c.TemporalHeads))
	}
	for i := 0; i < c.SpatialLayers && l.err == nil; i++ {
		f.spatial = append(f.spatial, l.encoder(fmt.Sprintf("spatial_encoder.layers.%d.", i), c.Width, c.Width*c.Expansion, c.SpatialHeads))
	}
	f.norm = l.norm("final_norm", l.vector("final_norm.weight", c.Width), l.vector("final_norm.bias", c.Width), torchEps, true)
	linear := func(n string, out, in int) *layer.Linear {
		return l.linear(n+".weight", out, in, l.vector(n+".bias", out))
	}
	f.head = linear("out_proj", c.Vocabulary, c.Width)
	if c.AdapterRank > 0 {
		f.down = linear("adapter_down", c.AdapterRank, c.Width)
		f.up = linear("adapter_up", c.Vocabulary, c.AdapterRank)
	}
	f.scale = frameScale(l, c)
	return f
}

// frameScale reads the biases and temperatures of the places.
func frameScale(l *loader, c *frameShape) *layer.Scale {
	temperature := new(big.Rat).SetInt64(1)
	if text, ok := l.Text("recommended_temperature"); ok {
		if len(text) > 32 {
			text = ""
		}
		if _, ok := temperature.SetString(text); !ok {
			l.fail(fmt.Errorf("%w: the temperature of the model", fault.ErrCorrupt))
			return nil
		}
	}
	temperatures := l.optional("position_temperatures", c.Places)
	var bias [][]float64
	if name := "position_logit_bias"; l.has(name) {
		t := l.find(name, c.Places, c.Vocabulary)
		for p := 0; p < c.Places && l.err == nil && l.take(8*int64(c.Vocabulary)); p++ {
			row := make([]float64, c.Vocabulary)
			if err := t.ReadRow(row, p); err != nil {
				l.fail(err)
			}
			bias = append(bias, row)
		}
	}
	if l.err != nil {
		return nil
	}
	s, err := layer.NewScale(c.Places, temperature, temperatures, bias)
	if err != nil {
		l.fail(err)
	}
	return s
}
