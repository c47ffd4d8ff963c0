package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

var (
	update = flag.Bool("update", false, "write docs/commands.md anew")
	man    = flag.String("man", "", "write the man pages to this folder")
)

// pages are the documents whose commands and programs are run.
var pages = []string{"what", "models", "partial", "own-model", "how-exact", "file"}

var fence = regexp.MustCompile("(?ms)^```(\\w*)\n(.*?)^```$")

// blocks returns the fenced blocks of a page that are in the given language.
func blocks(t *testing.T, page, language string) (list []string) {
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", page+".md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range fence.FindAllStringSubmatch(string(text), -1) {
		if m[1] == language {
			list = append(list, m[2])
		}
	}
	return list
}

// docsData are the files that pages speak of.
const docsData = `npy tokens.npy uint16 60,32
npy ids.u16 uint16 1280
npy fine.npy uint16 8,40
npy coarse.npy uint16 2,40
archive clips.npz fine.npy coarse.npy
mkdir shards
npy shards/a.npy uint16 30,32 2
npy shards/b.npy uint16 30,32 3
rm fine.npy coarse.npy
`

// TestDocs runs the commands of all pages, each page in a folder of its own, and
// then its programs there.
func TestDocs(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the pages are for a POSIX shell")
	}
	dir := t.TempDir()
	for _, page := range pages {
		script := docsData
		for _, block := range blocks(t, page, "sh") {
			script += fmt.Sprintf("exec sh -ec '%s'\n", strings.ReplaceAll(oneLine(block), "'", "''"))
		}
		for i, program := range blocks(t, page, "go") {
			name := filepath.Join(dir, fmt.Sprintf("%s-%d", page, i), "main.go")
			if err := os.Mkdir(filepath.Dir(name), 0o777); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(name, []byte(program), 0o666); err != nil {
				t.Fatal(err)
			}
			binary := strings.TrimSuffix(name, "/main.go") + ".bin"
			if out, err := exec.Command("go", "build", "-o", binary, name).CombinedOutput(); err != nil {
				t.Errorf("%s: %v\n%s", page, err, out)
				continue
			}
			script += "exec " + binary + "\nstdout .\n"
		}
		if err := os.WriteFile(filepath.Join(dir, page+".txtar"), []byte(script), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	testscript.Run(t, testscript.Params{Dir: dir, Cmds: scriptCommands})
}

// oneLine joins the commands of a block, which in a script have one line.
func oneLine(block string) string {
	var commands []string
	for line := range strings.Lines(block) {
		line, _, _ = strings.Cut(line, " #")
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			commands = append(commands, line)
		}
	}
	return strings.Join(commands, "; ")
}

// TestCommandReference compares docs/commands.md with what the command says of
// itself.
func TestCommandReference(t *testing.T) {
	var want bytes.Buffer
	want.WriteString("# Commands\n\nMade from the command itself: `go test ./cmd/foretell -run TestCommandReference -update`.\n\n")
	root := newRoot(new(app))
	root.DisableAutoGenTag = true
	root.InitDefaultHelpCmd()
	var add func(*cobra.Command)
	add = func(c *cobra.Command) {
		if !c.IsAvailableCommand() && c != root || c.Name() == "help" {
			return
		}
		c.DisableAutoGenTag = true
		link := func(name string) string {
			return "#" + strings.ReplaceAll(strings.TrimSuffix(name, ".md"), "_", "-")
		}
		if err := doc.GenMarkdownCustom(c, &want, link); err != nil {
			t.Fatal(err)
		}
		for _, verb := range c.Commands() {
			add(verb)
		}
	}
	add(root)
	path := filepath.Join("..", "..", "docs", "commands.md")
	if *update {
		if err := os.WriteFile(path, want.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want.Bytes()) {
		t.Error("docs/commands.md is out of date: run this test with -update")
	}
}

// TestManPages writes a page for each verb, which releases bring.
func TestManPages(t *testing.T) {
	dir := *man
	if dir == "" {
		dir = t.TempDir()
	} else if err := os.MkdirAll(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	root := newRoot(new(app))
	root.DisableAutoGenTag = true
	date := time.Unix(0, 0) // the same pages from the same source
	if err := doc.GenManTree(root, &doc.GenManHeader{Title: "FORETELL", Section: "1", Source: "foretell", Manual: "User Commands", Date: &date}, dir); err != nil {
		t.Fatal(err)
	}
	for _, verb := range root.Commands() {
		if !verb.IsAvailableCommand() || verb.Name() == "help" {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, "foretell-"+verb.Name()+".1"))
		if err != nil || !bytes.Contains(text, []byte(".SH OPTIONS")) || !bytes.Contains(text, []byte(".TH ")) {
			t.Errorf("%s: %v", verb.Name(), err)
		}
	}
}

// TestHelpWidth checks that all help fits into 80 columns.
func TestHelpWidth(t *testing.T) {
	root := newRoot(new(app))
	root.InitDefaultHelpCmd()
	for _, c := range append(root.Commands(), root) {
		c.InitDefaultHelpFlag()
		for line := range strings.Lines(c.Long + "\n" + c.UsageString()) {
			if line = strings.TrimSuffix(line, "\n"); utf8.RuneCountInString(line) > 80 {
				t.Errorf("%s: longer than 80: %q", c.Name(), line)
			}
		}
	}
}

// TestReadme runs the commands that the README shows.
func TestReadme(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the commands are for a POSIX shell")
	}
	text, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	network, err := filepath.Abs(filepath.Join("..", "..", "model", "neural", "testdata", "tiny.gguf"))
	if err != nil {
		t.Fatal(err)
	}
	var commands strings.Builder
	for line := range strings.Lines(string(text)) {
		if command, ok := strings.CutPrefix(line, "    $ "); ok {
			commands.WriteString(command)
		}
	}
	script := "npy a.npy uint16 300,16\nmkdir shards\nnpy shards/b.npy uint16 30,16\n" +
		"cp " + network + " smollm2.gguf\nexec sh -ec '" + oneLine(commands.String()) + "'\n" +
		"exists frames.npy shards.fore book.txt.fore\n-- book.txt --\nA book of one line.\n"
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "readme.txtar"), []byte(script), 0o666); err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{Dir: dir, Cmds: scriptCommands})
}

var (
	link    = regexp.MustCompile(`\]\(([\w./-]*)(?:#([^)]*))?\)`)
	heading = regexp.MustCompile(`(?m)^#+ (.*)$`)
	code    = regexp.MustCompile("(?ms)^```.*?^```$")
)

// anchors returns the names that the headings of a document have on GitHub.
func anchors(text []byte) map[string]bool {
	names := map[string]bool{}
	for _, m := range heading.FindAllSubmatch(code.ReplaceAll(text, nil), -1) {
		name := strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r):
				return unicode.ToLower(r)
			}
			return -1
		}, string(m[1]))
		names[name] = true
	}
	return names
}

// TestDocsLinks checks that the pages and headings that documents point to are there.
func TestDocsLinks(t *testing.T) {
	var pages []string
	for _, pattern := range []string{"*.md", "docs/*.md", "python/*.md", "testkit/*.md"} {
		found, err := filepath.Glob(filepath.Join("..", "..", filepath.FromSlash(pattern)))
		if err != nil {
			t.Fatal(err)
		}
		pages = append(pages, found...)
	}
	if len(pages) < 20 {
		t.Fatalf("documents: %q", pages)
	}
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range link.FindAllStringSubmatch(string(text), -1) {
			to := page
			if m[1] != "" {
				to = filepath.Join(filepath.Dir(page), m[1])
			}
			if _, err := os.Stat(to); err != nil {
				t.Errorf("%s: %v", page, err)
			} else if m[2] != "" {
				text, err := os.ReadFile(to)
				if err != nil || !anchors(text)[m[2]] {
					t.Errorf("%s: %s has no heading #%s (%v)", page, to, m[2], err)
				}
			}
		}
	}
}
