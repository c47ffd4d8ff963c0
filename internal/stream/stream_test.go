package stream

import (
	"io"
	"testing"
)

type lazy struct{}

func (lazy) Read([]byte) (int, error)    { return 0, nil }
func (lazy) Write(b []byte) (int, error) { return len(b) / 2, nil }

func TestLazy(t *testing.T) {
	if _, err := io.ReadFull(Reader{lazy{}}, make([]byte, 8)); err != io.ErrNoProgress {
		t.Errorf("read: %v", err)
	}
	if n, err := Write(lazy{}, make([]byte, 8)); n != 4 || err != io.ErrShortWrite {
		t.Errorf("write: %d, %v", n, err)
	}
	if n, err := Read(lazy{}, nil); n != 0 || err != nil {
		t.Errorf("read of nothing: %d, %v", n, err)
	}
}
