"""Coding by steps: intervals, the guard, framed streams and the stack (docs/exactness.md,
sections 2, 4, 8 and 9; docs/stream.md; docs/ans.md, stack)."""

import struct

from .container import crc32c
from .errors import Corrupt, Error, Missing, Truncated, check
from .fields import uvarint
from .rangecoder import Decoder

ONE = 1 << 32
MASK = (1 << 64) - 1


class Drift(Error):
    """The two sides of a stream were given other distributions."""


class Weights:
    """The intervals of weights (section 4), which are counts (section 9) or what
    probabilities become (section 2)."""

    def __init__(self, weights):
        self.below, self.total = [0], sum(weights)
        for w in weights:
            self.below.append(self.below[-1] + w)
        self.n = len(weights)

    def low(self, i):
        return self.below[i] * (ONE - self.n) // self.total + i if i < self.n else ONE

    def interval(self, i):
        return self.low(i), self.low(i + 1) - self.low(i)

    def find(self, point):
        return max(i for i in range(self.n) if self.low(i) <= point)


def weigh(row):
    """The weights of probabilities that float32 holds."""
    scaled = [float(p).as_integer_ratio() for p in row]

    def at(k):
        return [p * 2**k // q if k >= 0 else p // (q * 2**-k) for p, q in scaled]

    weights = at(31)
    if max(row) > 1 or sum(weights) < 1 << 30:
        p, q = scaled[row.index(max(row))]
        k = 30 - (p.bit_length() - q.bit_length())  # a denominator is a power of two
        weights = at(k)
    return weights


def uniform(n):
    return lambda i: (i * ONE // n, (i + 1) * ONE // n - i * ONE // n)


def bernoulli(p):
    a, b = p.as_integer_ratio()
    weights = Weights([(1 << 62) - (a << 62) // b, (a << 62) // b])
    return weights.interval


class Adaptive:
    def __init__(self, n, step, limit):
        self.counts, self.step, self.limit = [1] * n, step, limit

    def interval(self, i):
        return Weights(self.counts).interval(i)

    def learn(self, i):
        self.counts[i] += self.step
        if sum(self.counts) > self.limit:
            self.counts = [c - c // 2 for c in self.counts]


class Encoder:
    """The range coder, and positions in what it writes."""

    def __init__(self):
        self.low, self.range, self.out = 0, MASK, bytearray()

    def put(self, low, width):
        if width == ONE:
            return
        a = self.range * low >> 32
        self.low += a
        self.range = (self.range * (low + width) >> 32) - a
        self.carry()
        if self.range < ONE:
            self.out += (self.low >> 32).to_bytes(4, "big")
            self.low, self.range = self.low << 32 & MASK, self.range << 32

    def carry(self):
        if self.low >> 64:
            self.low &= MASK
            number = int.from_bytes(self.out, "big") + 1
            self.out[:] = number.to_bytes(len(self.out), "big")

    def bit(self, bit, zero):
        split = self.range * zero >> 32
        if bit:
            self.low += split
        self.range = self.range - split if bit else split
        self.carry()
        if self.range < ONE:
            self.out += (self.low >> 32).to_bytes(4, "big")
            self.low, self.range = self.low << 32 & MASK, self.range << 32

    def finish(self):
        for n in range(9):
            unit = 1 << 64 - 8 * n
            end = -(-self.low // unit) * unit
            if end < self.low + self.range:
                break
        self.low = end
        self.carry()
        return bytes(self.out) + self.low.to_bytes(8, "big")[:n]


class Guard:
    def __init__(self, every):
        self.every, self.digest, self.steps = every, 0, 0

    def learn(self, total, low, width):
        if self.every:
            h = (self.digest ^ total) * 0x9E3779B97F4A7C15 & MASK
            h = (h ^ h >> 32 ^ (low << 32) + width - 1 & MASK) * 0xD6E8FEB86659FD93 & MASK
            self.digest = h ^ h >> 32
        self.steps += 1

    def due(self):
        return self.every and self.steps % self.every == 0

    def interval(self):
        return (self.digest * 0x9E3779B97F4A7C15 & MASK) >> 32, 1


def encode(rows, symbols, every):
    """A bare stream, step i under row i modulo their number, and all positions in it."""
    coder, guard, positions = Encoder(), Guard(every), []
    weights = [Weights(weigh(row)) for row in rows]

    def position():
        low, size = coder.low.to_bytes(8, "little"), coder.range.to_bytes(8, "little")
        head = b"\0" + uvarint(guard.steps) + uvarint(len(coder.out))
        positions.append(head + low + size + guard.digest.to_bytes(8, "little"))

    for i, s in enumerate(symbols):
        position()
        w = weights[i % len(rows)]
        coder.put(*w.interval(s))
        guard.learn(w.total, *w.interval(s))
        if guard.due():
            coder.put(*guard.interval())
    position()
    if every:
        coder.put(*guard.interval())
    return coder.finish(), positions


def read_framed(data, vocabulary, model, row):
    """The symbols of a framed stream, all steps of which are under one row."""
    start = 24 + 1
    if len(data) < start:
        raise Truncated("a stream without its header")
    check(data[:8] == b"\x89fstep\r\n", "not a stream of steps")
    version, coder, length = data[8:11]
    size, every, chunk = struct.unpack_from("<III", data, 11)
    at = 23 + length
    running = crc32c(data[:at])
    crc(data, at, running)
    check(version == 0 and coder == 0 and 16 <= chunk <= 1 << 20, "header of a stream")
    if (size, data[23:at]) != (vocabulary, model):
        raise Missing("a stream of another model")
    at += 4
    code, last = b"", chunk
    while True:
        n = int.from_bytes(take(data, at, 4), "little")
        body = 4 + (n or 8)
        running = crc32c(take(data, at, body), running)
        crc(data, at + body, running)
        if n == 0:
            break
        check(last == chunk and n <= chunk, "size of a chunk")
        code += data[at + 4 : at + body]
        at, last = at + body + 4, n
    check(len(data) == at + body + 4, "bytes after a stream")
    return read_steps(code, int.from_bytes(data[at + 4 : at + 12], "little"), every, row)


def take(data, at, n):
    if at + n > len(data):
        raise Truncated("a stream that is cut off")
    return data[at : at + n]


def crc(data, at, want):
    check(int.from_bytes(take(data, at, 4), "little") == want, "checksum of a stream")


def read_steps(code, steps, every, row):
    weights = Weights(weigh(row))
    coder, guard, out = Decoder(code), Guard(every), []

    def compare():
        point = coder.point()
        if point != guard.interval()[0]:
            raise Drift("another distribution, at a step before %d" % guard.steps)
        coder.take(*guard.interval())

    try:
        for _ in range(steps):
            s = weights.find(coder.point())
            coder.take(*weights.interval(s))
            guard.learn(weights.total, *weights.interval(s))
            out.append(s)
            if guard.due():
                compare()
        if every:
            compare()
        coder.finish()
    except Corrupt as err:
        raise Drift(str(err)) from None
    return out


class Stack:
    LOWER = 1 << 48

    def __init__(self, data=b""):
        self.words, self.x = [], self.LOWER
        if data:
            check(len(data) >= 7 and data[-1] != 0, "a stack")
            n = (len(data) - 7) // 2
            self.words = [int.from_bytes(data[2 * i : 2 * i + 2], "little") for i in range(n)]
            self.x = int.from_bytes(data[2 * n :], "little")
            check(not self.empty(), "an empty stack that has bytes")

    def empty(self):
        return self.x == self.LOWER and not self.words

    def push(self, low, width):
        if width < ONE:
            while self.x >= width << 32:
                self.words.append(self.x & 0xFFFF)
                self.x >>= 16
            self.x = (self.x // width << 32) + self.x % width + low

    def pop(self, low, width):
        point = self.x % ONE
        check(low <= point < low + width, "an interval that does not hold the point")
        if width < ONE:
            self.x = width * (self.x >> 32) + point - low
            while self.x < self.LOWER:
                check(self.words, "a stack that is empty")
                self.x = self.x << 16 | self.words.pop()

    def bytes(self):
        if self.empty():
            return b""
        return b"".join(w.to_bytes(2, "little") for w in self.words) + self.x.to_bytes(8, "little").rstrip(b"\0")
