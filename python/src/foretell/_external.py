"""Models of the caller's own that files are under."""

import operator

import numpy as np

from . import _native
from ._errors import ArgumentError, ForkError

__all__ = ["External"]


class External:
    """A model of your own that a file is written under: model= of save, compress, Writer,
    open, load and decompress.

        def cycle():                               # for each block anew
            last = 0
            while True:
                row = np.full(100, 0.1, np.float32)
                row[(last + 1) % 100] = 10
                last = yield row

        mine = foretell.External(cycle, 100, id=hashlib.sha256(b"cycle, version 1").digest())

    start returns a generator: it yields a row for each symbol, the probabilities of 0 to
    size-1, which need not be normalised, or with logits=True what comes before the softmax,
    and is sent the symbol that came. Rows are taken as float32. What it yields must be the
    same bits in reading as it was in writing, and may depend on nothing but the symbols
    before; where it is not, reading raises DriftError.

    id is 32 bytes that tell models apart, such as a SHA-256 of the weights: the file is
    read under a model of the same id only, and others raise ModelError. With mix=True the
    rows are mixed with the predictions of the model "mix": smaller, the more so the less
    the model learns from what it sees. Readers need not say so.

    Blocks of a file may be worked on side by side, each with a generator of its own; they
    run in turns, on the threads that call. size is at most 2^24, with mix 2^20.
    """

    def __init__(self, start, size, *, id, logits=False, mix=False):
        if not callable(start):
            raise TypeError("start is a function that returns a generator")
        id, size = bytes(memoryview(id)), operator.index(size)
        if len(id) != 32:
            raise ArgumentError(f"an id of {len(id)} bytes, not of 32")
        if not 1 <= size <= 1 << 24:
            raise ArgumentError(f"a size of {size}: 1 to 2^24 symbols can be predicted")
        self._start, self._size, self._id, self._logits, self._mix = start, size, id, bool(logits), bool(mix)

    @property
    def size(self):
        """Number of symbols."""
        return self._size

    @property
    def id(self):
        """What tells the model apart, 32 bytes."""
        return self._id

    def __repr__(self):
        return f"<foretell.External {self._id[:4].hex()}...: {self._size} symbols>"

    def _asked(self):
        """Return the model as the native side has it, for one file."""
        if _native.lost():
            raise ForkError("an own model cannot be used in a process that was forked after foretell was: start it with the method spawn or forkserver")
        return (_Answers(self), self._size, self._logits, self._mix, self._id)


class _Answers:
    """What a model says of the blocks of a file."""

    def __init__(self, model):
        self._model, self._blocks = model, {}

    def __call__(self, which, last):
        """Return the next row of a block, after the symbol that came last, -1 for none."""
        try:
            if last < 0:
                block = self._blocks[which] = self._model._start()
                row = next(block)
            else:
                row = self._blocks[which].send(last)
        except StopIteration:
            raise ArgumentError("the model has ended within a block: it yields a row for every symbol") from None
        row = np.asarray(row)
        if row.shape != (self._model._size,) or row.dtype.kind not in "fiu":
            raise ArgumentError(f"the model yields {row.dtype} of shape {row.shape}, not {self._model._size} numbers")
        return np.ascontiguousarray(row, np.float32).view(np.uint8)
