package tokens_test

import (
	"fmt"
	"io"
	"log"
	"strings"

	"github.com/foretell/foretell/tokens"
)

// A file of 16-bit values becomes a file part and a member.
func ExampleAll() {
	src, err := tokens.NewSource("ids.u16", strings.NewReader("\x01\x00\x02\x00\x03\x00"), tokens.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer src.Close()
	for p, err := range tokens.All(src) {
		if err != nil {
			log.Fatal(err)
		}
		switch p.Kind {
		case tokens.File:
			fmt.Println("file", p.Name)
		case tokens.Member:
			b, err := io.ReadAll(p.Data)
			fmt.Println("member", p.Info.Name, p.Info.Type, p.Info.Shape, b, err)
		}
	}
	// Output:
	// file ids.u16
	// member ids.u16 uint16 [3] [1 0 2 0 3 0] <nil>
}
