package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestWithVerb(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("list", nil, 0o666); err != nil { // a file named like a verb
		t.Fatal(err)
	}
	if err := os.WriteFile("tokens", nil, 0o666); err != nil {
		t.Fatal(err)
	}
	verbs := []string{"compress", "list", "help"}
	for line, want := range map[string]string{
		"list a.fore":        "list a.fore",
		"-q list a.fore":     "-q list a.fore",
		"help":               "help",
		"tokens":             "compress tokens",
		"a.npy":              "compress a.npy", // which will be told to be missing
		"tokenz":             "tokenz",         // an unknown verb
		"-9 -k a.npy b.npy":  "compress -9 -k a.npy b.npy",
		"-9k a.npy":          "compress -9k a.npy",
		"-d a.fore":          "decompress a.fore",
		"-dc a.fore":         "decompress -c a.fore",
		"-dkf a.fore b.fore": "decompress -kf a.fore b.fore",
		"a.fore -d":          "decompress a.fore",
		"--decompress -c a":  "decompress -c a",
		"-tv a.fore":         "verify -v a.fore",
		"-l a.fore":          "list a.fore",
		"--list a.fore":      "list a.fore",
		"-dT4 a.fore":        "decompress -T4 a.fore",
		"-ztd.fore x.npy":    "decompress -.fore x.npy",
		"-otd.fore x.npy":    "compress -otd.fore x.npy",
		"--version":          "--version",
		"-V":                 "-V",
		"--help":             "--help",
		"-d --help":          "-d --help",
		"-- -d":              "compress -- -d",
		"-d -- -x.fore":      "decompress -- -x.fore",
		"-":                  "compress -",
	} {
		if got := strings.Join(withVerb(strings.Fields(line), verbs), " "); got != want {
			t.Errorf("%s: %s, want %s", line, got, want)
		}
	}
	if got := withVerb(nil, verbs); len(got) > 1 {
		t.Errorf("nothing: %v", got)
	}
	abs, err := filepath.Abs("list")
	if err != nil {
		t.Fatal(err)
	}
	if got := withVerb([]string{abs}, verbs); !slices.Equal(got, []string{"compress", abs}) {
		t.Error(got)
	}
}
