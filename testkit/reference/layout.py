"""Layout entries: files and their members (docs/format.md, layout records)."""

from .container import CLOSE, FILE, MEMBER
from .errors import check
from .fields import Fields, text

# Bytes of an element of each type, and whether it is signed.
TYPES = {1: (1, False), 2: (1, True), 3: (2, True), 4: (4, True), 5: (8, True),
         6: (1, False), 7: (2, False), 8: (4, False), 9: (8, False)}  # fmt: skip


class File:
    def __init__(self, data):
        f = Fields(data)
        flags = f.u8()
        check(flags < 2, "flags of a file")
        self.repacked, self.members = flags == 1, []
        name = f.rest()
        check(len(name) <= 4096, "a name that is too long")
        self.name = text(name)


class Member:
    def __init__(self, number, f):
        self.number = number
        kind, flags, rank = f.u8(), f.u8(), f.uvarint()
        check(kind in TYPES and flags < 16 and rank <= 64, "a member's type, flags or number of axes")
        self.size, self.signed = TYPES[kind]
        self.big_endian, self.fortran = bool(flags & 1), bool(flags & 2)
        axes = [f.uvarint() for _ in range(rank)]
        check(all(axes[1:]), "an open axis that is not the first")
        self.shape = [n - 1 for n in axes]
        self.open = bool(axes) and axes[0] == 0
        check(not (self.open and self.fortran), "an open axis in Fortran order")
        self.close(self.shape[0] if axes else 0)
        name = f.rest()
        check(len(name) <= 4096, "a name that is too long")
        self.name = text(name)
        check("\0" not in self.name, "a name with a zero byte")

    def close(self, length):
        """Sets the length of the first axis, -1 while it is open."""
        if self.shape:
            self.shape[0] = length
        self.open = bool(self.shape) and length < 0
        self.tokens = 1
        for n in self.shape[1:] if self.open else self.shape:
            check(n < 1 << 62, "an axis of too great a length")
            self.tokens *= n
        check(self.tokens * self.size < 1 << 63, "a member of too many bytes")
        if self.open:
            self.tokens = None

    def storage_shape(self):
        return self.shape[::-1] if self.fortran else list(self.shape)


class Layout:
    """Takes the entries of a file in order."""

    def __init__(self):
        self.files, self.members = [], []

    def record(self, entries):
        """Takes the entries of one record, or of all; yields each with what it is."""
        before = None
        for kind, data in entries:
            check(self.files or kind == FILE, "content before any file")
            closes = bool(self.members) and self.members[-1].open
            check(closes == (kind == CLOSE), "a member of open length that does not end, or an end of none")
            item = data
            if kind == FILE:
                item = File(data)
                self.files.append(item)
            elif kind == MEMBER:
                f = Fields(data)
                number = f.uvarint()
                check(number > 0 or before is not None, "the first member of a record without its number")
                number = number - 1 if number else before + 1
                check(number == len(self.members), "a member out of turn")
                before = number
                item = Member(number, f)
                self.members.append(item)
                self.files[-1].members.append(item)
            elif kind == CLOSE:
                f = Fields(data)
                length = f.uvarint()
                f.end("the end of a member")
                item = self.members[-1]
                item.close(length)
            yield kind, item

    def end(self):
        check(not (self.members and self.members[-1].open), "a member that does not end")
