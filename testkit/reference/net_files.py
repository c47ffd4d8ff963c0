"""Model files, GGUF and safetensors, and the numbers of their tensors (docs/net.md, files)."""

import json
import struct

from .errors import Corrupt, Unsupported, check
from .fields import Fields

MOST_AXES, MOST_ITEMS, MOST_HEADER = 4, 1 << 24, 1 << 27


class Model:
    """What a model file says: values by key, and tensors by name."""

    def __init__(self):
        self.values, self.tensors = {}, {}

    def number(self, key, default=None):
        x = self.values.get(key, default)
        check(isinstance(x, (int, float)) and not isinstance(x, bool), "the model does not say %s" % key)
        return x

    def size(self, key, default=None, most=1 << 24):
        x = self.number(key, default)
        if x != int(x) or not 1 <= x <= most:
            raise Unsupported("%s is %r" % (key, x))
        return int(x)

    def text(self, key, default=""):
        x = self.values.get(key, default)
        check(isinstance(x, str), "the model's %s" % key)
        return x

    def rows(self, name, *shape):
        """The rows of a tensor of two axes, or of a vector as one row."""
        t = self.tensors.get(name)
        check(t is not None, "the model has no tensor %s" % name)
        check(t.shape == shape, "tensor %s has the shape %r instead of %r" % (name, t.shape, shape))
        return t.rows()

    def vector(self, name, n):
        return next(iter(self.rows(name, n)))

    def optional(self, name, n):
        return self.vector(name, n) if name in self.tensors else None


def open_model(data):
    """Reads a model file."""
    return gguf(data) if data[:4] == b"GGUF" else safetensors(data)


# GGUF. The numbers of types of values and of tensors are those of ggml.

VALUES = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
TEXT, LIST = 8, 9
TENSORS = {0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 6: "Q5_0", 7: "Q5_1", 8: "Q8_0", 12: "Q4_K", 13: "Q5_K",
           14: "Q6_K", 24: "I8", 25: "I16", 26: "I32", 28: "F64", 30: "BF16"}  # fmt: skip


def gguf(data):
    m, f = Model(), Fields(data, 4)
    if f.number(4) not in (2, 3):
        raise Unsupported("a GGUF file of another version")
    tensors, values = f.number(8), f.number(8)
    check(tensors <= 1 << 20 and values <= 1 << 20, "numbers of a GGUF file")
    for _ in range(values):
        key = gguf_text(f)
        check(key not in m.values, "a key that is there twice")
        m.values[key] = gguf_value(f, f.number(4), 0)
    found = {}
    for _ in range(tensors):
        name, rank = gguf_text(f), f.number(4)
        check(rank <= MOST_AXES and name not in found, "a tensor's axes or name")
        shape = tuple(f.number(8) for _ in range(rank))[::-1]
        found[name] = shape, f.number(4), f.number(8)
    unit = m.size("general.alignment", 32)
    start = f.at + -f.at % unit
    for name, (shape, kind, at) in found.items():
        if kind not in TENSORS:
            raise Unsupported("tensor %s of type %d" % (name, kind))
        m.tensors[name] = Tensor(TENSORS[kind], shape, data, start + at, None)
    return m


def gguf_text(f):
    # Tokens need not be UTF-8.
    return f.bytes(f.number(8)).decode("utf-8", "surrogateescape")


def gguf_value(f, kind, depth):
    if kind == TEXT:
        return gguf_text(f)
    if kind == LIST:
        item, n = f.number(4), f.number(8)
        check(n <= MOST_ITEMS and depth < 4, "a list in a GGUF file")
        return [gguf_value(f, item, depth + 1) for _ in range(n)]
    check(kind in VALUES, "a value of an unknown type")
    return struct.unpack("<" + VALUES[kind], f.bytes(struct.calcsize("<" + VALUES[kind])))[0]


def safetensors(data):
    m, f = Model(), Fields(data)
    size = f.number(8)
    check(size <= MOST_HEADER, "size of the header of a safetensors file")
    try:
        header = json.loads(f.bytes(size).decode("utf-8"))
        m.values = header.pop("__metadata__", {})
        for name, t in header.items():
            begin, end = t["data_offsets"]
            shape = tuple(t["shape"])
            check(all(type(n) is int for n in shape + (begin, end)), "tensor %s" % name)
            m.tensors[name] = Tensor(t["dtype"], shape, data, f.at + begin, f.at + end)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise Corrupt("neither a GGUF nor a safetensors file") from None
    check(isinstance(m.values, dict), "metadata of a safetensors file")
    return m


# Elements. A float holds each of these numbers exactly but large integers.

PLAIN = {"F64": "d", "F32": "f", "F16": "e", "I8": "b", "U8": "B", "I16": "h", "U16": "H", "I32": "i", "U32": "I"}


class Tensor:
    """Numbers; shape has the axis of rows first. end is given where the file says it."""

    def __init__(self, kind, shape, data, begin, end):
        self.kind, self.shape, self.data, self.begin = kind, shape, data, begin
        if kind not in PLAIN and kind != "BF16" and kind not in BLOCKS:
            raise Unsupported("tensors of type %s" % kind)
        self.cols, self.count = shape[-1] if shape else 1, 1
        check(all(0 < n < 1 << 40 for n in shape), "a tensor's axes")
        for n in shape[:-1]:
            self.count *= n
        block, size = BLOCKS[kind][:2] if kind in BLOCKS else (1, 2 if kind == "BF16" else struct.calcsize(PLAIN[kind]))
        check(self.cols % block == 0, "rows that end within a block")
        self.size = self.cols // block * size
        stop = begin + self.count * self.size
        check(0 <= begin and stop <= len(data) and end in (None, stop), "the place of a tensor")

    def rows(self):
        for i in range(self.count):
            at = self.begin + i * self.size
            yield self.row(self.data[at : at + self.size])

    def row(self, b):
        if self.kind in PLAIN:
            return [float(x) for x in struct.unpack("<%d%s" % (self.cols, PLAIN[self.kind]), b)]
        if self.kind == "BF16":
            return list(struct.unpack("<%df" % self.cols, b"".join(b"\0\0" + b[i : i + 2] for i in range(0, len(b), 2))))
        _, size, decode = BLOCKS[self.kind]
        return [x for i in range(0, len(b), size) for x in decode(b[i : i + size])]


def halves(b, n):
    return struct.unpack("<%de" % n, b[: 2 * n])


def nibbles(b):
    return [q & 15 for q in b] + [q >> 4 for q in b]


def fifth(b, high):
    return [q | (high >> i & 1) << 4 for i, q in enumerate(nibbles(b))]


def q4_0(b):
    (d,) = halves(b, 1)
    return [d * (q - 8) for q in nibbles(b[2:])]


def q4_1(b):
    d, m = halves(b, 2)
    return [d * q + m for q in nibbles(b[4:])]


def q5_0(b):
    (d,) = halves(b, 1)
    return [d * (q - 16) for q in fifth(b[6:], int.from_bytes(b[2:6], "little"))]


def q5_1(b):
    d, m = halves(b, 2)
    return [d * q + m for q in fifth(b[8:], int.from_bytes(b[4:8], "little"))]


def q8_0(b):
    (d,) = halves(b, 1)
    return [d * q for q in struct.unpack("<32b", b[2:])]


def sixes(b):
    """Eight scales and eight minimums of 6 bits."""
    low = [x & 63 for x in b[:8]]
    scales = low[:4] + [b[8 + j] & 15 | b[j] >> 6 << 4 for j in range(4)]
    return list(zip(scales, low[4:] + [b[8 + j] >> 4 | b[4 + j] >> 6 << 4 for j in range(4)]))


def q4_k(b):
    d, m = halves(b, 2)
    q = [x for k in range(16, 144, 32) for x in nibbles(b[k : k + 32])]
    return [d * s * q[32 * j + i] - m * least for j, (s, least) in enumerate(sixes(b[4:16])) for i in range(32)]


def q5_k(b):
    d, m = halves(b, 2)
    q = [x for k in range(48, 176, 32) for x in nibbles(b[k : k + 32])]
    high = b[16:48]
    return [
        d * s * (q[32 * j + i] | (high[i] >> j & 1) << 4) - m * least
        for j, (s, least) in enumerate(sixes(b[4:16]))
        for i in range(32)
    ]


def q6_k(b):
    (d,), out = halves(b[208:], 1), []
    scales = struct.unpack("<16b", b[192:208])
    for k in range(2):
        low, high = b[64 * k : 64 * k + 64], b[128 + 32 * k : 160 + 32 * k]
        q = [x & 15 for x in low] + [x >> 4 for x in low]
        for i, x in enumerate(q):
            x |= (high[i % 32] >> 2 * (i // 32) & 3) << 4
            out.append(d * scales[8 * k + i // 16] * (x - 32))
    return out


# Numbers and bytes of a block, and what reads it.
BLOCKS = {
    "Q4_0": (32, 18, q4_0), "Q4_1": (32, 20, q4_1), "Q5_0": (32, 22, q5_0), "Q5_1": (32, 24, q5_1),
    "Q8_0": (32, 34, q8_0), "Q4_K": (256, 144, q4_k), "Q5_K": (256, 176, q5_k), "Q6_K": (256, 210, q6_k),
}  # fmt: skip
