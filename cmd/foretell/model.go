package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/foretell/foretell"
	"github.com/foretell/foretell/cmd/foretell/internal/models"
	"github.com/foretell/foretell/cmd/foretell/internal/staged"
	"github.com/foretell/foretell/internal/outputs"
	"github.com/spf13/cobra"
)

const modelHelp = `Keep the networks that files need where foretell finds them.

A file that was compressed with --model NETWORK.gguf needs that network to
decompress. It is looked for by its hash: in what --model names, in the folders
of the environment variable FORETELL_MODELS, in the folder of the file, and in
the user's own folder, which these commands are about.`

const modelExample = `  foretell model add smollm2.gguf     # keep a copy in the user's folder
  foretell model list
  foretell model verify               # check every copy against its hash`

func newModel(*app) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "model",
		Short:   "Keep the networks that files need where they are found",
		Long:    modelHelp,
		Example: modelExample,
		GroupID: groupLook,
	}
	cmd.AddCommand(
		&cobra.Command{
			Use: "add FILE...", Short: "Keep copies of model files in the user's folder", Args: cobra.MinimumNArgs(1),
			RunE: func(_ *cobra.Command, args []string) error {
				for _, name := range args {
					if err := keepModel(name); err != nil {
						return err
					}
				}
				return staged.Commit()
			},
		},
		&cobra.Command{
			Use: "list", Short: "List the model files in the user's folder", Args: cobra.NoArgs,
			RunE: func(*cobra.Command, []string) error { return eachModel(func(m keptModel) error { return m.print("") }) },
		},
		&cobra.Command{
			Use: "verify", Short: "Check the model files in the user's folder against their hashes", Args: cobra.NoArgs,
			RunE: func(*cobra.Command, []string) error { return verifyModels() },
		},
	)
	return cmd
}

// A keptModel is a file in the user's folder: its name there is its hash, a dash and
// the name that it had.
type keptModel struct {
	path, name, sum string
	size            int64
}

func (m keptModel) print(verdict string) error {
	_, err := fmt.Printf("%s  %12d  %s%s\n", m.sum, m.size, m.name, verdict)
	return err
}

// sumOf returns the SHA-256 of a file in hexadecimal.
func sumOf(name string) (string, error) {
	f, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	_, err = io.Copy(h, f)
	return hex.EncodeToString(h.Sum(nil)), err
}

// keepModel copies a model file into the user's folder, if it can be run.
func keepModel(name string) error {
	if _, err := models.Open(name); err != nil {
		return err
	}
	dir, err := foretell.ModelsFolder()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	sum, err := sumOf(name)
	if err != nil {
		return err
	}
	to := filepath.Join(dir, sum+"-"+filepath.Base(name))
	if _, err := os.Stat(to); err == nil {
		return nil
	}
	in, err := os.Open(name)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := staged.Path(to, false, outputs.ModeLike(name))
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, in); err != nil {
		return err
	}
	return out.Finish()
}

// eachModel calls f for every model in the user's folder.
func eachModel(f func(keptModel) error) error {
	dir, err := foretell.ModelsFolder()
	if err != nil {
		return err
	}
	entries, err := os.ReadDir(dir)
	if err != nil && !os.IsNotExist(err) {
		return err
	}
	for _, e := range entries {
		sum, name, ok := strings.Cut(e.Name(), "-")
		info, err := e.Info()
		if !ok || len(sum) != 2*sha256.Size || err != nil || !info.Mode().IsRegular() {
			continue
		}
		if err := f(keptModel{filepath.Join(dir, e.Name()), name, sum, info.Size()}); err != nil {
			return err
		}
	}
	return nil
}

func verifyModels() error {
	bad := 0
	err := eachModel(func(m keptModel) error {
		sum, err := sumOf(m.path)
		if err != nil {
			return err
		}
		if sum != m.sum {
			bad++
			return m.print("  DAMAGED: delete it and add it anew")
		}
		return m.print("  whole")
	})
	if err == nil && bad > 0 {
		err = fmt.Errorf("damaged models: %d", bad)
	}
	return err
}
