"""Reads a file front to back, or a part of it at random, and checks all that
docs/format.md, what a reader checks, lists."""

import contextlib
import hashlib

import xxhash

from .adaptive import adaptive
from .ans import rans, static, tans
from .container import FILE, FRAMING, MEMBER, OWN, PRIOR, WEIGHTS, Index, open_file, read_records
from .errors import Corrupt, Limit, Missing, Truncated, Unsupported, check
from .fields import Fields
from .layout import Layout
from .lz import lz
from .mix import mix
from .mix_engine import Span
from .network import Network
from .neural import net
from .own import own, own_mix
from .plain import stored, zstd
from .prior import Prior
from .valuemap import ValueMap

CODECS = {0: stored, 1: zstd, 3: adaptive, 4: static(rans), 5: static(tans), 6: mix, 7: own, 8: net, 9: lz, 10: own_mix}
ALPHABETS = {4: 1 << 16, 5: 1 << 16, 6: 1 << 20, 8: 1 << 20, 10: 1 << 20}  # most symbols, where fewer than 2^24
WITH_TABLES = 4, 5  # the codecs that have parameters
OF_OWN = 7, 10  # those of a model of the owner's

MOST = 1 << 28  # bytes of content that are given, unless another limit is


@contextlib.contextmanager
def inside():
    """What ends too early within a block or a prior that is all there is damaged."""
    try:
        yield
    except Truncated as err:
        raise Corrupt(str(err)) from None


class Symbols:
    """What a codec is told of a block."""

    def __init__(self, alphabet, spans, params, base, given):
        self.alphabet, self.spans, self.params, self.base = alphabet, spans, params, base
        self.prior, self.network, self.own = given.prior, given.network, given.own
        self.count = sum(s.count for s in spans)

    def part(self, alphabet, spans):
        """Some of its spans as a block of their own."""
        return Symbols(alphabet, spans, b"", None, Given())


class Given:
    """What a file needs besides its blocks."""

    def __init__(self, prior=None, network=None, own=None):
        self.prior, self.network, self.own = prior, network, own


def split(params):
    """The value map and the codec's parameters."""
    f = Fields(params)
    value_map = f.bytes(f.uvarint())
    return value_map, f.rest()


def decode(block, spans, given):
    """The bytes of a block's tokens, span after span. spans are (member, first, count)."""
    value_map, params = split(block.params)
    base = None
    if block.base_params is not None:
        base_map, base = split(block.base_params)
        value_map = value_map or base_map
    value_map = ValueMap(value_map)
    check(block.codec in WITH_TABLES or not params, "parameters of a codec that has none")
    check(value_map.symbols <= ALPHABETS.get(block.codec, 1 << 24), "an alphabet of too many symbols")
    if block.codec not in CODECS:
        raise Unsupported("codec %d" % block.codec)
    seen = [Span(first, count, m.storage_shape()) for m, first, count in spans]
    if value_map.kind == 2:
        seen = [Span(0, sum(count * m.size for m, _, count in spans), [])]
    with inside():
        out = CODECS[block.codec](Symbols(value_map.symbols, seen, params, base, given), block.body)
    check(len(out) == sum(s.count for s in seen) and all(0 <= s < value_map.symbols for s in out), "symbols of a block")
    raw, at = [], 0
    for m, _, count in spans:
        n = count * value_map.per_token(m)
        raw.append(value_map.tokens(out[at : at + n], m))
        at += n
    check(xxhash.xxh3_64_intdigest(b"".join(raw)) == block.hash, "hash of a block's tokens")
    return raw


def find_needs(header, prior, model, own):
    """What a file needs; prior, model and own are what the reader was given."""
    found = Given()
    for need in header.needs:
        if need.kind == PRIOR:
            data = need.data if need.embedded else prior
            if data is None or hashlib.sha256(data).digest() != need.sum:
                raise Missing("the file needs the prior with the SHA-256 " + need.sum.hex())
            with inside():
                found.prior = Prior(data)
        elif need.kind == OWN:
            if own is None or own.id != need.sum:
                raise Missing("the file needs its owner's model of the number " + need.sum.hex())
            found.own = own
        elif need.kind == WEIGHTS:
            if need.embedded:
                raise Unsupported("a file that carries its network")
            if isinstance(model, bytes) and hashlib.sha256(model).digest() == need.sum:
                model = Network(model)
            if not isinstance(model, Network) or model.sum != need.sum:
                raise Missing("the file needs the network %s with the SHA-256 %s" % (need.name, need.sum.hex()))
            found.network = model
        else:
            raise Unsupported("a need of kind %d" % need.kind)
    check(found.own or header.codec not in OF_OWN, "a file under an own model that does not name it")
    return found


class Tokens:
    """The tokens of a member so far."""

    def __init__(self, member):
        self.member, self.done, self.parts = member, 0, []


class Filling:
    """Gives the tokens of blocks to members, in order."""

    def __init__(self):
        self.waiting = []  # members that lack tokens, each behind the one before

    def member(self, member):
        t = Tokens(member)
        self.waiting.append(t)
        return t

    def next(self):
        """The member that the next token belongs to, or None."""
        while self.waiting and self.waiting[0].done == self.waiting[0].member.tokens:
            self.waiting.pop(0)
        return self.waiting[0] if self.waiting else None

    def spans(self, spans):
        """The members of a block's spans, as (member, first, count)."""
        out = []
        for number, first, count in spans:
            t = self.next()
            check(t and (number, first) == (t.member.number, t.done), "a block of other tokens than come next")
            t.done += count
            check(t.member.open or t.done <= t.member.tokens, "a block that goes beyond its member")
            out.append((t, first, count))
        return out

    def end(self):
        check(self.next() is None, "a member without all of its tokens")


def within(most, size):
    """Raises Limit if there are more bytes than most. A few bytes of a file can stand for
    2^26 tokens, which take hours to decode."""
    if size > most:
        raise Limit("%d bytes of content, more than %d" % (size, most))


def read(data, prior=None, model=None, own=None, most=MOST):
    """All files of a .fore file as (name, bytes), which hold at most most bytes. It is given
    what the file needs: prior and model are the bytes of files, model perhaps a Network, and
    own is an Own."""
    header, src = open_file(data)
    given = find_needs(header, prior, model, own)
    layout, filling, files, size = Layout(), Filling(), [], 0
    for kind, x in read_records(src, header):
        if kind == "layout":
            for what, item in layout.record(x):
                if what == FILE:
                    files.append((item.name, []))
                else:
                    size += len(item) if what == FRAMING else 0
                    within(most, size)
                    place(files[-1][1], filling, what, item)
        elif kind == "block":
            spans = filling.spans(x.spans)
            size += sum(count * t.member.size for t, _, count in spans)
            within(most, size)
            raw = decode(x, [(t.member, first, count) for t, first, count in spans], given)
            for (t, _, _), part in zip(spans, raw):
                t.parts.append(part)
        else:
            layout.end()
            filling.end()
            trailer = x
    files = [(name, b"".join(p if isinstance(p, bytes) else b"".join(p.parts) for p in parts)) for name, parts in files]
    content = b"".join(data for _, data in files)
    check(len(content) == trailer.size and xxhash.xxh3_128_digest(content) == trailer.hash, "hash of the content")
    return files


def place(parts, filling, what, item):
    """Puts what a layout entry tells of into a file's parts."""
    if what == FRAMING:
        parts.append(item)
    elif what == MEMBER:
        parts.append(filling.member(item))
    else:  # the member that was open
        t = filling.waiting[-1]
        check(t.done == item.tokens, "a member of another length than it says")


class RandomReader:
    """Reads parts of a file by its index. It is given what read is; most is of a block, and of
    the tokens that are asked for."""

    def __init__(self, data, prior=None, model=None, own=None, most=MOST):
        self.most = most
        header, src = open_file(data)
        self.given = find_needs(header, prior, model, own)
        self.index = Index(data, header, src.at)
        layout, filling = Layout(), Filling()
        for what, item in layout.record(self.index.entries):
            if what == MEMBER:
                filling.member(item)
        layout.end()
        self.files, self.members = layout.files, layout.members
        self.places = [[] for _ in self.members]
        for i, (_, _, _, spans) in enumerate(self.index.blocks):
            for k, (t, first, count) in enumerate(filling.spans(spans)):
                self.places[t.member.number].append((i, k, first, count))
        filling.end()

    def block(self, i):
        """The tokens of a block, span after span."""
        x = self.index.block(i)
        within(self.most, sum(count * self.members[m].size for m, _, count in x.spans))
        return decode(x, [(self.members[m], first, count) for m, first, count in x.spans], self.given)

    def tokens(self, member, start, end):
        """Tokens start to end of a member in storage order, as bytes."""
        out, size = b"", self.members[member].size
        within(self.most, (end - start) * size)
        for i, k, first, count in self.places[member]:
            if first < end and start < first + count:
                part = self.block(i)[k]
                out += part[max(0, start - first) * size : (min(end, first + count) - first) * size]
        return out
