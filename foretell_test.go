package foretell

import (
	"bytes"
	"io"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/foretell/foretell/internal/realdata"
	"github.com/foretell/foretell/tokens"
)

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
	return readContent(bytes.NewReader(file), opts)
}

// readContent reads a file from a stream.
func readContent(in io.Reader, opts *ReaderOptions) ([]byte, error) {
	r, err := NewReader(in, opts)
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
	dir := realdata.Dir(t)
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

func open(t testing.TB, file []byte, opts *ReaderOptions) *ReaderAt {
	t.Helper()
	r, err := OpenReaderAt(bytes.NewReader(file), int64(len(file)), opts)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestTacoBell(t *testing.T) {
	path := filepath.Join(realdata.Dir(t), "commavq", "taco-bell.npy")
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	source := func() *tokens.Source {
		src, err := tokens.Open([]string{path}, tokens.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return src
	}
	stats, err := CollectStats(t.Context(), source())
	if err != nil {
		t.Fatal(err)
	}
	if s := stats[0]; s.Tokens != 153600 || math.Abs(s.Order0-9.70030) > 5e-6 {
		t.Errorf("%d tokens, order 0 %.6f bits", s.Tokens, s.Order0)
	}
	file := compress(t, &WriterOptions{Model: "static"}, source())
	// The bound of the static model: 0.1 % and 2,000 bytes above order 0.
	if bound := stats[0].Order0*153600/8*1.001 + 2000; float64(len(file)) > bound {
		t.Errorf("%d bytes, more than %.0f", len(file), bound)
	}

	file = compress(t, &WriterOptions{Model: "static", BlockTokens: 128 * 100}, source())
	r := open(t, file, nil)
	var got bytes.Buffer
	if err := r.CopyRange(&got, 0, 100, 200); err != nil {
		t.Fatal(err)
	}
	const row = 128 * 8
	if !bytes.Equal(got.Bytes(), want[128+100*row:128+200*row]) {
		t.Error("rows 100 to 199 differ")
	}
	values, err := ReadArray[int64](r, 0, 1199, 1200)
	if err != nil || len(values) != 128 || values[0] != int64(want[128+1199*row])|int64(want[129+1199*row])<<8 {
		t.Errorf("%d values of the last row, %v", len(values), err)
	}
	d, err := r.Describe()
	if err != nil {
		t.Fatal(err)
	}
	if d.Size != int64(len(file)) || len(d.Blocks) != 12 {
		t.Errorf("sizes add up to %d of %d, %d blocks", d.Size, len(file), len(d.Blocks))
	}

	bits := 0.0
	size, err := Analyze(source(), &WriterOptions{Model: "static"}, func(member int, first int64, costs []float32) error {
		for _, c := range costs {
			bits += float64(c)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(bits/8-float64(size)) > 3000 || bits/8 > float64(size) {
		t.Errorf("costs of %.0f bytes for a file of %d", bits/8, size)
	}
}
