package foretell

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// ModelsVariable is the environment variable that lists folders of models and priors.
const ModelsVariable = "FORETELL_MODELS"

// ModelsFolder returns the folder where a user's models are kept, which may not exist
// yet.
func ModelsFolder() (string, error) {
	dir, err := os.UserCacheDir()
	return filepath.Join(dir, "foretell", "models"), err
}

// ModelPlaces returns where models and priors are looked for unless a user says more:
// the folders of FORETELL_MODELS, near, which is the folder of the file that needs
// them ("" for none), and ModelsFolder.
func ModelPlaces(near string) []string {
	places := filepath.SplitList(os.Getenv(ModelsVariable))
	if near != "" {
		places = append(places, near)
	}
	if dir, err := ModelsFolder(); err == nil {
		places = append(places, dir)
	}
	return places
}

// Find looks for the content of a need: a file of its size and hash. Places are files,
// or folders whose files are looked at, those in folders below as well, three deep. It
// is what ReaderOptions.Resolve may call. The caller closes the file, which stands at its
// beginning. If there is none, the error says where it looked.
func Find(n Need, places ...string) (*os.File, error) {
	var others, folders []string
	for _, place := range places {
		if f := findIn(n, place); f != nil {
			return f, nil
		}
		if info, err := os.Stat(place); err != nil || !info.Mode().IsRegular() {
			folders = append(folders, place)
		} else if info.Size() != n.Size {
			others = append(others, fmt.Sprintf("%s is another file, of %d bytes", place, info.Size()))
		} else {
			others = append(others, fmt.Sprintf("%s is damaged, or another file of the same size", place))
		}
	}
	if len(folders) > 0 {
		others = append(others, "it is not in "+strings.Join(folders, ", "))
	}
	if len(others) == 0 {
		return nil, errors.New("there is no place to look for it")
	}
	return nil, errors.New(strings.Join(others, "; "))
}

const (
	findDepth   = 3
	findEntries = 1 << 14
)

// findIn looks at a file, or at the files in a folder, those with the right name first.
func findIn(n Need, place string) (found *os.File) {
	var others []string
	seen := 0
	filepath.WalkDir(place, func(path string, e fs.DirEntry, err error) error {
		if seen++; e == nil || seen > findEntries {
			return fs.SkipAll
		}
		if err != nil {
			return fs.SkipDir // of what cannot be read
		}
		if e.IsDir() {
			if rel, err := filepath.Rel(place, path); err == nil && strings.Count(rel, string(filepath.Separator)) >= findDepth {
				return fs.SkipDir
			}
			return nil
		}
		if e.Name() != n.Name {
			others = append(others, path)
			return nil
		}
		if found = openNeed(n, path); found != nil {
			return fs.SkipAll
		}
		return nil
	})
	for _, path := range others {
		if found != nil {
			break
		}
		found = openNeed(n, path)
	}
	return found
}

// openNeed returns a file if it is what is needed, else nil.
func openNeed(n Need, path string) *os.File {
	// Not after opening it: a named pipe would be waited for.
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() || n.Size != 0 && info.Size() != n.Size {
		return nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil
	}
	h := sha256.New()
	if _, err = io.Copy(h, io.NewSectionReader(f, 0, info.Size())); err == nil && [32]byte(h.Sum(nil)) == n.Sum {
		return f
	}
	f.Close()
	return nil
}

// Resolve returns a function for ReaderOptions.Resolve that looks for what a file needs
// by Find.
func Resolve(places ...string) func(Need) (io.ReaderAt, int64, error) {
	return func(n Need) (io.ReaderAt, int64, error) {
		if n.Kind == NeedModel {
			return nil, 0, errors.New("only the program that wrote it has it")
		}
		f, err := Find(n, places...)
		if err != nil {
			return nil, 0, err
		}
		info, err := f.Stat()
		if err != nil {
			f.Close()
			return nil, 0, err
		}
		return f, info.Size(), nil
	}
}
