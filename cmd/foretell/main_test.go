package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/foretell/foretell/cmd/foretell/internal/bench"
	"github.com/foretell/foretell/cmd/foretell/internal/inputs"
	"github.com/foretell/foretell/cmd/foretell/internal/staged"
	"github.com/foretell/foretell/internal/container"
	"github.com/foretell/foretell/tokens"
	"github.com/rogpeppe/go-internal/testscript"
	"github.com/zeebo/xxh3"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"foretell": main})
}

// TestScript runs the scripts in testdata/script. Beside the usual commands they
// have those of scriptCommands, and the conditions [data] if there is real data and
// [long] if FORETELL_LONG is set, for what takes a minute.
func TestScript(t *testing.T) {
	data := dataDir()
	tiny, err := filepath.Abs(filepath.Join("..", "..", "model", "neural", "testdata", "tiny.gguf"))
	if err != nil {
		t.Fatal(err)
	}
	tables, err := filepath.Abs(filepath.Join("..", "..", "internal", "parquet", "testdata"))
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:  filepath.Join("testdata", "script"),
		Cmds: scriptCommands,
		Setup: func(env *testscript.Env) error {
			env.Setenv("DATA", data)
			env.Setenv("ESC", "\x1b")
			env.Setenv("TINY", tiny)
			env.Setenv("TABLES", tables)
			env.Setenv("TINYDIR", filepath.Dir(tiny))
			return nil
		},
		Condition: func(cond string) (bool, error) {
			switch cond {
			case "data":
				return data != "", nil
			case "long":
				return os.Getenv("FORETELL_LONG") != "", nil
			}
			return false, errors.New("unknown condition")
		},
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
	})
}

// dataDir returns the folder with real data, "" if there is none: FORETELL_DATA,
// or shared/data beside the repository.
func dataDir() string {
	dir := os.Getenv("FORETELL_DATA")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared", "data")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return ""
	}
	if _, err := os.Stat(filepath.Join(dir, "commavq", "taco-bell.npy")); err != nil {
		return ""
	}
	return dir
}

type command = func(ts *testscript.TestScript, neg bool, args []string)

var scriptCommands = map[string]command{
	"npy":       npyCommand,
	"rows":      rowsCommand,
	"damage":    damageCommand,
	"shorten":   shortenCommand,
	"archive":   archiveCommand,
	"handmade":  handmadeCommand,
	"interrupt": interruptCommand,
	"code":      codeCommand,
	"samebytes": samebytesCommand,
	"empty":     emptyCommand,
	"idle":      idleCommand,
	"mode":      modeCommand,
	"foreign":   foreignCommand,
}

func number(ts *testscript.TestScript, text string) int {
	n, err := strconv.Atoi(text)
	ts.Check(err)
	return n
}

func ints(ts *testscript.TestScript, text string) []int {
	shape, err := inputs.ParseShape(text)
	ts.Check(err)
	return shape
}

// npyCommand makes an array of tokens that repeat themselves somewhat:
// npy FILE TYPE SHAPE [SEED]. A name that does not end in .npy gets the elements
// only. The type float32 makes an array that nothing here can compress.
func npyCommand(ts *testscript.TestScript, _ bool, args []string) {
	seed := uint64(1)
	if len(args) > 3 {
		seed = uint64(number(ts, args[3]))
	}
	float := args[1] == "float32"
	if float {
		args[1] = "uint32"
	}
	typ, err := tokens.ParseType(args[1])
	ts.Check(err)
	info := tokens.Info{Type: typ, Shape: ints(ts, args[2])}
	var out []byte
	if strings.HasSuffix(args[0], ".npy") {
		out, err = tokens.AppendNPYHeader(nil, info)
		ts.Check(err)
	}
	if float {
		out = bytes.Replace(out, []byte("<u4"), []byte("<f4"), 1)
	}
	rnd := rand.New(rand.NewPCG(seed, 2))
	var element [8]byte
	value := uint64(0)
	for range info.Len() {
		if rnd.IntN(3) > 0 {
			value = uint64(rnd.IntN(min(1000, 1<<(min(8*typ.Size(), 16)-1))))
		}
		binary.LittleEndian.PutUint64(element[:], value)
		out = append(out, element[:typ.Size()]...)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), out, 0o666))
}

// rowsCommand cuts rows out of an npy file: rows FILE FROM TO OUT, as NumPy's
// slices do.
func rowsCommand(ts *testscript.TestScript, _ bool, args []string) {
	src, err := tokens.Open([]string{ts.MkAbs(args[0])}, tokens.Options{})
	ts.Check(err)
	defer src.Close()
	for {
		p, err := src.Next()
		ts.Check(err)
		if p.Kind != tokens.Member {
			continue
		}
		raw, err := io.ReadAll(p.Data)
		ts.Check(err)
		from, to := number(ts, args[1]), number(ts, args[2])
		row := len(raw) / p.Info.Shape[0]
		p.Info.Shape[0] = to - from
		out, err := tokens.AppendNPYHeader(nil, p.Info)
		ts.Check(err)
		ts.Check(os.WriteFile(ts.MkAbs(args[3]), append(out, raw[from*row:to*row]...), 0o666))
		return
	}
}

// damageCommand changes a byte: damage FILE OFFSET OUT, from the end if OFFSET
// is negative.
func damageCommand(ts *testscript.TestScript, _ bool, args []string) {
	b := []byte(ts.ReadFile(args[0]))
	at := number(ts, args[1])
	if at < 0 {
		at += len(b)
	}
	b[at] ^= 0x55
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), b, 0o666))
}

// shortenCommand leaves out bytes at the end: shorten FILE COUNT OUT.
func shortenCommand(ts *testscript.TestScript, _ bool, args []string) {
	b := []byte(ts.ReadFile(args[0]))
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), b[:len(b)-number(ts, args[1])], 0o666))
}

// archiveCommand packs files: archive OUT FILE..., as the name of OUT says: .tar,
// .tar.gz, .npz (stored) or .deflated.npz.
func archiveCommand(ts *testscript.TestScript, _ bool, args []string) {
	var buf bytes.Buffer
	name := args[0]
	if strings.HasSuffix(name, ".npz") {
		w := zip.NewWriter(&buf)
		method := zip.Store
		if strings.HasSuffix(name, ".deflated.npz") {
			method = zip.Deflate
		}
		for _, file := range args[1:] {
			f, err := w.CreateHeader(&zip.FileHeader{Name: file, Method: method})
			ts.Check(err)
			_, err = io.WriteString(f, ts.ReadFile(file))
			ts.Check(err)
		}
		ts.Check(w.Close())
		ts.Check(os.WriteFile(ts.MkAbs(name), buf.Bytes(), 0o666))
		return
	}
	var out io.WriteCloser = nopCloser{&buf}
	if strings.HasSuffix(name, ".gz") {
		out = gzip.NewWriter(&buf)
	}
	w := tar.NewWriter(out)
	for _, file := range args[1:] {
		b := ts.ReadFile(file)
		ts.Check(w.WriteHeader(&tar.Header{Name: file, Mode: 0o644, Size: int64(len(b)), ModTime: time.Unix(1e9, 0)}))
		_, err := io.WriteString(w, b)
		ts.Check(err)
	}
	ts.Check(w.Close())
	ts.Check(out.Close())
	ts.Check(os.WriteFile(ts.MkAbs(name), buf.Bytes(), 0o666))
}

type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }

// handmadeCommand writes a .fore file that holds files of the given names, as no
// Writer would: handmade FILE NAME...; \0 in a name is a NUL, \e an ESC.
func handmadeCommand(ts *testscript.TestScript, _ bool, args []string) {
	var buf bytes.Buffer
	w, err := container.NewWriter(&buf, container.Header{Preset: "fast", BlockTokens: 1})
	ts.Check(err)
	control := strings.NewReplacer(`\0`, "\x00", `\e`, "\x1b")
	var layout []container.Entry
	var all []byte
	for i, name := range args[1:] {
		content := []byte("content of file " + strconv.Itoa(i))
		layout = append(layout,
			container.Entry{Kind: container.EntryFile, Data: append([]byte{0}, control.Replace(name)...)},
			container.Entry{Kind: container.EntryFraming, Data: content})
		all = append(all, content...)
	}
	ts.Check(w.Layout(layout))
	ts.Check(w.Close(xxh3.Hash128(all).Bytes(), uint64(len(all))))
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), buf.Bytes(), 0o666))
}

// interruptCommand starts foretell with a pipe as standard input that never ends,
// waits until the folder holds a temporary file, or the output of a child process
// of bench, and interrupts it:
// interrupt FOLDER SIGNAL ARGS... With a "!" before it, foretell is started with
// the signal ignored, and has to go on to the end of the pipe.
func interruptCommand(ts *testscript.TestScript, ignored bool, args []string) {
	path := filepath.Join(filepath.SplitList(ts.Getenv("PATH"))[0], "foretell")
	cmd := exec.Command(path, args[2:]...)
	if ignored {
		cmd = exec.Command("sh", append([]string{"-c", `trap "" "$0"; exec "$@"`, args[1], path}, args[2:]...)...)
	}
	cmd.Dir = ts.Getenv("WORK")
	cmd.Env = append(os.Environ(), "TMPDIR="+ts.Getenv("TMPDIR"))
	// The names in scripts are those of kill; the order is that of endings.
	sig := staged.Endings[slices.Index([]string{"INT", "TERM", "HUP"}, args[1])]
	if signal.Ignored(sig) {
		signal.Notify(make(chan os.Signal, 1), sig) // else the process would inherit that
	}
	var errs bytes.Buffer
	cmd.Stderr = &errs
	in, err := cmd.StdinPipe()
	ts.Check(err)
	defer in.Close()
	ts.Check(cmd.Start())
	switch args[2] {
	case "bench":
	case "compress":
		_, err = in.Write(bytes.Repeat([]byte("tokens "), 1<<16))
		ts.Check(err)
	default:
		b := []byte(ts.ReadFile("interrupted.fore"))
		_, err = in.Write(b[:len(b)*3/4])
		ts.Check(err)
	}
	deadline := time.Now().Add(20 * time.Second)
	for {
		var found []string
		ts.Check(filepath.WalkDir(ts.MkAbs(args[0]), func(p string, _ os.DirEntry, err error) error {
			if err == nil && (strings.HasPrefix(filepath.Base(p), ".foretell-") || filepath.Base(p) == bench.PackedFile) {
				found = append(found, p)
			}
			return nil
		}))
		if len(found) > 0 {
			break
		}
		if time.Now().After(deadline) {
			cmd.Process.Kill()
			cmd.Wait()
			ts.Fatalf("no temporary file came to be; standard error: %s", &errs)
		}
		time.Sleep(5 * time.Millisecond)
	}
	ts.Check(cmd.Process.Signal(sig))
	if ignored {
		in.Close()
		if err := cmd.Wait(); err != nil {
			ts.Fatalf("%v; standard error: %s", err, &errs)
		}
		return
	}
	if err := cmd.Wait(); err == nil {
		ts.Fatalf("the interrupted run said that it had succeeded")
	}
}

// codeCommand runs foretell and checks its exit code: code N ARGS...
func codeCommand(ts *testscript.TestScript, _ bool, args []string) {
	err := ts.Exec("foretell", args[1:]...)
	got := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		got = exit.ExitCode()
	} else if err != nil {
		ts.Check(err)
	}
	if got != number(ts, args[0]) {
		ts.Fatalf("exit code %d, not %s", got, args[0])
	}
}

// samebytesCommand compares files or folders, byte for byte: samebytes A B.
func samebytesCommand(ts *testscript.TestScript, neg bool, args []string) {
	same := ts.ReadFile(args[0]) == ts.ReadFile(args[1])
	if same == neg {
		ts.Fatalf("%s and %s: same bytes: %v", args[0], args[1], same)
	}
}

// emptyCommand checks that a folder holds nothing: empty FOLDER.
func emptyCommand(ts *testscript.TestScript, _ bool, args []string) {
	list, err := os.ReadDir(ts.MkAbs(args[0]))
	ts.Check(err)
	if len(list) > 0 {
		ts.Fatalf("%s holds %v", args[0], list)
	}
}

// idleCommand waits until no process works in the script's folder or below, as
// Linux tells it: idle
func idleCommand(ts *testscript.TestScript, _ bool, _ []string) {
	deadline := time.Now().Add(5 * time.Second)
	for {
		links, err := filepath.Glob("/proc/[0-9]*/cwd")
		ts.Check(err)
		busy := slices.IndexFunc(links, func(link string) bool {
			dir, err := os.Readlink(link)
			return err == nil && strings.HasPrefix(dir, ts.Getenv("WORK")+"/") || dir == ts.Getenv("WORK")
		})
		if busy < 0 {
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("a process still runs: %s", links[busy])
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// modeCommand compares the permissions of files with an octal number:
// mode NUMBER FILE...
func modeCommand(ts *testscript.TestScript, _ bool, args []string) {
	for _, name := range args[1:] {
		fi, err := os.Stat(ts.MkAbs(name))
		ts.Check(err)
		if got := strconv.FormatUint(uint64(fi.Mode().Perm()), 8); got != args[0] {
			ts.Fatalf("%s has the permissions %s, not %s", name, got, args[0])
		}
	}
}
