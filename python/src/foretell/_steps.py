"""The coders of steps: the native ones, and what they do not need speed for."""

from . import _native
from ._errors import EndOfStream

__all__ = ["Decoder", "Encoder", "Stack"]


class Encoder(_native.Encoder):
    """Encoder(*, framed=False, vocabulary=0, model=b"", guard=-1)

    Codes symbols under distributions that your model predicts, which the Decoder has
    to be handed in the same order. For one thread at a time.

    A bare stream holds nothing but the code: it does not say how many symbols there
    are. A framed one does, carries checksums and a guard, and names the vocabulary
    (number of symbols, 0 if it varies) and the model (up to 255 bytes that identify
    it), which the decoder compares.

    guard is the number of steps between two checks that the decoder was handed the
    same distributions, each of 32 bits; 0 is none. The default, -1, is none in bare
    and 1024 in framed streams.
    """

    __slots__ = ()

    def encode_with(self, predict, symbols, *, logits=False):
        """Code symbols one by one under the distributions predict(before), where
        before is the list of those coded so far: the counterpart of
        Decoder.decode_with."""
        before = []
        for symbol in symbols:
            self.encode(predict(before), symbol, logits=logits)
            before.append(int(symbol))

    def encode_values(self, values, density):
        """Code integers, an array of the shape of density, each under its own."""
        density._encode(self, values)


class Decoder(_native.Decoder):
    """Decoder(data, *, framed=False, vocabulary=0, model=b"", guard=-1)

    Gives back the symbols of an Encoder's stream, bytes or anything with a buffer.
    The other arguments are those of the Encoder; of a framed stream, the guard is
    read from it.
    """

    __slots__ = ()

    def decode_with(self, predict, n=None, *, logits=False):
        """Decode n symbols, or a framed stream to its end, under the distributions
        predict(before), where before is the list of the symbols so far, the same list
        every time. Return it. This is the loop of an autoregressive model."""
        symbols = []
        while n is None or len(symbols) < n:
            row = predict(symbols)
            try:
                symbols.append(self.decode(row, logits=logits))
            except EndOfStream:
                if n is None:
                    break
                raise
        return symbols

    def decode_values(self, density):
        """Return the integers that encode_values coded, an int64 array of the shape of
        density."""
        return density._decode(self)


class Stack(_native.Stack):
    """Stack(data=b"")

    A rANS coder: what was pushed last is popped first, and pushing and popping may be
    mixed freely, as bits-back coding needs it. data is what tobytes returned.
    """

    __slots__ = ()

    def push_values(self, values, density):
        """Push integers, an array of the shape of density, each under its own, so that
        pop_values returns them in order. After an error the stack is as it was."""
        density._encode(self, values)

    def pop_values(self, density):
        """Pop the integers that push_values pushed, an int64 array of the shape of
        density. After an error the stack is as it was."""
        return density._decode(self, True)

    def __len__(self):
        return len(self.tobytes())
