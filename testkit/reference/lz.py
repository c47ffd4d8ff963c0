"""Codec 9, lz (docs/codecs.md, lz)."""

from .ans import Table, read_table, tans
from .errors import check
from .fields import Bits, Fields
from .plain import stored

MOST = 1 << 24
MOST_CODES = 1 << 12


def section(f):
    return f.bytes(f.uvarint())


def stream(f, n):
    """A stream of n bytes."""
    if n == 0:
        return []
    data = section(f)
    check(data and data[0] >> 4 < 2 and (data[0] & 15) + 8 <= 12, "kind or precision of a stream's table")
    return tans(n, read_table(data, 256), section(f))


def number(code, bits):
    """The number of a code, whose lower bits come from bits."""
    check(code < 108, "the code of no number")
    if code < 16:
        return code
    k = (code - 16) // 4 + 4
    return (4 + (code - 16) % 4) << k - 2 | bits.get(k - 2)


def series(f, n):
    """A series of n numbers."""
    if n == 0:
        return []
    codes = stream(f, n)
    bits = Bits(section(f))
    out = [number(c, bits) for c in codes]
    bits.end()
    return out


def read_alphabet(f, most, symbols):
    """The symbols that occur as literals, by group, and the pieces of the groups as
    (first rank, bits)."""
    n = f.uvarint()
    check(n <= min(most, symbols), "an alphabet of too many symbols")
    ends = [n] if n < 4096 else [n * i // 4 for i in range(1, 5)]
    codes = []
    for end in ends:
        codes += stream(f, end - len(codes))
    far = stream(f, sum(c >= 7 * 32 for c in codes))[::-1]
    bits = Bits(section(f))
    groups, at = [[] for _ in range(32)], 0
    for c in codes:
        at += c >> 5
        if c >> 5 == 7:
            at += number(far.pop(), bits)
        check(at < symbols, "a symbol out of range")
        groups[c & 31].append(at)
        at += 1
    bits.end()
    pieces, rank = [], 0
    for g in groups:
        end = rank + len(g)
        while rank < end:
            b = (end - rank).bit_length() - 1
            pieces.append((rank, b))
            rank += 1 << b
    check(len(pieces) <= 256, "an alphabet of too many pieces")
    return [s for g in groups for s in g], pieces


def by_pieces(f, literals, symbols):
    """Literals as pieces of an alphabet."""
    order, pieces = read_alphabet(f, literals, symbols)
    which = stream(f, literals)
    low = Bits(f.rest())
    out = []
    for p in which:
        check(p < len(pieces), "a piece that is not there")
        first, b = pieces[p]
        out.append(order[first + low.get(b)])
    low.end()
    return out


def code(v):
    """The code of a number."""
    k = v.bit_length() - 1
    return v if v < 16 else 16 + 4 * (k - 4) + (v >> k - 2) - 4


def by_codes(f, literals, symbols, d):
    """Literals of which those below d are codes themselves."""
    slots = series(f, d if d == symbols else d + code(symbols - 1 - d) + 1)
    m = sum(slots)
    check(m in (1 << n for n in range(8, 13)), "slots that are those of no table")
    codes = tans(literals, Table(slots, m.bit_length() - 1), section(f))
    low = Bits(f.rest())
    out = [c if c < d else d + number(c - d, low) for c in codes]
    low.end()
    check(max(out) < symbols, "a literal out of range")
    return out


def steps(n, symbols, f):
    """n symbols under steps."""
    count, literals = f.uvarint(), f.uvarint()
    check(count <= n and literals <= n, "more steps or literals than symbols")
    tokens = stream(f, count)
    fresh = series(f, sum(t & 3 == 3 for t in tokens))[::-1]
    long = series(f, sum((t >> 5 == 7) + (t >> 2 & 7 == 7) for t in tokens))[::-1]
    d = f.uvarint()
    check(d <= min(symbols, MOST_CODES) and (d == 0 or literals > 0), "a bound of literals that are codes")
    rest = by_codes(f, literals, symbols, d) if d else by_pieces(f, literals, symbols)
    rest.reverse()
    out, last = [], [1, 2, 3]
    for t in tokens:
        run, length, kind = t >> 5, (t >> 2 & 7) + 1, t & 3
        run += long.pop() if run == 7 else 0
        length += long.pop() if length == 8 else 0
        offset = fresh.pop() + 1 if kind == 3 else last[kind]
        last = [offset] + [o for k, o in enumerate(last) if k != min(kind, 2)]
        check(run <= len(rest) and len(out) + run + length <= n, "a run or match beyond the end")
        for _ in range(run):
            out.append(rest.pop())
        check(offset <= len(out), "a match that begins before the block")
        for _ in range(length):
            out.append(out[-offset])
    check(len(out) + len(rest) == n, "literals that are left over, or too few")
    return out + rest[::-1]


def by_place(spans, longer):
    """For each symbol in the order place by place, where it belongs; longer says that only
    spans are turned whose rows become longer."""
    out, start, turned, able = [], 0, 0, 0
    for span in spans:
        r = 1
        for length in span.shape[1:]:
            r *= length
        turns = len(span.shape) >= 2 and min(span.shape[1:]) > 0 and 2 <= r < span.count
        able += turns
        turns = turns and (not longer or r < span.count // r)
        turned += turns
        at = range(span.count)
        if turns:
            at = sorted(at, key=lambda i: (span.first + i) % r)
        out += [start + i for i in at]
        start += span.count
    check(turned > 0 and (not longer or turned < able), "an order that is another one")
    return out


def lz(block, body):
    check(block.count <= MOST, "a block of too many symbols")
    f = Fields(body)
    order = f.u8()
    check(order <= 3, "an unknown order")
    if order == 0:
        return stored(block, f.rest())
    out = steps(block.count, block.alphabet, f)
    if order == 1:
        return out
    turned = [0] * len(out)
    for symbol, at in zip(out, by_place(block.spans, order == 3)):
        turned[at] = symbol
    return turned
