package each

import (
	"os"
	"path/filepath"

	"github.com/foretell/foretell/cmd/foretell/internal/failure"
	"github.com/spf13/cobra"
)

// IsFolder reports whether an output names a folder that files go into: it is one, or
// ends as one.
func IsFolder(name string) bool {
	if name == "" || name == "-" {
		return false
	}
	fi, err := os.Stat(name)
	return err == nil && fi.IsDir() || os.IsPathSeparator(name[len(name)-1])
}

// AddKeep adds the flags of gzip and zstd that say whether inputs are kept, which they
// are unless --rm is there.
func AddKeep(cmd *cobra.Command, rm *bool) {
	f := cmd.Flags()
	f.BoolVar(rm, "rm", false, "remove the inputs when their outputs are complete")
	f.BoolP("keep", "k", false, "keep the inputs, which are kept without --rm as well")
	cmd.MarkFlagsMutuallyExclusive("rm", "keep")
}

// CheckRemove refuses --rm where it would remove what is not to be had back: more than
// single files, or files whose output goes to a pipe.
func CheckRemove(inputs []string, out string) error {
	if out == "-" {
		return failure.Usagef("--rm removes nothing that goes to standard output: leave it out")
	}
	for _, name := range inputs {
		if fi, err := os.Stat(name); name == "-" || err == nil && !fi.Mode().IsRegular() {
			return failure.Usagef("--rm removes files, and %s is none", filepath.Clean(name))
		}
	}
	return nil
}

// Remove removes inputs whose outputs are in their places.
func Remove(inputs []string) error {
	for _, name := range inputs {
		if err := os.Remove(name); err != nil {
			return err
		}
	}
	return nil
}
