"""Stored tables, and blocks of interleaved rANS and tANS (docs/ans.md, bytes)."""

from .errors import check
from .fields import Bits, Fields
from .rangecoder import Decoder

LOWER = 1 << 31
FIRST = 1 << 16


class Table:
    """The slots of each symbol, which add up to 2^n."""

    def __init__(self, slots, n, lone=False):
        self.slots, self.n, self.leans = slots, n, lone

    def rescaled(self, s, n):
        f = self.slots[s]
        if f == 0 or n >= self.n:
            return f << max(0, n - self.n)
        return max(1, f >> self.n - n)

    def symbols(self):
        """The symbol of each slot and the number of the slot in it."""
        return [(s, j) for s, f in enumerate(self.slots) for j in range(f)]

    def sole(self):
        return max(self.slots) == 1 << self.n


def read_table(data, alphabet, base=None):
    """A stored table for so many symbols. base is the table that it may lean on."""
    check(1 <= alphabet <= 65536 and data, "a table of too many symbols, or none")
    kind, n = data[0] >> 4, (data[0] & 15) + 8
    check(kind <= 2 and n <= 20, "kind or precision of a table")
    m = 1 << n
    if kind == 0:
        check(len(data) == 1 and alphabet <= m, "a table of equal shares")
        return Table([(s + 1) * m // alphabet - s * m // alphabet for s in range(alphabet)], n)
    check(kind == 1 or base is not None, "a table that leans on none")
    coder, counts = Decoder(data[1:]), [[1] * 23 for _ in range(23)]
    slots, left = [], m
    while left:
        s = len(slots)
        check(s < alphabet, "a table with slots left over")
        context = base.rescaled(s, n) if kind == 2 else slots[-1] if s else 0
        f = read_slots(coder, counts[context.bit_length()])
        if kind == 2:
            f = context + (f >> 1 ^ -(f & 1))
        check(0 <= f <= left, "a table with too few slots")
        slots.append(f)
        left -= f
    coder.finish()
    return Table(slots + [0] * (alphabet - len(slots)), n)


def read_slots(coder, counts):
    """A number under counts of lengths, which adapt."""
    unit = (1 << 32) // sum(counts)
    at = coder.point() // unit
    check(at < sum(counts), "a length that stands nowhere")
    length = below = 0
    while below + counts[length] <= at:
        below += counts[length]
        length += 1
    coder.take(below * unit, counts[length] * unit)
    counts[length] += 32
    if sum(counts) >= 1 << 13:
        counts[:] = [k - k // 2 for k in counts]
    if length < 2:
        return length
    width = 1 << 33 - length
    rest = coder.point() // width
    coder.take(rest * width, width)
    return 1 << length - 1 | rest


def packed(n, alphabet, data):
    bits = Bits(data)
    out = [bits.get((alphabet - 1).bit_length()) for _ in range(n)]
    bits.end()
    return out


def special(body, n, table):
    """The symbols of an empty or packed body, None of another."""
    if not body:
        check(table.sole(), "an empty body")
        return [table.slots.index(1 << table.n)] * n
    check(not table.sole(), "a body of symbols that are certain")
    if body[0] != 7:
        return None
    out = packed(n, len(table.slots), body[1:])
    check(all(s < len(table.slots) and table.slots[s] for s in out), "a symbol that its table cannot code")
    return out


class Rans:
    """What pops symbols off a state."""

    def __init__(self, table):
        self.table, self.of = table, table.symbols()

    def pop(self, x):
        s, j = self.of[x & (1 << self.table.n) - 1]
        return s, self.table.slots[s] * (x >> self.table.n) + j

    def single(self, n, x, words):
        """n symbols of one lane, which ends at the first state."""
        out = []
        words = words[::-1]
        for _ in range(n):
            s, x = self.pop(x)
            out.append(s)
            if x < LOWER and words:
                x = x << 32 | words.pop()
        check(x == FIRST and not words, "a body that goes on after its last symbol")
        return out


def words_of(data):
    check(len(data) % 4 == 0, "a word that is cut off")
    return [int.from_bytes(data[i : i + 4], "little") for i in range(0, len(data), 4)]


def rans(n, table, body):
    """n symbols of a rANS block."""
    out = special(body, n, table)
    if out is not None:
        return out
    r, k = Rans(table), body[0]
    if k & 7 == 0:
        size = k >> 4
        check(k & 8 == 0 and size <= 8 and len(body) > size, "a kind of body")
        x = int.from_bytes(body[1 : 1 + size], "little")
        check(x.bit_length() <= 63 and (x.bit_length() + 7) // 8 == size and x >= FIRST, "a state")
        return r.single(n, x, words_of(body[1 + size :]))
    check(1 <= k <= 5, "a kind of body")
    lanes = 1 << k
    f = Fields(body, 1)
    tail = f.uvarint()
    check(tail <= n, "more symbols than the block has")
    bits = Bits(f.rest())
    states = []
    for _ in range(lanes):
        length = bits.get(5) + 31
        states.append(1 << length | bits.get(length))
    words = words_of(bits.data[bits.used() :])[::-1]

    def refill(lane):
        if states[lane] < LOWER:
            check(words, "words end too early")
            states[lane] = states[lane] << 32 | words.pop()

    main = n - tail
    out = [0] * main
    group = 2 * lanes if table.n <= 15 else lanes
    whole = main - main % group
    for at in range(0, whole, group):
        for lane in range(lanes):
            for i in range(at + lane, at + group, lanes):
                out[i], states[lane] = r.pop(states[lane])
            refill(lane)
    for i in range(whole, main):
        out[i], states[i % lanes] = r.pop(states[i % lanes])
        refill(i % lanes)
    check(not words, "words are left over")
    check(all(LOWER <= x < LOWER + (1 << 32) for x in states[1:]), "the state that a lane begins with")
    return out + r.single(tail, states[0], [x - LOWER for x in states[:0:-1]])


def tans(n, table, body):
    """n symbols of a tANS block."""
    out = special(body, n, table)
    if out is not None:
        return out
    check(body[0] & 7 in (0, 3) and body[0] < 64, "a kind of body")
    lanes = 8 if body[0] & 7 else 1
    check(n >= lanes and len(body) > 1, "a body of too few symbols, or cut off")
    m = 1 << table.n
    wanted = []
    for s, f in enumerate(table.slots):
        q = (m << 32) // f if f else 0
        wanted += [(q // 2 + j * q >> 32, s, j) for j in range(f)]
    places = sorted(wanted)
    bits = Bits(body[1:])
    check(bits.get(body[0] >> 3) == 0, "bits that fill a byte and are not zero")
    states = [bits.get(table.n) for _ in range(lanes)]
    out = []
    for i in range(n):
        _, s, j = places[states[i % lanes]]
        out.append(s)
        x = table.slots[s] + j
        if i + lanes < n:
            b = table.n + 1 - x.bit_length()
            states[i % lanes] = (x << b) + bits.get(b) - m
        else:
            check(j == 0, "the state that a lane begins with")
    check(bits.at == 8 * len(bits.data), "a body that goes on after its last symbol")
    return out


def static(coder):
    """Codecs 4 and 5 (docs/codecs.md, static rANS and tANS)."""

    def decode(block, body):
        base = None
        params = block.params or block.base
        if block.params and block.params[0] >> 4 == 2:
            check(block.base, "a table that leans on none")
            base = read_table(block.base, block.alphabet)
        check(params is not None, "a block without a table")
        return coder(block.count, read_table(params, block.alphabet, base), body)

    return decode
