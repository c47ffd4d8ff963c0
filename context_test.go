package foretell

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/foretell/foretell/tokens"
)

// A fuse is a context that is cancelled when it has been asked so many times.
type fuse struct {
	context.Context
	asked, most atomic.Int64
}

func newFuse(most int64) *fuse {
	f := &fuse{Context: context.Background()}
	f.most.Store(most)
	return f
}

func (f *fuse) Err() error {
	if f.asked.Add(1) > f.most.Load() {
		return context.Canceled
	}
	return nil
}

// fewerGoroutines waits until no more than n run.
func fewerGoroutines(t *testing.T, n int) {
	t.Helper()
	for range 500 {
		if runtime.NumGoroutine() <= n {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("%d goroutines, %d before", runtime.NumGoroutine(), n)
}

// TestContext ends writing, reading and training wherever they ask, within a single
// block too.
func TestContext(t *testing.T) {
	data := make([]byte, 9000)
	for i := range data {
		data[i] = byte(i * i >> 5 % 61)
	}
	var sources []*tokens.Source
	source := func() *tokens.Source {
		src, err := tokens.NewSource("a", bytes.NewReader(data), tokens.Options{})
		if err != nil {
			t.Fatal(err)
		}
		sources = append(sources, src)
		return src
	}
	before := runtime.NumGoroutine()
	for _, model := range Models() {
		var file bytes.Buffer
		if _, err := Compress(&file, source(), &WriterOptions{Model: model}); err != nil {
			t.Fatal(err)
		}
		for what, run := range map[string]func(context.Context) error{
			"write": func(ctx context.Context) error {
				_, err := Compress(io.Discard, source(), &WriterOptions{Model: model, Workers: 1, Context: ctx})
				return err
			},
			"read": func(ctx context.Context) error {
				_, err := Verify(bytes.NewReader(file.Bytes()), &ReaderOptions{Workers: 1, Context: ctx})
				return err
			},
			"keep going": func(ctx context.Context) error {
				_, err := Verify(bytes.NewReader(file.Bytes()), &ReaderOptions{Workers: 1, Context: ctx, KeepGoing: func(err error) {
					t.Errorf("%s: damage: %v", model, err)
				}})
				return err
			},
			"read at random": func(ctx context.Context) error {
				r := open(t, file.Bytes(), &ReaderOptions{Workers: 1, Context: ctx})
				return r.CopyRange(io.Discard, 0, 0, len(data))
			},
			"train": func(ctx context.Context) error {
				_, err := Train(source(), &TrainOptions{Model: model, Context: ctx})
				return err
			},
		} {
			if what == "train" && model != "mix" && model != "best" {
				continue // it takes no prior
			}
			all := newFuse(math.MaxInt64)
			if err := run(all); err != nil {
				t.Fatalf("%s, %s: %v", model, what, err)
			}
			n := all.asked.Load()
			slow := model == "mix" || model == "best" || model == "adaptive"
			if slow && n < 4 {
				t.Errorf("%s, %s: asked %d times", model, what, n)
			}
			for _, most := range []int64{0, 1, n / 2, n - 2} {
				if err := run(newFuse(most)); !errors.Is(err, context.Canceled) {
					t.Errorf("%s, %s: ended at %d of %d: %v", model, what, most, n, err)
				}
			}
		}
	}
	if _, err := CollectStats(newFuse(1<<20), source()); err != nil {
		t.Error(err)
	}
	if _, err := CollectStats(newFuse(0), source()); !errors.Is(err, context.Canceled) {
		t.Errorf("stats: %v", err)
	}
	for _, src := range sources {
		src.Close()
	}
	fewerGoroutines(t, before)
}

// A store takes objects as an object store does: what fails while it is uploaded
// is not kept.
type store struct{ objects map[string][]byte }

func (s *store) upload(name string, r io.Reader) error {
	b, err := io.ReadAll(r)
	if err == nil {
		s.objects[name] = b
	}
	return err
}

// keep compresses a stream into an object.
func (s *store) keep(ctx context.Context, name string, body io.Reader) error {
	src, err := tokens.NewSource(name, body, tokens.Options{})
	if err != nil {
		return err
	}
	defer src.Close()
	r, w := io.Pipe()
	done := make(chan error)
	go func() { done <- s.upload(name, r) }()
	_, err = Compress(w, src, &WriterOptions{Model: "best", BlockTokens: 4096, Context: ctx})
	w.CloseWithError(err)
	return errors.Join(err, <-done)
}

// TestCancelledService has a service compress the body of a request. When the
// client goes away, nothing is left of it.
func TestCancelledService(t *testing.T) {
	before := runtime.NumGoroutine()
	objects := &store{map[string][]byte{}}
	ended := make(chan error, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := objects.keep(r.Context(), "object", r.Body)
		ended <- err
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	}))
	send := func(ctx context.Context, body io.Reader) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, server.URL, body)
		if err != nil {
			t.Fatal(err)
		}
		res, err := server.Client().Do(req)
		if err == nil {
			res.Body.Close()
		}
		return err
	}

	ctx, cancel := context.WithCancel(context.Background())
	body, feed := io.Pipe()
	go func() {
		for i := 0; i < 10; i++ {
			fmt.Fprintln(feed, strings.Repeat("so it goes. ", 1000))
		}
		cancel()
		// The client waits for whoever reads its body.
		feed.CloseWithError(context.Canceled)
	}()
	if err := send(ctx, body); err == nil {
		t.Error("the client does not notice")
	}
	if err := <-ended; err == nil {
		t.Error("the service does not notice")
	}
	if len(objects.objects) != 0 {
		t.Error("a part of the object is kept")
	}

	if err := send(context.Background(), strings.NewReader("so it goes. ")); err != nil {
		t.Error(err)
	}
	if err := <-ended; err != nil || len(objects.objects) != 1 {
		t.Errorf("%d objects, %v", len(objects.objects), err)
	}
	server.Client().CloseIdleConnections()
	server.Close()
	fewerGoroutines(t, before)
}
