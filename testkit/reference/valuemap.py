"""Value maps: symbols and the values that they stand for (docs/format.md)."""

from .errors import check
from .fields import Bits, Fields, zigzag

MASK = (1 << 64) - 1
OFFSET, DICTIONARY, PLANES = 0, 1, 2


class ValueMap:
    def __init__(self, data):
        f = Fields(data)
        self.kind = f.u8()
        check(self.kind <= PLANES, "a value map of an unknown kind")
        self.symbols = 256
        if self.kind != PLANES:
            self.first, self.symbols = zigzag(f.uvarint()) & MASK, f.uvarint()
            check(1 <= self.symbols <= 1 << 24, "number of symbols of a value map")
        if self.kind == DICTIONARY:
            self.values = read_gaps(f, self.first, self.symbols)
        f.end("a value map")

    def per_token(self, member):
        return member.size if self.kind == PLANES else 1

    def tokens(self, symbols, member):
        """The bytes of a span's tokens."""
        order = "big" if member.big_endian else "little"
        if self.kind == PLANES:
            n = len(symbols) // member.size
            planes = [bytes(symbols[p * n : (p + 1) * n]) for p in range(member.size)]
            if not member.big_endian:
                planes.reverse()
            return b"".join(map(bytes, zip(*planes)))
        bits = 8 * member.size
        low = -(1 << bits - 1) if member.signed else 0
        out = bytearray()
        for s in symbols:
            v = self.values[s] if self.kind == DICTIONARY else self.first + s & MASK
            if member.signed and v >> 63:
                v -= 1 << 64
            check(low <= v < low + (1 << bits), "a value that its type does not hold")
            out += (v & (1 << bits) - 1).to_bytes(member.size, order)
        return bytes(out)


def read_gaps(f, first, symbols):
    """The values of a dictionary, from the gaps between them."""
    bits = Bits(f.data[f.at :])
    values, above = [first], 0
    k = n = total = 0
    for _ in range(symbols - 1):
        ones = 0
        while ones < 24 and bits.get(1):
            ones += 1
        if ones < 24:
            x = ones << k | bits.get(k)
        else:
            p = bits.get(6)
            x = 1 << p | bits.get(p)
            check(x >> k >= 24, "a gap in its longer form")
        above += x + 1
        check(above <= MASK, "a dictionary that goes round")
        values.append(first + above & MASK)
        if n == 32:
            n, total = n // 2, total // 2
        total += min(x, 1 << 56)
        n += 1
        k = 0
        while n << k < total:
            k += 1
    f.bytes(bits.used())
    return values
