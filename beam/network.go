package foretellbeam

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/foretell/foretell"
)

// A Network is the file of a network that predicts, as workers find it: by its hash, in
// the places where foretell looks for models (FORETELL_MODELS and the user's folder),
// else at its path. A process loads it once. The zero value is none.
type Network struct {
	Path string // of Beam's file systems
	Sum  string // its SHA-256 in hexadecimal
	Size int64
}

// FindNetwork reads the file of a network for its hash and size.
func FindNetwork(ctx context.Context, file string) (Network, error) {
	f, done, err := open(ctx, file)
	if err != nil {
		return Network{}, err
	}
	defer done()
	h := sha256.New()
	n, err := io.Copy(h, f)
	return Network{Path: file, Sum: hex.EncodeToString(h.Sum(nil)), Size: n}, err
}

// load returns the network, nil if there is none.
func (n Network) load(ctx context.Context) (*foretell.Network, error) {
	if n.Path == "" {
		return nil, nil
	}
	need := foretell.Need{Kind: foretell.NeedWeights, Name: n.Path, Size: n.Size}
	if sum, err := hex.DecodeString(n.Sum); err != nil || copy(need.Sum[:], sum) < len(need.Sum) {
		return nil, fmt.Errorf("the network %s has no SHA-256: FindNetwork tells it", n.Path)
	}
	return loadNeed(ctx, need, n.Path)
}

// needed returns the network that a .fore file needs, nil if it needs none. file, if
// not "", is where it may be.
func needed(ctx context.Context, needs []foretell.Need, file string) (*foretell.Network, error) {
	for _, n := range needs {
		if n.Kind == foretell.NeedWeights {
			return loadNeed(ctx, n, file)
		}
	}
	return nil, nil
}

// loaded are the networks that this process has loaded, by their hashes.
var loaded sync.Map

type loading struct {
	mu      sync.Mutex
	network *foretell.Network
}

// loadNeed returns a network, which it loads unless it has been. What fails is tried
// again for the next shard.
func loadNeed(ctx context.Context, need foretell.Need, file string) (*foretell.Network, error) {
	at, _ := loaded.LoadOrStore(need.Sum, new(loading))
	l := at.(*loading)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.network != nil {
		return l.network, nil
	}
	f, done, err := openNeed(ctx, need, file)
	if err != nil {
		return nil, &foretell.NeedError{Need: need, Err: err}
	}
	defer done()
	fi, err := f.Stat()
	if err != nil {
		return nil, err
	}
	n, err := foretell.OpenNetwork(f, fi.Size(), file, 0)
	if err != nil {
		return nil, err
	}
	if n.Need().Sum != need.Sum {
		return nil, &foretell.NeedError{Need: need, Err: fmt.Errorf("%s is another file", file)}
	}
	l.network = n
	return n, nil
}

// openNeed opens what is needed where it is found by its hash, else the file.
func openNeed(ctx context.Context, need foretell.Need, file string) (*os.File, func(), error) {
	found, err := foretell.Find(need, foretell.ModelPlaces("")...)
	if err == nil {
		return found, func() { found.Close() }, nil
	}
	if file == "" {
		return nil, nil, err
	}
	return open(ctx, file)
}
