package net_test

import (
	"fmt"
	"log"
	"os"

	"github.com/foretell/foretell/net"
	"github.com/foretell/foretell/step"
)

// A network predicts what the step coder codes. Decoder and encoder run the same
// network, on any two machines.
func Example() {
	file, err := os.Open("stories260K.gguf")
	if err != nil {
		log.Fatal(err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		log.Fatal(err)
	}
	m, err := net.Open(file, info.Size(), 0)
	if err != nil {
		log.Fatal(err)
	}
	tokens := []uint32{403, 407, 261, 378} // Once upon a time
	const start = 1
	logits := make([]float32, m.Vocabulary())

	// The encoder has all tokens, and has them predicted together.
	given := append([]uint32{start}, tokens[:len(tokens)-1]...)
	s, err := m.NewStreams(1, net.Options{})
	if err != nil {
		log.Fatal(err)
	}
	enc := step.NewEncoder(nil)
	err = s.Feed(0, given, func(first int, all []int32) error {
		for i := 0; i*len(logits) < len(all); i++ {
			net.Float32(logits, all[i*len(logits):][:len(logits)])
			if err := enc.EncodeLogits(logits, tokens[first+i]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	data, err := enc.Finish()
	if err != nil {
		log.Fatal(err)
	}

	// The decoder has them predicted one by one.
	if s, err = m.NewStreams(1, net.Options{}); err != nil {
		log.Fatal(err)
	}
	dec := step.NewDecoder(data)
	token := uint32(start)
	for range tokens {
		predicted, err := s.Step([]uint32{token})
		if err != nil {
			log.Fatal(err)
		}
		net.Float32(logits, predicted)
		if token, err = dec.DecodeLogits(logits); err != nil {
			log.Fatal(err)
		}
		fmt.Print(token, " ")
	}
	fmt.Println("from", len(data), "bytes")
}
