// Package extract writes what a .fore file holds, or some of it, to standard output, a
// path or a folder.
package extract

import (
	"cmp"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/foretell/foretell"
	"github.com/foretell/foretell/cmd/foretell/internal/pick"
	"github.com/foretell/foretell/cmd/foretell/internal/progress"
	"github.com/foretell/foretell/cmd/foretell/internal/show"
	"github.com/foretell/foretell/cmd/foretell/internal/staged"
	"github.com/foretell/foretell/internal/outputs"
	"github.com/foretell/foretell/tokens"
)

// A Target is where decompressed files go: standard output, a path, or a folder.
type Target struct {
	Stdout bool
	Path   string
	Named  bool   // Path comes from the name of the .fore file
	Below  string // the folder for files that are several or come from a folder, "" for Path; if Named
	Root   *os.Root
	Force  bool
	Mode   fs.FileMode // of the files
	Time   time.Time   // of a single file, zero for now
	Rescue bool        // the input is damaged, and content may have lost its file's name
	Keep   io.Writer   // gets all that is written as well, if not nil

	taken   map[string]bool // names of picked members' files
	current *outputs.File
	Files   []File
	Staged  bool // all files so far, as pipes and devices are not
	Written atomic.Int64
	Length  atomic.Int64 // bytes of content of what is read front to back, -1 if unknown
	Intake  progress.Intake
}

// open begins a file. name is its path below a folder.
func (t *Target) open(name string, repacked bool) error {
	if err := t.close(); err != nil {
		return err
	}
	if t.Named && len(t.Files) == 0 && (t.Below != "" || strings.Contains(name, "/")) {
		var err error
		if t.Root, err = staged.Folder(cmp.Or(t.Below, t.Path)); err != nil {
			return err
		}
	}
	if t.Root == nil && len(t.Files) > 0 {
		return fmt.Errorf("there is more than one file to write (%s and %s): name a folder with -C", show.Printable(t.Files[0].Path), show.Printable(name))
	}
	shown := name
	var err error
	switch {
	case t.Stdout:
		t.current, err = staged.Standard()
	case t.Root != nil:
		if t.current, err = staged.Below(t.Root, name, t.Force, t.Mode); err == nil {
			shown = t.current.Shown
		}
	default:
		if shown = t.Path; t.Named && repacked {
			shown = Unpacked(shown, name)
		}
		t.current, err = staged.Path(shown, t.Force, t.Mode)
	}
	if err != nil {
		t.current = nil
		return err
	}
	t.Staged = t.current.Staged && (t.Staged || len(t.Files) == 0)
	t.Files = append(t.Files, File{Path: shown, Repacked: repacked})
	return nil
}

// Unpacked names what comes back for a compressed tar or array: what was in it.
func Unpacked(out, stored string) string {
	ext := path.Ext(stored)
	if ext != ".tar" && ext != ".npy" {
		return out
	}
	lower := strings.ToLower(out)
	for _, ending := range []string{".gz", ".zst", ".xz", ".bz2"} {
		if strings.HasSuffix(lower, ext+ending) {
			return out[:len(out)-len(ending)]
		}
	}
	for _, ending := range []string{".tgz", ".tzst", ".txz", ".tbz2", ".tbz"} {
		if ext == ".tar" && strings.HasSuffix(lower, ending) {
			return out[:len(out)-len(ending)] + ".tar"
		}
	}
	return out
}

// Write writes to the file that was begun last.
func (t *Target) Write(p []byte) (int, error) {
	if t.current == nil {
		if !t.Rescue {
			return 0, fmt.Errorf("%w: content that belongs to no file", foretell.ErrCorrupt)
		}
		if err := t.open("unnamed", false); err != nil {
			return 0, err
		}
	}
	if t.Keep != nil {
		if _, err := t.Keep.Write(p); err != nil {
			return 0, err
		}
	}
	n, err := t.current.Write(p)
	t.Written.Add(int64(n))
	t.Files[len(t.Files)-1].Size += int64(n)
	return n, err
}

// close ends the file that was begun last.
func (t *Target) close() error {
	if t.current == nil {
		return nil
	}
	f := t.current
	t.current = nil
	return f.Finish()
}

// End ends the last file. A single one has the time of the .fore file.
func (t *Target) End() error {
	if t.current != nil && len(t.Files) == 1 {
		t.current.Time = t.Time
	}
	return t.close()
}

// Stream reads a .fore file front to back and writes what is picked of it.
func Stream(in io.Reader, want *pick.Selection, opts *foretell.ReaderOptions, to *Target) error {
	r, err := foretell.NewReader(in, opts)
	if err != nil {
		return err
	}
	defer r.Close()
	to.Length.Store(r.ContentSize())
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
			to.Intake.Meter(&p)
		}
		switch {
		case !want.Any():
			err = writePart(&p, to)
		case p.Kind == tokens.Member && want.Takes(p.Info.Name):
			found = true
			err = writeRows(file, &p, want, to)
		}
		if err != nil {
			return err
		}
	}
	if want.Any() && !found {
		return noMember(want)
	}
	return nil
}

func noMember(want *pick.Selection) error {
	if len(want.Members) == 0 {
		return fmt.Errorf("the file holds no members")
	}
	return fmt.Errorf("no member matches %s ('foretell list' shows them all)", show.OneOf(want.Members))
}

func writePart(p *tokens.Part, to *Target) error {
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
func writeRows(file string, p *tokens.Part, want *pick.Selection, to *Target) error {
	info := p.Info
	from, last, err := want.Rows.Of(&info)
	if err != nil {
		return err
	}
	if err := openMember(file, info, want, from, last, to); err != nil {
		return err
	}
	return pick.CopyRows(want.Rows.Writer(to, &info, from, last), p.Data, &info, from, last)
}

// openMember begins a file for the rows that are wanted of rows from..last-1 of a member.
func openMember(file string, info tokens.Info, want *pick.Selection, from, last int, to *Target) error {
	if info.Form == tokens.Stored {
		return fmt.Errorf("%w: %s is kept as its archive stores it (sparse, or cut off): it comes out only with the whole archive", foretell.ErrUnsupported, show.Printable(info.Name))
	}
	npy := pick.IsNPY(&info, to.Path)
	if npy && info.Open() {
		return fmt.Errorf("the length of %s, which an .npy begins with, is not known before its end: save the .fore file first, or name an output that ends in .bin", show.Printable(info.Name))
	}
	if err := to.open(to.memberFile(&info, npy), false); err != nil {
		return err
	}
	if !npy {
		return nil
	}
	header, err := tokens.AppendNPYHeader(nil, want.Rows.Cut(info, from, last))
	if err == nil {
		_, err = to.Write(header)
	}
	return err
}

// At writes what is picked of a .fore file that can be read at random.
func At(in io.ReaderAt, size int64, want *pick.Selection, opts *foretell.ReaderOptions, to *Target) error {
	r, err := foretell.OpenReaderAt(in, size, opts)
	if err != nil {
		return err
	}
	members := r.Members()
	found := false
	for _, file := range r.Files() {
		for _, m := range file.Members {
			info := members[m]
			if !want.Takes(info.Name) {
				continue
			}
			found = true
			from, last, err := want.Rows.Of(&info)
			if err != nil {
				return err
			}
			if err := openMember(file.Name, info, want, from, last, to); err != nil {
				return err
			}
			if err := r.CopyRange(want.Rows.Writer(to, &info, from, last), m, from, last); err != nil {
				return err
			}
		}
	}
	if !found {
		return noMember(want)
	}
	return nil
}

// Below returns the folder for what has the given names in a .fore file that is named
// after path: where that folder itself comes out, or else a new one of that name. It
// is "" for a single file that comes out as path.
func Below(path string, names []string) string {
	if len(names) == 1 && !strings.Contains(names[0], "/") {
		return ""
	}
	for _, name := range names {
		if !strings.HasPrefix(name, filepath.Base(path)+"/") {
			return path
		}
	}
	return filepath.Dir(path)
}

// memberFile returns the path that a picked member has as a file of its own: that
// of an npy file is its own again. Where another has it already it gets a number.
func (t *Target) memberFile(info *tokens.Info, npy bool) string {
	name := info.Name
	if npy && (info.Form == tokens.Named || info.Form == tokens.Raw && !strings.EqualFold(path.Ext(name), ".npy")) {
		name += ".npy"
	}
	if t.taken == nil {
		t.taken = map[string]bool{}
	}
	ext := path.Ext(name)
	for n, stem := 2, strings.TrimSuffix(name, ext); t.taken[name]; n++ {
		name = stem + "#" + strconv.Itoa(n) + ext
	}
	t.taken[name] = true
	return name
}

// A File is one that has been written.
type File struct {
	Path     string `json:"path"`
	Size     int64  `json:"bytes"`
	Repacked bool   `json:"repacked,omitempty"`
}
