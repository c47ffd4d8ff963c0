package mix

import (
	"bytes"
	"os"
	"testing"
)

// These tests hold the sizes of real data to what is promised of them; the speed
// is the benchmarks' matter.

func TestVideo(t *testing.T) {
	if n := len(roundTrip(t, Config{}, video(t, 0, 200))); n > 17500 {
		t.Errorf("%d bytes", n)
	}
}

func TestAudio(t *testing.T) {
	if n := len(roundTrip(t, Config{}, audio(t))); n > 88500 {
		t.Errorf("%d bytes", n)
	}
}

func TestText(t *testing.T) {
	if n := len(roundTrip(t, Config{}, text(t, 30000))); n > 28500 {
		t.Errorf("%d bytes", n)
	}
}

// TestPriorVideo trains on the first half of the video and codes the second in
// independent blocks.
func TestPriorVideo(t *testing.T) {
	if os.Getenv("FORETELL_SLOW") == "" {
		t.Skip("takes ten seconds: set FORETELL_SLOW=1")
	}
	p, err := Train(TrainConfig{}, video(t, 0, 600))
	if err != nil {
		t.Fatal(err)
	}
	data, err := p.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ParsePrior(bytes.Clone(data), 0); err != nil {
		t.Fatal(err)
	}
	c, d := New(Config{}), New(Config{Prior: p})
	with, without := 0, 0
	for f := 600; f < 1200; f += 100 {
		b := video(t, f, f+100)
		plain, err := c.Encode(nil, b)
		if err != nil {
			t.Fatal(err)
		}
		known, err := d.Encode(nil, b)
		if err != nil {
			t.Fatal(err)
		}
		with, without = with+len(known), without+len(plain)
	}
	t.Logf("prior of %d bytes: %d bytes with it, %d without", len(data), with, without)
	if with*100 > without*90 {
		t.Errorf("a prior of %d bytes makes %d bytes of %d", len(data), with, without)
	}
}
