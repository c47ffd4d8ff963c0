"""Codec 3, adaptive (docs/codecs.md, adaptive)."""

from .errors import check
from .rangecoder import Decoder

MASK = (1 << 64) - 1
NONE = 1 << 24  # the value of a token that is not there
MOST_LIST = 1024


def hash_pair(a, b):
    h = a ^ b << 39 & MASK
    h = (h ^ h >> 33) * 0xFF51AFD7ED558CCD & MASK
    h = (h ^ h >> 33) * 0xC4CEB9FE1A85EC53 & MASK
    return h ^ h >> 33


class Slot:
    def __init__(self):
        self.check, self.total, self.room = 0, 0, 0  # room: entries of the list's array
        self.counts = {}  # by symbol


class Full(Exception):
    """There is no array for a list to be had."""


class Store:
    """The slots of all contexts and the room that their lists share."""

    def __init__(self, orders, alphabet, n):
        self.shapes = [n if pair else min(n, alphabet + 1) for pair in orders]
        self.most = 1 << 22 if n >= 1 << 20 else max(4 * n, 4096)
        self.clear()

    def clear(self):
        self.tables = [[{}, slots(bound)] for bound in self.shapes]
        self.fresh, self.free = self.most, [0] * 11

    def find(self, k, h):
        """The slot of context k, 0 for the first, with hash h."""
        table, size = self.tables[k]
        group = table.setdefault(h * (size // 4) >> 64, [])
        if not group:
            group.extend(Slot() for _ in range(4))
        key = h & 0xFFFFFFFF | 1
        for s in group:
            if s.check == key:
                return s
        s = min(group, key=lambda s: s.total)
        self.give(s.room)
        s.__init__()
        s.check = key
        return s

    def give(self, room):
        if room:
            self.free[room.bit_length() - 1] += 1

    def take(self, room):
        j = room.bit_length() - 1
        if self.free[j]:
            self.free[j] -= 1
        elif self.fresh >= room:
            self.fresh -= room
        else:
            raise Full

    def count(self, s, symbol):
        if s.counts[symbol] > 253:
            self.halve(s)
        s.counts[symbol] += 2
        s.total += 2

    def halve(self, s):
        s.counts = {x: c // 2 for x, c in s.counts.items() if c > 1}
        s.total = sum(s.counts.values())

    def add(self, s, symbol):
        while len(s.counts) >= MOST_LIST:
            self.halve(s)
        if len(s.counts) == s.room:
            self.take(max(1, 2 * s.room))
            self.give(s.room)
            s.room = max(1, 2 * s.room)
        s.counts[symbol] = 1
        s.total += 1


def slots(bound):
    if bound >= 1 << 18:
        return 1 << 20
    size = 16
    while size < 4 * bound:
        size *= 2
    return size


def size_class(x):
    return min(31, (x * x).bit_length()) if x else 0


class Model:
    def __init__(self, orders, alphabet, n):
        self.v = alphabet
        self.store = Store(orders, alphabet, n)
        self.orders = len(orders)
        self.base, self.total, self.used = [0] * alphabet, 0, 0
        self.shares = {}  # by order and both classes: share and how often learned from

    def begin(self, hashes):
        """Divides the line among the symbols."""
        slots = [self.store.find(k - 1, hashes[k - 1]) for k in range(self.orders, 0, -1)][::-1]
        self.slots = [None] + slots
        self.totals = [self.total] + [s.total for s in slots]
        used = [self.used] + [len(s.counts) for s in slots]
        self.keys = [(k, size_class(t), size_class(u)) for k, (t, u) in enumerate(zip(self.totals, used))]
        rest = (1 << 48) - (self.v << 16)
        self.units = [0] * (self.orders + 1)
        for k in range(self.orders, -1, -1):
            if self.totals[k]:
                p, _ = self.shares.setdefault(self.keys[k], (1 << 31, 0))
                self.units[k] = (rest >> 16) * (p >> 16) // self.totals[k]
                rest -= self.units[k] * self.totals[k]
        self.even = rest // self.v + (1 << 16)

    def share(self, k, symbol):
        n = self.base[symbol] if k == 0 else self.slots[k].counts.get(symbol, 0)
        return n * self.units[k]

    def find(self, point):
        """The symbol at a point, and its interval."""
        extra = {}
        for k in range(1, self.orders + 1):
            for x, n in self.slots[k].counts.items():
                extra[x] = extra.get(x, 0) + n * self.units[k]
        low = c = 0
        for s in range(self.v):
            c += self.even + self.base[s] * self.units[0] + extra.get(s, 0)
            high = c >> 16 if s < self.v - 1 else 1 << 32
            if point < high:
                return s, low, high - low
            low = high

    def learn(self, i):
        below = self.even
        for k in range(self.orders + 1):
            m = self.share(k, i)
            below += m
            if self.units[k]:
                p, n = self.shares[self.keys[k]]
                r = (m << 16) // below
                p += ((r << 16) - p >> 16) * ((1 << 17) // (2 * n + 3))
                self.shares[self.keys[k]] = min(max(p, 1 << 20), (1 << 32) - (1 << 20)), min(n + 1, 62)
        new = True
        full = False
        for k in range(self.orders, 0, -1):
            if i in self.slots[k].counts:
                self.store.count(self.slots[k], i)
                new = False
                break
            try:
                self.store.add(self.slots[k], i)
            except Full:
                full = True
        if full:
            self.store.clear()
        if new:
            step = 2 if self.base[i] else 1
            self.used += step == 1
            self.base[i] += step
            self.total += step
            if self.total > 1 << 26:
                self.base = [c - c // 2 for c in self.base]
                self.total = sum(self.base)


# Of each set, whether its contexts are of two values.
SETS = [(False, True), (False, True), (False, False, True), (False, True, True), (False, True, True)]


def contexts(which, left, before, last, place, row):
    return [
        [(left,), (left, before)],
        [(last,), (last, left)],
        [(place,), (last,), (last, left)],
        [(place,), (place, left), (place, last)],
        [(row,), (row, left), (row, last)],
    ][which]


def row_length(shape, axes):
    """The number of tokens in a row, all axes of shape but the first ones."""
    rest = shape[axes:]
    if not rest or min(rest) <= 0:
        return 0
    product = 1
    for n in rest:
        product *= n
    return product if product <= 1 << 40 else 0


def adaptive(block, body):
    check(len(body) > 0, "an empty body")
    which, axes = body[0] & 15, (body[0] >> 4) + 1
    check(which < len(SETS), "an unknown set of contexts")
    # left and last alone have as many values as there are symbols, or one more.
    bounded = [pair or which >= 3 or (which == 2 and k == 0) for k, pair in enumerate(SETS[which])]
    model = Model(bounded, block.alphabet, block.count)
    coder = Decoder(body[1:])
    out = []
    for span in block.spans:
        start, r = len(out), row_length(span.shape, axes)
        for i in range(span.count):
            left = out[-1] if i >= 1 else NONE
            before = out[-2] if i >= 2 else NONE
            last = out[start + i - r] if 0 < r <= i else NONE
            place, row = ((span.first + i) % r, (span.first + i) // r) if r else (0, 0)
            hashes = [hash_pair(c[0], c[1] + 1 if len(c) > 1 else 0) for c in contexts(which, left, before, last, place, row)]
            model.begin(hashes)
            symbol, low, width = model.find(coder.point())
            coder.take(low, width)
            model.learn(symbol)
            out.append(symbol)
    coder.finish()
    return out
