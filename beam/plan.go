package foretellbeam

import (
	"cmp"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/foretell/foretell"
)

func init() {
	beam.RegisterDoFn(&planFn{})
}

// A task is a shard and where its output goes.
type task struct {
	Shard   Shard
	Output  string
	Refused string // why it cannot go there, if it cannot
}

// err returns why a task is refused, nil if it is not.
func (t *task) err() error {
	if t.Refused == "" {
		return nil
	}
	return fmt.Errorf("%w: %s", foretell.ErrUnsupported, t.Refused)
}

// plan makes tasks of shards. Whether outputs are in each other's way shows only in
// the list of all, hence one worker looks through it.
func plan(s beam.Scope, shards beam.PCollection, fn planFn) beam.PCollection {
	s = s.Scope("foretell.plan")
	all := beam.GroupByKey(s, beam.AddFixedKey(s, shards))
	return beam.Reshuffle(s, beam.ParDo(s, &fn, all))
}

type planFn struct {
	To          Target
	Cut, Suffix string   // what a name loses at its end, and what a folder adds
	Reserved    []string // files that are not outputs of shards
}

func (fn *planFn) ProcessElement(_ int, next func(*Shard) bool, emit func(task)) {
	var shards []Shard
	for s := (Shard{}); next(&s); {
		shards = append(shards, s)
	}
	for _, t := range fn.tasks(shards) {
		emit(t)
	}
}

// tasks returns a task for each shard, sorted by name. Of shards with one output,
// none is written: which of them is meant, only the user knows.
func (fn *planFn) tasks(shards []Shard) []task {
	slices.SortFunc(shards, func(a, b Shard) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Path, b.Path))
	})
	shards = slices.Compact(shards)
	in := places{}
	inputs, inputFolders := map[string]bool{}, map[string]bool{}
	outputs, outputFolders := map[string]int{}, map[string]bool{}
	reserved := map[string]bool{in.of(fn.To.Root() + partials): true}
	for _, name := range fn.Reserved {
		place := in.of(name)
		reserved[place] = true
		addFolders(outputFolders, place)
	}
	tasks := make([]task, len(shards))
	for i, s := range shards {
		for _, place := range in.all(s.Path) {
			inputs[place] = true
			addFolders(inputFolders, place)
		}
		t := &tasks[i]
		t.Shard = s
		if t.Output, t.Refused = fn.output(s.Name); t.Refused == "" {
			place := in.of(t.Output)
			outputs[place]++
			addFolders(outputFolders, place)
		}
	}
	for i := range tasks {
		t := &tasks[i]
		if t.Refused != "" {
			continue
		}
		place := in.of(t.Output)
		switch {
		case inputs[place]:
			t.Refused = fmt.Sprintf("the output, %s, would replace an input", t.Output)
		case inputFolders[place]:
			t.Refused = fmt.Sprintf("the output, %s, is a folder of inputs", t.Output)
		case reserved[place]:
			t.Refused = fmt.Sprintf("the output, %s, would have the name of another file of this run", t.Output)
		case outputs[place] > 1:
			t.Refused = fmt.Sprintf("other shards have the same output, %s", t.Output)
		case outputFolders[place]:
			t.Refused = fmt.Sprintf("the output, %s, is the folder of others", t.Output)
		}
	}
	return tasks
}

// output returns where the output of a shard goes, and if it can go nowhere, why.
func (fn *planFn) output(name string) (output, refused string) {
	short, ok := strings.CutSuffix(name, fn.Cut)
	if !ok {
		return "", "its name does not end in " + fn.Cut
	}
	for elem := range strings.SplitSeq(short, "/") {
		if elem == "." || elem == ".." || elem == partials {
			return "", fmt.Sprintf("no output can be called %s", short)
		}
	}
	if short == "" || strings.HasSuffix(short, "/") {
		return "", fmt.Sprintf("nothing is left of its name without %s", fn.Cut)
	}
	return fn.To.path(short, fn.Suffix), ""
}

// addFolders adds the folders that a place is in to a set.
func addFolders(set map[string]bool, place string) {
	for i := strings.LastIndexByte(place, '/'); i > 0; i = strings.LastIndexByte(place, '/') {
		place = place[:i]
		if set[place] {
			return
		}
		set[place] = true
	}
}

// places gives each file one name, however it is spelt. It holds what folders are.
type places map[string]string

// of returns the one name of a file: on local disks it is absolute and no folder in
// it is a symbolic link. The file itself may be one, as writing a file of that name
// would replace the link.
func (m places) of(name string) string {
	if !isLocal(name) {
		return name
	}
	folder, base := filepath.Split(name)
	resolved, ok := m[folder]
	if !ok {
		resolved = resolve(folder)
		m[folder] = resolved
	}
	return path.Join(resolved, base)
}

// all returns the one name of an input, and that of what it links to.
func (m places) all(name string) []string {
	all := []string{m.of(name)}
	if isLocal(name) {
		if fi, err := os.Lstat(name); err == nil && fi.Mode()&fs.ModeSymlink != 0 {
			all = append(all, resolve(name))
		}
	}
	return all
}

// resolve returns an absolute path without symbolic links, with slashes. What is
// not there yet stays as it is.
func resolve(name string) string {
	abs, err := filepath.Abs(name)
	if err != nil {
		return filepath.ToSlash(filepath.Clean(name))
	}
	rest := ""
	for folder := abs; ; folder = filepath.Dir(folder) {
		if resolved, err := filepath.EvalSymlinks(folder); err == nil {
			return filepath.ToSlash(filepath.Join(resolved, rest))
		}
		if folder == filepath.Dir(folder) {
			return filepath.ToSlash(abs)
		}
		rest = filepath.Join(filepath.Base(folder), rest)
	}
}
