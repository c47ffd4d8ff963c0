"""Real numbers that the rules of networks name, rounded (docs/net.md, sections 6 to 8)."""

import functools
import hashlib
import math
import struct
from decimal import Decimal, localcontext
from fractions import Fraction

from .errors import Error

DIGITS = 60


def nearest(x):
    """The nearest integer, halves away from zero."""
    n = math.floor(abs(x) + Fraction(1, 2))
    return n if x >= 0 else -n


def exactly(f):
    """Has a function reckon with many digits."""

    @functools.wraps(f)
    def wrapped(*args):
        with localcontext() as c:
            c.prec = DIGITS
            return f(*args)

    return wrapped


@exactly
def log2_e():
    return 1 / Decimal(2).ln()


@exactly
def pi():
    """Machin's formula."""

    def arctan(n):
        total, x, k = Decimal(0), Decimal(1) / n, 1
        while abs(x) > Decimal(10) ** -DIGITS:
            total += x / k
            x, k = -x / (n * n), k + 2
        return total

    return 4 * (4 * arctan(5) - arctan(239))


LOG2_E, PI = log2_e(), pi()


@exactly
def rotation(p, dims, base, factors):
    """Cosine and sine of each pair at a position, with 30 fraction bits."""
    out = []
    for i in range(dims // 2):
        angle = p * (Decimal(base).ln() * (-2 * i) / dims).exp()
        if factors:
            angle /= Decimal(factors[i])
        angle -= 2 * PI * (angle / (2 * PI)).to_integral_value()
        sums, x, k = [Decimal(0), Decimal(0)], Decimal(1), 0
        while abs(x) > Decimal(10) ** -40 or k < 4:
            sums[k % 2] += x if k % 4 < 2 else -x
            k += 1
            x *= angle / k
        out.append(tuple(nearest(Fraction(s) * (1 << 30)) for s in sums))
    return out


def table(s, sum):
    """S at i / 256 with 30 fraction bits."""

    @functools.lru_cache(None)
    def made():
        t = [math.floor(s(i / 256) * (1 << 30) + 0.5) for i in range(4097)]
        if hashlib.sha256(struct.pack("<4097i", *t)).hexdigest()[:32] != sum:
            raise Error("this machine's exponential function is not as good as it has to be")
        return t

    return made


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


TABLES = {
    "silu": table(sigmoid, "d0b17494541811aa109e3274ab872fa3"),
    "gelu": table(lambda x: 1 - math.erfc(x / math.sqrt(2)) / 2, "b9ac2dfe20b36e63ff1a10ab7a3dc8fa"),
    "gelu tanh": table(
        lambda x: sigmoid(2 * math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)), "0a1bee32cbacdf0fb3d33181aa85575c"
    ),
}
