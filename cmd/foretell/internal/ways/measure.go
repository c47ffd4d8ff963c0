package ways

import (
	"bytes"
	"slices"
	"time"

	"github.com/foretell/foretell/cmd/foretell/internal/show"
)

// enough is how long each way is measured at least, so that quick ones are not
// measured by their first run.
const enough = 100 * time.Millisecond

// Measure runs both ways on a sample, compares, and takes the quickest of the
// runs.
func Measure(w *Way, sample []byte) (Result, error) {
	var file, back bytes.Buffer
	encode, err := quickest(func() error {
		file.Reset()
		return w.Encode(&file, bytes.NewReader(sample))
	})
	if err != nil {
		return Result{}, err
	}
	decode, err := quickest(func() error {
		back.Reset()
		return w.Decode(&back, bytes.NewReader(file.Bytes()))
	})
	if err == nil && !bytes.Equal(back.Bytes(), sample) {
		err = ErrOther
	}
	size := int64(len(sample))
	return Result{Name: w.Name, Size: int64(file.Len()), Encode: show.Rate(size, encode), Decode: show.Rate(size, decode)}, err
}

func quickest(run func() error) (time.Duration, error) {
	times, err := Repeat(run)
	if err != nil {
		return 0, err
	}
	return slices.Min(times), nil
}

// Repeat measures a run until enough time has gone by.
func Repeat(run func() error) (times []time.Duration, err error) {
	for begin := time.Now(); len(times) == 0 || time.Since(begin) < enough; {
		start := time.Now()
		if err := run(); err != nil {
			return nil, err
		}
		times = append(times, max(time.Since(start), 1))
	}
	return times, nil
}
