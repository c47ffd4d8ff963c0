"""The coders of streams in lock-step: the native ones, and where their rows are read."""

from . import _device, _native

__all__ = ["BatchDecoder", "BatchEncoder"]


class BatchEncoder(_native.BatchEncoder):
    """BatchEncoder(n, *, framed=False, vocabulary=0, model=b"", guard=None, tolerance=0.0)

    n encoders that advance in lock-step, as a batched model does. Each of their
    streams is one that a Decoder can decode alone. The other arguments are those of
    Encoder.
    """

    __slots__ = ("_tolerance",)

    def __init__(self, n, *, framed=False, vocabulary=0, model=b"", guard=None, tolerance=0.0):
        super().__init__(n, framed=framed, vocabulary=vocabulary, model=model, guard=guard, tolerance=tolerance)
        self._tolerance = tolerance

    def encode(self, probs, symbols, *, active=None, logits=False):
        """Code one symbol in each stream.

        probs is a matrix of shape (B, V), or a list of B rows, as in Encoder.encode, and
        symbols has B integers. active is a list of the numbers of the streams that take
        part, all by default; then B is how many it has. Several threads work on it; of
        a megabyte or more on a GPU it is the GPU, as foretell.torch says.

        Raises DistributionError and SymbolError with the row; then nothing was coded in
        any stream."""
        if self._tolerance or not _device.encode(self, probs, symbols, active, logits):
            super().encode(probs, symbols, active=active, logits=logits)


class BatchDecoder(_native.BatchDecoder):
    """BatchDecoder(streams, *, framed=False, vocabulary=0, model=b"", guard=None, tolerance=0.0)

    Decoders of a list of streams that advance in lock-step. The other arguments are
    those of Decoder.
    """

    __slots__ = ()

    def decode(self, probs, *, active=None, logits=False):
        """Return the next symbol of each stream, an int64 array of shape (B,).

        The arguments are those of BatchEncoder.encode. If a row is refused or a stream is
        damaged or at its end, the error names it as row and no stream moves on: leave it
        out of active and call again. Only after a guard's DriftError have all moved on:
        the error's attribute symbols is what would have been returned."""
        symbols = _device.decode(self, probs, active, logits)
        return super().decode(probs, active=active, logits=logits) if symbols is None else symbols
