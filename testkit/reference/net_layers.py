"""The parts of a network in integers (docs/net.md, sections 1 to 9)."""

import functools
import hashlib
import struct
from array import array
from fractions import Fraction
from math import frexp, isfinite, isqrt, ldexp
from operator import add as add_up
from operator import mul

from .errors import Unsupported, check
from .net_reals import LOG2_E, TABLES, nearest, rotation

MOST = 1 << 62


def rounded(x, n):
    return x + (1 << n - 1) >> n if n > 0 else x << -n


def all_rounded(v, n):
    if n <= 0:
        return [x << -n for x in v]
    half = 1 << n - 1
    return [x + half >> n for x in v]


def faint(x, n):
    """rounded, where what is moved by more than 62 bits is 0."""
    return 0 if n > 62 else rounded(x, n)


def bits(v):
    """The length of the longest number of a vector."""
    return max(max(v), -1 - min(v)).bit_length()


def clip(x, most):
    return most if x > most else -most if x < -most else x


def clip32(x):
    return 0x7FFFFFFF if x > 0x7FFFFFFF else -0x80000000 if x < -0x80000000 else x


class Digest:
    """The SHA-256 of section 11."""

    def __init__(self):
        self.hash = hashlib.sha256()

    def ints(self, *numbers):
        self.hash.update(struct.pack("<%dq" % len(numbers), *numbers))

    def text(self, data):
        self.ints(len(data))
        self.hash.update(data)

    def many(self, kind, numbers):
        self.hash.update(struct.pack("<%d%s" % (len(numbers), kind), *numbers))

    def part(self, p):
        """A part of a network, or a zero for none."""
        p.digest(self) if p else self.ints(0)


def vector(values, width):
    """Integers below 2^width, and their fraction bits."""
    check(all(isfinite(x) for x in values), "a number that is none")
    most = max(map(abs, values))
    if most >= 1 << 16:
        raise Unsupported("a gain or bias of %g" % most)
    f = 40
    while nearest(Fraction(most) * Fraction(2) ** f) >= 1 << width:
        f -= 1
    return [nearest(Fraction(x) * Fraction(2) ** f) for x in values], f


class Product:
    """A matrix of weights, perhaps with biases. Rows are lists of reals."""

    def __init__(self, rows, bias=None):
        self.w, tops = [], []
        for row in rows:
            check(all(isfinite(x) for x in row), "a number that is none")
            w, top = quantised(row)
            self.w.append(w)
            tops.append(top)
        self.rows, self.cols = len(self.w), len(self.w[0])
        if self.cols > 1 << 15:
            raise Unsupported("a matrix of %d columns" % self.cols)
        most = max(tops)
        self.e = 0
        if most:
            self.e = 34 - (most.numerator.bit_length() - most.denominator.bit_length())
            while mantissa(most, self.e + 1) < 1 << 24:
                self.e += 1
            while mantissa(most, self.e) >= 1 << 24:
                self.e -= 1
        self.s = [mantissa(m, self.e) for m in tops]
        squares = [sum(map(mul, w, w)) * s * s for w, s in zip(self.w, self.s)]
        self.norm = (max(squares).bit_length() + 1) // 2
        self.bias, self.f_bias = vector(bias, 29) if bias else ([], 0)

    def digest(self, to):
        to.ints(self.rows, self.cols, self.e)
        for s, w in zip(self.s, self.w):
            to.many("i", [s])
            to.many("h", w)
        to.ints(len(self.bias), self.f_bias)
        to.many("i", self.bias)

    @functools.cached_property
    def columns(self):
        """Each column as one integer with 64 bits for each row, so that a sum of columns
        is all sums of the rows at once."""
        one = 1 << 32
        ones = packed([one] * self.rows)
        return [packed([x + one for x in c]) - ones for c in zip(*self.w)]

    def sums(self, a):
        """The sum of a * w for each row."""
        half = 1 << 62
        total = sum(map(mul, a.a, self.columns)) + packed([half] * self.rows)
        return [x - half for x in struct.unpack("<%dq" % self.rows, total.to_bytes(8 * self.rows, "little"))]

    def __call__(self, a):
        """The outputs, and their fraction bits."""
        n = max(1, a.norm + self.norm - 30)
        y = map(mul, self.sums(a), self.s)
        if not self.bias:
            return all_rounded(y, n), a.f + self.e - n
        n = max(n, a.f + self.e - self.f_bias)
        f = a.f + self.e - n
        return list(map(add_up, all_rounded(y, min(n, 62)), all_rounded(self.bias, self.f_bias - f))), f

    def logits(self, a):
        """The outputs with 16 fraction bits (section 9)."""
        n = a.f + self.e - 16
        down, up = min(max(n, 1), 62), min(max(1 - n, 0), 31)
        return [clip32(clip32(rounded(x, down)) << up) for x in map(mul, self.sums(a), self.s)]

    def add_row(self, x, row):
        """Adds a row to a residual: what an embedding does."""
        check(0 <= row < self.rows, "a token that the network has not")
        s, n = self.s[row], self.e - 24
        return [clip(v + clip(faint(w * s, n), 1 << 61), MOST) for v, w in zip(x, self.w[row])]


def packed(numbers):
    """Numbers of 64 bits, not negative, as one."""
    return int.from_bytes(struct.pack("<%dq" % len(numbers), *numbers), "little")


def quantised(row):
    """The weights of a row, and its largest absolute value."""
    k = 53 - min([frexp(x)[1] for x in row if x], default=0)
    whole = [int(ldexp(x, k)) for x in row] if k < 900 else [int(Fraction(x) * (1 << k)) for x in row]
    top = max(map(abs, whole))
    if top == 0:
        return array("h", [0] * len(row)), Fraction(0)
    w = [(4094 * x + top) // (2 * top) if x >= 0 else -((top - 4094 * x) // (2 * top)) for x in whole]
    return array("h", w), Fraction(top) / Fraction(2) ** k


def mantissa(m, e):
    return int(m * Fraction(2) ** e / 2047 + Fraction(1, 2))


class Active:
    """What enters a product."""

    def __init__(self, c, f):
        n = max(bits(c) - 12, 0)
        self.a = [4095 if x > 4095 else -4095 if x < -4095 else x for x in all_rounded(c, n)]
        self.f = f - n

    @functools.cached_property
    def norm(self):
        return (sum(map(mul, self.a, self.a)).bit_length() + 1) // 2


def add(x, out, f):
    """A residual with the outputs of a product added."""
    n = max(f - 24, -30)
    return [clip(v + o, MOST) for v, o in zip(x, all_rounded(out, n) if n <= 62 else [0] * len(out))]


class Norm:
    """RMSNorm, or LayerNorm if centred."""

    def __init__(self, gain, bias, epsilon, centred):
        self.k, self.centred = len(gain), centred
        check(isfinite(epsilon) and 0 <= self.k * epsilon <= 1, "the epsilon of a norm")
        self.e0 = int(self.k * Fraction(epsilon) * (1 << 36) + Fraction(1, 2))
        self.gain, self.f = vector(gain, 24)
        check(all(isfinite(x) and abs(x) < 1 << 16 for x in bias or []), "the bias of a norm")
        self.bias = [nearest(Fraction(x) * (1 << 30)) for x in bias or []]

    def digest(self, to):
        to.ints(self.k, int(self.centred), self.f)
        to.many("i", self.gain)
        to.ints(self.e0, len(self.bias), *self.bias)

    def __call__(self, x):
        """Numbers with 30 fraction bits, for those of a residual."""
        k, t = self.k, max(bits(x) - 29, -12)
        d = all_rounded(x, t)
        if self.centred:
            mean = (2 * sum(d) + k) // (2 * k)
            d = [v - mean for v in d]
        total = sum([v * v for v in all_rounded(d, 6)]) + (self.e0 >> 2 * t if t >= 0 else self.e0 << -2 * t)
        if total == 0:
            return list(self.bias) or [0] * k
        j = (60 + k.bit_length() - total.bit_length()) // 2
        root = isqrt((total << 2 * j) // k if j >= 0 else (total >> -2 * j) // k)
        v = (1 << 60) // root
        u = all_rounded([x * v for x in d], 36 - j)
        y = all_rounded(map(mul, u, self.gain), self.f)
        return list(map(add_up, y, self.bias)) if self.bias else y


class Rope:
    def __init__(self, dims, base, factors, apart):
        if not 1 <= base <= 1 << 40 or not all(1 / 64 <= x <= 1 << 20 for x in factors):
            raise Unsupported("a rotation of such a base or factor")
        self.dims, self.base, self.factors, self.apart = dims, base, factors, apart
        self.known = {}

    def digest(self, to):
        to.ints(self.dims, int(self.apart))
        to.many("d", [self.base])
        to.ints(len(self.factors))
        to.many("d", self.factors)

    def __call__(self, c, p):
        """The numbers of a head turned for position p, with 30 fraction bits more."""
        if p not in self.known:
            self.known[p] = rotation(p, self.dims, self.base, self.factors)
        out, half = [x << 30 for x in c], self.dims // 2
        for i, (cos, sin) in enumerate(self.known[p]):
            a, b = (i, i + half) if self.apart else (2 * i, 2 * i + 1)
            x, y = c[a], c[b]
            out[a], out[b] = x * cos - y * sin, x * sin + y * cos
        return out


class Value:
    """A value of attention, in 8 bits."""

    def __init__(self, c, f):
        n = max(bits(c) - 7, 0)
        self.v, self.f = [127 if x > 127 else -127 if x < -127 else x for x in all_rounded(c, n)], f - n


class Attention:
    """One head over what it sees."""

    def __init__(self, width):
        self.width, scale = width, Fraction(LOG2_E) / root(width)
        self.f = 0
        while scale * (1 << self.f + 1) < 1 << 30:
            self.f += 1
        self.a = nearest(scale * (1 << self.f))

    def __call__(self, q, keys, values):
        """What a head gives, with 24 fraction bits, for a query, and keys and values."""
        z = []
        for k in keys:
            n = min(max(q.f + k.f + self.f - 16, 1), 62)
            z.append(clip32(rounded(self.a * sum(map(mul, q.a, k.a)), n)))
        top = max(z)
        p = [power(top - x) for x in z]
        total, low = sum(p), min([v.f for v in values])
        w = [rounded(x, v.f - low) for x, v in zip(p, values)]
        c = max(max(w).bit_length() - 15, sum(w).bit_length() - 24, 0)
        w = [min(rounded(x, c), 32767) for x in w]
        size = total.bit_length() + 30
        scale, n = (1 << size) // total, low + size - c - 24
        out = [rounded(scale * sum(map(mul, w, column)), n) for column in zip(*[v.v for v in values])]
        return [clip(x, MOST) for x in out] if n < 0 else out


def root(n):
    """The square root of an integer to some 100 digits."""
    return Fraction(isqrt(n << 700), 1 << 350)


def power(y):
    """2^-y with 20 fraction bits, y having 16."""
    f = y & 0xFFFF
    h = 3478 - (443 * f >> 16)
    h = 15685 - (h * f >> 16)
    h = 45418 - (h * f >> 16)
    h = 65536 - (h * f >> 16)
    return 16 * h >> (y >> 16)


class Curve:
    """An activation function."""

    def __init__(self, name):
        self.name, self.table = name, TABLES[name]()

    def __call__(self, v, f):
        table, out = self.table, []
        for x, a in zip(v, all_rounded(map(abs, v), f - 18)):
            a = min(a, (1 << 22) - 1)
            i = a >> 10
            s = table[i] + ((table[i + 1] - table[i]) * (a & 1023) + 512 >> 10)
            out.append(x * (s if x >= 0 else (1 << 30) - s))
        return all_rounded(out, 30)


def single(x):
    """The logit that the nearest float32 stands for."""
    n = abs(x).bit_length() - 24
    if n <= 0:
        return x
    low, rest, half = abs(x) >> n, abs(x) & (1 << n) - 1, 1 << n - 1
    low += rest > half or rest == half and low & 1
    return low << n if x >= 0 else -(low << n)


def weigh_logits(logits):
    """The weights of logits with 16 fraction bits (docs/exactness.md, section 3)."""
    x = [single(v) for v in logits]
    k = (1 << 23) - (-max(x) * 12102203 >> 21)
    j = max(abs(k).bit_length() - 24, 0)
    k = -(-k >> j) << j
    least, out = k - (1 << 23), []
    for v in x:
        y = least + (-v * 12102203 >> 21)
        n, f = y >> 18, y & 0x3FFFF
        if n > 30:
            out.append(0)
            continue
        h = (14259194 << 20) - 7273376 * f >> 20
        h = (16065894 << 20) - h * f >> 20
        h = (11627528 << 20) - h * f >> 20
        h = (16777215 << 18) - h * f >> 18
        out.append(h << 6 >> n)
    return out
