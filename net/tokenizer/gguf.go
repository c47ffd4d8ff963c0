package tokenizer

import (
	"fmt"
	"strings"

	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/net/gguf"
)

const ggufPrefix = "tokenizer.ggml."

// ggufKinds are the kinds of tokens by their number in a file. Tokens that are unknown
// or unused stand for no text.
var ggufKinds = [...]Kind{1: Normal, 2: Control, 3: Control, 4: Literal, 5: Control, 6: Byte}

// FromGGUF returns the tokenizer of a GGUF file: one of the model "gpt2" (byte-level BPE)
// or "llama" (SentencePiece). Others are foretell.ErrUnsupported, a file without one too;
// lists that do not fit together are foretell.ErrCorrupt.
func FromGGUF(f *gguf.File) (*Tokenizer, error) {
	v, err := ggufVocabulary(f)
	if err != nil {
		return nil, fmt.Errorf("tokenizer of the GGUF file: %w", err)
	}
	t, err := New(v)
	if err != nil {
		return nil, fmt.Errorf("tokenizer of the GGUF file: %w", err)
	}
	if id, ok := f.Integer(ggufPrefix + "bos_token_id"); t.start < 0 && ok && id >= 0 && id < int64(len(v.Kinds)) && v.Kinds[id] == Control {
		t.start = int(id)
	}
	return t, nil
}

func ggufVocabulary(f *gguf.File) (v Vocabulary, err error) {
	model, ok := f.Text(ggufPrefix + "model")
	if !ok {
		return v, fmt.Errorf("%w: there is none", fault.ErrUnsupported)
	}
	v.Tokens, ok = f.Texts(ggufPrefix + "tokens")
	if !ok {
		return v, fmt.Errorf("%w: no tokens", fault.ErrCorrupt)
	}
	switch model {
	case "gpt2":
		v.ByteLevel = true
		v.Splitter, _ = f.Text(ggufPrefix + "pre")
		v.WholeWords = v.Splitter == "llama-bpe" || v.Splitter == "llama-v3" || v.Splitter == "llama3"
		merges, ok := f.Texts(ggufPrefix + "merges")
		if !ok {
			return v, fmt.Errorf("%w: no merges", fault.ErrCorrupt)
		}
		if v.Merges, err = splitMerges(merges); err != nil {
			return v, err
		}
	case "llama":
		v.Scores, ok = f.Numbers(ggufPrefix + "scores")
		if !ok {
			return v, fmt.Errorf("%w: no scores", fault.ErrCorrupt)
		}
	default:
		return v, fmt.Errorf("%w: model %.40q; byte-level BPE and SentencePiece can be read", fault.ErrUnsupported, model)
	}
	v.Kinds = make([]Kind, len(v.Tokens))
	numbers, ok := f.Integers(ggufPrefix + "token_type")
	if !ok {
		return v, nil
	}
	if len(numbers) != len(v.Kinds) {
		return v, fmt.Errorf("%w: %d tokens and %d types", fault.ErrCorrupt, len(v.Kinds), len(numbers))
	}
	for i, n := range numbers {
		if n < 1 || n >= int64(len(ggufKinds)) {
			return v, fmt.Errorf("%w: a token of type %d", fault.ErrCorrupt, n)
		}
		v.Kinds[i] = ggufKinds[n]
	}
	return v, nil
}

// splitMerges returns the pairs that lines such as "Ġ t" name.
func splitMerges(lines []string) ([][2]string, error) {
	merges := make([][2]string, len(lines))
	for i, s := range lines {
		// The first token may itself begin with a space, where spaces are not spelt.
		cut := strings.IndexByte(s[min(1, len(s)):], ' ') + 1
		if cut == 0 {
			return nil, fmt.Errorf("%w: merge %d is not of two tokens: %.80q", fault.ErrCorrupt, i, s)
		}
		merges[i] = [2]string{s[:cut], s[cut+1:]}
	}
	return merges, nil
}
