"""Bodies in parts, for codec mix (docs/mix.md, parts)."""

from .errors import check
from .mix_tree import AdaptiveBits
from .rangecoder import Decoder

MOST_PARTS = 16
COPIED, TURNED = 30, 31


def read_spans(data, spans, parts):
    """For each span its part, or COPIED or TURNED, and the span that it is a corner of."""
    coder, last, out = Decoder(data), 0, []
    lists, reaches = [AdaptiveBits(32) for _ in range(32)], AdaptiveBits(128)
    for k in range(spans):
        last = lists[last].read(coder)
        check(last < parts or last >= COPIED, "a span of no part")
        out.append((last, k + reaches.read(coder) - 64 if last >= COPIED else None))
    coder.finish()
    for part, other in out:
        check(part < COPIED or 0 <= other < spans and out[other][0] < COPIED, "a span of which there is no other")
    check({p for p, _ in out if p < COPIED} == set(range(parts)), "a part without spans")
    return out


def matrix(span):
    """Rows and columns of a span that is a whole array."""
    cols = 1
    for n in span.shape[1:]:
        check(1 <= n and cols * n <= span.count, "a span that does not lie in another")
        cols *= n
    check(span.first == 0 and span.count > 0 and span.count % cols == 0, "a span that does not lie in another")
    return span.count // cols, cols


def corner(span, other, symbols, turned):
    """The symbols of a span from those of the one that it is a corner of."""
    rows, cols = matrix(span)
    other_rows, other_cols = matrix(other)
    if turned:
        check(rows <= other_cols and cols <= other_rows, "a span that does not lie in another")
        return [symbols[j * other_cols + i] for i in range(rows) for j in range(cols)]
    check(rows <= other_rows and cols <= other_cols, "a span that does not lie in another")
    return [symbols[i * other_cols + j] for i in range(rows) for j in range(cols)]


def in_parts(block, f, decode):
    """The symbols of a body in parts. decode takes the alphabet, spans and body of one."""
    count = f.uvarint()
    check(1 <= count <= MOST_PARTS, "number of parts")
    parts = [(f.uvarint(), f.uvarint(), f.uvarint()) for _ in range(count)]
    for low, size, _ in parts:
        check(size >= 1 and low + size <= block.alphabet, "symbols of a part")
    which = read_spans(f.bytes(f.uvarint()), len(block.spans), count)
    found = [None] * len(block.spans)
    for p, (low, size, length) in enumerate(parts):
        body = f.bytes(length)
        check(body and body[0] <= 1 and not (body[0] == 1 and body[3:4] == b"\4"), "a part that is no block of its own")
        mine = [k for k, (part, _) in enumerate(which) if part == p]
        out, at = decode(size, [block.spans[k] for k in mine], body), 0
        check(all(0 <= x < size for x in out), "symbols of a part")
        for k in mine:
            n = block.spans[k].count
            found[k] = [x + low for x in out[at : at + n]]
            at += n
    f.end("parts")
    for k, (part, other) in enumerate(which):
        if part >= COPIED:
            found[k] = corner(block.spans[k], block.spans[other], found[other], part == TURNED)
    return [x for s in found for x in s]
