package bench

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
)

// arraysScript runs the libraries for arrays. It is a program of Python's because they
// are packages of Python's: what holders of arrays use.
//
//go:embed arrays.py
var arraysScript string

// A Library is a package of Python's that may be installed.
type Library struct {
	Name   string // of the way, beginning with what it is called
	module string
}

// Libraries are the packages that benchmarks look for. They get the content as an array
// of integers as wide as the elements, if it is one.
var Libraries = []Library{
	{"openzl, FieldLz 6", "openzl.ext"},
	{"blosc2, zstd 9", "blosc2"},
	{"pcodec -12", "pcodec"},
	{"parquet, zstd 19", "pyarrow.parquet"},
	{"zstandard -3", "zstandard"},
	{"zstandard -19", "zstandard"},
}

const python = "python3"

// Installed reports whether the package can be imported.
func (l *Library) Installed() bool {
	return exec.Command(python, "-c", "import numpy, "+l.module).Run() == nil
}

func (l *Library) run(j *Job) (out Outcome, err error) {
	step, from, to := "encode", ContentFile, PackedFile
	if j.Decode {
		step, from, to = "decode", PackedFile, BackFile
	}
	cmd := exec.Command(python, "-c", arraysScript, l.Name, step, fmt.Sprint(j.Width),
		filepath.Join(j.Dir, from), filepath.Join(j.Dir, to))
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	text, err := cmd.Output()
	if err != nil {
		lines := strings.Split(strings.TrimSpace(stderr.String()), "\n")
		return out, fmt.Errorf("%w: %s", err, lines[len(lines)-1])
	}
	return out, json.Unmarshal(text, &out)
}
