package foretell_test

import (
	"bytes"
	"fmt"
	"log"

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
