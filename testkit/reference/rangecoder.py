"""The range coder (docs/exactness.md, section 6)."""

from .errors import Truncated, check

ONE = 1 << 32


class Decoder:
    def __init__(self, data):
        self.data, self.at = bytes(data), 0
        self.code, self.range = self.take_bytes(8), (1 << 64) - 1

    def take_bytes(self, n):
        got = self.data[self.at : self.at + n]
        self.at += n
        return int.from_bytes(got + bytes(n - len(got)), "big")

    def point(self):
        check(self.code < self.range, "code beyond its range")
        return ((self.code + 1) * ONE - 1) // self.range

    def take(self, low, width):
        """Takes the interval that holds the point."""
        if width != ONE:
            a = self.range * low >> 32
            self.narrow(a, (self.range * (low + width) >> 32) - a)

    def narrow(self, low, size):
        self.code -= low
        self.range = size
        if size < ONE:
            self.range *= ONE
            self.code = self.code * ONE + self.take_bytes(4)

    def bit(self, zero):
        """Decodes a binary decision in which a zero has the width zero."""
        check(self.code < self.range, "code beyond its range")
        split = self.range * zero >> 32
        if self.code < split:
            self.narrow(0, split)
            return 0
        self.narrow(split, self.range - split)
        return 1

    def finish(self):
        """Checks that the bytes are those with which an encoder would have ended."""
        window = self.data[max(0, self.at - 8) : self.at]
        x = int.from_bytes(window + bytes(min(8, self.at) - len(window)), "big")
        low = (x - self.code) % (1 << 64)
        for n in range(9):
            unit = 1 << 64 - 8 * n
            end = -(-low // unit) * unit
            if end < low + self.range:
                break
        supplied = self.at - len(self.data)
        if supplied > 8 - n:
            raise Truncated("a stream of the range coder that is cut off")
        check(supplied == 8 - n and x == end % (1 << 64), "the end of a stream of the range coder")
