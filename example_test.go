package foretell_test

import (
	"bytes"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/foretell/foretell"
)

// An array of tokens goes into a file, and a part of it comes back without the
// rest being decoded.
func Example() {
	frames := make([]uint16, 1000*128)
	for i := range frames {
		frames[i] = uint16(i * i % 1021 % 50)
	}
	var file bytes.Buffer
	w, err := foretell.NewWriter(&file, &foretell.WriterOptions{BlockTokens: 100 * 128})
	if err != nil {
		log.Fatal(err)
	}
	if err := foretell.WriteArray(w, "frames", []int{1000, 128}, frames); err != nil {
		log.Fatal(err)
	}
	if err := w.Close(); err != nil {
		log.Fatal(err)
	}

	r, err := foretell.OpenReaderAt(bytes.NewReader(file.Bytes()), int64(file.Len()), nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(r.Members()[0].Name, r.Members()[0].Type, r.Members()[0].Shape)
	part, err := foretell.ReadArray[uint16](r, 0, 100, 200)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(part), part[0] == frames[100*128])
	// Output:
	// frames uint16 [1000 128]
	// 12800 true
}

// Rows are appended to an array whose length is not known, and some are read by the
// array's name.
func ExampleNewArrayWriter() {
	dir, err := os.MkdirTemp("", "foretell")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "steps.fore")
	if err := appendRows(path); err != nil {
		log.Fatal(err)
	}
	rows, err := readRows(path, "steps", 10, 20)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(rows)/4, "rows, the first is", rows[:4])
	rest, err := readRows(path, "steps", 98, foretell.End)
	fmt.Println(rest, err)
	// Output:
	// 10 rows, the first is [10 20 30 40]
	// [98 196 294 392 99 198 297 396] <nil>
}

func appendRows(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	w, err := foretell.NewWriter(f, &foretell.WriterOptions{Model: foretell.ModelStatic})
	if err != nil {
		return err
	}
	a, err := foretell.NewArrayWriter[uint16](w, "steps", 4)
	if err != nil {
		return err
	}
	for i := range uint16(100) {
		if err := a.Write([]uint16{i, 2 * i, 3 * i, 4 * i}); err != nil {
			return err
		}
	}
	return errors.Join(a.Close(), w.Close(), f.Sync())
}

func readRows(path, name string, from, to int) ([]uint16, error) {
	r, err := foretell.Open(path, nil)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	member, err := r.Member(name)
	if err != nil {
		return nil, err
	}
	return foretell.ReadArray[uint16](r, member, from, to)
}
