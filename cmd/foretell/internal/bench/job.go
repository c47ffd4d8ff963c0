// Package bench measures ways to compress on a user's data: each step in a process of
// its own, so that its memory is known.
package bench

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/foretell/foretell"
	"github.com/foretell/foretell/cmd/foretell/internal/staged"
	"github.com/foretell/foretell/cmd/foretell/internal/ways"
	"github.com/foretell/foretell/internal/packed"
	"github.com/foretell/foretell/internal/parquet"
	"github.com/foretell/foretell/tokens"
	"github.com/spf13/cobra"
)

// Each step of a benchmark, encoding or decoding in one way, is a process of its
// own, so that the memory that it takes is known: this program, started with the
// hidden verb below and a job as JSON on its standard input.

// A Job is one step. It reads and writes files of a folder: from the content or
// the packed file to the packed file or what came back.
type Job struct {
	Dir     string
	Way     string // of foretell, a model's name, or a network's path, after "foretell "
	Decode  bool
	Inputs  []string
	Source  tokens.Options
	Block   int // as in foretell.WriterOptions
	Solid   bool
	Apart   bool
	Threads int
	Width   int // bytes of an element of the content
}

// An Outcome is what a step has taken.
type Outcome struct {
	Seconds float64 // the median, if it was repeated
	CPU     float64 // seconds of all processors together
	Memory  int64   // bytes
}

// The names of a benchmark's files.
const (
	ContentFile = "content"
	PackedFile  = "packed"
	BackFile    = "back"
)

const StepVerb = "bench-step"

func NewStep() *cobra.Command {
	return &cobra.Command{
		Use:    StepVerb,
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			var j Job
			if err := json.NewDecoder(os.Stdin).Decode(&j); err != nil {
				return err
			}
			out, err := j.do()
			if err != nil {
				return err
			}
			return json.NewEncoder(os.Stdout).Encode(out)
		},
	}
}

// Start runs the step in a process of its own.
func (j *Job) Start() (out Outcome, err error) {
	self, err := os.Executable()
	if err != nil {
		return out, err
	}
	in, err := json.Marshal(j)
	if err != nil {
		return out, err
	}
	var stdout, stderr bytes.Buffer
	cmd := &exec.Cmd{
		Path: self, Args: []string{os.Args[0], StepVerb},
		Env:   append(os.Environ(), fmt.Sprintf("GOMAXPROCS=%d", j.Threads)),
		Stdin: bytes.NewReader(in), Stdout: &stdout, Stderr: &stderr,
	}
	if err := staged.Run(cmd); err != nil {
		if text := strings.TrimSpace(stderr.String()); text != "" {
			err = fmt.Errorf("%s", strings.TrimPrefix(text, "foretell: "))
		}
		return out, err
	}
	return out, json.Unmarshal(stdout.Bytes(), &out)
}

func (j *Job) do() (Outcome, error) {
	for _, t := range Tools {
		if t.Name == j.Way {
			return t.run(j)
		}
	}
	for _, l := range Libraries {
		if l.Name == j.Way {
			return l.run(j)
		}
	}
	j.Source.Decompressors, j.Source.Formats = packed.All(), []tokens.Format{parquet.Format()}
	opts := foretell.WriterOptions{BlockTokens: j.Block, Solid: j.Solid, Apart: j.Apart, Workers: j.Threads}
	all := append(ways.General(), ways.Models([]string{strings.TrimPrefix(j.Way, "foretell ")}, opts, func() (*tokens.Source, error) {
		return tokens.Open(j.Inputs, j.Source)
	})...)
	i := slices.IndexFunc(all, func(w ways.Way) bool { return w.Name == j.Way })
	if i < 0 {
		return Outcome{}, fmt.Errorf("no way is called %q", j.Way)
	}
	from, to, run := ContentFile, PackedFile, all[i].Encode
	if j.Decode {
		from, to, run = PackedFile, BackFile, all[i].Decode
	}
	before := usedTime()
	times, err := ways.Repeat(func() error { return between(filepath.Join(j.Dir, from), filepath.Join(j.Dir, to), run) })
	if err != nil {
		return Outcome{}, err
	}
	slices.Sort(times)
	cpu := (usedTime() - before).Seconds() / float64(len(times))
	return Outcome{Seconds: times[len(times)/2].Seconds(), CPU: cpu, Memory: peakMemory()}, nil
}

// between runs a way from one file to another.
func between(from, to string, run func(io.Writer, io.Reader) error) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	err = run(out, in)
	if cerr := out.Close(); err == nil {
		err = cerr
	}
	return err
}

// A tool is a compressor that may be installed.
type tool struct {
	Name    string
	Program string
	// The arguments: THREADS is their number, of those that take it. Without
	// files, input and output are standard input and output; with them, they
	// are named: content, packed and back.
	encode, decode string
	files          bool
}

// Tools are the programs that benchmarks look for, each with its best setting.
var Tools = []tool{
	{"xz -9e", "xz", "-9e -c -T THREADS", "-d -c -T THREADS", false},
	{"brotli -q 11", "brotli", "-q 11 -c", "-d -c", false},
	{"kanzi -l 9", "kanzi", "-c -l 9 -v 0 -f -j THREADS -i content -o packed", "-d -v 0 -f -j THREADS -i packed -o back", true},
	{"zpaq -m5", "zpaq", "a packed.zpaq content -m5 -t THREADS", "x packed.zpaq content -to back -t THREADS", true},
}

func (t *tool) run(j *Job) (out Outcome, err error) {
	args, from, to := t.encode, ContentFile, PackedFile
	if j.Decode {
		args, from, to = t.decode, PackedFile, BackFile
	}
	args = strings.ReplaceAll(args, "-t THREADS", fmt.Sprintf("-t%d", j.Threads))
	args = strings.ReplaceAll(args, "THREADS", fmt.Sprint(j.Threads))
	cmd := exec.Command(t.Program, strings.Fields(args)...)
	cmd.Dir = j.Dir
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	run := func(w io.Writer, r io.Reader) error {
		cmd.Stdin, cmd.Stdout = r, w
		return cmd.Run()
	}
	packed := filepath.Join(j.Dir, PackedFile)
	begin := time.Now()
	if t.files {
		// zpaq insists on its extension.
		if strings.Contains(args, PackedFile+".zpaq") && j.Decode {
			if err := os.Rename(packed, packed+".zpaq"); err != nil {
				return out, err
			}
		}
		begin = time.Now()
		err = cmd.Run()
	} else {
		err = between(filepath.Join(j.Dir, from), filepath.Join(j.Dir, to), run)
	}
	out.Seconds = time.Since(begin).Seconds()
	if err != nil {
		return out, fmt.Errorf("%w: %s", err, strings.TrimSpace(stderr.String()))
	}
	if _, err := os.Stat(packed + ".zpaq"); err == nil {
		if err := os.Rename(packed+".zpaq", packed); err != nil {
			return out, err
		}
	}
	out.CPU = (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds()
	out.Memory = memoryOf(cmd.ProcessState)
	return out, nil
}
