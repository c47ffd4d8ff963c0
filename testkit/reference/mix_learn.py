"""What of codec mix learns: counters, maps, weights, windows, matches (docs/mix.md, sections 9 to 15)."""

import math

from .mix_tree import NEW, adapt

MASK = 0xFFFFFFFF
MOST_STRETCH = 2838


def ln(a, b):
    """ln(a / b) in units of 1/256, rounded to nearest."""
    return math.floor(256 * math.log(a / b) + 0.5)


STRETCH = [ln(2 * i + 1, 8191 - 2 * i) for i in range(4096)]


def clipped(v, most):
    return v if min(v) >= -most and max(v) <= most else [min(max(x, -most), most) for x in v]


def squash_table():
    """For each stretched value the least p of 1 to 65535 that stands for it or more."""
    out, p = [], 1
    for x in range(-MOST_STRETCH, MOST_STRETCH + 1):
        while p < 65535 and ln(p, 65536 - p) < x:
            p += 1
        out.append(p)
    return out + [65535, 65535]


SQUASH = squash_table()


def squash(x):
    """The probability of a stretched value with 4 more bits after the point."""
    x = min(max(x, -MOST_STRETCH * 16), MOST_STRETCH * 16) + MOST_STRETCH * 16
    a, b = SQUASH[x >> 4], SQUASH[(x >> 4) + 1]
    return a + ((b - a) * (x & 15) >> 4)


# Counters: 17 bits of a probability, 8 of a count, 7 of a history.

NEW_COUNTER = 1 << 31
COUNTER_RATES = [163840 // (10 * n + 16) for n in range(251)]


def next_history(h, bit):
    seen = [h >> 1 & 7, h >> 4 & 7]
    seen[bit] = min(7, seen[bit] + 1)
    other = seen[1 - bit]
    seen[1 - bit] = (other + 2) // 2 if other > 4 else other - 1 if other > 2 else other
    return seen[1] << 4 | seen[0] << 1 | bit


HISTORIES = [[next_history(h, bit) for h in range(128)] for bit in range(2)]


def train(counter, bit):
    p, n = counter >> 15, counter >> 7 & 255
    p += ((131071 if bit else 0) - p) * COUNTER_RATES[n] >> 14
    return p << 15 | (n + 1 if n < 250 else n) << 7 | HISTORIES[bit][counter & 127]


def run_counters():
    """What a counter becomes that was trained n times with 0 alone, and with 1 alone."""
    out = [(NEW_COUNTER, NEW_COUNTER)]
    while len(out) <= 250:
        out.append((train(out[-1][0], 0), train(out[-1][1], 1)))
    return out


RUN_COUNTERS = run_counters()


def sureness(history):
    zeros, ones = history >> 1 & 7, history >> 4 & 7
    less, count = min(zeros, ones), zeros + ones
    if less == 0:
        return 0 if count == 0 else 1 if count == 1 else 2 if count < 4 else 3
    return 5 if less == 1 and count > 5 else 4


class Runs:
    """Symbols that came alone, and how often, by the tag of what would be their first line."""

    def __init__(self, bits):
        self.buckets, self.mask, self.shift = {}, (1 << bits) - 1, 32 - bits

    def bucket(self, tag):
        return self.buckets.setdefault(tag >> self.shift & self.mask, [(0, 0, 0)] * 8)

    def find(self, tag):
        """The symbol and count of a tag, or None."""
        return next((x[1:] for x in self.bucket(tag) if x[0] == tag), None)

    def put(self, tag, symbol, count):
        b = self.bucket(tag)
        at = next((k for k in range(8) if b[k][0] == tag), None)
        if at is None:
            at = min(range(8), key=lambda k: b[k][2])
        b[at] = tag, symbol, min(count, 250)

    def drop(self, tag):
        b = self.bucket(tag)
        b[[x[0] for x in b].index(tag)] = 0, 0, 0


class Table:
    """Lines of 15 counters by hash. Lines that were never used are not kept."""

    def __init__(self, bits):
        self.lines, self.mask, self.shift = {}, (1 << bits) - 1, 32 - bits

    def seek(self, tag):
        """The line of a tag, or None."""
        i = tag >> self.shift & self.mask
        for at in (i, i ^ 1, i ^ 2):
            line = self.lines.get(at)
            if line is not None and line[0] == tag:
                return line
        return None

    def find(self, tag):
        """The line of a tag, made if there is none."""
        line = self.seek(tag)
        if line is not None:
            return line
        i = tag >> self.shift & self.mask
        at = min((i, i ^ 1, i ^ 2), key=self.used)
        # The list stays the same: another context may be at this line.
        line = self.lines.setdefault(at, [])
        line[:] = [tag] + [NEW_COUNTER] * 15
        return line

    def used(self, i):
        line = self.lines.get(i)
        return line[1] >> 7 & 255 if line else 0


class WeightSet:
    def __init__(self, selector, first, inputs, rates):
        self.selector, self.first, self.inputs, self.rates = selector, first, inputs, rates
        self.vectors, self.counts = {}, {}

    def predict(self, x, at):
        self.at = at
        self.w = self.vectors.get(at)
        if self.w is None:
            self.w = self.vectors[at] = list(self.first)
        self.dot = sum([(w >> 6) * v >> 8 for w, v in zip(self.w, x)]) >> 2
        self.p = squash(self.dot)

    def update(self, x, bit):
        n = self.counts.get(self.at, 0)
        if n < len(self.rates) - 1:
            self.counts[self.at] = n + 1
        e = ((65535 if bit else 0) - self.p) * self.rates[n] >> 10
        self.w[:] = clipped([w + (v * e + 512 >> 10) for w, v in zip(self.w, x)], 8 << 20)


def schedule(first, last):
    """Learning rates by how often a vector was trained."""
    out = []
    while True:
        v = first * 100 // (100 + 2 * len(out))
        if v <= last:
            return out + [last]
        out.append(v)


class Map:
    """A final map: 33 points for each context."""

    FIRST = [squash((i - 16) * 177 * 16) for i in range(33)]

    def __init__(self, selector):
        self.selector, self.points = selector, {}

    def predict(self, dot, context):
        step = 177 * 16
        x = min(max(dot, -16 * step), 16 * step - 1) + 16 * step
        j, f = x // step, x % step
        self.t = self.points.setdefault(context, list(self.FIRST))
        self.near = j + 1 if f > step // 2 else j
        return (self.t[j] * (step - f) + self.t[j + 1] * f) // step

    def update(self, bit):
        v = self.t[self.near]
        self.t[self.near] = v + ((65535 if bit else 0) - v >> 6)


class Window:
    def __init__(self, length, nodes):
        self.length, self.nodes, self.taken, self.done = length, nodes, {}, 0
        self.maps = [NEW] * 256

    def advance(self, tree, symbols, i):
        """Takes in what precedes position i."""
        while self.done < i:
            self.count(tree, symbols[self.done], 1)
            if self.done >= self.length:
                self.count(tree, symbols[self.done - self.length], -1)
            self.done += 1

    def count(self, tree, symbol, by):
        code, node = tree.code[symbol], 0
        for d in range(tree.depth[symbol]):
            if node >= self.nodes:
                return
            bit = code >> 63 - d & 1
            taken = self.taken.setdefault(node, [0, 0])
            taken[bit] = taken[bit] + by & 0xFFFF
            node = tree.child[2 * node + bit]

    def predict(self, node):
        self.at = None
        zeros, ones = self.taken.get(node, (0, 0))
        if zeros == ones == 0:
            return 0, 0
        self.at = window_size(zeros) * 16 + window_size(ones)
        return ln(10 * ones + 3, 10) - ln(10 * zeros + 3, 10), STRETCH[self.maps[self.at] >> 20]

    def update(self, bit):
        if self.at is not None:
            self.maps[self.at] = adapt(self.maps[self.at], bit, 200)


def window_size(n):
    if n < 4:
        return n
    k = n.bit_length()
    return min(2 * k - 2 + (n >> k - 2 & 1), 15)


class Match:
    """Follows the longest earlier repetition of the latest tokens."""

    def __init__(self, least):
        self.least, self.heads, self.at, self.length = least, {}, 0, 0

    def follow(self, symbols, i):
        """Takes in the token at position i."""
        if self.length > 0 and symbols[self.at] == symbols[i]:
            self.length = min(self.length + 1, 31)
            self.at += 1
        else:
            self.length = 0
        if i + 1 < self.least:
            return
        h = self.hash(symbols, i)
        p = self.heads.get(h, 0)
        if self.length == 0 and p > 0:
            n = 0
            while n < min(31, p) and symbols[p - 1 - n] == symbols[i - n]:
                n += 1
            if n >= self.least:
                self.length, self.at = n, p
        self.heads[h] = i + 1

    def hash(self, symbols, i):
        """That of the latest tokens up to position i."""
        h = 0
        for s in symbols[i + 1 - self.least : i + 1]:
            h = (h ^ s) * 0x9E3779B1 & MASK
            h ^= h >> 15
        return (h * 0x85EBCA6B & MASK) >> 14


class Trail:
    def __init__(self, delimiter):
        self.next = {}
        self.delimiter, self.line, self.before, self.starts, self.done = delimiter, 0, 0, [0, 0], 0

    def advance(self, symbols, i):
        """Takes in what precedes position i."""
        while self.done < i:
            x = symbols[self.done]
            if self.done > 0:
                a = symbols[self.done - 1]
                self.next[a] = x + 1, self.next.get(a, (0, 0))[0]
            if x == self.delimiter:
                self.before, self.line = self.line, self.done + 1
                self.starts = [0, self.starts[0]]
            elif self.done - self.line < 2:
                self.starts[0] = (self.starts[0] + x + 1) * 0x9E3779B1 & MASK | 1
            self.done += 1

    def values(self, symbols, i):
        """next1 next2 above start startAbove reach column of the token at position i."""
        next1, next2 = self.next.get(symbols[i - 1], (0, 0)) if i > 0 else (0, 0)
        at = self.before + i - self.line
        above = symbols[at] + 1 if at < self.line else 0
        return next1, next2, above, self.starts[0], self.starts[1], min(i - self.line, 3), min(i - self.line, 255)
