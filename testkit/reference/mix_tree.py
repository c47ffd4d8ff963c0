"""Trees of codec mix: the decisions that lead to a symbol (docs/mix.md, trees)."""

from .errors import check
from .mix_vocabulary import gpt2

NATURAL, HALVES, CLASSES, KIN, OF_PRIOR, LETTERS, SPELLED = range(7)
NEW = 1 << 31  # an entry of an adaptive map at first


def adapt(entry, bit, limit):
    """A map's entry, 22 bits of probability and 10 of a count, moved towards bit."""
    n, p = entry & 1023, entry >> 10
    p += (((bit << 22) - bit - p) * (131072 // (2 * n + 3))) >> 16
    return p << 10 | (n + 1 if n < limit else n)


class Tree:
    """child holds two children for each inner node, in the order of their numbers: a node,
    or -1 - symbol. code and depth are of each symbol, codes of 64 bits from the top."""

    def __init__(self, symbols, nodes, root):
        """nodes are the pairs of children in any order."""
        self.symbols, self.child = symbols, []
        self.code, self.depth, self.classes, self.count = [0] * symbols, [0] * symbols, None, 0
        if symbols < 2:
            return
        queue = [(root, 0, 0)]
        for node, code, depth in queue:
            check(depth < 64, "a code of more than 64 decisions")
            for bit, c in enumerate(nodes[node]):
                below = code | bit << 63 - depth
                if c < 0:
                    self.code[-1 - c], self.depth[-1 - c] = below, depth + 1
                    self.child.append(c)
                else:
                    self.child.append(len(queue))
                    queue.append((c, below, depth + 1))


def halves(order):
    """The tree of leaves in an order, every node split in the middle."""
    return split(order, lambda lo, hi: lo + (hi - lo + 1) // 2)


def split(order, middle):
    """The tree of leaves in an order, a node over those from lo to hi split at middle(lo, hi)."""
    nodes = []

    def grow(lo, hi):
        if hi - lo == 1:
            return -1 - order[lo]
        node, mid = len(nodes), middle(lo, hi)
        nodes.append(None)
        nodes[node] = grow(lo, mid), grow(mid, hi)
        return node

    if len(order) > 1:
        grow(0, len(order))
    return Tree(len(order), nodes, 0)


LETTERS_ORDER = b"0123456789AEIOUYTDSZCKQXGJPBVFMNLRHW({[<)}]>/\\|=+*&^%$#@~`\"'_-:;!?,.\r\t\n euioayhrlnmwfvbpgjkqxczsdt"
LETTERS_RANK = b" etaoinsrhld\nucmfwgypb,.vk-0ITA\"'SCMx1PEBDRWH2FLNGO3jqzUY()456789:;_/K=V<>J*QX[]{}#|&Z!?+%@$\\~^`\t\r"


def letters(symbols):
    """The tree of bytes of text."""
    order = [x for x in LETTERS_ORDER if x < symbols]
    order += [x for x in range(symbols) if x > 127 or x not in LETTERS_ORDER]
    sums = [0]
    for x in order:
        rank = LETTERS_RANK.find(bytes([x])) if x < 128 else -1
        sums.append(sums[-1] + (1 << 40) // ((rank if rank >= 0 else 100) + 9) ** 2)

    def middle(lo, hi):
        half, mid = sums[lo] + (sums[hi] - sums[lo]) // 2, lo + 1
        while mid < hi - 1 and sums[mid] < half:
            mid += 1
        before = sums[mid] < half or half - sums[mid - 1] < sums[mid] - half
        return mid - 1 if mid > lo + 1 and before else mid

    return split(order, middle)


def spelled(symbols):
    """The tree of a vocabulary, but for the symbols that are not there."""
    v = gpt2()
    check(symbols <= len(v.tokens), "more symbols than the vocabulary has")
    leaves, nodes = iter(v.leaves), []

    def grow(depth):
        nonlocal symbol, below
        if depth == below:
            node = -1 - symbol if symbol < symbols else None
            symbol, below = next(leaves, (None, None))
            return node
        a = grow(depth + 1)
        b = grow(depth + 1)
        if a is None or b is None:
            return b if a is None else a
        nodes.append((a, b))
        return len(nodes) - 1

    symbol, below = next(leaves)
    tree = Tree(symbols, nodes, grow(0))
    tree.classes, tree.count = v.classes[:symbols], v.count
    return tree


def read_halves(coder, order):
    """The order of leaves that is stored for symbols in rising order."""
    if len(order) < 2:
        return order
    mid = (len(order) + 1) // 2
    sides = [], []
    for i, s in enumerate(order):
        left, right = mid - len(sides[0]), len(order) - mid - len(sides[1])
        if left == 0:
            bit = 1
        elif right == 0 or (i == 0 and left == right):
            bit = 0
        else:
            bit = coder.bit((left << 32) // (left + right))
        sides[bit].append(s)
    return read_halves(coder, sides[0]) + read_halves(coder, sides[1])


class AdaptiveBits:
    """Numbers below size, a power of two, coded bit by bit from the top."""

    def __init__(self, size):
        self.size, self.entries = size, [NEW] * size

    def bit(self, coder, k):
        e = self.entries[k]
        bit = coder.bit((1 << 22) - min(max(e >> 10, 16), (1 << 22) - 16) << 10)
        self.entries[k] = adapt(e, bit, 1000)
        return bit

    def read(self, coder):
        k = 1
        while k < self.size:
            k = 2 * k + self.bit(coder, k)
        return k - self.size


def read_book(coder, symbols):
    """A tree of classes."""
    count = sum(coder.bit(1 << 31) << i for i in range(16))
    check(2 <= count <= 256, "number of classes")
    shape, inner, unclosed = [1], AdaptiveBits(1), 1
    while unclosed:
        shape.append(inner.bit(coder, 0))
        check(len(shape) <= 2 * count, "a tree of too many classes")
        unclosed += 2 * shape[-1] - 1
    check(len(shape) == 2 * count - 2, "a tree of other classes than it says")
    listed = AdaptiveBits(symbols // 1024 + 1)
    scales = [AdaptiveBits(32) for _ in range(symbols // 2048 + 1)]
    classes = [AdaptiveBits(1 << (count - 1).bit_length()) for _ in range(32)]
    of, scale = [0] * symbols, [0] * symbols
    for s in range(symbols):
        if listed.bit(coder, s // 1024):
            scale[s] = scales[s // 2048].read(coder)
            of[s] = classes[scale[s]].read(coder)
            check(of[s] < count, "a class that is not there")
    members = [[] for _ in range(count)]
    for s, c in enumerate(of):
        members[c].append(s)
    nodes = []

    def join(a, b):
        """A node over two, of which either may have no symbols."""
        if a is None or b is None:
            return b if a is None else a
        nodes.append((a, b))
        return len(nodes) - 1

    def equal(m):
        if len(m) == 1:
            return -1 - m[0]
        mid = (len(m) + 1) // 2
        a = equal(m[:mid])
        return join(a, equal(m[mid:]))

    def huffman(m):
        leaves = sorted(((1 << scale[s], -1 - s) for s in m), key=lambda x: x[0])
        joined = []

        def take():
            first = leaves if leaves and (not joined or leaves[0][0] <= joined[0][0]) else joined
            return first.pop(0)

        while len(leaves) + len(joined) > 1:
            a, b = take(), take()
            joined.append((a[0] + b[0], join(b[1], a[1])))
        return take()[1]

    at = iter(shape[1:])
    rest = iter(range(1, count))

    def walk():
        if next(at):
            a = walk()
            return join(a, walk())
        m = members[next(rest)]
        return huffman(m) if m else None

    unlisted = equal(members[0]) if members[0] else None
    tree = Tree(symbols, nodes, join(unlisted, walk()))
    tree.classes, tree.count = of, count
    return tree


def read_trees(coder, symbols, kind, columns):
    check(kind != OF_PRIOR, "a tree of no prior")
    if kind == LETTERS:
        return [letters(symbols)]
    if kind == SPELLED:
        return [spelled(symbols)]
    if kind == NATURAL:
        return [halves(list(range(symbols)))]
    check(kind == CLASSES or symbols <= 4096, "a learned tree over too many symbols")
    if kind == HALVES:
        return [halves(read_halves(coder, list(range(symbols))))]
    check(kind == CLASSES or columns <= 32, "trees of too many columns")
    return [read_book(coder, symbols) for _ in range(columns if kind == KIN else 1)]
