// Package models finds what predicts: models by name, networks and priors by file.
package models

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/foretell/foretell"
	"github.com/foretell/foretell/cmd/foretell/internal/failure"
	"github.com/foretell/foretell/cmd/foretell/internal/show"
	"github.com/foretell/foretell/cmd/foretell/internal/staged"
	"github.com/spf13/cobra"
)

// Names returns the models that the command can write with.
func Names() []string { return foretell.Models() }

// Check refuses a name that is none of models.
func Check(name string) error {
	if !slices.Contains(Names(), name) {
		return failure.Usagef("no model is called %q: use %s", name, show.OneOf(Names()))
	}
	return nil
}

// AddPrior adds the flag that names a prior.
func AddPrior(cmd *cobra.Command, name *string) {
	cmd.Flags().StringVar(name, "prior", "", "start each block from the prior in `FILE`, which 'foretell train' made")
	cmd.MarkFlagFilename("prior", "prior")
}

// ReadPrior returns the prior that the flag names, nil if none.
func ReadPrior(name string) ([]byte, error) {
	if name == "" {
		return nil, nil
	}
	fi, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	staged.Read(fi)
	prior, err := os.ReadFile(name)
	if err == nil && len(prior) == 0 {
		err = fmt.Errorf("%s is empty: it is no prior", name)
	}
	return prior, err
}

// IsNetwork reports whether the value of --model names a file.
func IsNetwork(model string) bool {
	if model == "" || slices.Contains(Names(), model) {
		return false
	}
	info, err := os.Stat(model)
	return err == nil && info.Mode().IsRegular() || strings.ContainsRune(model, filepath.Separator) ||
		slices.Contains([]string{".gguf", ".safetensors"}, filepath.Ext(model))
}

// Open reads a model file.
func Open(name string) (*foretell.Network, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	staged.Read(info)
	n, err := foretell.OpenNetwork(f, info.Size(), name, 0)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return n, nil
}

// OpenNeeded returns the network that a .fore file needs, nil if it needs none: the one
// given if that is it, else what is found for the file of that name.
func OpenNeeded(needs []foretell.Need, given *foretell.Network, file string) (*foretell.Network, error) {
	for _, n := range needs {
		if n.Kind != foretell.NeedWeights {
			continue
		}
		if given != nil && given.Need().Sum == n.Sum {
			return given, nil
		}
		src, size, err := Resolve("", file)(n)
		if err != nil {
			return nil, &foretell.NeedError{Need: n, Err: err}
		}
		if c, ok := src.(io.Closer); ok {
			defer c.Close()
		}
		return foretell.OpenNetwork(src, size, n.Name, 0)
	}
	return nil, nil
}

// AddNetwork adds the flag that says where a file's network is.
func AddNetwork(cmd *cobra.Command, flag string, name *string) {
	cmd.Flags().StringVar(name, flag, "", "the network that the file needs is `FILE`, or in that folder")
}

// Resolve returns how what a file needs is found.
func Resolve(network, file string) func(foretell.Need) (io.ReaderAt, int64, error) {
	near := ""
	if file != "-" {
		near = filepath.Dir(file)
	}
	places := foretell.ModelPlaces(near)
	if network != "" {
		places = append([]string{network}, places...)
	}
	return func(n foretell.Need) (io.ReaderAt, int64, error) {
		from := places
		if n.Kind != foretell.NeedWeights {
			from = foretell.ModelPlaces("")
		}
		src, size, err := foretell.Resolve(from...)(n)
		if f, ok := src.(*os.File); ok && err == nil {
			info, err := f.Stat()
			if err != nil {
				f.Close()
				return nil, 0, err
			}
			staged.Read(info)
		}
		return src, size, err
	}
}
