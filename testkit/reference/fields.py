"""Numbers and bits in the bytes of a file (docs/format.md, conventions)."""

from .errors import Corrupt, check


class Fields:
    """Takes values from the front of some bytes."""

    def __init__(self, data, at=0):
        self.data, self.at = bytes(data), at

    def left(self):
        return len(self.data) - self.at

    def bytes(self, n):
        check(n <= self.left(), "fields end too early")
        self.at += n
        return self.data[self.at - n : self.at]

    def rest(self):
        return self.bytes(self.left())

    def number(self, size):
        return int.from_bytes(self.bytes(size), "little")

    def u8(self):
        return self.number(1)

    def uvarint(self):
        x, shift = 0, 0
        while True:
            check(shift < 70, "a number beyond 64 bits")
            b = self.u8()
            x |= (b & 0x7F) << shift
            shift += 7
            if b < 0x80:
                break
        check(x < 1 << 64, "a number beyond 64 bits")
        check(b != 0 or shift == 7, "a number in a longer form than it needs")
        return x

    def label(self, most):
        """A length and a text in UTF-8."""
        n = self.uvarint()
        check(n <= most, "a name that is too long")
        return text(self.bytes(n))

    def end(self, what):
        check(self.left() == 0, "bytes after " + what)


def text(data):
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise Corrupt("a name that is not UTF-8") from None


def uvarint(x):
    """The bytes of a uvarint."""
    out = bytearray()
    while x >= 0x80:
        out.append(x & 0x7F | 0x80)
        x >>= 7
    out.append(x)
    return bytes(out)


def zigzag(x):
    """The signed number that a zigzag form stands for."""
    return x >> 1 ^ -(x & 1)


class Bits:
    """Takes numbers from bytes, from the lowest bit of the first byte up."""

    def __init__(self, data):
        self.data, self.at = bytes(data), 0

    def get(self, n):
        end = self.at + n
        check(end <= 8 * len(self.data), "bits end too early")
        x = int.from_bytes(self.data[self.at // 8 : (end + 7) // 8], "little") >> self.at % 8
        self.at = end
        return x & (1 << n) - 1

    def used(self):
        """The bytes taken, the rest of the last of which has to be zeros."""
        check(self.get(-self.at % 8) == 0, "bits that fill a byte and are not zero")
        return self.at // 8

    def end(self):
        check(self.used() == len(self.data), "bytes after the last bits")
