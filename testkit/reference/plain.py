"""Codecs 0, stored, and 1, zstd (docs/format.md, codecs)."""

from .errors import check
from .fields import Bits
from .zstdframe import frame


def width(symbols):
    """Bits that a symbol takes."""
    return (symbols - 1).bit_length()


def stored(block, body):
    bits = Bits(body)
    w = width(block.alphabet)
    out = [bits.get(w) for _ in range(block.count)]
    bits.end()
    return out


def zstd(block, body):
    check(len(body) > 0, "an empty body")
    layout = body[0]
    check(layout <= 2, "an unknown layout of bytes")
    if layout == 0:
        return stored(block, body[1:])
    n, w = block.count, max(1, (width(block.alphabet) + 7) // 8)
    data = frame(body[1:], n * w)
    if layout == 1:
        return [int.from_bytes(data[i * w : (i + 1) * w], "little") for i in range(n)]
    return [int.from_bytes(data[i::n], "little") for i in range(n)]
