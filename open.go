package foretell

import (
	"fmt"
	"math"
	"os"
)

// Open opens the .fore file of the given path for reading at random; see
// [OpenReaderAt]. [ReaderAt.Close] closes it.
func Open(path string, opts *ReaderOptions) (*ReaderAt, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	fi, err := f.Stat()
	if err == nil {
		var r *ReaderAt
		if r, err = OpenReaderAt(f, fi.Size(), opts); err == nil {
			r.file = f
			return r, nil
		}
		err = fmt.Errorf("%s: %w", path, err)
	}
	f.Close()
	return nil, err
}

// Close closes the file that [Open] has opened, and nothing after [OpenReaderAt]. No
// other call may be under way.
func (r *ReaderAt) Close() error {
	if r.file == nil {
		return nil
	}
	return r.file.Close()
}

// End, in the place of the end of a range of rows, is the end of the array.
const End = math.MaxInt

// end returns the end of a range of rows of a member as a number.
func (r *ReaderAt) end(member, to int) int {
	if to != End || member < 0 || member >= len(r.members) {
		return to
	}
	if shape := r.members[member].Shape; len(shape) > 0 {
		return shape[0]
	}
	return 1
}

// Member returns the number of the member that has the given name.
func (r *ReaderAt) Member(name string) (int, error) {
	found := -1
	for i := range r.members {
		if r.members[i].Name != name {
			continue
		}
		if found >= 0 {
			return 0, fmt.Errorf("members %d and %d are both called %.100q: choose one by its number", found, i, name)
		}
		found = i
	}
	if found < 0 {
		return 0, fmt.Errorf("no member is called %.100q", name)
	}
	return found, nil
}
