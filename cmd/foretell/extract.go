package main

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/foretell/foretell"
	"github.com/foretell/foretell/internal/outputs"
	"github.com/foretell/foretell/tokens"
)

// A target is where decompressed files go: standard output, a path, or a folder.
type target struct {
	stdout bool
	path   string
	named  bool // path comes from the name of the .fore file
	root   *os.Root
	force  bool
	mode   fs.FileMode // of the files
	time   time.Time   // of a single file, zero for now
	rescue bool        // the input is damaged, and content may have lost its file's name

	taken   map[string]bool // names of picked members' files
	current *outputs.File
	files   []writtenFile
	written atomic.Int64
	intake  intake
}

// open begins a file. name is its path below a folder.
func (t *target) open(name string, repacked bool) error {
	if err := t.close(); err != nil {
		return err
	}
	if t.root == nil && len(t.files) > 0 {
		return fmt.Errorf("there is more than one file to write (%s and %s): name a folder with -C", printable(t.files[0].Path), printable(name))
	}
	shown := name
	var err error
	switch {
	case t.stdout:
		t.current, err = staged.standard()
	case t.root != nil:
		if t.current, err = staged.Below(t.root, name, t.force, t.mode); err == nil {
			shown = t.current.Shown
		}
	default:
		if shown = t.path; t.named && repacked {
			shown = plainTar(shown, name)
		}
		t.current, err = staged.Path(shown, t.force, t.mode)
	}
	if err != nil {
		t.current = nil
		return err
	}
	t.files = append(t.files, writtenFile{Path: shown, Repacked: repacked})
	return nil
}

// plainTar names what comes back for a tar.gz: the tar that was in it.
func plainTar(out, stored string) string {
	if !strings.HasSuffix(stored, ".tar") {
		return out
	}
	lower := strings.ToLower(out)
	switch {
	case strings.HasSuffix(lower, ".tar.gz"):
		return out[:len(out)-len(".gz")]
	case strings.HasSuffix(lower, ".tgz"):
		return out[:len(out)-len(".tgz")] + ".tar"
	}
	return out
}

// Write writes to the file that was begun last.
func (t *target) Write(p []byte) (int, error) {
	if t.current == nil {
		if !t.rescue {
			return 0, fmt.Errorf("%w: content that belongs to no file", foretell.ErrCorrupt)
		}
		if err := t.open("unnamed", false); err != nil {
			return 0, err
		}
	}
	n, err := t.current.Write(p)
	t.written.Add(int64(n))
	t.files[len(t.files)-1].Size += int64(n)
	return n, err
}

// close ends the file that was begun last.
func (t *target) close() error {
	if t.current == nil {
		return nil
	}
	f := t.current
	t.current = nil
	return f.Finish()
}

// end ends the last file. A single one has the time of the .fore file.
func (t *target) end() error {
	if t.current != nil && len(t.files) == 1 {
		t.current.Time = t.time
	}
	return t.close()
}

// extract reads a .fore file front to back and writes what is picked of it.
func extract(in io.Reader, pick *selection, opts *foretell.ReaderOptions, to *target) error {
	r, err := foretell.NewReader(in, opts)
	if err != nil {
		return err
	}
	defer r.Close()
	file, found := "", false
	for {
		p, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		switch p.Kind {
		case tokens.File:
			file = p.Name
		case tokens.Member:
			to.intake.meter(&p)
		}
		switch {
		case !pick.any():
			err = writePart(&p, to)
		case p.Kind == tokens.Member && pick.takes(p.Info.Name):
			found = true
			err = writeRows(file, &p, pick, to)
		}
		if err != nil {
			return err
		}
	}
	if pick.any() && !found {
		return noMember(pick)
	}
	return nil
}

func noMember(pick *selection) error {
	if len(pick.members) == 0 {
		return fmt.Errorf("the file holds no members")
	}
	return fmt.Errorf("no member matches %s ('foretell list' shows them all)", oneOf(pick.members))
}

func writePart(p *tokens.Part, to *target) error {
	switch p.Kind {
	case tokens.File:
		return to.open(p.Name, p.Repacked)
	case tokens.Framing:
		_, err := to.Write(p.Bytes)
		return err
	}
	_, err := io.Copy(to, p.Data)
	return err
}

// writeRows writes the picked rows of a member that is read from a stream.
func writeRows(file string, p *tokens.Part, pick *selection, to *target) error {
	info := p.Info
	from, last := pick.rows.of(rows(&info))
	if info.Open() {
		if pick.rows.backwards() {
			return fmt.Errorf("the length of %s is not known before its end: save the .fore file first, or give a range without negative ends", printable(info.Name))
		}
		from, last = 0, -1
		if pick.rows.from != nil {
			from = *pick.rows.from
		}
		if pick.rows.to != nil {
			last = max(from, *pick.rows.to)
		}
	}
	if err := openMember(file, info, from, last, to); err != nil {
		return err
	}
	return copyRows(to, p.Data, &info, from, last)
}

// openMember begins a file for rows from..to-1 of a member.
func openMember(file string, info tokens.Info, from, last int, to *target) error {
	if info.Form == tokens.Stored {
		return fmt.Errorf("%w: %s is kept as its archive stores it (sparse, or cut off): it comes out only with the whole archive", foretell.ErrUnsupported, printable(info.Name))
	}
	npy := isNPY(&info, to.path)
	if npy && info.Open() {
		return fmt.Errorf("the length of %s, which an .npy begins with, is not known before its end: save the .fore file first, or name an output that ends in .bin", printable(info.Name))
	}
	if err := to.open(to.memberFile(&info, npy), false); err != nil {
		return err
	}
	if !npy {
		return nil
	}
	header, err := tokens.AppendNPYHeader(nil, cut(info, from, last))
	if err == nil {
		_, err = to.Write(header)
	}
	return err
}

// extractAt writes what is picked of a .fore file that can be read at random.
func extractAt(in io.ReaderAt, size int64, pick *selection, opts *foretell.ReaderOptions, to *target) error {
	r, err := foretell.OpenReaderAt(in, size, opts)
	if err != nil {
		return err
	}
	members := r.Members()
	found := false
	for _, file := range r.Files() {
		for _, m := range file.Members {
			info := members[m]
			if !pick.takes(info.Name) {
				continue
			}
			found = true
			from, last := pick.rows.of(rows(&info))
			if err := openMember(file.Name, info, from, last, to); err != nil {
				return err
			}
			if err := r.CopyRange(to, m, from, last); err != nil {
				return err
			}
		}
	}
	if !found {
		return noMember(pick)
	}
	return nil
}
