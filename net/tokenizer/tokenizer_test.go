package tokenizer

import (
	"bytes"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/net/gguf"
	"github.com/foretell/foretell/net/internal/fixture"
)

// bpe is what the package tokenizers of PyPI makes of some texts: testdata/make.py.
type bpe struct {
	Tokenizer map[string]json.RawMessage
	Splitters map[string]struct {
		PreTokenizer json.RawMessage `json:"pre_tokenizer"`
		IDs          [][]uint32
	}
	Texts []string
}

// sentencepiece is what the package of that name makes of them.
type sentencepiece struct {
	Tokens []string
	Scores []float32
	Types  []int32
	Texts  []string
	IDs    [][]uint32
}

func load[T any](t testing.TB, name string) (v T) {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// file returns the tokenizer.json file of one splitter.
func (g bpe) file(t testing.TB, splitter string) []byte {
	t.Helper()
	g.Tokenizer["pre_tokenizer"] = g.Splitters[splitter].PreTokenizer
	b, err := json.Marshal(g.Tokenizer)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func fromJSON(t testing.TB, b []byte) *Tokenizer {
	t.Helper()
	x, err := FromJSON(b)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func fromGGUF(pairs ...fixture.Pair) (*Tokenizer, error) {
	b := fixture.GGUF(pairs, nil)
	f, err := gguf.Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return nil, err
	}
	return FromGGUF(f)
}

func (g sentencepiece) tokenizer(t testing.TB) *Tokenizer {
	t.Helper()
	x, err := fromGGUF(
		fixture.Pair{Key: "tokenizer.ggml.model", Value: "llama"},
		fixture.Pair{Key: "tokenizer.ggml.tokens", Value: g.Tokens},
		fixture.Pair{Key: "tokenizer.ggml.scores", Value: g.Scores},
		fixture.Pair{Key: "tokenizer.ggml.token_type", Value: g.Types},
	)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// check encodes a text and decodes it again.
func check(t testing.TB, x *Tokenizer, text []byte) []uint32 {
	t.Helper()
	ids := x.Encode(nil, text)
	back, err := x.Decode(nil, ids)
	if err != nil || !bytes.Equal(back, text) {
		t.Fatalf("%q became %v and then %q (%v)", text, ids, back, err)
	}
	for _, id := range ids {
		if x.Bytes(id) == "" || id >= uint32(x.Size()) && x.Complete() {
			t.Fatalf("%q holds symbol %d", text, id)
		}
	}
	return ids
}

func TestByteLevel(t *testing.T) {
	g := load[bpe](t, "bpe.json")
	for name, want := range g.Splitters {
		x := fromJSON(t, g.file(t, name))
		if start, ok := x.Start(); start != 0 || !ok || x.Bytes(0) != "" || !x.Complete() {
			t.Errorf("%s: a document starts after %d, %v", name, start, ok)
		}
		for i, text := range g.Texts {
			if got := check(t, x, []byte(text)); !slices.Equal(got, want.IDs[i]) {
				t.Errorf("%s: %q is %v, want %v", name, text, got, want.IDs[i])
			}
		}
	}
}

// TestByteLevelGGUF reads the same vocabulary from a GGUF file.
func TestByteLevelGGUF(t *testing.T) {
	g := load[bpe](t, "bpe.json")
	var model struct {
		Vocab  map[string]int
		Merges [][]string
	}
	if err := json.Unmarshal(g.Tokenizer["model"], &model); err != nil {
		t.Fatal(err)
	}
	tokens, types := make([]string, len(model.Vocab)), make([]int32, len(model.Vocab))
	for s, id := range model.Vocab {
		tokens[id], types[id] = s, 1
	}
	types[0] = 3
	merges := make([]string, len(model.Merges))
	for i, m := range model.Merges {
		merges[i] = strings.Join(m, " ")
	}
	for name, pre := range map[string]string{"gpt-2": "gpt-2", "smollm": "smollm", "llama3": "llama-bpe", "qwen2": "qwen2", "": "new"} {
		x, err := fromGGUF(
			fixture.Pair{Key: "tokenizer.ggml.model", Value: "gpt2"},
			fixture.Pair{Key: "tokenizer.ggml.pre", Value: pre},
			fixture.Pair{Key: "tokenizer.ggml.tokens", Value: tokens},
			fixture.Pair{Key: "tokenizer.ggml.token_type", Value: types},
			fixture.Pair{Key: "tokenizer.ggml.merges", Value: merges},
		)
		if err != nil {
			t.Fatal(err)
		}
		for i, text := range g.Texts {
			got := check(t, x, []byte(text))
			if name == "" {
				name = "gpt-2" // what an unknown name is taken for
			}
			if want := g.Splitters[name].IDs[i]; !slices.Equal(got, want) {
				t.Errorf("%s: %q is %v, want %v", pre, text, got, want)
			}
		}
	}
}

func TestSentencePiece(t *testing.T) {
	g := load[sentencepiece](t, "sentencepiece.json")
	x := g.tokenizer(t)
	if start, ok := x.Start(); start != 1 || !ok || !x.Complete() {
		t.Errorf("a document starts after %d, %v", start, ok)
	}
	for i, text := range g.Texts {
		got := check(t, x, []byte(text))
		if strings.Contains(text, "\u2581") {
			continue // that library takes it for a space
		}
		if !slices.Equal(got, g.IDs[i]) {
			t.Errorf("%q is %v, want %v", text, got, g.IDs[i])
		}
	}
}

// TestMissingBytes has a vocabulary without most bytes, with and without byte tokens.
func TestMissingBytes(t *testing.T) {
	x, err := New(Vocabulary{
		Tokens: []string{"<|endoftext|>", "a", "b", "ab", "Ġ", "Ġab"}, Kinds: []Kind{0: Control, 5: Normal},
		ByteLevel: true, Merges: [][2]string{{"a", "b"}, {"Ġ", "ab"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if x.Complete() {
		t.Error("complete")
	}
	if got, want := check(t, x, []byte("ab ab\x00b\xff")), []uint32{3, 5, 6, 2, 6 + 255}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if got, want := check(t, x, []byte("<|endoftext|>")), 13; len(got) < want-1 {
		t.Errorf("text that looks like a control token is %v", got)
	}
	for _, symbol := range []uint32{0, 6 + 256, 1<<32 - 1} {
		if s := x.Bytes(symbol); s != "" {
			t.Errorf("Bytes(%d) = %q", symbol, s)
		}
		if _, err := x.Decode(nil, []uint32{symbol}); !errors.Is(err, fault.ErrSymbol) {
			t.Errorf("Decode(%d): %v", symbol, err)
		}
	}
}

func TestKinds(t *testing.T) {
	x, err := New(Vocabulary{
		Tokens: []string{"<s>", "a\u2581b", "\u2581", "a", "b", "<0x61>", "<0x0A>", "<0x0a>", "<tool>", "a\u2581", ""},
		Kinds:  []Kind{Control, Normal, Normal, Normal, Normal, Byte, Byte, Byte, Literal, Literal, Normal},
		Scores: []float64{10: 0},
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"", "a b", " ", "a", "b", "a", "\n", "<0x0a>", "<tool>", "a\u2581", ""} {
		if got := x.Bytes(uint32(i)); got != want {
			t.Errorf("Bytes(%d) = %q, want %q", i, got, want)
		}
	}
	n := uint32(x.Size())
	if got, want := check(t, x, []byte("a\n<")), []uint32{3, 6, n + '<'}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if got, want := check(t, x, []byte("a\u2581")), []uint32{3, n + 0xe2, n + 0x96, n + 0x81}; !slices.Equal(got, want) {
		t.Errorf("a sign that stands for a space: %v, want %v", got, want)
	}
}

func TestWholeWords(t *testing.T) {
	v := Vocabulary{Tokens: []string{"a", "b", "c", "ab", "bc", "abc"}, Kinds: make([]Kind, 6), ByteLevel: true,
		Merges: [][2]string{{"a", "b"}, {"a", "bc"}}}
	for whole, want := range map[bool][]uint32{false: {3, 2}, true: {5}} {
		v.WholeWords = whole
		x, err := New(v)
		if err != nil {
			t.Fatal(err)
		}
		if got := check(t, x, []byte("abc")); !slices.Equal(got, want) {
			t.Errorf("whole words %v: %v, want %v", whole, got, want)
		}
	}
}

// all returns a tokenizer of each way to cut texts.
func all(t testing.TB) []*Tokenizer {
	list := []*Tokenizer{load[sentencepiece](t, "sentencepiece.json").tokenizer(t)}
	g := load[bpe](t, "bpe.json")
	for _, name := range []string{"gpt-2", "smollm", "llama3", "qwen2"} {
		list = append(list, fromJSON(t, g.file(t, name)))
	}
	return list
}

// TestAnyBytes encodes bytes that are no text, and words longer than are cut at a time.
func TestAnyBytes(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, x := range all(t) {
		for range 200 {
			b := make([]byte, rng.IntN(100))
			for i := range b {
				b[i] = byte(rng.Uint32() >> (rng.IntN(2) * 2))
			}
			check(t, x, b)
		}
		for _, s := range []string{"a", " ", "\n", "é", "\xff", "1", "'", "\r \n", "ab", " \n", "\u2003", "the "} {
			check(t, x, bytes.Repeat([]byte(s), 3*maxWord/len(s)))
			check(t, x, append(bytes.Repeat([]byte(s), maxWord/len(s)), 'x'))
		}
	}
}

func TestRefusals(t *testing.T) {
	pairs := func(changed ...fixture.Pair) []fixture.Pair {
		list := []fixture.Pair{
			{Key: "tokenizer.ggml.model", Value: "gpt2"},
			{Key: "tokenizer.ggml.tokens", Value: []string{"a", "b", "ab"}},
			{Key: "tokenizer.ggml.token_type", Value: []int32{1, 1, 1}},
			{Key: "tokenizer.ggml.merges", Value: []string{"a b"}},
		}
		for _, c := range changed {
			i := slices.IndexFunc(list, func(p fixture.Pair) bool { return p.Key == c.Key })
			list[i].Value = c.Value
		}
		return list
	}
	if _, err := fromGGUF(pairs()...); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		why   string
		pairs []fixture.Pair
		want  error
	}{
		{"no tokenizer", nil, fault.ErrUnsupported},
		{"model", pairs(fixture.Pair{Key: "tokenizer.ggml.model", Value: "bert"}), fault.ErrUnsupported},
		{"no scores", pairs(fixture.Pair{Key: "tokenizer.ggml.model", Value: "llama"}), fault.ErrCorrupt},
		{"tokens", pairs(fixture.Pair{Key: "tokenizer.ggml.tokens", Value: []int32{1}}), fault.ErrCorrupt},
		{"no tokens", pairs(fixture.Pair{Key: "tokenizer.ggml.tokens", Value: []string{}}, fixture.Pair{Key: "tokenizer.ggml.token_type", Value: []int32{}}), fault.ErrCorrupt},
		{"types", pairs(fixture.Pair{Key: "tokenizer.ggml.token_type", Value: []int32{1}}), fault.ErrCorrupt},
		{"type", pairs(fixture.Pair{Key: "tokenizer.ggml.token_type", Value: []int32{1, 1, 7}}), fault.ErrCorrupt},
		{"no merges", pairs(fixture.Pair{Key: "tokenizer.ggml.merges", Value: "a b"}), fault.ErrCorrupt},
		{"merge of one", pairs(fixture.Pair{Key: "tokenizer.ggml.merges", Value: []string{"ab"}}), fault.ErrCorrupt},
		{"merge of none", pairs(fixture.Pair{Key: "tokenizer.ggml.merges", Value: []string{""}}), fault.ErrCorrupt},
		{"merge to no token", pairs(fixture.Pair{Key: "tokenizer.ggml.merges", Value: []string{"b a"}}), fault.ErrCorrupt},
		{"merge of no token", pairs(fixture.Pair{Key: "tokenizer.ggml.merges", Value: []string{"a c"}}), fault.ErrCorrupt},
	} {
		if _, err := fromGGUF(c.pairs...); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.why, err, c.want)
		}
	}
	const level = `"pre_tokenizer":{"type":"ByteLevel"}`
	for data, want := range map[string]error{
		``:     fault.ErrCorrupt,
		`{}`:   fault.ErrUnsupported,
		`[1]`:  fault.ErrCorrupt,
		`null`: fault.ErrUnsupported,
		`{` + level + `,"model":{"type":"Unigram","vocab":[["a",0.5]]}}`:                                                      fault.ErrCorrupt,
		`{` + level + `,"model":{"type":"WordPiece","vocab":{"a":0}}}`:                                                        fault.ErrUnsupported,
		`{"model":{"type":"BPE","vocab":{"a":0},"merges":[]}}`:                                                                fault.ErrUnsupported,
		`{` + level + `,"model":{"type":"BPE","vocab":{"a":0},"end_of_word_suffix":"</w>"}}`:                                  fault.ErrUnsupported,
		`{` + level + `,"model":{"type":"BPE","vocab":{},"merges":[]}}`:                                                       fault.ErrCorrupt,
		`{` + level + `,"model":{"type":"BPE","vocab":{"a":-1}}}`:                                                             fault.ErrCorrupt,
		`{` + level + `,"model":{"type":"BPE","vocab":{"a":0,"b":0}}}`:                                                        fault.ErrCorrupt,
		`{` + level + `,"model":{"type":"BPE","vocab":{"a":9000000000}}}`:                                                     fault.ErrLimit,
		`{` + level + `,"model":{"type":"BPE","vocab":{"a":0},"merges":[7]}}`:                                                 fault.ErrCorrupt,
		`{` + level + `,"model":{"type":"BPE","vocab":{"a":0},"merges":[["a"]]}}`:                                             fault.ErrCorrupt,
		`{` + level + `,"model":{"type":"BPE","vocab":{"a":0},"merges":["a a"]}}`:                                             fault.ErrCorrupt,
		`{` + level + `,"added_tokens":[{"id":0,"content":"b"}],"model":{"type":"BPE","vocab":{"a":0}}}`:                      fault.ErrCorrupt,
		`{` + level + `,"added_tokens":[{"id":-1,"content":"b"}],"model":{"type":"BPE","vocab":{"a":0}}}`:                     fault.ErrCorrupt,
		`{` + level + `,"added_tokens":[{"id":1048576,"content":"b"}],"model":{"type":"BPE","vocab":{"a":0}}}`:                fault.ErrLimit,
		`{"pre_tokenizer":` + strings.Repeat(`{"pretokenizers":[`, 20000) + strings.Repeat(`]}`, 20000) + `,"model":{"a":0}}`: fault.ErrCorrupt,
	} {
		if _, err := FromJSON([]byte(data)); !errors.Is(err, want) {
			t.Errorf("%.150s: %v, want %v", data, err, want)
		}
	}
	if _, err := FromJSON(make([]byte, maxJSON+1)); !errors.Is(err, fault.ErrLimit) {
		t.Errorf("a large file: %v", err)
	}
	if _, err := New(Vocabulary{Tokens: make([]string, MaxSize+1), Kinds: make([]Kind, MaxSize+1)}); !errors.Is(err, fault.ErrLimit) {
		t.Errorf("a large vocabulary: %v", err)
	}
}

func FuzzEncode(f *testing.F) {
	for _, s := range load[bpe](f, "bpe.json").Texts {
		f.Add([]byte(s))
	}
	f.Add([]byte("\xff\xc3\x28\xe2\x82 \xf0\x9f\x91"))
	list := all(f)
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, x := range list {
			check(t, x, text)
		}
	})
}

func FuzzFromJSON(f *testing.F) {
	f.Add([]byte(`{"pre_tokenizer":{"type":"ByteLevel"},"added_tokens":[{"id":3,"content":"<|endoftext|>","special":true}],`+
		`"model":{"type":"BPE","vocab":{"a":0,"b":1,"ab":2},"merges":["a b"]}}`), []byte("aabb"))
	f.Add([]byte(`{"model":{"type":"BPE","byte_fallback":true,"vocab":{"<0x61>":0,"▁b":1,"▁":2,"b":3},"merges":[["▁","b"]]}}`), []byte("a b"))
	f.Add([]byte(`{"pre_tokenizer":{"type":"Sequence","pretokenizers":[{"type":"Digits","individual_digits":true},{"type":"ByteLevel"}]},`+
		`"model":{"ignore_merges":true,"vocab":{"1":0}}}`), []byte("11"))
	f.Fuzz(func(t *testing.T, data, text []byte) {
		if x, err := FromJSON(data); err == nil {
			check(t, x, text)
		}
	})
}

func FuzzFromGGUF(f *testing.F) {
	f.Add("gpt2", "smollm", "a\nb\nab", "a b", []byte("\x01\x01\x01"), []byte("aab"))
	f.Add("llama", "", "a\nb\nab\n<0x62>", "", []byte("\x01\x01\x01\x06"), []byte("aab b"))
	f.Fuzz(func(t *testing.T, model, pre, tokens, merges string, types, text []byte) {
		list := strings.Split(tokens, "\n")
		kinds, scores := make([]int32, len(types)), make([]float32, len(list))
		for i, k := range types {
			kinds[i] = int32(k)
		}
		for i := range scores {
			scores[i] = float32(i % 5)
		}
		x, err := fromGGUF(
			fixture.Pair{Key: "tokenizer.ggml.model", Value: model},
			fixture.Pair{Key: "tokenizer.ggml.pre", Value: pre},
			fixture.Pair{Key: "tokenizer.ggml.tokens", Value: list},
			fixture.Pair{Key: "tokenizer.ggml.token_type", Value: kinds},
			fixture.Pair{Key: "tokenizer.ggml.scores", Value: scores},
			fixture.Pair{Key: "tokenizer.ggml.merges", Value: strings.Split(merges, "\n")},
		)
		if err == nil {
			check(t, x, text)
		}
	})
}
