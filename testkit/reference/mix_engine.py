"""The model of mix at work: predicts each decision of a token and learns from it (docs/mix.md)."""

import os

from .errors import check
from .mix_geometry import BOOKS, BYTES, FLAT, FRAMES, GEOMETRIES, PROSE, SPELT, TEXT, terms
from .mix_net import Net, NetInput
from .mix_learn import (
    MASK,
    NEW_COUNTER,
    RUN_COUNTERS,
    STRETCH,
    Map,
    Match,
    Runs,
    Table,
    Trail,
    WeightSet,
    Window,
    schedule,
    sureness,
    train,
)
from .mix_tree import LETTERS, OF_PRIOR, SPELLED, adapt
from .mix_vocabulary import gpt2
from .mix_words import Spelling, Words
from .rangecoder import Decoder

BEST = 1
ONE = 1 << 20
MANY_TOKENS = 1 << 22

with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "primer.txt"), "rb") as f:
    PRIMER = f.read()


class Setup:
    """What a body says of its model."""

    def __init__(self, f, guided=False):
        self.level, self.geometry, self.trees, flags = f.u8(), f.u8(), f.u8(), f.u8()
        self.rows, self.cols, self.delimiter = f.uvarint(), f.uvarint(), f.uvarint()
        check(self.level <= BEST and self.geometry <= SPELT and self.trees <= SPELLED and flags <= 1, "parameters of mix")
        self.transposed = flags == 1
        places = self.rows * self.cols
        check(1 <= self.rows <= 1 << 16 and 1 <= self.cols <= 1 << 16 and places <= 1 << 16, "places of mix")
        check(self.delimiter < 1 << 20, "delimiter of mix")
        if self.geometry == TEXT:
            check(self.rows == 1 and self.transposed and self.trees == 0 and self.delimiter == 0, "a text of other streams")
        if self.geometry in FLAT:
            check(self.rows == 1 and not self.transposed, "a stream of several places")
            check(self.cols <= (256 if self.geometry == BYTES else 1), "length of a record, or an unknown vocabulary")
        check(self.trees != LETTERS or self.geometry == PROSE, "a tree of text")
        check(self.trees in (SPELLED, OF_PRIOR) if self.geometry == SPELT else self.trees != SPELLED, "a tree of a vocabulary")
        check(places <= 32 or not (self.transposed or self.geometry == BOOKS), "too many places")
        check(guided == (self.geometry in (TEXT, FRAMES)), "a geometry of another codec")
        self.record = 0
        if self.geometry == BYTES:
            self.record, self.cols = self.cols, 1

    def same(self, other):
        return all(vars(self)[k] == vars(other)[k] for k in vars(self) if k != "trees")


class Span:
    """Symbols of one array in storage order."""

    def __init__(self, first, count, shape):
        self.first, self.count, self.shape = first, count, shape


class Selector:
    """A number from terms: of the place in a product of small sizes."""

    def __init__(self, parts):
        self.for_token, self.for_bit, self.size = [], [], 1
        for t in parts:
            (self.for_token if t.for_token else self.for_bit).append((t, self.size))
            self.size *= t.size


class Candidate:
    def __init__(self, value, selectors):
        self.value, self.selectors = value, selectors
        self.maps = [{} for _ in selectors]
        self.agrees = False


class Engine:
    """Predicts the bits of tokens and learns from them. What a guide adds is in guided.py."""

    guide_inputs = 0

    def __init__(self, setup, symbols, tokens, classes, lines=0, runs=0, block_tokens=None):
        """tokens are those that sizes follow from; lines and runs are the prior's, and
        block_tokens those of the block that starts from it."""
        g = self.g = GEOMETRIES[setup.geometry]
        specs, sets, dims = g.contexts, g.sets, g.dims
        if setup.level == BEST:
            specs, sets, dims = specs + g.best, sets + g.best_sets, max(dims, g.best_dims)
        if setup.trees == LETTERS:
            tokens += len(PRIMER)
        sizes = {"rows": setup.rows, "cols": setup.cols, "symbols": symbols, "classes": classes, "contexts": len(specs)}
        self.contexts = [terms(g, s, sizes) for s in specs]
        select = lambda spec: Selector(terms(g, spec, sizes))  # noqa: E731
        self.candidates = [Candidate(g.value(v), [select(s) for s in c]) for v, c in g.candidates]
        tokens = min(tokens, MANY_TOKENS)
        rows = min(1 << 16, max(1 << 10, 1 << (4 * tokens).bit_length()))
        nodes = min(symbols, rows)
        told = [inputs + best if setup.level == BEST else inputs for inputs, best in g.nets]
        self.nets = [self.make_net(t, sizes, nodes, rows, dims) for i, t in enumerate(told) if t or i == 0]
        self.pasts = 256 if g.by_node else 16
        self.history = [[first_history(h) for h in range(128)] for _ in range(self.pasts * len(specs))]
        room = min(block_tokens if block_tokens is not None else tokens, MANY_TOKENS) * len(specs)
        best = setup.level == BEST
        most, bits = 21 if best and g.runs else 22 if best else 20, 8
        while bits < most and 1 << bits < 2 * (room + lines):
            bits += 1
        self.table = Table(bits)
        most, bits = 21 if best else 19, 5
        while bits < most and 4 << bits < room + runs:
            bits += 1
        self.runs = Runs(bits)
        n = 2 * len(specs) + sum(len(c.selectors) for c in self.candidates) + 2 * len(g.windows) + 1 + len(self.nets)
        n += self.guide_inputs
        first = self.first_weights(n)
        self.sets = [WeightSet(select(s), first, n, schedule(*g.rates)) for s in sets]
        self.last = WeightSet(select(g.final), [ONE // len(sets)] * len(sets), len(sets), schedule(*g.final_rates))
        self.maps = [Map(select(s)) for s in g.maps]
        self.windows = [Window(length, nodes) for length in g.windows]
        self.matches = [Match(least) for least in g.matches]
        self.begin_block(setup)

    def first_weights(self, inputs):
        return [3 * ONE // (2 * len(self.contexts) + 4)] * inputs

    def ask(self, i, t, place):
        """Learns what a guide says of the token at a position."""

    def guided(self, node, depth):
        """The inputs that a guide gives."""
        return []

    def follow_guide(self, node, bit):
        """Learns the bit."""

    def begin_block(self, setup):
        """Forgets what refers to positions."""
        for m in self.matches:
            m.__init__(m.least)
        for w in self.windows:
            w.taken, w.done = {}, 0
        self.trail, self.words = Trail(setup.delimiter), Words()
        self.spelling = Spelling(gpt2().tokens) if self.g.spelt else None

    def make_net(self, told, sizes, nodes, most, dims):
        inputs, before = [], 0
        for spec in told:
            rows = 1
            for t in terms(self.g, spec, sizes):
                rows = min(rows * (sizes["symbols"] + 1 if t.whole else t.size), most)
            inputs.append(NetInput(terms(self.g, spec, sizes), rows, before))
            before += rows * dims
        return Net(dims, nodes, inputs, self.g.bent)

    def plant(self, forest):
        self.forest, self.book = forest, 0

    def tree_of(self, value):
        """The tree that the symbol of a value is coded with."""
        n, name = len(self.forest), self.g.names[value]
        if n == 1:
            return self.forest[0]
        if name == "first":
            return self.forest[n - 1 if self.book == 0 else 0]
        dc = self.g.neighbours[value][3] if value < len(self.g.neighbours) else 0
        return self.forest[(self.book + dc) % n]

    def part(self, t):
        """The value of a term that holds for the whole token."""
        x = self.values[t.value]
        if t.kind == "value" or x == 0:
            return x
        tree = self.tree_of(t.value)
        if t.kind == "prefix":
            return (tree.code[x - 1] >> 64 - t.keep) + 1
        return tree.classes[x - 1] + 1 if tree.classes else 0

    def choose(self, place, values):
        """Takes the tree of a place, and hashes the contexts of values."""
        self.values = values
        if len(self.forest) > 1:
            self.book = place % len(self.forest)
        self.tree = self.forest[self.book]
        self.hashes = []
        for c, parts in enumerate(self.contexts):
            h = (c + 1) * 0x2545F491 & MASK
            for t in parts:
                h = (h ^ self.part(t)) * 0x9E3779B1 & MASK
                h ^= h >> 16
            self.hashes.append(h)
        self.lines = [None] * len(self.contexts)  # those that counters are in
        self.running = list(self.lines)  # symbol and count of runs, as long as bits are theirs
        self.open = list(self.lines)  # tag, node and depth where a run is or may begin

    def tag(self, c, node):
        h = (self.hashes[c] + node * 0x9E3779B1 + self.book * 0x2C1B3C6D) * 0x85EBCA6B & MASK
        h = (h ^ h >> 15) * 0xC2B2AE35 & MASK
        return h ^ h >> 16 | 1

    def find_lines(self, node, depth):
        """Finds the lines at a node of the contexts that have had lines so far."""
        for c in range(len(self.contexts)):
            if self.g.runs and depth > 0 and self.lines[c] is None:
                continue
            tag = self.tag(c, node)
            if not self.g.runs:
                self.lines[c] = self.table.find(tag)
                continue
            self.lines[c] = self.table.seek(tag)
            if self.lines[c] is None:
                self.open[c] = tag, node, depth
                self.running[c] = self.runs.find(tag)

    def counter(self, c, depth, slot):
        """The counter of a context."""
        if self.lines[c] is not None:
            return self.lines[c][slot]
        if self.running[c]:
            symbol, count = self.running[c]
            return RUN_COUNTERS[count][self.tree.code[symbol] >> 63 - depth & 1]
        return NEW_COUNTER

    def settle(self, symbol):
        """Runs learn the token."""
        for c, first in enumerate(self.open):
            if first is None:
                continue
            tag, node, depth = first
            old, count = self.runs.find(tag) or (symbol, 0)
            if old == symbol:
                self.runs.put(tag, symbol, count + 1)
                continue
            self.runs.drop(tag)
            self.fork(c, tag, node, depth, (old, count), (symbol, 1))

    def fork(self, c, tag, node, depth, old, new):
        """Gives counters to two symbols, each with how often it came, where they go the same way."""
        while True:
            line = self.table.find(tag)
            if line[1] >> 7 & 255:
                return
            ends = []
            for symbol, count in (old, new):
                at, slot, d = node, 1, depth
                while at >= 0 and d < depth + 4:
                    bit = self.tree.code[symbol] >> 63 - d & 1 if d < 64 else 0
                    line[slot] = RUN_COUNTERS[count][bit] if symbol == old[0] else train(line[slot], bit)
                    at, slot, d = self.tree.child[2 * at + bit], 2 * slot + bit, d + 1
                ends.append(at)
            depth += 4
            if ends[0] != ends[1]:
                for at, (symbol, count) in zip(ends, (old, new)):
                    if at >= 0:
                        self.runs.put(self.tag(c, at), symbol, count)
                return
            node = ends[0]
            if node < 0:
                return
            tag = self.tag(c, node)

    def begin(self, place, values):
        self.choose(place, values)
        for c in self.candidates:
            x = values[c.value]
            c.agrees = x != 0
            c.code = self.tree.code[x - 1] if x else 0
            for s in c.selectors:
                self.rebase(s)
        for s in self.sets + [self.last] + self.maps:
            self.rebase(s.selector)
        for net in self.nets:
            net.begin([self.row(i) for i in net.inputs])

    def row(self, i):
        """The row of an input of a net."""
        x = 0
        for t in i.terms:
            x = x * 0x9E3779B1 + self.part(t) & MASK
        if len(i.terms) > 1:
            x = (x ^ x >> 15) * 0x85EBCA6B & MASK
            x ^= x >> 13
        return x % i.rows

    def rebase(self, s):
        s.base = sum(self.part(t) % t.size * scale for t, scale in s.for_token)

    def index(self, s, node, depth):
        at = s.base
        for t, scale in s.for_bit:
            at += self.at_bit(t, node, depth) * scale
        return at

    def at_bit(self, t, node, depth):
        """The value of a term that is asked for each decision."""
        if t.kind == "depth":
            return min(depth, 15)
        if t.kind == "node":
            return min(node, t.size - 1)
        if t.kind == "agree":
            return int(self.candidates[t.value].agrees)
        return self.sure if t.kind == "sure" else self.known

    def decode(self, coder):
        """Decodes the token whose values have been given to begin. A coder that is a symbol says
        what it is."""
        if self.tree.symbols < 2:
            return 0
        node, depth = 0, 0
        while node >= 0:
            if depth % 4 == 0:
                self.find_lines(node, depth)
                slot = 1
            p = self.predict(node, depth, slot)
            bit = coder.bit(65536 - p << 16) if isinstance(coder, Decoder) else self.tree.code[coder] >> 63 - depth & 1
            self.update(node, depth, slot, bit)
            node, depth, slot = self.tree.child[2 * node + bit], depth + 1, 2 * slot + bit
        self.settle(-1 - node)
        for net in self.nets:
            net.end()
        return -1 - node

    def predict(self, node, depth, slot):
        """The probability of a 1 in 16 bits."""
        x, self.known, self.entries, self.past = [], 0, [], []
        for c in range(len(self.contexts)):
            s = self.counter(c, depth, slot)
            self.past.append(s & 127)
            if s >> 7 & 255 == 0:
                x += [0, 0]
                self.entries.append(None)
                continue
            self.known += 1
            h = self.history[self.pasts * c + (min(node, 255) if self.g.by_node else min(depth, 15))]
            self.entries.append(h)
            x += [STRETCH[s >> 20], STRETCH[h[s & 127] >> 20]]
        self.sure = 0
        for past in self.past[1:4]:
            self.sure = 6 * self.sure + sureness(past)
        x += self.guided(node, depth)
        for c in self.candidates:
            c.at = [self.index(s, node, depth) for s in c.selectors] if c.agrees else None
            if not c.agrees:
                x += [0] * len(c.selectors)
                continue
            sign = 1 if c.code >> 63 - depth & 1 else -1
            x += [sign * STRETCH[m.get(at, 3 << 29) >> 20] for m, at in zip(c.maps, c.at)]
        for w in self.windows:
            x += w.predict(node)
        x += [256] + [net.predict(node) for net in self.nets]
        self.inputs = x
        for s in self.sets:
            s.predict(x, self.index(s.selector, node, depth))
        self.outputs = [min(max(s.dot >> 4, -2838), 2838) for s in self.sets]
        self.last.predict(self.outputs, self.index(self.last.selector, node, depth))
        p = 2 * self.last.p
        for m in self.maps:
            p += m.predict(self.last.dot, self.index(m.selector, node, depth))
        return min(max(p // (2 + len(self.maps)), 1), 65535)

    def update(self, node, depth, slot, bit):
        for c, (line, h, past) in enumerate(zip(self.lines, self.entries, self.past)):
            if line is not None:
                line[slot] = train(line[slot], bit)
            elif self.running[c] and self.tree.code[self.running[c][0]] >> 63 - depth & 1 != bit:
                self.running[c] = None
            if h is not None:
                h[past] = adapt(h[past], bit, 400)
        for c in self.candidates:
            if c.agrees:
                c.agrees = c.code >> 63 - depth & 1 == bit
                for m, at in zip(c.maps, c.at):
                    m[at] = adapt(m.get(at, 3 << 29), int(c.agrees), 250)
        self.follow_guide(node, bit)
        for w in self.windows:
            w.update(bit)
        for net in self.nets:
            net.update(node, bit)
        self.last.update(self.outputs, bit)
        for s in self.sets:
            s.update(self.inputs, bit)
        for m in self.maps:
            m.update(bit)

    def learn(self, symbol, place, values):
        """Trains the counters alone."""
        self.choose(place, values)
        node, slot = 0, 1
        for d in range(self.tree.depth[symbol]):
            if d % 4 == 0:
                self.find_lines(node, d)
                slot = 1
            bit = self.tree.code[symbol] >> 63 - d & 1
            for line in self.lines:
                line[slot] = train(line[slot], bit)
            node, slot = self.tree.child[2 * node + bit], 2 * slot + bit


def first_history(h):
    zeros, ones = h >> 1 & 7, h >> 4 & 7
    return ((2 * ones + 1) << 21) // (zeros + ones + 1) << 10
