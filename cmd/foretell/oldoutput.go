package main

import (
	"io/fs"
	"os"
	"path/filepath"
)

// oldOutput returns the names that a file which the output replaces has among the
// inputs, if folders bring it.
func oldOutput(out string, inputs []string) map[string]bool {
	old, err := os.Stat(out)
	if out == "-" || err != nil || !old.Mode().IsRegular() {
		return nil
	}
	var names map[string]bool
	for _, in := range inputs {
		if fi, err := os.Stat(in); err != nil || !fi.IsDir() {
			continue
		}
		filepath.WalkDir(in+string(filepath.Separator), func(path string, _ fs.DirEntry, err error) error {
			if err != nil {
				return nil // reading the inputs tells
			}
			if fi, err := os.Stat(path); err != nil || !os.SameFile(fi, old) {
				return nil
			}
			if name := inputName(path, inputs); name != "" {
				if names == nil {
					names = map[string]bool{}
				}
				names[name] = true
			}
			return nil
		})
	}
	return names
}

// inputName returns the name of a file among inputs, as tokens.Open gives it: its
// path below the deepest folder that holds all inputs. It is "" if there is none.
func inputName(path string, inputs []string) string {
	root := ""
	for _, in := range inputs {
		if in == "-" {
			continue
		}
		in, err := filepath.Abs(in)
		if err != nil {
			return ""
		}
		dir := filepath.Dir(in)
		if root == "" {
			root = dir
		}
		for !filepath.IsLocal(below(root, dir)) && root != filepath.Dir(root) {
			root = filepath.Dir(root)
		}
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return ""
	}
	return filepath.ToSlash(below(root, path))
}

// below returns the path from a folder to what is in it, "" if there is none.
func below(root, path string) string {
	rel, err := filepath.Rel(root, path)
	if err != nil {
		return ""
	}
	return rel
}
