package failure

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// foreign are flags of gzip, xz and zstd that stand for a verb here.
var foreign = map[string]string{
	"d": "'foretell decompress' decompresses", "decompress": "'foretell decompress' decompresses", "uncompress": "'foretell decompress' decompresses",
	"t": "'foretell verify' checks files", "test": "'foretell verify' checks files",
	"l": "'foretell list' lists", "list": "'foretell list' lists",
	"z": "'foretell compress' compresses", "compress": "'foretell compress' compresses",
	"V": "'foretell --version' tells the version", "r": "folders are taken whole", "0": "levels go from -1 to -9",
}

// Flag words the error of a flag that the verb does not have, and says which one may
// have been meant.
func Flag(verb *cobra.Command, err error) error {
	var usage *UsageError
	if errors.As(err, &usage) {
		return usage // says all by itself
	}
	var none *pflag.NotExistError
	if !errors.As(err, &none) {
		return &UsageError{err}
	}
	name := none.GetSpecifiedName()
	if hint := foreign[name]; hint != "" {
		return &UsageError{fmt.Errorf("%w: %s", err, hint)}
	}
	best, least := "", 3 // more than two changes are no typo
	if len(name) > 1 {
		verb.Flags().VisitAll(func(f *pflag.Flag) {
			if n := distance(name, f.Name); !f.Hidden && n < least {
				best, least = f.Name, n
			}
		})
	}
	if best != "" {
		return &UsageError{fmt.Errorf("%w: did you mean --%s?", err, best)}
	}
	return &UsageError{err}
}

// distance returns how many bytes have to be put in, taken out or changed to make a
// word of another.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before := row[0] // row[j] of the row before
		row[0] = i + 1
		for j := range len(b) {
			change := before
			if a[i] != b[j] {
				change++
			}
			before = row[j+1]
			row[j+1] = min(change, before+1, row[j]+1)
		}
	}
	return row[len(b)]
}
