package tokens

import (
	"fmt"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/foretell/foretell/internal/fault"
)

// commonFolder returns the deepest folder that holds all inputs.
func (from disk) commonFolder(inputs []string) (string, error) {
	common := ""
	for _, in := range inputs {
		if from.stdin(in) {
			continue
		}
		p, err := from.abs(in)
		if err != nil {
			return "", err
		}
		dir := filepath.Dir(p)
		if common == "" {
			common = dir
		}
		for common != dir && !strings.HasPrefix(dir, strings.TrimSuffix(common, string(filepath.Separator))+string(filepath.Separator)) {
			up := filepath.Dir(common)
			if up == common {
				break // another volume
			}
			common = up
		}
	}
	return common, nil
}

// nameBelow names the file p in the output.
func (from disk) nameBelow(root, p string) (string, error) {
	p, err := from.abs(p)
	if err != nil {
		return "", err
	}
	rel, err := filepath.Rel(root, p)
	if err != nil {
		rel = filepath.Base(p)
	}
	return cleanName(filepath.ToSlash(rel)), nil
}

// cleanName makes a relative path in UTF-8 of whatever name an archive gives: the
// name itself stays in the framing.
func cleanName(name string) string {
	name = strings.ToValidUTF8(strings.ReplaceAll(name, "\x00", ""), "\uFFFD")
	name = path.Clean("/" + name)[1:]
	if name == "" {
		name = "unnamed"
	}
	return name
}

// maxLabel leaves room for what unique adds.
const maxLabel = MaxName - 24

// label names a member of an archive. A path that is too long is one of which the
// end is kept.
func (s *Source) label(name string) (string, error) {
	name = cleanName(name)
	if n := len(name); n > maxLabel {
		at := n - maxLabel
		for !utf8.RuneStart(name[at]) {
			at++
		}
		name = cleanName(name[at:])
		if err := s.note(inMember(name, fmt.Errorf("%w: a path of %d bytes", fault.ErrLimit, n)), "the name of the member is the end of it"); err != nil {
			return name, err
		}
	}
	return s.names.unique(name), nil
}

// names makes names unique; it holds the number of times that each was used.
type names map[string]int

// unique returns name, with a number after it if it was used before.
func (u names) unique(name string) string {
	free := name
	for u[free] > 0 {
		u[name]++
		free = name + "#" + strconv.Itoa(u[name])
	}
	u[free]++
	return free
}
