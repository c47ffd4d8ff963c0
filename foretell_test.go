package foretell

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/foretell/foretell/tokens"
)

// dataDir returns the folder with real data, or skips the test.
func dataDir(t testing.TB) string {
	dir := os.Getenv("FORETELL_DATA")
	if dir == "" {
		dir = filepath.Join("..", "shared", "data")
	}
	if _, err := os.Stat(dir); err != nil {
		t.Skip("no test data: set FORETELL_DATA to a folder with commavq/taco-bell.npy and the rest")
	}
	return dir
}

// compress returns inputs as a .fore file.
func compress(t testing.TB, opts *WriterOptions, src *tokens.Source) []byte {
	t.Helper()
	var buf bytes.Buffer
	w, err := NewWriter(&buf, opts)
	if err != nil {
		t.Fatal(err)
	}
	for {
		p, err := src.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := w.WritePart(p); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// content returns all content of a .fore file.
func content(file []byte, opts *ReaderOptions) ([]byte, error) {
	r, err := NewReader(bytes.NewReader(file), opts)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	var out bytes.Buffer
	for {
		p, err := r.Next()
		if err == io.EOF {
			return out.Bytes(), nil
		}
		if err != nil {
			return nil, err
		}
		switch p.Kind {
		case tokens.Framing:
			out.Write(p.Bytes)
		case tokens.Member:
			if _, err := out.ReadFrom(p.Data); err != nil {
				return nil, err
			}
		}
	}
}

func TestRealFiles(t *testing.T) {
	dir := dataDir(t)
	for _, name := range []string{"commavq/taco-bell.npy", "llm/enwik-1M.gpt2.u16", "encodec/announcer.npz", "README.md"} {
		for _, model := range []string{"static", "fast"} {
			path := filepath.Join(dir, name)
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			var opts tokens.Options
			if filepath.Ext(name) == ".u16" {
				opts.Dtype = tokens.Uint16
			}
			src, err := tokens.Open([]string{path}, opts)
			if err != nil {
				t.Fatal(err)
			}
			file := compress(t, &WriterOptions{Model: model}, src)
			src.Close()
			got, err := content(file, nil)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("%s under %s: other bytes come back", name, model)
			}
			t.Logf("%s under %s: %d bytes", name, model, len(file))
		}
	}
}
