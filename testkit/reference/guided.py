"""Codec mix under a guide, which says of each token how likely every symbol is
(docs/mix.md, guides)."""

import functools
from decimal import Decimal
from itertools import accumulate

from .errors import check
from .fields import Fields
from .mix import run
from .mix_engine import Engine, Setup, Span
from .mix_geometry import FRAMES, GEOMETRIES, GRID, LATEST, TEXT, Geometry
from .mix_layout import Layout
from .mix_learn import STRETCH, Match, squash
from .mix_tree import adapt, halves, read_trees, split
from .mix_words import WORD_VALUES, Spelling
from .net_reals import exactly
from .rangecoder import Decoder

NO_TRUST = 24  # where there is no opinion
FIRST, FIRST_OF_GUIDE = 1 << 14, 1 << 19  # weights

GEOMETRIES[TEXT] = Geometry(
    neighbours=LATEST, matches=[6, 3],
    contexts=["", "a", "a b", "a b c", "a b c d", "a b c d e f", "tail", "word word1", "column"],
    candidates=[("M1", ["len1 depth", "len1 back1"]), ("M2", ["len2 depth", "len2 back2"])],
    dims=8, sets=["trust", "known depth", "len1 agree1", "node", "kinds3", "a"], final="known",
    maps=["node"], rates=(6000, 250), final_rates=(400, 100))  # fmt: skip


def frames():
    rows = dict(vars(GEOMETRIES[GRID]))
    rows["sets"] = rows["sets"] + ["trust", "depth back1 agree1"]
    g = Geometry.__new__(Geometry)
    g.__dict__.update(rows)
    return g


GEOMETRIES[FRAMES] = frames()


@exactly
def small_logs():
    """ln(1 + (m + 1/2) / 2^12) in units of 2^-16, as section 18 has it."""
    two = Decimal(2).ln()
    return [int((1 + Decimal(2 * m + 1) / 8192).ln() / two * (1 << 32)) * 45426 >> 32 for m in range(4096)]


SMALL_LOGS = functools.lru_cache(None)(small_logs)


def log(x):
    n = x.bit_length()
    return 45426 * n + SMALL_LOGS()[(x << 13 >> n) & 4095] if x else 0


class Guided(Engine):
    """guide(i, t, place, symbols) gives the weights of all symbols at position i, instant t,
    or None; symbols are those of the block, as far as they are known."""

    guide_inputs = 2

    def __init__(self, setup, symbols, out, guide):
        super().__init__(setup, symbols, len(out), 0)
        self.guide, self.out, self.trust = guide, out, NO_TRUST
        self.chances = [64 * squash((2 * (i % 24) - 23) * 1600) << 10 for i in range(16 * 24)]

    def first_weights(self, inputs):
        w = [FIRST] * inputs
        at = 2 * len(self.contexts)
        w[at : at + 2] = [FIRST_OF_GUIDE] * 2
        return w

    def plant(self, forest):
        super().plant(forest)
        tree = forest[0]
        self.order = sorted(range(tree.symbols), key=lambda s: tree.code[s])
        nodes = len(tree.child) // 2
        self.left = [0] * nodes  # leaves below the left branch of a node
        leaves = [0] * nodes
        for n in range(nodes - 1, -1, -1):
            self.left[n], right = (1 if c < 0 else leaves[c] for c in tree.child[2 * n : 2 * n + 2])
            leaves[n] = self.left[n] + right

    def ask(self, i, t, place):
        w = self.guide(i, t, place, self.out)
        self.sums = w and [0] + list(accumulate([w[s] for s in self.order]))
        self.low, self.high = 0, len(self.order)

    def guided(self, node, depth):
        self.trust, self.at = NO_TRUST, None
        if not self.sums:
            return [0, 0]
        mid = self.low + self.left[node]
        zero, one = self.sums[mid] - self.sums[self.low], self.sums[self.high] - self.sums[mid]
        if zero == one == 0:
            return [0, 0]
        t = min(max(log(one) - log(zero) >> 8, -2838), 2838)
        self.trust = min(max((t + 2400) // 200, 0), 23)
        self.at = 24 * min(depth, 15) + self.trust
        return [t, STRETCH[self.chances[self.at] >> 20]]

    def follow_guide(self, node, bit):
        if self.at is not None:
            self.chances[self.at] = adapt(self.chances[self.at], bit, 1000)
        if self.sums:
            mid = self.low + self.left[node]
            self.low, self.high = (mid, self.high) if bit else (self.low, mid)

    def at_bit(self, t, node, depth):
        if t.kind == "trust":
            return self.trust
        if t.kind == "back":
            c = self.candidates[t.value]
            against = self.trust < NO_TRUST and c.agrees and not c.code >> 63 - depth & 1
            return 23 - self.trust if against else self.trust
        return super().at_bit(t, node, depth)


class StreamMatch(Match):
    """A match in one of several streams of so many tokens, which share heads."""

    def __init__(self, least, heads, length):
        super().__init__(least)
        self.heads, self.stream = heads, length

    def follow(self, symbols, i):
        have = i % self.stream + 1
        if self.length > 0 and symbols[self.at] == symbols[i]:
            self.length = min(self.length + 1, 31)
            self.at += 1
        else:
            self.length = 0
        if have < self.least:
            return
        h = self.hash(symbols, i)
        p = self.heads.get(h, 0)
        if self.length == 0 and p > 0:
            n = 0
            while n < min(31, have, (p - 1) % self.stream + 1) and symbols[p - 1 - n] == symbols[i - n]:
                n += 1
            if n >= self.least:
                self.length, self.at = n, p
        if self.at == len(symbols):
            self.length = 0
        self.heads[h] = i + 1


def vocabulary_tree(order):
    """The tree over the symbols of a vocabulary, which stand in this order."""
    sums = [0]
    for s in order:
        sums.append(sums[-1] + (1 << 40) // (s + 200))

    above = {(0, len(order)): 0}  # nodes above that over such leaves

    def middle(lo, hi):
        depth = above.pop((lo, hi))
        mid = lo + (hi - lo + 1) // 2 if depth > 20 else even(lo, hi)
        above[lo, mid] = above[mid, hi] = depth + 1
        return mid

    def even(lo, hi):
        half = sums[lo] + (sums[hi] - sums[lo]) // 2
        below, mid = lo, hi  # the least with sums[mid] >= half is above below, and at most mid
        while mid - below > 1:
            m = (below + mid) // 2
            below, mid = (below, m) if sums[m] >= half else (m, mid)
        mid = max(mid, lo + 1)
        if mid >= hi:
            return hi - 1
        return mid - 1 if mid > lo + 1 and half - sums[mid - 1] < sums[mid] - half else mid

    return split(order, middle)


def guided_text(symbols, count, streams, body, guide, spelling, order):
    """The tokens of streams. spelling has the bytes of each symbol, or is None; order is
    that of a vocabulary, or None."""
    setup, coder = open_body(body, TEXT)
    check(setup.cols == streams, "another number of streams")
    out, length = [0] * count, -(-count // streams)
    engine = Guided(setup, symbols, out, guide)
    tree = vocabulary_tree(order) if order else halves(list(range(symbols)))
    engine.plant([tree])
    if spelling is None:
        spelling = [bytes([s]) if symbols <= 256 else b"" for s in range(symbols)]
    g = engine.g
    lay = Layout(g, setup, Span(0, count, [streams, length]), out, 0)
    heads = [{} for _ in g.matches]
    matches = [[StreamMatch(m, h, length) for m, h in zip(g.matches, heads)] for _ in range(streams)]
    spellings = [Spelling(spelling) for _ in range(streams)]
    engine.tree = tree
    at = {name: g.value(name) for name in ("M1", "len1", "column", "tail", "word")}
    for t in lay.instants():
        for place, i in lay.tokens(t):
            values, s = lay.load(i, t, place, 1, t), spellings[place]
            for k, m in enumerate(matches[place]):
                if m.length:
                    values[at["M1"] + k], values[at["len1"] + k] = out[m.at] + 1, m.length
            values[at["column"]] = s.column
            values[at["tail"]] = s.tail()
            values[at["word"] : at["word"] + WORD_VALUES] = s.values()
            engine.ask(i, t, place)
            engine.begin(place, values)
            out[i] = engine.decode(coder)
            for m in matches[place]:
                m.follow(out, i)
            s.follow(out[i])
    coder.finish()
    return out


def guided_frames(symbols, count, places, body, guide):
    """The tokens of frames of so many places."""
    setup, coder = open_body(body, FRAMES)
    check(setup.rows * setup.cols == places and setup.trees <= 1 and not setup.transposed, "frames of other places")
    out = [0] * count
    engine = Guided(setup, symbols, out, guide)
    engine.plant(read_trees(coder, symbols, setup.trees, setup.cols))
    span = Span(0, count, [-(-count // places), setup.rows, setup.cols])
    run(engine, setup, [span], out, coder)
    coder.finish()
    return out


def open_body(body, geometry):
    f = Fields(body)
    check(f.u8() == 1, "a guided block of another form")
    setup = Setup(f, True)
    check(setup.geometry == geometry, "a geometry of other blocks")
    return setup, Decoder(f.rest())
