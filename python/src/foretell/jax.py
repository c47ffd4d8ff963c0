"""Weighing rows where they lie, in JAX: foretell.torch says what for and how.

    weights = foretell.jax.weigh(logits, symbols, logits=True)
    encoder.encode_weighed(np.asarray(weights), symbols, size=logits.shape[1])

    candidates = foretell.jax.find(logits, decoder.points(), logits=True)
    symbols = decoder.decode_weighed(np.asarray(candidates), size=logits.shape[1])

Weights come from the bits of numbers, for XLA may take denormal ones for zero. Both functions are compiled, and may be part of what a
jax.jit compiles, there under jax.enable_x64(True).
"""

import functools

import jax
import jax.numpy as jnp
from jax import lax

__all__ = ["find", "weigh"]


def weigh(rows, symbols, *, logits=False):
    """Return what encode_weighed needs, an int64 array of shape (B, 3), as
    foretell.torch.weigh does."""
    with jax.enable_x64(True):
        return _weigh(rows, jnp.asarray(symbols, jnp.int64), logits)


def find(rows, points, *, logits=False):
    """Return what decode_weighed needs, an int64 array of shape (B, 6), as
    foretell.torch.find does."""
    with jax.enable_x64(True):
        return _find(rows, jnp.asarray(points, jnp.int64), logits)


@functools.partial(jax.jit, static_argnums=2)
def _weigh(rows, symbols, logits):
    w, total = _weights(rows, logits)
    symbols = jnp.clip(symbols, 0, rows.shape[1] - 1)[:, None]
    before = jnp.where(jnp.arange(rows.shape[1]) < symbols, w, 0).sum(1)
    return jnp.stack([total, before, jnp.take_along_axis(w, symbols, 1)[:, 0]], 1)


@functools.partial(jax.jit, static_argnums=2)
def _find(rows, points, logits):
    w, total = _weights(rows, logits)
    v = rows.shape[1]
    ends = jnp.cumsum(w, 1)
    share = (2**32 - v) / jnp.maximum(total, 1).astype(jnp.float64)
    begins = ends[:, :-1].astype(jnp.float64) * share[:, None] + jnp.arange(1, v)
    guess = (begins < points[:, None] + 1).sum(1)
    first = jnp.clip(guess - 1, 0, max(v - 3, 0)).astype(jnp.int64)
    starts = jnp.concatenate([jnp.zeros_like(ends[:, :1]), ends], 1)
    which = jnp.minimum(first[:, None] + jnp.arange(4), v)
    return jnp.concatenate([total[:, None], first[:, None], jnp.take_along_axis(starts, which, 1)], 1)


def _weights(rows, logits):
    """Return the integer weights of rows (docs/exactness.md, sections 2 and 3), and
    their sums, 0 for a row that is refused."""
    if rows.ndim != 2 or rows.shape[1] == 0 or rows.dtype not in (jnp.float64, jnp.float32, jnp.float16, jnp.bfloat16):
        raise ValueError(f"rows are a matrix of floats, not {rows.shape} of {rows.dtype}")
    if rows.dtype == jnp.float64:
        bits = _rounded(lax.bitcast_convert_type(rows, jnp.int64))
    elif rows.dtype == jnp.bfloat16:
        bits = lax.bitcast_convert_type(rows, jnp.uint16).astype(jnp.int64) << 16
    else:
        bits = lax.bitcast_convert_type(rows.astype(jnp.float32), jnp.uint32).astype(jnp.int64)
    w, refused = _of_logits(bits) if logits else _of_probabilities(bits)
    return w, jnp.where(refused, 0, w.sum(1))


def _rounded(bits):
    """Return the bits of the float32 nearest to a float64, of two the even one."""
    size = bits & 0x7FFFFFFFFFFFFFFF
    e, m = size >> 52, size & (1 << 52) - 1
    m |= (e > 0).astype(jnp.int64) << 52
    e -= 1023 - 127
    n = jnp.clip(30 - e, 29, 63)
    m = m + (1 << n - 1) - 1 + (m >> n & 1) >> n
    near = jnp.minimum((jnp.maximum(e, 1) - 1 << 23) + m, 0x7F800000)
    near = jnp.where(size > 0x7FF0000000000000, 0x7FC00000, near)
    return jnp.where(bits < 0, near | 0x80000000, near)


def _parts(bits):
    """Return exponents, at least 1, and mantissas of float32 bits: the number is
    mantissa * 2^(exponent - 150)."""
    e = bits >> 23 & 0xFF
    return jnp.maximum(e, 1), bits & 0x7FFFFF | (e > 0).astype(jnp.int64) << 23


def _log2(x):
    """Return floor(log2(x)) of integers of 1 to 2^53, and less than 0 for 0."""
    return (lax.bitcast_convert_type(x.astype(jnp.float64), jnp.int64) >> 52) - 1023


def _of_probabilities(bits):
    bits = jnp.where(bits == 0x80000000, 0, bits)
    top = bits.max(1)
    refused = (top > 0x7F7FFFFF) | (top == 0)
    bits = jnp.where(refused[:, None], 0x3F800000, bits)
    top = jnp.where(refused, 0x3F800000, top)

    def weights(k):
        e, m = _parts(bits)
        return m << 38 >> jnp.clip(188 - k[:, None] - e, 0, 63)

    total = weights(jnp.full(top.shape, 31)).sum(1)
    e, m = _parts(top)
    k = jnp.where((top > 0x3F800000) | (total < 2**30), 30 - (_log2(m) + e - 150), 31)
    return weights(k), refused


def _of_logits(bits):
    order = jnp.where(bits >> 31 > 0, -(bits & 0x7FFFFFFF), bits)
    largest = order.max(1)
    refused = (bits & 0x7FFFFFFF > 0x7F800000).any(1) | (largest >= 0x7F800000) | (largest <= -0x7F800000)
    bits = jnp.where(refused[:, None], 0, bits)
    largest = jnp.where(refused, 0, largest)
    far = jnp.abs(largest) >= 0x49800000  # 2^20
    top = jnp.where(largest < 0, 0x80000000 - largest, largest).astype(jnp.uint32)
    # So far out, and so far from zero, a difference is exact where it matters.
    moved = lax.bitcast_convert_type(bits.astype(jnp.uint32), jnp.float32) - lax.bitcast_convert_type(top, jnp.float32)[:, None]
    bits = jnp.where(far[:, None], lax.bitcast_convert_type(moved, jnp.uint32).astype(jnp.int64), bits)
    top = jnp.where(far, 0, top.astype(jnp.int64))

    def product(b):
        """Return floor(-x * 12102203 / 2^5) of numbers with those bits."""
        e, m = _parts(b)
        return jnp.where(b >> 31 > 0, m, -m) * 12102203 >> jnp.clip(155 - e, 0, 63)

    offset = 2**23 - product(top)
    low = (1 << jnp.clip(_log2(jnp.abs(offset)) + 1 - 24, 0, None)) - 1
    offset = (offset + low) & ~low
    none = (bits >> 31 > 0) & (bits & 0x7FFFFFFF > 0x4B000000)  # below -2^23
    y = offset[:, None] - 2**23 + product(jnp.where(none, 0, bits))
    n, f = jnp.minimum(y >> 18, 63), y & (2**18 - 1)
    h = (14259194 * 2**20 - 7273376 * f) >> 20
    h = (16065894 * 2**20 - h * f) >> 20
    h = (11627528 * 2**20 - h * f) >> 20
    h = (16777215 * 2**18 - h * f) >> 18
    return jnp.where(none, 0, (h << 6) >> n), refused
