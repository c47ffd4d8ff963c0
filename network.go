package foretell

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"github.com/foretell/foretell/internal/container"
	"github.com/foretell/foretell/internal/fault"
	"github.com/foretell/foretell/internal/symbols"
	"github.com/foretell/foretell/model"
	"github.com/foretell/foretell/model/neural"
	"github.com/foretell/foretell/net"
	"github.com/foretell/foretell/net/tokenizer"
	"github.com/foretell/foretell/tokens"
)

// A Network is a neural network that predicts what files hold: text by its
// tokenizer, and arrays of its own tokens. It is safe for concurrent use.
type Network struct {
	model *neural.Model
	need  Need
}

// OpenNetwork reads a model file of size bytes, GGUF or safetensors (docs/text.md says
// which can be run). name is a hint for whoever has to find the file again, such as its
// name. maxMemory bounds the bytes that the network takes; 0 is any number. It reads all
// of src, and does not keep it.
func OpenNetwork(src io.ReaderAt, size int64, name string, maxMemory int64) (*Network, error) {
	n := &Network{need: Need{Kind: NeedWeights, Name: cutName(filepath.Base(name)), Size: size}}
	h := sha256.New()
	if _, err := io.Copy(h, io.NewSectionReader(src, 0, size)); err != nil {
		return nil, err
	}
	h.Sum(n.need.Sum[:0])
	var err error
	n.model, err = neural.Open(src, size, maxMemory)
	return n, err
}

// cutName shortens a name that is only a hint.
func cutName(name string) string {
	if len(name) > container.MaxLabel {
		return ""
	}
	return name
}

// Need returns what a file that is written under the network needs.
func (n *Network) Need() Need { return n.need }

// Text reports whether the network has a tokenizer, so that files of bytes are text.
func (n *Network) Text() bool { return n.model.Text() }

// Vocabulary returns the number of its tokens.
func (n *Network) Vocabulary() int { return n.model.Vocabulary() }

// Model returns the network itself, for coding step by step and for what else its
// predictions serve.
func (n *Network) Model() *net.Model { return n.model.Net() }

// Tokenizer returns what cuts text into the network's tokens; nil if there is none.
func (n *Network) Tokenizer() *tokenizer.Tokenizer { return n.model.Tokenizer() }

// Memory returns about how many bytes it takes.
func (n *Network) Memory() int64 { return n.model.Memory() }

// findNetwork returns the network that a file needs.
func findNetwork(h *container.Need, o *ReaderOptions) (*Network, error) {
	need := needOf(h)
	if h.Embedded {
		return nil, fmt.Errorf("%w: a file that carries its network", fault.ErrUnsupported)
	}
	if o.Network != nil && o.Network.need.Sum == need.Sum {
		return o.Network, nil
	}
	if o.Resolve == nil {
		return nil, &NeedError{Need: need, Err: otherNetwork(o.Network)}
	}
	src, size, err := o.Resolve(need)
	if err != nil {
		return nil, &NeedError{Need: need, Err: errors.Join(err, otherNetwork(o.Network))}
	}
	if c, ok := src.(io.Closer); ok {
		defer c.Close()
	}
	n, err := OpenNetwork(src, size, need.Name, o.MaxMemory)
	if err != nil {
		return nil, err
	}
	if n.need.Sum != need.Sum {
		return nil, &NeedError{Need: need, Err: otherNetwork(n)}
	}
	return n, nil
}

func otherNetwork(n *Network) error {
	if n == nil {
		return nil
	}
	return fmt.Errorf("what is there has the SHA-256 %x", n.need.Sum)
}

// networkMap returns the map of a block whose elements a network predicts: bytes if
// they are text, else tokens.
func (c *blockCoder) networkMap(b *rawBlock) (*symbols.ValueMap, error) {
	size := c.config.network.Vocabulary()
	if c.config.network.Text() {
		text := true
		for _, info := range b.infos {
			text = text && info.Type == tokens.Uint8
		}
		if text {
			size = 256
		}
	}
	return identity(size)
}

// encodeWithNetwork encodes a block under the network and reports whether it fits: its
// values are text or tokens, and the model mix does not do better.
func (c *blockCoder) encodeWithNetwork(dst []byte, b *rawBlock, out *codedBlock) (bool, error) {
	m, err := c.networkMap(b)
	if err != nil {
		return false, err
	}
	block, err := c.apply(m, b)
	if err != nil {
		return false, nil
	}
	if b.costs {
		block.Costs = make([]float32, len(block.Symbols))
	}
	codec, err := c.codec(codecNet)
	if err != nil {
		return false, err
	}
	body, err := codec.Encode(dst, block)
	if refused(err) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	costs := block.Costs
	if _, block, err = c.symbolise(b); err != nil {
		return false, err
	}
	if codec, err = c.codec(codecMix); err != nil {
		return false, err
	}
	alone, err := codec.Encode(nil, block)
	if err == nil && len(alone) < len(body)-len(dst) || err != nil && !refused(err) {
		return false, err
	}
	out.body, out.costs, out.codec = body, costs, codecNet
	out.params = joinParams(m.AppendTo(nil), nil)
	return true, nil
}

// makeNetwork makes the codec of a network.
func makeNetwork(c *codecConfig) (model.Codec, error) {
	if c.network == nil {
		return nil, fmt.Errorf("%w: the block was written under a network that the file does not name", fault.ErrCorrupt)
	}
	return neural.New(c.network, neural.Config{Threads: c.threads}), nil
}
