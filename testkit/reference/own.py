"""Codecs 7, own, and 10, own-mix: blocks under a model of the owner's (docs/format.md,
codecs; docs/own-model.md)."""

import struct

from .container import crc32c
from .errors import Corrupt, Missing, check
from .fields import Fields
from .guided import guided_frames, guided_text
from .rangecoder import Decoder
from .steps import ONE, Drift, Guard, Weights, weigh

EVERY = 1024  # symbols between two checks
MOST_PLACES = 4096


class Own:
    """A model: id is its number of 32 bytes, size the number of symbols, and rows a function
    that returns a generator of rows of probabilities, which is sent the symbol that came. Their
    numbers are taken for float32."""

    def __init__(self, rows, size, id):
        self.rows, self.size, self.id = rows, size, id

    def begin(self, block):
        if block.alphabet > self.size:
            raise Missing("the block is of more symbols than the model has")
        return Predictor(self.rows(), block.alphabet)


class Predictor:
    def __init__(self, rows, symbols):
        self.rows, self.symbols, self.row = rows, symbols, None

    def weights(self, symbol=None):
        """The weights of the next symbol, symbol being the one before."""
        row = next(self.rows) if symbol is None else self.rows.send(symbol)
        row = struct.unpack("<%df" % len(row), struct.pack("<%df" % len(row), *row))
        if len(row) != self.symbols:
            raise Missing("the model predicts %d symbols instead of %d" % (len(row), self.symbols))
        return Weights(weigh(row))


def summed(block, body):
    """The model of a block, and its body behind a checksum of it."""
    if block.own is None:
        raise Missing("the block needs a model of the owner's")
    f = Fields(body)
    sum = f.number(4)
    return block.own.begin(block), f, sum


def own(block, body):
    model, f, sum = summed(block, body)
    code = f.rest()
    check(crc32c(code) == sum, "checksum of a body")
    coder, guard, out, last = Decoder(code), Guard(EVERY), [], None

    def compare():
        if coder.point() != guard.interval()[0]:
            raise Drift("another distribution, at a symbol before %d" % len(out))
        coder.take(*guard.interval())

    try:
        for _ in range(block.count):
            w = model.weights(last)
            last = w.find(coder.point())
            coder.take(*w.interval(last))
            guard.learn(w.total, *w.interval(last))
            out.append(last)
            if guard.due():
                compare()
        compare()
        coder.finish()
    except Corrupt as err:
        raise Drift(str(err)) from None
    return out


def places_of(block):
    """The places of the frames of a block, 0 if it is none of frames."""
    if len(block.spans) != 1 or len(block.spans[0].shape) < 2:
        return 0
    n = 1
    for axis in block.spans[0].shape[1:]:
        if axis < 1:
            return 0
        n *= axis
    return n if 2 <= n <= MOST_PLACES and block.spans[0].first % n == 0 else 0


def own_mix(block, body):
    model, f, sum = summed(block, body)
    sum_of_symbols, code = f.number(4), f.rest()
    check(crc32c(code) == sum, "checksum of a body")

    def guide(i, t, place, symbols):
        w = model.weights(symbols[i - 1] if i else None)
        return [min(w.interval(s)[1], ONE - 1) for s in range(block.alphabet)]

    places = places_of(block)
    try:
        if places:
            out = guided_frames(block.alphabet, block.count, places, code, guide)
        else:
            out = guided_text(block.alphabet, block.count, 1, code, guide, None, None)
        check(crc32c(struct.pack("<%dI" % len(out), *out)) == sum_of_symbols, "checksum of the symbols")
    except Corrupt as err:
        raise Drift(str(err)) from None
    return out
