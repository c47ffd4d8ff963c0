package main

import (
	"os"
	"slices"
	"strings"

	"github.com/foretell/foretell/cmd/foretell/internal/each"
	"github.com/foretell/foretell/cmd/foretell/internal/show"
)

// modes are the flags of gzip, xz and zstd that say what to do, and the verbs here.
var modes = map[string]string{
	"d": "decompress", "decompress": "decompress", "uncompress": "decompress",
	"t": "verify", "test": "verify",
	"l": "list", "list": "list",
	"z": "compress", "compress": "compress",
}

// withVerb returns a command line with the verb that it lacks, as one of gzip, xz or
// zstd does: foretell FILE compresses, foretell -d FILE decompresses. What begins with
// one of verbs, or with what is no file, stays as it is.
func withVerb(args []string, verbs []string) []string {
	if len(args) == 0 {
		if each.Piped(os.Stdin) && !show.IsTerminal(os.Stdout) {
			return []string{"compress"}
		}
		return args
	}
	verb, first := "", ""
	var rest []string
	for i, arg := range args {
		switch {
		case arg == "--":
			return joined(verb, first, rest, args[i:])
		case slices.Contains([]string{"-h", "--help", "-V", "--version"}, arg):
			return args
		case arg == "-" || !strings.HasPrefix(arg, "-"):
			if first == "" {
				if slices.Contains(verbs, arg) {
					return args
				}
				first = arg
			}
		case strings.HasPrefix(arg, "--"):
			if mode := modes[arg[2:]]; len(arg) > 3 && mode != "" {
				verb = mode
				continue
			}
		default:
			mode, left := cluster(arg[1:])
			if mode != "" {
				verb = mode
			}
			if arg = "-" + left; left == "" {
				continue
			}
		}
		rest = append(rest, arg)
	}
	return joined(verb, first, rest, nil)
}

// joined puts a command line together.
func joined(verb, first string, rest, more []string) []string {
	rest = append(rest, more...)
	switch {
	case verb != "":
	case first == "" && each.Piped(os.Stdin) && len(rest) > 0:
		verb = "compress"
	case first == "-" || isPath(first) || first == "" && len(more) > 1:
		verb = "compress"
	default:
		return rest
	}
	return append([]string{verb}, rest...)
}

// isPath reports whether a word that is no verb names a file: one that is there, or
// what looks like none but a file.
func isPath(word string) bool {
	if word == "" {
		return false
	}
	_, err := os.Stat(word)
	return err == nil || strings.ContainsAny(word, "./"+string(os.PathSeparator))
}

// cluster takes the flags that say what to do out of several short ones.
func cluster(letters string) (mode, left string) {
	for i, letter := range letters {
		if strings.ContainsRune("oCT", letter) {
			return mode, left + letters[i:] // what follows is its value
		}
		if m := modes[string(letter)]; m != "" {
			mode = m
			continue
		}
		left += string(letter)
	}
	return mode, left
}
