"""Models of symbols, as objects: what encode_values and push_values take beside
densities."""

import numpy as np

from ._errors import ArgumentError, DistributionError, ForetellError
from ._values import doubles, integers

__all__ = ["Bernoulli", "Binomial", "Categorical", "Uniform"]


class Categorical:
    """Symbols 0..V-1 under probabilities of shape (..., V), as Encoder.encode takes them,
    or with logits=True their logarithms.

    shape is that of the values, without the last axis; it broadcasts to that of values
    with more axes, so that one row serves any number. A value is coded as encode codes
    it.
    """

    __slots__ = {"shape": "Shape of the array of values.", "size": "Number of symbols.", "_rows": None, "_logits": None}

    def __init__(self, probs, *, logits=False):
        rows = probs if isinstance(probs, np.ndarray) and probs.dtype in (np.float32, np.float16) else doubles(probs)
        if rows.ndim == 0:
            raise ArgumentError("a single number: give the probabilities of all symbols")
        self._rows, self._logits = rows, bool(logits)
        self.shape, self.size = rows.shape[:-1], rows.shape[-1]

    def __repr__(self):
        return f"<foretell.{type(self).__name__} of shape {self.shape} over {self.size} symbols>"

    def _rows_for(self, shape):
        """Return rows for values of a shape: one for all, or a matrix."""
        if self.shape == ():
            return self._rows
        try:
            return np.broadcast_to(self._rows, (*shape, self.size)).reshape(-1, self.size)
        except ValueError:
            raise ValueError(f"values of shape {shape} under distributions of shape {self.shape}") from None

    def _encode(self, coder, values):
        values = integers(values)
        rows, flat = self._rows_for(values.shape), values.reshape(-1)
        if hasattr(coder, "encode"):
            coder.encode(rows, flat, logits=self._logits)
            return
        before = coder.position()
        try:
            for i in reversed(range(len(flat))):
                coder.push(rows if rows.ndim == 1 else rows[i], int(flat[i]), logits=self._logits)
        except BaseException as error:
            _go_back(coder, before, error, i)
            raise

    def _decode(self, coder, shape=None, pop=False):
        shape = self.shape if shape is None else tuple(np.atleast_1d(shape))
        n = int(np.prod(shape, dtype=np.int64))
        rows = self._rows_for(shape)
        if not pop:
            return coder.decode(rows, n, logits=self._logits).reshape(shape)
        values, before = np.zeros(n, np.int64), coder.position()
        try:
            for i in range(n):
                values[i] = coder.pop(rows if rows.ndim == 1 else rows[i], logits=self._logits)
        except BaseException as error:
            _go_back(coder, before, error, i)
            raise
        return values.reshape(shape)


def _go_back(stack, before, error, i):
    """Leave a stack as it was, after an error at value i."""
    stack.seek(before)
    if isinstance(error, ForetellError):
        error.row = i


class Uniform(Categorical):
    """Symbols 0..size-1, each as likely as any other."""

    __slots__ = ()

    def __init__(self, size):
        if not 1 <= size <= 1 << 24:
            raise ArgumentError(f"{size} symbols: give 1 to 2^24")
        super().__init__(np.ones(int(size), np.float32))


class Bernoulli(Categorical):
    """Symbols 0 and 1, where p is the probability of 1: a number or an array."""

    __slots__ = ()

    def __init__(self, p):
        p = _shares(p)
        super().__init__(np.stack([1 - p, p], axis=-1))


class Binomial(Categorical):
    """Symbols 0..n, how many of n things happen, each with probability p: a number or an
    array. The probabilities come of additions, multiplications and divisions of float64
    alone, so that they are the same on every machine."""

    __slots__ = ()

    def __init__(self, n, p):
        if not 0 <= n < 1 << 24:
            raise ArgumentError(f"{n} things: give 0 to 2^24-1")
        p = _shares(p)
        rows = np.array([_binomial(int(n), float(x)) for x in p.reshape(-1)])
        super().__init__(rows.reshape(*p.shape, int(n) + 1))


def _shares(p):
    p = doubles(p)
    if not ((p >= 0) & (p <= 1)).all():
        raise DistributionError("a probability that is not within 0 and 1")
    return p


def _binomial(n, p):
    """Return weights of 0..n, that of the likeliest 1."""
    weights = [0.0] * (n + 1)
    top = min(int((n + 1) * p), n)
    weights[top] = 1.0
    if 0 < p < 1:
        odds = p / (1 - p)
        for k in range(top, n):
            weights[k + 1] = weights[k] * ((n - k) / (k + 1)) * odds
        for k in range(top, 0, -1):
            weights[k - 1] = weights[k] * (k / (n - k + 1)) / odds
    return weights
