package foretell

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
)

// A Description says what a .fore file is and where its bytes go. Header, Embedded,
// Layout, Index, Trailer and the blocks' Size add up to Size.
type Description struct {
	Size        int64               `json:"size"`           // bytes of the file
	Content     int64               `json:"content"`        // bytes of the original content
	Hash        string              `json:"hash"`           // 128-bit xxh3 of the content in hexadecimal
	Codec       string              `json:"codec"`          // that the file was written with
	Model       string              `json:"model"`          // WriterOptions.Model, or "own"
	Level       int                 `json:"level"`          // of the codec
	Needs       []NeedDescription   `json:"needs"`          // what decoding takes besides the file
	Solid       bool                `json:"solid"`          // blocks are filled up with tokens of several members
	Apart       bool                `json:"apart"`          // no block holds tokens of several members
	BlockTokens int64               `json:"block_tokens"`   // most tokens in a block
	Header      int64               `json:"header_bytes"`   // of the header
	Embedded    int64               `json:"embedded_bytes"` // of needs that the file carries
	Layout      int64               `json:"layout_bytes"`   // of names, shapes and framing
	Index       int64               `json:"index_bytes"`    // of the index
	Trailer     int64               `json:"trailer_bytes"`  // of the trailer
	Blocks      []BlockDescription  `json:"blocks"`
	Members     []MemberDescription `json:"members"`
}

// A NeedDescription says what a Need is.
type NeedDescription struct {
	Kind     string `json:"kind"`
	Name     string `json:"name"`
	Sum      string `json:"sha256"`
	Size     int64  `json:"size"`
	Embedded bool   `json:"embedded"`
}

// A BlockDescription says what one block is.
type BlockDescription struct {
	Offset int64             `json:"offset"`       // in the file
	Size   int64             `json:"size"`         // bytes with the header
	Params int64             `json:"params_bytes"` // of tables and other parameters
	Body   int64             `json:"body_bytes"`   // of code
	Codec  string            `json:"codec"`
	Base   int               `json:"base"` // the block whose parameters it needs too, -1 if none
	Tokens int64             `json:"tokens"`
	Spans  []SpanDescription `json:"spans"`
}

// A SpanDescription says which tokens of a member a block holds.
type SpanDescription struct {
	Member int   `json:"member"`
	First  int64 `json:"first"`
	Count  int64 `json:"count"`
}

// A MemberDescription says what one member is.
type MemberDescription struct {
	Name   string `json:"name"`
	File   string `json:"file"`
	Type   string `json:"type"`
	Form   string `json:"form"` // raw, npy, stored or named: see tokens.Form
	Shape  []int  `json:"shape"`
	Tokens int64  `json:"tokens"`
	Blocks int    `json:"blocks"` // that hold its tokens
	// Size is its share of the blocks in bytes, by tokens where a block holds
	// several members.
	Size float64 `json:"size"`
}

// Needs returns what decoding the file takes besides its blocks.
func (r *ReaderAt) Needs() []Need { return needsOf(&r.in.Header) }

// Describe reads the headers of all blocks and describes the file.
func (r *ReaderAt) Describe() (*Description, error) {
	h, s := &r.in.Header, &r.in.Sizes
	d := &Description{
		Size:    s.Header + s.Embedded + s.Layout + s.Index + s.Trailer,
		Content: int64(r.in.Length), Hash: hex.EncodeToString(r.in.Content[:]),
		Codec: codecName(h.Codec), Model: h.Preset, Level: int(min(h.Level, maxLevel)), Needs: []NeedDescription{},
		Solid: h.Solid, Apart: h.Apart, BlockTokens: int64(h.BlockTokens),
		Header: s.Header, Embedded: s.Embedded, Layout: s.Layout, Index: s.Index, Trailer: s.Trailer,
		Blocks: make([]BlockDescription, 0, len(r.in.Blocks)), Members: make([]MemberDescription, 0, len(r.members)),
	}
	for _, n := range r.Needs() {
		d.Needs = append(d.Needs, NeedDescription{n.Kind.String(), n.Name, hex.EncodeToString(n.Sum[:]), n.Size, n.Embedded})
	}
	for _, f := range r.files {
		for _, m := range f.Members {
			info := &r.members[m]
			shape := append([]int{}, info.Shape...)
			d.Members = append(d.Members, MemberDescription{
				Name: info.Name, File: f.Name, Type: info.Type.String(), Form: info.Form.String(), Shape: shape, Tokens: info.Len(),
			})
		}
	}
	for i, ref := range r.in.Blocks {
		h, err := r.in.BlockHeader(i)
		if err != nil {
			return nil, err
		}
		b := BlockDescription{
			Offset: ref.Offset, Size: ref.Size, Params: int64(h.Params), Body: int64(h.Body),
			Codec: codecName(h.Codec), Base: -1, Tokens: int64(h.Tokens()),
		}
		if h.Base != 0 {
			b.Base = i - int(h.Base)
		}
		for _, s := range h.Spans {
			b.Spans = append(b.Spans, SpanDescription{int(s.Member), int64(s.First), int64(s.Count)})
			m := &d.Members[s.Member]
			m.Blocks++
			m.Size += float64(ref.Size) * float64(s.Count) / float64(b.Tokens)
		}
		d.Blocks = append(d.Blocks, b)
		d.Size += ref.Size
	}
	return d, nil
}

// WrittenWith reports whether a file was written under options that mean the same:
// model, block size, how members share blocks, and prior.
func (d *Description) WrittenWith(o *WriterOptions) bool {
	opts, p, err := o.resolve()
	if err != nil || d.Model != p.name || d.Level != p.level || d.Solid != opts.Solid || d.Apart != opts.Apart || d.BlockTokens != int64(opts.BlockTokens) {
		return false
	}
	var needs []NeedDescription
	if len(opts.Prior) > 0 {
		sum := sha256.Sum256(opts.Prior)
		needs = append(needs, NeedDescription{NeedPrior.String(), "", hex.EncodeToString(sum[:]), int64(len(opts.Prior)), opts.EmbedPrior})
	}
	if opts.External != nil {
		needs = append(needs, NeedDescription{NeedModel.String(), "", hex.EncodeToString(opts.External.ID[:]), 0, false})
	}
	if n := opts.Network; n != nil {
		needs = append(needs, NeedDescription{NeedWeights.String(), n.need.Name, hex.EncodeToString(n.need.Sum[:]), n.need.Size, false})
	}
	return slices.Equal(d.Needs, needs)
}
