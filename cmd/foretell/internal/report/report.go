// Package report shows where the information in token data sits: it gathers the
// costs of tokens under a model, draws them, and makes one page of it all that
// needs nothing from elsewhere.
package report

// A Report holds the numbers behind every picture of the page.
type Report struct {
	Name    string   `json:"name"`
	Version string   `json:"version"` // of the program that made it
	Model   string   `json:"model"`   // whose costs are shown
	Content int64    `json:"content_bytes"`
	Size    int64    `json:"file_bytes"`
	Tokens  int64    `json:"tokens"`
	Solid   bool     `json:"solid"`
	Members []Member `json:"members"`
	Models  []Model  `json:"models"` // the smallest last
	Parts   []Part   `json:"parts"`  // add up to Size
	Blocks  int      `json:"blocks"`
}

// Ratio returns how many times smaller than its content the file is.
func (r *Report) Ratio() float64 { return quotient(float64(r.Content), float64(r.Size)) }

// Bits returns the bits of the file for each token.
func (r *Report) Bits() float64 { return quotient(8*float64(r.Size), float64(r.Tokens)) }

// A Member is one array.
type Member struct {
	Name          string   `json:"name"`
	Type          string   `json:"type"`
	Shape         []int    `json:"shape"`
	Tokens        int64    `json:"tokens"`
	Distinct      int      `json:"distinct"`
	Order0        float64  `json:"order0_bits"`
	GivenPrevious *float64 `json:"given_previous_bits"`  // null if it was not counted
	GivenStepBack *float64 `json:"given_step_back_bits"` // null if it was not counted
	Bits          float64  `json:"bits_per_token"`       // information content under the model

	// Frequencies is how often the values occur, the most frequent first; of
	// long lists, a selection.
	Frequencies []Frequency `json:"frequencies"`

	Costs *Costs `json:"costs"` // null if the page shows no pictures of it
}

// A Frequency says how often the value of a rank occurs.
type Frequency struct {
	Rank  int   `json:"rank"`
	Count int64 `json:"count"`
}

// A Model is what one model makes of the input.
type Model struct {
	Name   string  `json:"name"`
	Size   int64   `json:"bytes"`
	Bits   float64 `json:"bits_per_token"`
	Ratio  float64 `json:"ratio"`
	Encode float64 `json:"encode_mb_per_second"`
	Decode float64 `json:"decode_mb_per_second"`
}

// A Part is one of the parts that make up the file.
type Part struct {
	Name string `json:"name"`
	Size int64  `json:"bytes"`
}

// Sample picks the frequencies that the page shows: of counts, sorted downwards,
// all of the first ranks and then ever fewer.
func Sample(counts []int64) []Frequency {
	const dense, growth = 32, 1.03
	list := []Frequency{}
	for rank := 1; rank <= len(counts); {
		list = append(list, Frequency{rank, counts[rank-1]})
		next := rank + 1
		if rank > dense {
			next = max(next, int(float64(rank)*growth))
		}
		if rank < len(counts) {
			next = min(next, len(counts))
		}
		rank = next
	}
	return list
}

// quotient returns a/b, 0 if there is no b.
func quotient(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return a / b
}
