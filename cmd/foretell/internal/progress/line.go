package progress

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/foretell/foretell/cmd/foretell/internal/show"
)

// A progressLine says how far a run has come.
type progressLine struct {
	Verb    string  `json:"verb"`
	Seconds float64 `json:"seconds"`
	Done    int64   `json:"done_bytes"`
	Total   int64   `json:"total_bytes,omitempty"` // if known
	Content int64   `json:"content_bytes,omitempty"`
	File    int64   `json:"file_bytes,omitempty"`
	Ratio   float64 `json:"ratio,omitempty"`          // so far
	Bits    float64 `json:"bits_per_token,omitempty"` // of the last second in which there was any
	Speed   float64 `json:"mb_per_second"`            // in the last second; of the whole run in the last line
	Left    float64 `json:"seconds_left,omitempty"`   // at the mean speed so far, if known
	Over    bool    `json:"over,omitempty"`           // this is the last line
}

// A piece is a part of a drawn line. Of higher ranks only what has room is drawn.
type piece struct {
	text string
	rank int
}

// draw returns a line shorter than width. What is not known is not there, but for
// the time that is left, which is a question mark.
func (s *progressLine) draw(width int) string {
	amount, left := mega(s.Done)+" MB", ""
	pieces := []piece{{s.Verb, 1}}
	if s.Total > 0 {
		const cells = 16
		share := float64(min(max(s.Done, 0), s.Total)) / float64(s.Total)
		full := int(share * cells)
		pieces = append(pieces,
			piece{fmt.Sprintf("%d%%", int(100*share)), 0},
			piece{"[" + strings.Repeat("#", full) + strings.Repeat("-", cells-full) + "]", 7})
		amount = mega(s.Done) + "/" + mega(s.Total) + " MB"
		switch {
		case s.Left > 0:
			left = clock(s.Left) + " left"
		case s.Done < s.Total:
			left = "? left"
		}
	}
	add := func(text string, rank int) {
		if text != "" {
			pieces = append(pieces, piece{text, rank})
		}
	}
	add(amount, 3)
	if s.Speed > 0 {
		add(show.Speed(s.Speed)+" MB/s", 4)
	}
	if s.Ratio > 0 {
		add(fmt.Sprintf("%.2f:1", s.Ratio), 6)
	}
	if s.Bits > 0 {
		add(fmt.Sprintf("%.2f bits/token", s.Bits), 8)
	}
	add(clock(s.Seconds), 5)
	add(left, 2)
	for rank := 8; rank >= 0; rank-- {
		var line []string
		for _, p := range pieces {
			if p.rank <= rank {
				line = append(line, p.text)
			}
		}
		if text := strings.Join(line, "  "); utf8.RuneCountInString(text) < width {
			return text
		}
	}
	return ""
}

// mega writes a number of bytes in MB.
func mega(n int64) string {
	if n == 0 {
		return "0"
	}
	return show.Speed(float64(n) / 1e6)
}

// clock writes a time as 0:05, 12:34 or 1:02:03.
func clock(seconds float64) string {
	n := int64(seconds + 0.5)
	if n < 3600 {
		return fmt.Sprintf("%d:%02d", n/60, n%60)
	}
	return fmt.Sprintf("%d:%02d:%02d", n/3600, n/60%60, n%60)
}
