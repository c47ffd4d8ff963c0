package tokens

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"
)

// An output is a file that a Source yields.
type output struct {
	name     string
	repacked bool
	content  []byte
	members  []array
}

type array struct {
	Info
	raw []byte
}

// readAll reads all that a Source yields.
func readAll(s *Source) ([]output, error) {
	defer s.Close()
	var out []output
	for {
		p, err := s.Next()
		if err == io.EOF {
			return out, nil
		}
		if err != nil {
			return out, err
		}
		switch p.Kind {
		case File:
			out = append(out, output{name: p.Name, repacked: p.Repacked})
		case Framing:
			f := &out[len(out)-1]
			f.content = append(f.content, p.Bytes...)
		case Member:
			raw, err := io.ReadAll(p.Data)
			if err != nil {
				return out, err
			}
			f := &out[len(out)-1]
			f.content = append(f.content, raw...)
			f.members = append(f.members, array{p.Info, raw})
		}
	}
}

func TestRealStoredArchives(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(dataFolder(t), "encodec", "*.npz"))
	if err != nil || len(files) == 0 {
		t.Fatal("no npz files")
	}
	for _, f := range files {
		want, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		s, err := Open([]string{f}, Options{})
		if err != nil {
			t.Fatal(err)
		}
		out, err := readAll(s)
		if err != nil {
			t.Fatal(err)
		}
		if len(out) != 1 || !bytes.Equal(out[0].content, want) || out[0].repacked {
			t.Errorf("%s does not come back", f)
		}
		if len(out[0].members) != 3 {
			t.Errorf("%s has %d members", f, len(out[0].members))
		}
		for _, m := range out[0].members {
			t.Log(out[0].name, m.Info)
		}
	}
}
