package foretellbeam

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/io/filesystem"
)

func init() {
	beam.RegisterDoFn(&matchFn{})
}

// A Shard is a file to work on.
type Shard struct {
	Path string // to open it with
	Name string // below the folder that all shards are in, with slashes
}

// MatchOptions says which files of a pattern are shards. The zero value takes all.
type MatchOptions struct {
	// Suffix, if not "", is what the names of files that are taken from local
	// folders end in.
	Suffix string

	// Output, if not "", is where Compress will write. A file that is the output
	// of another shard is no shard then, so that outputs may go where inputs are.
	Output Target

	// Reserved names files that are no shards, such as the manifest.
	Reserved []string
}

// Match returns the files that a pattern of Beam's file systems stands for, as a
// PCollection of Shard in no order. A local folder stands for the files in it and
// below. A shard is named by its path below the folder that the pattern's fixed
// part ends in. That nothing matches is an error of the pipeline.
func Match(s beam.Scope, pattern string, opts MatchOptions) beam.PCollection {
	s = s.Scope("foretell.Match")
	shards := beam.ParDo(s, &matchFn{Pattern: pattern, Options: opts}, beam.Impulse(s))
	return beam.Reshuffle(s, shards)
}

type matchFn struct {
	Pattern string
	Options MatchOptions
}

func (fn *matchFn) ProcessElement(ctx context.Context, _ []byte, emit func(Shard)) error {
	shards, err := list(ctx, fn.Pattern, &fn.Options)
	for _, s := range shards {
		emit(s)
	}
	return err
}

// isLocal reports whether a path is of the local file system.
func isLocal(name string) bool { return !strings.Contains(name, "://") }

// list returns the shards of a pattern, sorted by name.
func list(ctx context.Context, pattern string, opts *MatchOptions) (shards []Shard, err error) {
	if isLocal(pattern) {
		shards, err = listLocal(pattern, opts.Suffix)
	} else {
		shards, err = listRemote(ctx, pattern)
	}
	shards = opts.inputs(shards)
	if err == nil && len(shards) == 0 {
		err = fmt.Errorf("no file matches %s", pattern)
	}
	slices.SortFunc(shards, func(a, b Shard) int { return strings.Compare(a.Name, b.Name) })
	return slices.Compact(shards), err
}

// inputs returns the shards that are not what a run writes.
func (o *MatchOptions) inputs(all []Shard) (shards []Shard) {
	in, written := places{}, map[string]bool{}
	for _, name := range o.Reserved {
		written[in.of(name)] = true
	}
	// The name of an output is longer than that of its shard.
	slices.SortFunc(all, func(a, b Shard) int { return cmp.Compare(len(a.Name), len(b.Name)) })
	for _, s := range all {
		// A name that ends in a slash marks a folder and holds nothing.
		if strings.HasSuffix(s.Name, "/") || strings.Contains("/"+s.Name, "/"+partials+"/") || written[in.of(s.Path)] {
			continue
		}
		shards = append(shards, s)
		if o.Output != "" {
			written[in.of(o.Output.path(s.Name, ".fore"))] = true
		}
	}
	return shards
}

// wildcards are the characters that make a name a pattern.
const wildcards = `*?[\`

// fixed returns the folder that a pattern begins with.
func fixed(pattern string) string {
	if i := strings.IndexAny(pattern, wildcards); i >= 0 {
		pattern = pattern[:i]
	}
	return pattern[:strings.LastIndexByte(pattern, '/')+1]
}

func listRemote(ctx context.Context, pattern string) ([]Shard, error) {
	files, err := filesystem.New(ctx, pattern)
	if err != nil {
		return nil, err
	}
	defer files.Close()
	names, err := files.List(ctx, pattern)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", pattern, err)
	}
	var shards []Shard
	root := fixed(pattern)
	for _, p := range names {
		shards = append(shards, Shard{Path: p, Name: strings.TrimPrefix(p, root)})
	}
	return shards, nil
}

func listLocal(pattern, suffix string) ([]Shard, error) {
	root := filepath.FromSlash(fixed(filepath.ToSlash(pattern)))
	// A name that exists is no pattern, whatever characters it has.
	matches := []string{pattern}
	if fi, err := os.Stat(pattern); err != nil {
		if matches, err = filepath.Glob(pattern); err != nil {
			return nil, fmt.Errorf("%s: %w", pattern, err)
		}
	} else if root = filepath.Dir(pattern); fi.IsDir() {
		root = pattern
	}
	var shards []Shard
	add := func(p string) error {
		name, err := filepath.Rel(filepath.Clean(root), p)
		if err != nil || !filepath.IsLocal(name) {
			return fmt.Errorf("%s: %s is not below %s", pattern, p, root)
		}
		shards = append(shards, Shard{Path: p, Name: filepath.ToSlash(name)})
		return nil
	}
	for _, match := range matches {
		fi, err := os.Stat(match)
		if err != nil {
			return nil, err
		}
		if !fi.IsDir() {
			if !fi.Mode().IsRegular() {
				return nil, noFile(match)
			}
			if err := add(match); err != nil {
				return nil, err
			}
			continue
		}
		err = filepath.WalkDir(match, func(p string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case d.IsDir() && d.Name() == partials:
				return fs.SkipDir
			case d.IsDir() || !strings.HasSuffix(p, suffix):
				return nil
			case d.Type()&^fs.ModeSymlink != 0:
				return noFile(p)
			}
			return add(p)
		})
		if err != nil {
			return nil, err
		}
	}
	return shards, nil
}

// noFile refuses what is no regular file, such as a named pipe, for which all workers would
// wait.
func noFile(name string) error { return fmt.Errorf("%s is no regular file: leave it out", name) }

// A Target says where outputs go: into a folder, or to a pattern with one star
// that stands for a shard's name.
type Target string

// Root returns the folder that outputs are in, with a slash at its end.
func (t Target) Root() string {
	folder := filepath.ToSlash(string(t))
	if before, _, ok := strings.Cut(folder, "*"); ok {
		return before[:strings.LastIndexByte(before, '/')+1]
	}
	return strings.TrimSuffix(folder, "/") + "/"
}

// path returns where the output of the given name goes; suffix is what a folder
// adds to names.
func (t Target) path(name, suffix string) string {
	if before, after, ok := strings.Cut(filepath.ToSlash(string(t)), "*"); ok {
		return before + name + after
	}
	return t.Root() + name + suffix
}

// join appends a clean relative name to the path of a folder.
func join(folder, name string) string { return strings.TrimSuffix(folder, "/") + "/" + name }
