package tokenizer

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/foretell/foretell/internal/fault"
)

// maxJSON bounds a tokenizer.json file. Those of large vocabularies are 10 to 35 MB.
const maxJSON = 64 << 20

// file is what is read of a tokenizer.json file.
type file struct {
	Added []struct {
		ID      int64  `json:"id"`
		Content string `json:"content"`
		Special bool   `json:"special"`
	} `json:"added_tokens"`
	PreTokenizer step `json:"pre_tokenizer"`
	Model        struct {
		Type         string           `json:"type"`
		Vocab        map[string]int64 `json:"vocab"`
		Merges       []json.RawMessage
		ByteFallback bool    `json:"byte_fallback"`
		WholeWords   bool    `json:"ignore_merges"`
		Prefix       *string `json:"continuing_subword_prefix"`
		Suffix       *string `json:"end_of_word_suffix"`
	} `json:"model"`
}

// A step is a pre-tokenizer, or a sequence of them.
type step struct {
	Type       string `json:"type"`
	Individual bool   `json:"individual_digits"`
	Pattern    struct {
		Regex string
	} `json:"pattern"`
	Steps []step `json:"pretokenizers"`
}

// steps calls f for each step, outer ones first.
func (s step) steps(f func(step)) {
	f(s)
	for _, inner := range s.Steps {
		inner.steps(f)
	}
}

// FromJSON returns the tokenizer that a tokenizer.json file of Hugging Face describes:
// one of the model BPE, byte-level or with byte fallback. Others are
// foretell.ErrUnsupported, a file of more than 64 MiB or of too large a vocabulary is
// foretell.ErrLimit, and one that is wrong is foretell.ErrCorrupt.
func FromJSON(data []byte) (*Tokenizer, error) {
	v, err := jsonVocabulary(data)
	if err != nil {
		return nil, fmt.Errorf("tokenizer.json: %w", err)
	}
	t, err := New(v)
	if err != nil {
		return nil, fmt.Errorf("tokenizer.json: %w", err)
	}
	return t, nil
}

func jsonVocabulary(data []byte) (v Vocabulary, err error) {
	if len(data) > maxJSON {
		return v, fmt.Errorf("%w: a file of %d bytes", fault.ErrLimit, len(data))
	}
	var f file
	if err := json.Unmarshal(data, &f); err != nil {
		return v, fmt.Errorf("%w: %w", fault.ErrCorrupt, err)
	}
	f.PreTokenizer.steps(func(s step) { v.ByteLevel = v.ByteLevel || s.Type == "ByteLevel" })
	m := &f.Model
	switch {
	case m.Type != "" && m.Type != "BPE" || m.Vocab == nil:
		return v, fmt.Errorf("%w: model %.40q; BPE can be read", fault.ErrUnsupported, m.Type)
	case m.Prefix != nil && *m.Prefix != "" || m.Suffix != nil && *m.Suffix != "":
		return v, fmt.Errorf("%w: BPE with prefixes or suffixes of words", fault.ErrUnsupported)
	case !v.ByteLevel && !m.ByteFallback:
		return v, fmt.Errorf("%w: BPE that is neither byte-level nor has byte fallback", fault.ErrUnsupported)
	}
	v.WholeWords = m.WholeWords
	v.Splitter = f.PreTokenizer.splitter()
	if err := v.place(&f); err != nil {
		return v, err
	}
	v.Merges, err = f.merges()
	return v, err
}

// place puts the tokens of a file at their numbers. Numbers that no token has stand for
// no text.
func (v *Vocabulary) place(f *file) error {
	size := int64(0)
	for _, id := range f.Model.Vocab {
		size = max(size, id+1)
	}
	for _, a := range f.Added {
		size = max(size, a.ID+1)
	}
	if size > MaxSize {
		return fmt.Errorf("%w: a token of number %d; there can be %d", fault.ErrLimit, size-1, MaxSize)
	}
	v.Tokens, v.Kinds = make([]string, size), make([]Kind, size)
	taken := make([]bool, size)
	for s, id := range f.Model.Vocab {
		if id < 0 || taken[id] {
			return fmt.Errorf("%w: token %.80q has number %d, which is negative or another's", fault.ErrCorrupt, s, id)
		}
		taken[id] = true
		v.Tokens[id] = s
		if _, ok := hexByte(s); ok && f.Model.ByteFallback {
			v.Kinds[id] = Byte
		}
	}
	for _, a := range f.Added {
		if a.ID < 0 || taken[a.ID] && v.Tokens[a.ID] != a.Content {
			return fmt.Errorf("%w: added token %.80q has number %d, which is negative or another's", fault.ErrCorrupt, a.Content, a.ID)
		}
		taken[a.ID] = true
		v.Tokens[a.ID], v.Kinds[a.ID] = a.Content, Literal
		if a.Special {
			v.Kinds[a.ID] = Control
		}
	}
	return nil
}

// merges returns the merges of a file, each a text of two tokens or a list of them.
func (f *file) merges() ([][2]string, error) {
	merges := make([][2]string, len(f.Model.Merges))
	for i, raw := range f.Model.Merges {
		var line string
		if json.Unmarshal(raw, &line) == nil {
			one, err := splitMerges([]string{line})
			if err != nil {
				return nil, err
			}
			merges[i] = one[0]
			continue
		}
		var two []string
		if err := json.Unmarshal(raw, &two); err != nil || len(two) != 2 {
			return nil, fmt.Errorf("%w: merge %d is not of two tokens: %.80q", fault.ErrCorrupt, i, raw)
		}
		merges[i] = [2]string(two)
	}
	return merges, nil
}

// splitter returns the name of the splitter that steps come closest to.
func (s step) splitter() string {
	name := "gpt-2"
	s.steps(func(s step) {
		switch {
		case s.Type == "Digits" && s.Individual:
			name = "smollm"
		case s.Type != "Split":
		case strings.Contains(s.Pattern.Regex, `\p{N}{1,3}`):
			name = "llama3"
		case strings.Contains(s.Pattern.Regex, `[^\r\n\p{L}\p{N}]?`):
			name = "qwen2"
		}
	})
	return name
}
