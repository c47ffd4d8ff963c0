"""Codec 8, net: text, tokens and frames under a network (docs/text.md, a block under a
network)."""

from .errors import Missing, check
from .fields import Fields
from .guided import guided_frames, guided_text
from .net_layers import weigh_logits

TOKENS, TEXT, FRAMES = range(3)
MOST_STREAMS, MOST_SEEN = 16, 1 << 20


def net(block, body):
    network, f = block.network, Fields(body)
    check(network is not None, "a block under a network that the file does not name")
    kind, sum = f.u8(), f.bytes(4)
    count, streams, segment, window, sinks = (f.uvarint() for _ in range(5))
    text = network.decoder is not None and network.spelling is not None and block.alphabet == 256
    check(text or block.alphabet == network.symbols, "an alphabet that is not the network's")
    check(kind == (TEXT if text else TOKENS if network.decoder else FRAMES), "the kind of a block under a network")
    check(count == block.count or text and count < block.count, "number of tokens")
    check(1 <= streams <= MOST_STREAMS and segment >= 1 and 1 <= window <= MOST_SEEN and sinks <= MOST_SEEN, "streams of a network")
    if sum != network.identity[:4]:
        raise Missing("the block was written under a network of other numbers")
    if kind == FRAMES:
        p = network.frames.places
        return guided_frames(block.alphabet, count, p, f.rest(), FrameGuide(network.frames))
    check(segment <= network.decoder.context, "streams of a network")
    guide = TextGuide(network, text, (count, streams, segment, window, sinks))
    out = guided_text(network.size, count, streams, f.rest(), guide, network.spelling or [b""] * network.size, network.order)
    if text:
        parts = [network.spelling[s] for s in out]
        check(all(parts), "a token that stands for no text")
        return list(b"".join(parts))
    return out


class TextGuide:
    """Runs a decoder over each stream."""

    def __init__(self, network, text, sizes):
        self.network, self.sizes, self.runs = network, sizes, [None] * sizes[1]
        self.tokens = len(network.vocabulary.tokens) if text else network.symbols
        self.mute = network.mute if text else []

    def __call__(self, i, t, place, symbols):
        n, (_, _, segment, window, sinks) = self.network, self.sizes
        token = n.start
        if t % segment == 0:
            self.runs[place] = n.decoder.stream(window, sinks)
        elif symbols[i - 1] < self.tokens:
            token = symbols[i - 1]
        w = weigh_logits(self.runs[place].logits(token)[: self.tokens])
        for s in self.mute:
            w[s] = 0
        return w + [0] * (n.size - self.tokens)


class FrameGuide:
    """Predicts a frame from those before."""

    def __init__(self, frames):
        self.frames, self.at = frames, None

    def __call__(self, i, t, place, symbols):
        p, seen = self.frames.places, self.frames.seen
        if t < seen:
            return None
        if self.at != t:
            self.at = t
            self.logits = self.frames.logits([symbols[k * p : k * p + p] for k in range(t - seen, t)])
        return weigh_logits(self.logits[place])
