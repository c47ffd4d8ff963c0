"""Runs the vectors against the reader in Python: python testkit/vectors.py [--quick]

--quick leaves out those of codec mix that take seconds.
"""

import hashlib
import os
import struct
import sys

import xxhash

from reference import Corrupt, Error, Limit, Missing, Own, RandomReader, Truncated, Unsupported, read, steps
from reference.layout import TYPES
from reference.rangecoder import Decoder
from reference.reader import CODECS, MOST, Given, Span, Symbols
from reference.valuemap import ValueMap

KIT = os.path.dirname(os.path.abspath(__file__))
MIXED = 6, 10
NAMES = {"stored": 0, "zstd": 1, "adaptive": 3, "static": 4, "static-tans": 5, "lz": 9}
ELEMENTS = dict(zip("bool int8 int16 int32 int64 uint8 uint16 uint32 uint64".split(), TYPES.values()))


def records(path):
    """The records of a file, each a list of values for each key."""
    with open(path) as f:
        for text in f.read().split("\n\n"):
            record = {}
            for line in text.strip().split("\n"):
                if line and line[0] != "#":
                    key, _, value = line.partition(":")
                    record.setdefault(key, []).append(value.strip())
            if record:
                yield {k: v if k in ("interval", "span", "row", "position") else v[0] for k, v in record.items()}


def numbers(text, base=10):
    out = []
    for word in text.split():
        times, _, x = word.rpartition("*")
        first, _, last = x.partition("..")
        out += list(range(int(first, base), int(last or first, base) + 1)) * int(times or 1)
    return out


def pairs(text, sep):
    return [tuple(map(int, word.split(sep))) for word in text.split()]


def codec(r):
    spans = []
    for line in r["span"]:
        first, count, *shape = numbers(line)
        spans.append(Span(first, count, shape))
    base = bytes.fromhex(r["base"]) if "base" in r else None
    block = Symbols(int(r["alphabet"]), spans, bytes.fromhex(r["parameters"]), base, Given())
    out = CODECS[NAMES[r["codec"]]](block, bytes.fromhex(r["body"]))
    if any(s >= block.alphabet for s in out):
        raise Corrupt("a symbol beyond the alphabet")
    assert xxhash.xxh3_64_hexdigest(struct.pack("<%dI" % len(out), *out)) == r["sum"]


class Element:
    def __init__(self, name):
        name, _, order = name.partition(" ")
        (self.size, self.signed), self.big_endian = ELEMENTS[name], order != ""


def value_map(r):
    m = ValueMap(bytes.fromhex(r["map"]))
    assert m.tokens(numbers(r["symbols"]), Element(r["type"])).hex() == r["tokens"]


def coder(r):
    intervals = pairs(r["points"], "+")
    d = Decoder(bytes.fromhex(r.get("code", r.get("bytes"))))
    for low, width in intervals:
        if not low <= d.point() < low + width:
            raise Corrupt("another interval")
        d.take(low, width)
    d.finish()
    assert encoded(intervals) == r["code"]


def encoded(intervals):
    e = steps.Encoder()
    for low, width in intervals:
        e.put(low, width)
    return e.finish().hex()


def bits(r):
    d, e = Decoder(bytes.fromhex(r["code"])), steps.Encoder()
    for zero, bit in pairs(r["bits"], "/"):
        assert d.bit(zero) == bit
        e.bit(bit, zero)
    d.finish()
    assert e.finish().hex() == r["code"]


def distribution(r):
    adaptive = None
    if "counts" in r:
        interval = steps.Weights(numbers(r["counts"])).interval
    elif "uniform" in r:
        interval = steps.uniform(int(r["uniform"]))
    elif "bernoulli" in r:
        interval = steps.bernoulli(struct.unpack(">d", bytes.fromhex(r["bernoulli"]))[0])
    else:
        adaptive = steps.Adaptive(*numbers(r["adaptive"]))
    for line in r["interval"]:
        symbol, low, width = numbers(line)
        assert (adaptive.interval if adaptive else interval)(symbol) == (low, width)
        if adaptive:
            adaptive.learn(symbol)


def guarded(r):
    rows = [[struct.unpack(">f", bytes.fromhex(b))[0] for b in row.split()] for row in r["row"]]
    code, positions = steps.encode(rows, numbers(r["symbols"]), int(r["guard"]))
    assert code.hex() == r["code"]
    for line in r["position"]:
        k, want = line.split()
        assert positions[int(k)].hex() == want


def stack(r):
    s, made = steps.Stack(bytes.fromhex(r["stack"])), steps.Stack()
    assert "%d %d" % (len(s.words), s.x) == r["position"][0]
    pushed = []
    for word in r["pushed"].split():
        low, _, width = word.partition("+")
        pushed.append((int(low), int(width)) if width else (int(low, 16) << 24, 1 << 24))
    for interval in pushed:
        made.push(*interval)
    assert made.bytes().hex() == r["stack"]
    for interval in reversed(pushed):
        s.pop(*interval)
    assert s.empty()


def run(r):
    """Runs a record; returns False if it is of a kind that this reader has no part for."""
    for key, part in (("points", coder), ("codec", codec), ("map", value_map), ("bits", bits), ("guard", guarded), ("stack", stack)):
        if key in r:
            break
    else:
        if "values" in r:
            return False
        part = distribution
    refused = "refused" in r or "decoded" in r
    try:
        part(r)
    except Corrupt as err:
        wanted = {"truncated": isinstance(err, Truncated)}.get(r.get("decoded"), refused)
        assert wanted, "%s: %s" % (type(err).__name__, err)
        return True
    assert not refused, "it is not refused"
    return True


OUTCOMES = [(Limit, "limit"), (steps.Drift, "drift"), (Truncated, "truncated"), (Corrupt, "corrupt"), (Missing, "model"), (Unsupported, "unsupported")]


def cycle(symbols):
    """The model of a file's owner, as README.md has it."""

    def rows():
        following = 0
        while True:
            row = [1.0] * symbols
            row[following] = 100.0
            following = ((yield row) + 1) % symbols

    return Own(rows, symbols, hashlib.sha256(b"cycle").digest())


def file(path):
    """Runs a vector of a file or of a framed stream."""
    with open(path, "rb") as f:
        head, _, data = f.read().partition(b"\n\n")
    r = {k: v.strip() for k, _, v in (line.partition(":") for line in head.decode().split("\n"))}
    if "max-memory" in r:
        return False
    try:
        if r["kind"] == "steps":
            n = int(r["vocabulary"])
            got = steps.read_framed(data, n, bytes.fromhex(r["model"]), [float(i + 1) for i in range(n)])
            assert got == numbers(r["symbols"])
        else:
            own = cycle(int(r["own"])) if "own" in r else None
            content = b"".join(c for _, c in read(data, own=own, most=int(r.get("max-output", MOST))))
            assert xxhash.xxh3_128_hexdigest(content) == r["content"] and len(content) == int(r["size"])
            reader = RandomReader(data, own=own)
            if reader.index.header.codec not in MIXED:  # whose blocks take a while
                members = b"".join(reader.tokens(m.number, 0, m.tokens) for m in reader.members)
                assert content.endswith(members)
        outcome = "success"
    except Error as err:
        outcome = next(name for kind, name in OUTCOMES if isinstance(err, kind))
    assert outcome == r["expect"], outcome
    return True


LONG = "mix-stream-classes", "mix-books-kin", "mix-prior", "mix-prose", "best-prose", "mix-bytes", "best-bytes", "mix-grid-halves"


def main():
    quick = "--quick" in sys.argv[1:]
    count = failed = 0
    for folder, work in (("vectors", lambda p: [(r["name"], run, r) for r in records(p)]), ("files", lambda p: [("", file, p)])):
        for name in sorted(os.listdir(os.path.join(KIT, folder))):
            if quick and name in LONG:
                continue
            for title, part, what in work(os.path.join(KIT, folder, name)):
                try:
                    count += part(what)
                except Exception as err:
                    failed += 1
                    print("%s, %s: %s: %s" % (name, title, type(err).__name__, err), file=sys.stderr)
    print("%d vectors, %d failed" % (count, failed))
    return failed > 0 or count < 250


if __name__ == "__main__":
    sys.exit(main())
