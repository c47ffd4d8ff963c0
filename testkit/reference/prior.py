"""Priors: the state that blocks of codec mix may start from (docs/mix.md, priors)."""

import copy

from .container import crc32c
from .errors import Missing, check
from .fields import Fields
from .mix_geometry import FLAT, GEOMETRIES
from .mix_engine import Engine, Setup
from .mix_learn import NEW_COUNTER
from .mix_tree import AdaptiveBits, read_trees
from .rangecoder import Decoder
from .valuemap import ValueMap

MAGIC = b"fprior\0\x01"
MOST_WEIGHT, MOST_VECTOR, MOST_OUT = 8 << 20, 4 << 22, 32 << 22


class Prior:
    def __init__(self, data):
        f = Fields(data)
        ValueMap(f.bytes(f.uvarint()))
        data = f.rest()
        check(data[:8] == MAGIC and len(data) >= 12, "not a prior")
        check(crc32c(data[:-4]) == int.from_bytes(data[-4:], "little"), "checksum of a prior")
        f = Fields(data[:-4], 8)
        self.setup = Setup(f)
        self.symbols, self.tokens, count = f.uvarint(), f.uvarint(), f.uvarint()
        runs = f.uvarint() if GEOMETRIES[self.setup.geometry].runs else 0
        check(runs <= 1 << 22, "sizes of a prior")
        check(2 <= self.symbols <= 1 << 20 and self.tokens <= 1 << 26 and count <= 1 << 22, "sizes of a prior")
        coder = Decoder(f.rest())
        self.forest = read_trees(coder, self.symbols, self.setup.trees, self.setup.cols)
        self.state = Engine(self.setup, self.symbols, self.tokens, self.forest[0].count)
        archive = Archive(coder)
        archive.engine(self.state)
        self.lines = archive.lines(count)
        self.runs = archive.runs(runs, self.forest[0])
        coder.finish()

    def engine(self, setup, block):
        """An engine for a block, in the prior's state."""
        if not setup.same(self.setup) or block.alphabet > self.symbols:
            raise Missing("the block needs another prior")
        for span in block.spans:
            self.fits(span.shape)
        e = Engine(self.setup, self.symbols, self.tokens, self.forest[0].count, len(self.lines), len(self.runs), block.count)
        table = e.table
        for name in ("history", "candidates", "sets", "last", "maps", "nets"):
            setattr(e, name, copy.deepcopy(getattr(self.state, name)))
        for w, old in zip(e.windows, self.state.windows):
            w.maps = list(old.maps)
        for line in self.lines:
            table.find(line[0])[:] = line
        for r in self.runs:
            e.runs.put(*r)
        e.plant(self.forest)
        return e

    def fits(self, shape):
        s = self.setup
        places, rest, two = s.rows * s.cols, 1, 1
        for k, n in enumerate(shape):
            if k > 0:
                rest *= max(1, n)
            if k > 0 and k >= len(shape) - 2:
                two *= max(1, n)
        fits = s.geometry in FLAT or places in (rest, two)
        if s.transposed:
            fits = len(shape) == 2 and shape[0] == s.cols
        if not fits:
            raise Missing("the prior is of arrays of another shape")


def typical(k):
    """The count that stands for counts of k bits."""
    return k if k < 2 else 3 << k - 2


class Archive:
    """Reads the state of an engine."""

    def __init__(self, coder):
        self.coder, self.models = coder, {}

    def number(self, name, size):
        m = self.models.setdefault(name, AdaptiveBits(size))
        return m.read(self.coder)

    def integer(self, name):
        n = self.number(name, 64)
        check(n <= 40, "an integer of a prior")
        z = n if n < 2 else 1 << n - 1 | self.raw(n - 1)
        return z >> 1 ^ -(z & 1)

    def raw(self, n):
        x = 0
        for _ in range(n):
            x = 2 * x + self.coder.bit(1 << 31)
        return x

    def coarse(self, name, drop, most):
        x = (self.integer(name) << drop) + (1 << drop - 1)
        return min(max(x, -most), most)

    def engine(self, e):
        for h in e.history:
            self.entries(h, range(len(h)))
        for c in e.candidates:
            for m, s in zip(c.maps, c.selectors):
                self.entries(m, range(s.size))
        for w in e.windows:
            self.entries(w.maps, range(len(w.maps)))
        for s in e.sets + [e.last]:
            self.weights(s)
        for m in e.maps:
            for context in range(m.selector.size):
                points = list(m.FIRST)
                for i, first in enumerate(points):
                    d = self.integer("points")
                    if d:
                        points[i] = min(max(first + (d << 7), 1), 65535)
                        m.points[context] = points
        for net in e.nets:
            self.net(net)

    def net(self, net):
        for source in net.inputs:
            for r in range(source.rows):
                self.vector(source.vectors, source.sums, r, net.dims, MOST_VECTOR)
        for r in range(net.nodes):
            if self.vector(net.out, net.out_sums, r, net.dims, MOST_OUT):
                net.bias[r] = self.coarse("biases", 12, 1 << 30)

    def entries(self, entries, numbers):
        for i in numbers:
            n = typical(self.number("counts", 32))
            check(n < 1024, "a count of a prior")
            if n:
                entries[i] = self.number("probabilities", 1024) << 22 | 1 << 21 | n

    def weights(self, s):
        padded = -(-s.inputs // 8) * 8
        for at in range(s.selector.size):
            n = typical(self.number("counts", 32))
            if n:
                s.counts[at] = min(n, len(s.rates) - 1)
                w = [self.coarse("weights", 11, MOST_WEIGHT) for _ in range(padded)]
                s.vectors[at] = w[: s.inputs]

    def vector(self, vectors, sums, r, dims, most):
        k = self.number("sums", 64)
        check(k <= 62, "a sum of a prior")
        if k == 0:
            return False
        vectors[r] = [self.coarse("vectors", 14, most) for _ in range(dims)]
        sums[r] = 3 << k >> 2
        return True

    def lines(self, count):
        out, tag = [], 0
        for _ in range(count):
            tag += self.integer("gaps")
            line = [tag & 0xFFFFFFFF | 1]
            for k in range(1, 16):
                above = 15 if k == 1 else (line[k // 2] >> 7 & 255).bit_length()
                line.append(self.counter(k.bit_length() - 1, above))
            out.append(line)
        return out

    def runs(self, count, tree):
        """Tag, symbol and count of each run."""
        out, tag = [], 0
        for _ in range(count):
            tag += self.integer("run gaps")
            n = typical(min(max(1, self.number("run size", 16)), 8))
            node = 0
            while node >= 0:
                node = tree.child[2 * node + self.number(("run symbol", node), 2)]
            out.append((tag & 0xFFFFFFFF | 1, -1 - node, n))
        return out

    def counter(self, level, above):
        """A counter, the one above which has a count of so many bits."""
        if above == 0 or not self.number(("used", level, above), 2):
            return NEW_COUNTER
        k = min(max(1, self.number(("size", level), 16)), 8)
        past = self.number(("past", k), 128)
        p = self.number(("chance", 2 * k + past % 2), 256)
        return p << 24 | 1 << 23 | min(typical(k), 250) << 7 | past
