// Package vectors holds streams that Go and Python both have to write and read:
// this test does in Go what python/tests/test_vectors.py does in Python. With
// -update it writes vectors.json anew.
package vectors

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"flag"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"github.com/foretell/foretell/ans"
	"github.com/foretell/foretell/prob"
	"github.com/foretell/foretell/step"
)

var update = flag.Bool("update", false, "write vectors.json")

// A vector is a stream and its steps, each of one kind.
type vector struct {
	Name       string `json:"name"`
	Framed     bool   `json:"framed"`
	Vocabulary int    `json:"vocabulary"`
	Model      string `json:"model"`
	Guard      int    `json:"guard"` // -1 for the default
	Steps      []row  `json:"steps"`
	Stream     string `json:"stream"` // in hexadecimal
	// Stack is what the symbols give when they are pushed in order.
	Stack string `json:"stack"`
	// Middle is the position before step len(Steps)/2.
	Middle string `json:"middle"`
}

// A row codes Symbol under Probs or Logits, under Probs of the symbols Ids, or
// under Parts.
type row struct {
	Symbol int64     `json:"symbol"`
	Probs  []float32 `json:"probs,omitempty"`
	Logits []float32 `json:"logits,omitempty"`
	Ids    []uint32  `json:"ids,omitempty"`
	Size   int       `json:"size,omitempty"`
	Tail   float64   `json:"tail,omitempty"` // -1 for what is left
	Parts  []part    `json:"parts,omitempty"`
}

type part struct {
	Family prob.Family `json:"family"`
	Mean   float64     `json:"mean"`
	Scale  float64     `json:"scale"`
	Weight float64     `json:"weight"`
}

// over is the range of all densities.
var over = prob.Range{Lo: -100, Hi: 100, Escape: true}

func (s *row) density(t *testing.T) *prob.Parametric {
	var parts []prob.Component
	for _, p := range s.Parts {
		parts = append(parts, prob.Component(p))
	}
	d := new(prob.Parametric)
	if err := d.Set(over, parts...); err != nil {
		t.Fatal(err)
	}
	return d
}

func (s *row) encode(t *testing.T, e *step.Encoder) error {
	switch {
	case s.Parts != nil:
		return e.EncodeValue(s.density(t), s.Symbol)
	case s.Ids != nil:
		return e.EncodeSparse(s.Size, s.Ids, s.Probs, s.Tail, uint32(s.Symbol))
	case s.Logits != nil:
		return e.EncodeLogits(s.Logits, uint32(s.Symbol))
	}
	return e.EncodeStep(s.Probs, uint32(s.Symbol))
}

func (s *row) decode(t *testing.T, d *step.Decoder) (int64, error) {
	if s.Parts != nil {
		return d.DecodeValue(s.density(t))
	}
	var symbol uint32
	var err error
	switch {
	case s.Ids != nil:
		symbol, err = d.DecodeSparse(s.Size, s.Ids, s.Probs, s.Tail)
	case s.Logits != nil:
		symbol, err = d.DecodeLogits(s.Logits)
	default:
		symbol, err = d.DecodeStep(s.Probs)
	}
	return int64(symbol), err
}

func (s *row) push(t *testing.T, stack *ans.Stack) {
	var ivs []prob.Interval
	var err error
	if s.Parts != nil {
		ivs, err = s.density(t).AppendIntervals(nil, s.Symbol)
	} else {
		var iv prob.Interval
		var d prob.Distribution
		dense, sparse := new(prob.Categorical), new(prob.Sparse)
		switch {
		case s.Ids != nil:
			err = prob.SetSparse(sparse, s.Size, s.Ids, s.Probs, s.Tail)
			d = sparse
		case s.Logits != nil:
			err = prob.SetLogits(dense, s.Logits)
			d = dense
		default:
			err = prob.Set(dense, s.Probs)
			d = dense
		}
		if err == nil {
			iv, err = d.Interval(uint32(s.Symbol))
		}
		ivs = []prob.Interval{iv}
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, iv := range slices.Backward(ivs) {
		stack.Push(iv)
	}
}

func (v *vector) frame(t *testing.T) step.Frame {
	model, err := hex.DecodeString(v.Model)
	if err != nil {
		t.Fatal(err)
	}
	f := step.Frame{Vocabulary: v.Vocabulary, Model: model, Guard: max(v.Guard, 0)}
	if v.Guard == 0 {
		f.Guard = step.NoGuard
	}
	return f
}

func (v *vector) write(t *testing.T) {
	var framed bytes.Buffer
	e := step.NewEncoder(nil)
	err := e.SetGuard(max(v.Guard, 0))
	if v.Framed {
		e, err = step.NewFramedEncoder(&framed, v.frame(t))
	}
	stack := new(ans.Stack)
	for i := range v.Steps {
		if i == len(v.Steps)/2 {
			p, err := e.Position().MarshalBinary()
			if err != nil {
				t.Fatal(err)
			}
			v.Middle = hex.EncodeToString(p)
		}
		if err == nil {
			err = v.Steps[i].encode(t, e)
		}
		v.Steps[i].push(t, stack)
	}
	if err != nil {
		t.Fatal(err)
	}
	code, err := e.Finish()
	if err != nil {
		t.Fatal(err)
	}
	if v.Framed {
		code = framed.Bytes()
	}
	v.Stream, v.Stack = hex.EncodeToString(code), hex.EncodeToString(stack.Append(nil))
}

func (v *vector) read(t *testing.T) {
	code, err := hex.DecodeString(v.Stream)
	if err != nil {
		t.Fatal(err)
	}
	d := step.NewDecoder(code)
	err = d.SetGuard(max(v.Guard, 0))
	if v.Framed {
		d, err = step.NewFramedDecoder(bytes.NewReader(code), v.frame(t))
	}
	if err != nil {
		t.Fatal(err)
	}
	for i := range v.Steps {
		got, err := v.Steps[i].decode(t, d)
		if err != nil || got != v.Steps[i].Symbol {
			t.Fatalf("step %d: %d, not %d: %v", i, got, v.Steps[i].Symbol, err)
		}
	}
	if err := d.Finish(); err != nil {
		t.Fatal(err)
	}
}

// random returns n numbers of few digits.
func random(r *rand.Rand, n int, scale float64) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(math.Ldexp(float64(r.IntN(256)), -r.IntN(20)) * scale)
	}
	x[r.IntN(n)] = 1
	return x
}

// made returns the vectors without what write adds.
func made() []vector {
	r := rand.New(rand.NewPCG(8, 5))
	kinds := map[string]func() row{
		"probabilities": func() row { return row{Symbol: r.Int64N(12), Probs: random(r, 12, 1./256)} },
		"logits":        func() row { return row{Symbol: r.Int64N(12), Logits: random(r, 12, -1./16)} },
		"sparse": func() row {
			ids := r.Perm(500)[:5]
			s := row{Symbol: int64(ids[r.IntN(5)]), Size: 500, Tail: []float64{prob.Rest, 0.125}[r.IntN(2)], Probs: random(r, 5, 1./1024)}
			for _, id := range ids {
				s.Ids = append(s.Ids, uint32(id))
			}
			if r.IntN(4) == 0 {
				s.Symbol = r.Int64N(500)
			}
			return s
		},
		"densities": func() row {
			s := row{Symbol: r.Int64N(60) - 30}
			for range 1 + r.IntN(3) {
				s.Parts = append(s.Parts, part{prob.Family(r.IntN(3)), float64(r.IntN(400)-200) / 8, float64(1+r.IntN(100)) / 16, float64(1 + r.IntN(4))})
			}
			if r.IntN(8) == 0 {
				s.Symbol = r.Int64() >> r.IntN(64)
			}
			return s
		},
	}
	vectors := []vector{{Name: "empty", Guard: -1}, {Name: "empty, framed", Framed: true, Guard: -1}}
	for _, name := range []string{"probabilities", "logits", "sparse", "densities"} {
		var steps []row
		for range 16 {
			steps = append(steps, kinds[name]())
		}
		vocabulary := map[string]int{"probabilities": 12, "logits": 12, "sparse": 500}[name]
		vectors = append(vectors,
			vector{Name: name, Guard: -1, Steps: steps},
			vector{Name: name + ", guarded", Guard: 7, Steps: steps},
			vector{Name: name + ", framed", Framed: true, Guard: 10, Vocabulary: vocabulary, Model: "c0ffee", Steps: steps},
			vector{Name: name + ", framed without guard", Framed: true, Steps: steps},
		)
	}
	return vectors
}

func TestVectors(t *testing.T) {
	if *update {
		vectors := made()
		for i := range vectors {
			vectors[i].write(t)
		}
		b, err := json.Marshal(vectors)
		if err == nil {
			b = bytes.ReplaceAll(b, []byte(`{"symbol"`), []byte("\n"+`{"symbol"`))
			err = os.WriteFile("vectors.json", append(b, '\n'), 0o666)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile("vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors []vector
	if err := json.Unmarshal(b, &vectors); err != nil {
		t.Fatal(err)
	}
	for _, v := range vectors {
		t.Run(v.Name, func(t *testing.T) {
			again := v
			again.write(t)
			if again.Stream != v.Stream || again.Stack != v.Stack || again.Middle != v.Middle {
				t.Errorf("stream %s, stack %s, position %s\nwant   %s, stack %s, position %s", again.Stream, again.Stack, again.Middle, v.Stream, v.Stack, v.Middle)
			}
			v.read(t)
		})
	}
}
