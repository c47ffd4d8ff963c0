"""The .fore file: header, records, index and trailer (docs/format.md, the file)."""

import hashlib

import xxhash

from .errors import Limit, Truncated, Unsupported, check
from .fields import Fields, uvarint
from .zstdframe import unpack

MAGIC = b"\xf0FORE\r\n\x1a"
MARK = b"\xf0\x0fF"
END = b"\x1aFOR"
TRAILER = 40

PRIOR, OWN, WEIGHTS, TOKENIZER = 1, 2, 3, 4  # kinds of needs
FILE, FRAMING, MEMBER, CLOSE = 1, 2, 3, 4  # kinds of layout entries

MOST_TOKENS = 1 << 26
MOST_CONTENT = 1 << 62
MOST_INDEX = 1 << 28  # of this reader


def crc_table():
    table = []
    for i in range(256):
        for _ in range(8):
            i = i >> 1 ^ (0x82F63B78 if i & 1 else 0)
        table.append(i)
    return table


CRC = crc_table()


def crc32c(data, crc=0):
    """CRC-32C: the Castagnoli polynomial, reflected."""
    crc ^= 0xFFFFFFFF
    for b in data:
        crc = CRC[(crc ^ b) & 0xFF] ^ crc >> 8
    return crc ^ 0xFFFFFFFF


class Source:
    """The bytes of a file from a place on. What ends early is cut off."""

    def __init__(self, data, at=0):
        self.data, self.at = data, at

    def bytes(self, n):
        if n > len(self.data) - self.at:
            raise Truncated("the file ends at byte %d, within a record" % len(self.data))
        self.at += n
        return self.data[self.at - n : self.at]

    def uvarint(self):
        raw = self.bytes(1)
        while raw[-1] >= 0x80 and len(raw) < 10:
            raw += self.bytes(1)
        return Fields(raw).uvarint()

    def checked(self, start, what):
        """Checks the CRC-32C that stands here of all from start on; returns it."""
        end = self.at
        crc = int.from_bytes(self.bytes(4), "little")
        check(crc == crc32c(self.data[start:end]), "checksum of " + what)
        return crc


class Need:
    def __init__(self, f):
        self.kind, flags = f.u8(), f.u8()
        self.sum, self.size, self.name = f.bytes(32), f.uvarint(), f.label(255)
        check(flags < 2, "flags of a need")
        if not PRIOR <= self.kind <= TOKENIZER:
            raise Unsupported("a need of kind %d" % self.kind)
        self.embedded, self.data = flags == 1, None


class Header:
    def __init__(self, src):
        magic = src.data[:8]
        check(magic == MAGIC[: len(magic)] and magic, "not a .fore file")
        version = src.bytes(9)[8]
        if version > 0:
            raise Unsupported("format version %d" % version)
        size = src.uvarint()
        check(size <= 1 << 16, "size of the header")
        f = Fields(src.bytes(size))
        end = src.at
        src.checked(0, "the header")
        self.id = xxhash.xxh3_64_intdigest(src.data[:end])
        self.share, self.codec = f.u8(), f.u8()
        check(self.share <= 2, "flags of the header")
        self.preset = f.label(255)
        self.level, self.block_tokens = f.uvarint(), f.uvarint()
        count = f.uvarint()
        check(count <= 16, "number of needs")
        self.needs = [Need(f) for _ in range(count)]
        check(len({n.kind for n in self.needs}) == count, "two needs of one kind")
        f.end("the header's fields")
        if self.block_tokens > MOST_TOKENS:
            raise Unsupported("blocks of %d tokens" % self.block_tokens)
        for n in self.needs:
            if n.embedded:
                n.data = src.bytes(n.size)
                check(n.kind == OWN or hashlib.sha256(n.data).digest() == n.sum, "hash of what the file carries")


def read_spans(f, most):
    """The spans of a block as (member, first, count)."""
    count = f.uvarint()
    check(1 <= count <= 1 << 16, "number of spans")
    spans = []
    for i in range(count):
        if i == 0:
            span = f.uvarint(), f.uvarint(), f.uvarint()
        else:
            n = f.uvarint()
            member = spans[-1][0] + 1
            if n & 1:
                skipped = f.uvarint()
                check(skipped > 0, "a span in a longer form than it needs")
                member += skipped
            span = member, 0, n >> 1
        check(span[2] > 0 and span[0] < 1 << 64 and span[1] + span[2] <= MOST_CONTENT, "a span")
        spans.append(span)
    check(sum(s[2] for s in spans) <= most, "a block of more tokens than the header says")
    return spans


def span_bytes(spans):
    """What read_spans reads."""
    out = uvarint(len(spans)) + b"".join(map(uvarint, spans[0]))
    for (before, _, _), (member, _, count) in zip(spans, spans[1:]):
        skipped = member - before - 1
        out += uvarint(2 * count + 1) + uvarint(skipped) if skipped else uvarint(2 * count)
    return out


class Block:
    """A block record: its fields, its parameters and its body."""

    def __init__(self, f, header):
        self.ordinal, self.spans = f.uvarint(), read_spans(f, header.block_tokens)
        check(header.share != 2 or len(self.spans) == 1, "a block of several members that stand apart")
        self.codec, self.base = f.u8(), f.uvarint()
        sizes = f.uvarint(), f.number(4), f.uvarint()
        self.params_size, self.params_sum, self.body_size = sizes
        self.hash = f.number(8)
        self.base_params = None
        check(self.base <= self.ordinal, "base of a block")

    def payload(self, src):
        self.params = src.bytes(self.params_size)
        self.body = src.bytes(self.body_size)
        return self

    def check_params(self):
        check(crc32c(self.params) == self.params_sum, "checksum of a block's parameters")


class Packed:
    """The fields of a layout or index record."""

    def __init__(self, f):
        self.ordinal, self.raw, self.stored = f.uvarint(), f.uvarint(), f.uvarint()
        self.sum = f.number(4)
        check(self.stored <= self.raw, "sizes of a record")

    def payload(self, src):
        if self.raw > MOST_INDEX:
            raise Limit("a record of %d bytes" % self.raw)
        data = src.bytes(self.stored)
        if self.stored != self.raw:
            data = unpack(data, self.raw)
        check(crc32c(data) == self.sum, "checksum of a record's payload")
        return data


class Record:
    """A record up to its payload, which src then stands at."""

    def __init__(self, src, header):
        self.start = start = src.at
        mark = src.bytes(4)
        check(mark[:3] == MARK, "no record at byte %d" % start)
        self.kind = chr(mark[3])
        size = src.uvarint()
        check(size <= 1 << 21, "size of a record's fields")
        f = Fields(src.bytes(size))
        self.sum = src.checked(start, "a record at byte %d" % start)
        check(self.kind in "LBI", "a record of an unknown kind")
        check(f.number(8) == header.id, "a record of another file")
        self.fields = Block(f, header) if self.kind == "B" else Packed(f)
        f.end("the fields of a record")


def read_entries(data):
    """The entries of a layout record as (kind, data)."""
    f, entries = Fields(data), []
    while f.left():
        kind, size = f.u8(), f.uvarint()
        check(FILE <= kind <= CLOSE, "a layout entry of an unknown kind")
        entries.append((kind, f.bytes(size)))
    return entries


def entry_bytes(entry):
    return bytes([entry[0]]) + uvarint(len(entry[1])) + entry[1]


class Trailer:
    def __init__(self, src):
        start = src.at
        self.hash = src.bytes(16)
        self.size = int.from_bytes(src.bytes(8), "little")
        self.index = int.from_bytes(src.bytes(8), "little")
        src.checked(start, "the trailer")
        check(src.bytes(4) == END, "no trailer at the end")
        check(self.size <= MOST_CONTENT, "size of the content")


def read_records(src, header):
    """Reads a file front to back behind its header. Yields ("layout", entries),
    ("block", block) and at last ("end", trailer)."""
    count, listed, kept = 0, b"", b""
    ordinals = {"L": 0, "B": 0}
    base = None
    while True:
        rec = Record(src, header)
        x = rec.fields
        if rec.kind == "I":
            break
        check(x.ordinal == ordinals[rec.kind], "record %d stands where %d belongs" % (x.ordinal, ordinals[rec.kind]))
        ordinals[rec.kind] += 1
        if rec.kind == "L":
            check(x.raw <= 1 << 20, "size of a layout record")
            entries = read_entries(x.payload(src))
            kept += b"".join(entry_bytes(e) for e in entries if e[0] != FRAMING)
            item = "layout", entries
        else:
            x.payload(src).check_params()
            if x.base == 0:
                base = x
            else:
                check(base and base.ordinal == x.ordinal - x.base, "a block that leans on none that stands alone")
                x.base_params = base.params
            item = "block", x
        count += 1
        listed += rec.kind.encode() + uvarint(src.at - rec.start) + rec.sum.to_bytes(4, "little")
        listed += span_bytes(x.spans) if rec.kind == "B" else b""
        yield item
    check(x.ordinal == 0, "ordinal of the index")
    index = x.payload(src)
    check(index == uvarint(count) + uvarint(len(listed)) + listed + kept, "an index of other records")
    size = src.at - rec.start
    trailer = Trailer(src)
    check(trailer.index == size, "size of the index")
    check(src.at == len(src.data), "bytes after the end of the file")
    yield "end", trailer


class Index:
    """What the index of a file lists: blocks as (offset, size, checksum, spans), and the
    entries of the layout but framing."""

    def __init__(self, data, header, first):
        if len(data) - first < TRAILER:
            raise Truncated("no trailer")
        self.header, self.data = header, data
        end = len(data) - TRAILER
        trailer = Trailer(Source(data, end))
        check(trailer.index <= end - first, "size of the index")
        src = Source(data[:end], end - trailer.index)
        rec = Record(src, header)
        check(rec.kind == "I" and rec.fields.ordinal == 0, "no index")
        payload = rec.fields.payload(src)
        check(src.at == end, "size of the index")
        f = Fields(payload)
        count = f.uvarint()
        listed = Fields(f.bytes(f.uvarint()))
        self.entries = read_entries(f.rest())
        self.blocks, at = [], first
        for _ in range(count):
            kind, size, crc = listed.bytes(1), listed.uvarint(), listed.number(4)
            check(kind in b"LB", "a record of an unknown kind in the index")
            if kind == b"B":
                self.blocks.append((at, size, crc, read_spans(listed, header.block_tokens)))
            at += size
        listed.end("the list of records")
        check(at == rec.start, "records that do not fill the file")

    def block(self, i):
        x = self.listed(i)
        if x.base:
            base = self.listed(i - x.base)
            check(base.base == 0, "a block that leans on one that leans itself")
            x.base_params = base.params
        return x

    def listed(self, i):
        offset, size, crc, spans = self.blocks[i]
        src = Source(self.data[: offset + size], offset)
        rec = Record(src, self.header)
        x = rec.fields
        check(rec.kind == "B" and rec.sum == crc and x.ordinal == i and x.spans == spans, "a block that the index does not list")
        x.payload(src).check_params()
        check(src.at == offset + size, "size of a block")
        return x


def open_file(data):
    src = Source(data)
    return Header(src), src
