"""The net of mix (docs/mix.md, section 14)."""

import math

from .mix_learn import MASK, MOST_STRETCH, clipped, squash

MOST_SUM = 1 << 62
ROOTS = [math.isqrt((1 << 56) // (259 + 6 * i)) for i in range(128)]


def rate(scale, x):
    """scale / 256 over the root of x + 0.1, which has 32 bits after the point; with 24."""
    x += (1 << 32) // 10
    k = (x.bit_length() - 1) // 2
    m = (x << 7) >> 2 * k
    return ROOTS[(m - 128) * 128 // 384] * scale >> 8 << 16 >> k


def wrap(x):
    """The signed number of 32 bits that x is modulo 2^32."""
    return (x + 0x80000000 & MASK) - 0x80000000


def wrapped(v):
    return v if min(v) >= -0x80000000 and max(v) < 0x80000000 else [wrap(x) for x in v]


def energy(v):
    return sum([x * x >> 12 for x in v]) // len(v)


def random_after(n):
    """The state of the random numbers after n of them."""
    a, c, mul, add = 1664525, 1013904223, 1, 0
    while n:
        if n & 1:
            mul, add = mul * a & MASK, add * a + c & MASK
        a, c = a * a & MASK, c * (a + 1) & MASK
        n >>= 1
    return mul + add & MASK


class NetInput:
    def __init__(self, terms, rows, before):
        """before is the number of random numbers of the inputs before."""
        self.terms, self.rows, self.before, self.vectors, self.sums = terms, rows, before, {}, {}

    def vector(self, row, dims):
        v = self.vectors.get(row)
        if v is None:
            v, x = [], random_after(self.before + row * dims)
            for _ in range(dims):
                x = x * 1664525 + 1013904223 & MASK
                v.append(wrap(x) >> 12)
            self.vectors[row] = v
        return v


class Net:
    def __init__(self, dims, nodes, inputs, bent):
        self.dims, self.nodes, self.inputs, self.bent = dims, nodes, inputs, bent
        self.out, self.out_sums, self.bias = {}, {}, {}
        self.p = 0

    def begin(self, rows):
        """Takes the row that each input selects."""
        self.rows = rows
        self.sum, self.grad = [0] * self.dims, [0] * self.dims
        for source, row in zip(self.inputs, rows):
            self.sum = [a + b for a, b in zip(self.sum, source.vector(row, self.dims))]
        self.act = [max(x, 0) for x in self.sum] if self.bent else self.sum
        self.energy = energy(self.act)

    def predict(self, node):
        if node >= self.nodes:
            return 0
        out = self.out.setdefault(node, [0] * self.dims)
        s = (self.bias.get(node, 0) << 22) + sum([a * b for a, b in zip(self.act, out)])
        z = min(max(s >> 32, -MOST_STRETCH * 16), MOST_STRETCH * 16)
        self.p = squash(z)
        return z >> 4

    def update(self, node, bit):
        if node >= self.nodes:
            return
        err = (65535 if bit else 0) - self.p
        total = self.out_sums.get(node, 0) + ((err * err >> 8) * (self.energy >> 8) >> 16)
        self.out_sums[node] = total = min(total, MOST_SUM)
        e = rate(18, total) * err >> 16
        v = self.out[node]
        self.grad = wrapped([g + (x * err >> 16) for g, x in zip(self.grad, v)])
        self.out[node] = step(v, self.act, e, 32 << 22)
        self.bias[node] = wrap(self.bias.get(node, 0) + (err * ((1 << 22) // 100) >> 16))

    def end(self):
        if self.bent:
            self.grad = [g if x >= 0 else 0 for g, x in zip(self.grad, self.sum)]
        e = energy(self.grad)
        for source, row in zip(self.inputs, self.rows):
            source.sums[row] = min(source.sums.get(row, 0) + e, MOST_SUM)
            v = source.vector(row, self.dims)
            source.vectors[row] = step(v, self.grad, rate(64, source.sums[row]), 4 << 22)


def step(v, x, e, most):
    return clipped(wrapped([a + (b * e >> 24) for a, b in zip(v, x)]), most)
