package step_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log"

	"github.com/foretell/foretell/prob"
	"github.com/foretell/foretell/step"
)

// A toyModel predicts the next byte from the one before it, by counting: it
// stands for any network that turns a context into probabilities.
type toyModel struct {
	counts [256][256]float32
	probs  []float32
	last   byte
}

func newToyModel() *toyModel {
	m := &toyModel{probs: make([]float32, 256)}
	for i := range m.counts {
		for j := range m.counts[i] {
			m.counts[i][j] = 0.01
		}
	}
	return m
}

// next returns the distribution of the next byte. Encoder and Decoder take it as
// it is: it need not be normalised.
func (m *toyModel) next() []float32 {
	copy(m.probs, m.counts[m.last][:])
	return m.probs
}

func (m *toyModel) see(b byte) {
	m.counts[m.last][b]++
	m.last = b
}

// A language model's loop: at each step the model predicts, the coder codes, and
// the model sees the symbol. The decoder runs the same model.
func Example_languageModel() {
	text := bytes.Repeat([]byte("she sells sea shells by the sea shore; "), 25)

	// The frame holds what both sides must agree on; a real model's
	// fingerprint would be a hash of its weights.
	fingerprint := sha256.Sum256([]byte("toy model, version 1"))
	frame := step.Frame{Vocabulary: 256, Model: fingerprint[:]}

	var stream bytes.Buffer
	enc, err := step.NewFramedEncoder(&stream, frame)
	if err != nil {
		log.Fatal(err)
	}
	model := newToyModel()
	for _, b := range text {
		if err := enc.EncodeStep(model.next(), uint32(b)); err != nil {
			log.Fatal(err)
		}
		model.see(b)
	}
	if _, err := enc.Finish(); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%d symbols, %.1f bits each\n", enc.Steps(), enc.Information()/float64(enc.Steps()))

	dec, err := step.NewFramedDecoder(&stream, frame)
	if err != nil {
		log.Fatal(err)
	}
	model = newToyModel()
	var back []byte
	for {
		symbol, err := dec.DecodeStep(model.next())
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			log.Fatal(err) // step.ErrDrift if the models differ
		}
		back = append(back, byte(symbol))
		model.see(byte(symbol))
	}
	fmt.Println(bytes.Equal(back, text))
	// Output:
	// 975 symbols, 1.4 bits each
	// true
}

// Serving stacks return the most probable tokens only. The tail, what they leave
// of the probability, is spread over all others, so that any token can be coded.
func ExampleEncoder_EncodeSparse() {
	const vocabulary = 50257
	ids := []uint32{318, 11, 290} // in any order
	probs := []float32{0.6, 0.2, 0.1}

	enc := step.NewEncoder(nil)
	for _, token := range []uint32{318, 290, 40000} {
		before := enc.Information()
		if err := enc.EncodeSparse(vocabulary, ids, probs, prob.Rest, token); err != nil {
			log.Fatal(err)
		}
		fmt.Printf("token %d costs %.2f bits\n", token, enc.Information()-before)
	}
	stream, err := enc.Finish()
	if err != nil {
		log.Fatal(err)
	}

	dec := step.NewDecoder(stream)
	for range 3 {
		token, err := dec.DecodeSparse(vocabulary, ids, probs, prob.Rest)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Print(token, " ")
	}
	fmt.Println(dec.Finish())
	// Output:
	// token 318 costs 0.74 bits
	// token 290 costs 3.32 bits
	// token 40000 costs 18.94 bits
	// 318 290 40000 <nil>
}

// A batched model predicts for several sequences at once. Their streams advance
// together, and each can be decoded alone.
func ExampleEncodeBatch() {
	const streams, vocabulary = 3, 4
	encoders := make([]*step.Encoder, streams)
	for i := range encoders {
		encoders[i] = step.NewEncoder(nil)
	}
	// One row of logits for each stream, as a model's output of shape
	// (streams, vocabulary) has them in memory.
	logits := []float32{
		4, 0, 0, 1,
		0, 4, 1, 0,
		1, 0, 0, 4,
	}
	for _, symbols := range [][]uint32{{0, 1, 3}, {0, 1, 3}, {3, 1, 0}} {
		if err := step.EncodeBatch(encoders, step.Logits, logits, symbols); err != nil {
			log.Fatal(err)
		}
	}
	for i, enc := range encoders {
		stream, err := enc.Finish()
		if err != nil {
			log.Fatal(err)
		}
		symbols := make([]uint32, 3)
		row := logits[i*vocabulary : (i+1)*vocabulary]
		dec := step.NewDecoder(stream)
		for j := range symbols {
			if symbols[j], err = dec.DecodeLogits(row); err != nil {
				log.Fatal(err)
			}
		}
		fmt.Println(symbols, dec.Finish())
	}
	// Output:
	// [0 0 3] <nil>
	// [1 1 1] <nil>
	// [3 3 0] <nil>
}

// Learned image and audio codecs predict a mean and a scale for each quantised
// latent. A value outside the range is coded too, by the escape.
func ExampleEncoder_EncodeValue() {
	latents := []int64{3, -1, 0, 7, 300}
	means := []float64{2.7, -0.5, 0.1, 6, 0}
	scales := []float64{0.8, 1.5, 0.3, 2, 1}
	values := prob.Range{Lo: -128, Hi: 127, Escape: true}

	var d prob.Parametric
	enc := step.NewEncoder(nil)
	for i, x := range latents {
		if err := d.Set(values, prob.Gaussian(means[i], scales[i])); err != nil {
			log.Fatal(err)
		}
		before := enc.Information()
		if err := enc.EncodeValue(&d, x); err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%d costs %.2f bits\n", x, enc.Information()-before)
	}
	stream, err := enc.Finish()
	if err != nil {
		log.Fatal(err)
	}

	dec := step.NewDecoder(stream)
	for i := range latents {
		if err := d.Set(values, prob.Gaussian(means[i], scales[i])); err != nil {
			log.Fatal(err)
		}
		x, err := dec.DecodeValue(&d)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Print(x, " ")
	}
	fmt.Println(dec.Finish())
	// Output:
	// 3 costs 1.18 bits
	// -1 costs 2.01 bits
	// 0 costs 0.17 bits
	// 7 costs 2.52 bits
	// 300 costs 47.00 bits
	// 3 -1 0 7 300 <nil>
}

// A position taken while encoding is where a decoder can begin.
func ExampleDecoder_Seek() {
	probs := []float32{0.7, 0.2, 0.1}
	enc := step.NewEncoder(nil)
	var middle step.Position
	for i := range 100 {
		if i == 50 {
			middle = enc.Position()
		}
		if err := enc.EncodeStep(probs, uint32(i%3)); err != nil {
			log.Fatal(err)
		}
	}
	stream, err := enc.Finish()
	if err != nil {
		log.Fatal(err)
	}

	dec := step.NewDecoder(stream)
	if err := dec.Seek(middle); err != nil {
		log.Fatal(err)
	}
	symbol, err := dec.DecodeStep(probs)
	fmt.Println(middle.Step(), symbol, err)
	// Output: 50 2 <nil>
}
