"""The kernels of foretell.torch in Triton, which read each row twice. Everything comes
from the bits of numbers by integer arithmetic, as in foretell.jax, so that no choice of
the compiler's changes a weight.

A program takes a tile: a block of up to WIDTH numbers of one row, or of several where
rows are short."""

import torch
import triton
import triton.language as tl

WIDTH = 1024
TILE = 1024  # numbers of a tile

INFINITE = tl.constexpr(0x7F800000)
LOWEST = tl.constexpr(-0x7FFFFFFF)
FAR = tl.constexpr(0x49800000)  # 2^20


def weigh(rows, symbols, logits):
    """Return what foretell.torch.weigh does; rows has been checked."""
    with torch.cuda.device_of(rows):
        symbols = torch.as_tensor(symbols, device=rows.device).to(torch.int64)
        return _Rows(rows, logits).sums(symbols).sum(1)


def find(rows, points, logits):
    """Return what foretell.torch.find does."""
    with torch.cuda.device_of(rows):
        survey = _Rows(rows, logits)
        ends = survey.sums(None).cumsum(1)
        found = torch.empty((len(rows), 6), dtype=torch.int64, device=rows.device)
        survey.run(_find, (survey.grid[0],), ends, points.to(rows.device), found)
    return found


class _Rows:
    """Rows, as integers where they are of 32 or 16 bits, and of each block of a row the
    key of its largest number and, of probabilities, its weight at a scale of 31."""

    def __init__(self, rows, logits):
        if rows.dtype not in (torch.float32, torch.float16, torch.bfloat16):
            rows = rows.to(torch.float32)
        if rows.stride(1) != 1:
            rows = rows.contiguous()
        if rows.dtype != torch.float16:
            rows = rows.view(torch.int32 if rows.dtype == torch.float32 else torch.int16)
        n, v = rows.shape
        width = min(WIDTH, triton.next_power_of_2(v))
        self.form = {"LOGITS": logits, "HEIGHT": TILE // width, "WIDTH": width}
        self.rows, self.blocks = rows, triton.cdiv(v, width)
        self.grid = (triton.cdiv(n, self.form["HEIGHT"]), self.blocks)
        self.survey = (
            torch.empty((n, self.blocks), dtype=torch.int32, device=rows.device),
            torch.empty((n, self.blocks), dtype=torch.int64, device=rows.device),
        )
        self.run(_survey, self.grid)

    def run(self, kernel, grid, *more):
        n, v = self.rows.shape
        kernel[grid](self.rows, self.rows.stride(0), n, v, *self.survey, self.blocks, *more, **self.form)

    def sums(self, symbols):
        """Return the weight of each block of a row and, if there are symbols, how much of
        it is before the row's symbol, and its own."""
        shape = (len(self.rows), self.blocks) if symbols is None else (len(self.rows), self.blocks, 3)
        sums = torch.empty(shape, dtype=torch.int64, device=self.rows.device)
        self.run(_sums, self.grid, symbols, sums)
        return sums


@triton.jit
def _bits(x):
    """Return the bits of a number as float32."""
    if x.dtype == tl.int16:
        bits = x.to(tl.int32) << 16
    elif x.dtype == tl.float16:
        bits = x.to(tl.float32).to(tl.int32, bitcast=True)
    else:
        bits = x
    return bits


@triton.jit
def _shift(x, n):
    return x >> tl.minimum(tl.maximum(n, 0), 63)


@triton.jit
def _exponent(bits):
    return tl.maximum(bits >> 23 & 0xFF, 1)


@triton.jit
def _mantissa(bits):
    """Return m of the number m * 2^(exponent - 150), its sign left out."""
    return (bits & 0x7FFFFF | tl.where(bits >> 23 & 0xFF > 0, 0x800000, 0)).to(tl.int64)


@triton.jit
def _log2(x):
    """Return floor(log2(x)) of 1 to 2^53, and less than 0 for 0."""
    return (x.to(tl.float64).to(tl.int64, bitcast=True) >> 52) - 1023


@triton.jit
def _product(bits):
    """Return floor(-x * 12102203 / 2^5)."""
    m = _mantissa(bits)
    return _shift(tl.where(bits < 0, m, -m) * 12102203, 155 - _exponent(bits))


@triton.jit
def _of_probabilities(bits, k):
    return _shift(_mantissa(bits) << 38, 188 - k - _exponent(bits))


@triton.jit
def _survey(rows, stride, n, v, tops, scaled, blocks, LOGITS: tl.constexpr, HEIGHT: tl.constexpr, WIDTH: tl.constexpr):
    row = tl.program_id(0).to(tl.int64) * HEIGHT + tl.arange(0, HEIGHT)
    at = (tl.program_id(1) * WIDTH + tl.arange(0, WIDTH))[None, :]
    inside = (row < n)[:, None] & (at < v)
    bits = _bits(tl.load(rows + (row * stride)[:, None] + at, mask=inside, other=0))
    place = row * blocks + tl.program_id(1)
    size = bits & 0x7FFFFFFF
    # Keys are in the order of the numbers; one that is refused has the largest.
    if LOGITS:
        key = tl.where(size > INFINITE, 0x7FFFFFFF, tl.where(bits < 0, -size, size))
        key = tl.where(inside, key, LOWEST)
    else:
        key = tl.where((bits < 0) & (size > 0), 0x7FFFFFFF, size)
        tl.store(scaled + place, tl.sum(_of_probabilities(size, 31), 1), mask=row < n)
    tl.store(tops + place, tl.max(key, 1), mask=row < n)


@triton.jit
def _scale(tops, scaled, row, n, blocks, LOGITS: tl.constexpr, HEIGHT: tl.constexpr, WIDTH: tl.constexpr):
    """Return what turns the numbers of each row into weights: the key of the largest,
    INFINITE if the row is refused, and of probabilities k, of logits K - 2^23
    (docs/exactness.md, sections 2 and 3)."""
    top = tl.full((HEIGHT,), LOWEST, tl.int32)
    total = tl.full((HEIGHT,), 0, tl.int64)
    for i in range(0, blocks, WIDTH):
        at = (i + tl.arange(0, WIDTH))[None, :]
        place, inside = (row * blocks)[:, None] + at, (row < n)[:, None] & (at < blocks)
        top = tl.maximum(top, tl.max(tl.load(tops + place, mask=inside, other=LOWEST), 1))
        if not LOGITS:
            total += tl.sum(tl.load(scaled + place, mask=inside, other=0), 1)
    if LOGITS:
        refused = (top >= INFINITE) | (top <= -INFINITE)
        near = tl.where(tl.abs(top) >= FAR, 0, top)
        high = 8388608 - _product(tl.where(near < 0, -near | (-2147483647 - 1), near))
        low = (tl.full((HEIGHT,), 1, tl.int64) << tl.maximum(_log2(tl.abs(high)) + 1 - 24, 0)) - 1
        scale = (high + low & ~low) - 8388608
    else:
        refused = (top >= INFINITE) | (top == 0)
        e = _log2(_mantissa(top)) + _exponent(top) - 150
        scale = tl.where((top > 0x3F800000) | (total < 1073741824), 30 - e, 31)
    return tl.where(refused, INFINITE, top)[:, None], scale[:, None]


@triton.jit
def _weights(rows, stride, n, v, row, at, top, scale, LOGITS: tl.constexpr):
    """Return the integer weights of numbers of each row, 0 beyond its end and if it is
    refused."""
    inside = (row < n)[:, None] & (at < v)
    bits = _bits(tl.load(rows + (row * stride)[:, None] + at, mask=inside, other=0))
    if LOGITS:
        # So far out, and so far from zero, a difference is exact where it matters.
        largest = tl.abs(top).to(tl.float32, bitcast=True)
        moved = bits.to(tl.float32, bitcast=True) - tl.where(top < 0, -largest, largest)
        bits = tl.where(tl.abs(top) >= FAR, moved.to(tl.int32, bitcast=True), bits)
        none = (bits < 0) & (bits & 0x7FFFFFFF > 0x4B000000)  # below -2^23
        y = scale + _product(tl.where(none, 0, bits))
        f = y & 262143
        h = 14259194 * 1048576 - 7273376 * f >> 20
        h = 16065894 * 1048576 - h * f >> 20
        h = 11627528 * 1048576 - h * f >> 20
        h = 16777215 * 262144 - h * f >> 18
        w = tl.where(none, 0, _shift(h << 6, y >> 18))
    else:
        w = _of_probabilities(bits & 0x7FFFFFFF, scale)
    return tl.where(inside & (top != INFINITE), w, 0)


@triton.jit
def _sums(rows, stride, n, v, tops, scaled, blocks, symbols, sums, LOGITS: tl.constexpr, HEIGHT: tl.constexpr, WIDTH: tl.constexpr):
    row = tl.program_id(0).to(tl.int64) * HEIGHT + tl.arange(0, HEIGHT)
    top, scale = _scale(tops, scaled, row, n, blocks, LOGITS, HEIGHT, WIDTH)
    at = (tl.program_id(1) * WIDTH + tl.arange(0, WIDTH))[None, :]
    w = _weights(rows, stride, n, v, row, at, top, scale, LOGITS)
    place = row * blocks + tl.program_id(1)
    if symbols is None:
        tl.store(sums + place, tl.sum(w, 1), mask=row < n)
    else:
        symbol = tl.load(symbols + row, mask=row < n, other=0)
        symbol = tl.minimum(tl.maximum(symbol, 0), v - 1)[:, None]
        tl.store(sums + 3 * place, tl.sum(w, 1), mask=row < n)
        tl.store(sums + 3 * place + 1, tl.sum(tl.where(at < symbol, w, 0), 1), mask=row < n)
        tl.store(sums + 3 * place + 2, tl.sum(tl.where(at == symbol, w, 0), 1), mask=row < n)


@triton.jit
def _before(ends, block, inside):
    """Return the weight of the symbols of each row before a block."""
    return tl.load(ends + block - 1, mask=inside & (block > 0), other=0)[:, None]


@triton.jit(do_not_specialize=["v"])
def _find(rows, stride, n, v, tops, scaled, blocks, ends, points, found, LOGITS: tl.constexpr, HEIGHT: tl.constexpr, WIDTH: tl.constexpr):
    row = tl.program_id(0).to(tl.int64) * HEIGHT + tl.arange(0, HEIGHT)
    top, scale = _scale(tops, scaled, row, n, blocks, LOGITS, HEIGHT, WIDTH)
    ends += row * blocks
    total = tl.load(ends + blocks - 1, mask=row < n, other=0)
    point = (tl.load(points + row, mask=row < n, other=0).to(tl.float64) + 1)[:, None]
    share = ((4294967296.0 - v.to(tl.float64)) / tl.maximum(total, 1).to(tl.float64))[:, None]
    # The last block that begins at or before the point, and in it the last symbol, which
    # is the right one or beside it, as foretell.torch says.
    block = tl.full((HEIGHT,), 0, tl.int32)
    for i in range(0, blocks, WIDTH):
        at = (i + tl.arange(0, WIDTH))[None, :]
        inside = (row < n)[:, None] & (at < blocks - 1)
        begins = tl.load(ends[:, None] + at, mask=inside, other=0).to(tl.float64) * share + ((at + 1) * WIDTH).to(tl.float64)
        block += tl.sum((inside & (begins < point)).to(tl.int32), 1)
    at = (block * WIDTH)[:, None] + tl.arange(0, WIDTH)[None, :]
    w = _weights(rows, stride, n, v, row, at, top, scale, LOGITS)
    begins = (_before(ends, block, row < n) + tl.cumsum(w, 1) - w).to(tl.float64) * share + at.to(tl.float64)
    guess = block * WIDTH + tl.sum(((at < v) & (begins < point)).to(tl.int32), 1) - 1
    first = tl.maximum(tl.minimum(guess - 1, v - 3), 0)
    block = first // WIDTH
    at = (block * WIDTH)[:, None] + tl.arange(0, WIDTH)[None, :]
    w = _weights(rows, stride, n, v, row, at, top, scale, LOGITS)
    before = _before(ends, block, row < n) + tl.sum(tl.where(at < first[:, None], w, 0), 1)[:, None]
    four = tl.arange(0, 4)[None, :]
    w = _weights(rows, stride, n, v, row, first[:, None] + four, top, scale, LOGITS)
    found += row * 6
    tl.store(found, total, mask=row < n)
    tl.store(found + 1, first.to(tl.int64), mask=row < n)
    tl.store(found[:, None] + 2 + four, before + tl.cumsum(w, 1) - w, mask=(row < n)[:, None])
