package filename

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// FuzzCheck has every name that is accepted name a file inside the folder.
func FuzzCheck(f *testing.F) {
	for _, name := range []string{
		"a", "a/b.npy", "..", "../a", "a/../../b", "/etc/passwd", "C:a", "c:/a", `\\host\share`, `..\a`, "a\x00b", "", ".",
		"./a", "a//b", "a/", "a/..", "\xff", "aux", "a:b",
	} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if Check(name) != nil {
			return
		}
		folder := filepath.Join(string(filepath.Separator), "some", "folder")
		at := filepath.Join(folder, filepath.FromSlash(name))
		if !strings.HasPrefix(at, folder+string(filepath.Separator)) {
			t.Errorf("%q leads to %s", name, at)
		}
		if strings.ContainsRune(name, 0) || filepath.IsAbs(name) || os.PathSeparator == '\\' && strings.Contains(name, ":") {
			t.Errorf("%q is accepted", name)
		}
	})
}
