"""The coders of steps: the native ones, and what they do not need speed for."""

import operator

from . import _native
from ._errors import DistributionError, EndOfStream, ForetellError

__all__ = ["Decoder", "Encoder", "Stack"]


class Encoder(_native.Encoder):
    """Encoder(*, framed=False, vocabulary=0, model=b"", guard=None, tolerance=0.0)

    Codes symbols under distributions that your model predicts, which the Decoder has
    to be handed in the same order. For one thread at a time.

    A bare stream holds nothing but the code: it does not say how many symbols there
    are. A framed one does, carries checksums and a guard, and names the vocabulary
    (number of symbols, 0 if it varies) and the model (up to 255 bytes that identify
    it), which the decoder compares.

    guard is the number of steps between two checks that the decoder was handed the
    same distributions, each of 32 bits; 0 is none. The default, None, is none in bare
    and 1024 in framed streams, or 4096 under a tolerance.

    tolerance, 2^-24 to 0.1, bears that each logit (or logarithm of a probability) of
    the decoder lies up to that far from the encoder's, a common summand left out, as
    those of a model in floats do. It costs 0.3 to 0.5 % at 1e-4, holds up to 1,024
    steps back, and takes whole rows only: no top-k lists, no densities.
    docs/drift.md says how to choose it.
    """

    __slots__ = ()

    def encode_with(self, predict, symbols, *, logits=False):
        """Code symbols one by one under the distributions predict(before), where
        before is the list of those coded so far: the counterpart of
        Decoder.decode_with."""
        before = []
        for symbol in symbols:
            symbol = operator.index(symbol)
            self.encode(predict(before), symbol, logits=logits)
            before.append(symbol)

    def encode_values(self, values, density):
        """Code integers, an array of the shape of density, each under its own."""
        density._encode(self, values)


class Decoder(_native.Decoder):
    """Decoder(data, *, framed=False, vocabulary=0, model=b"", guard=None, tolerance=0.0)

    Gives back the symbols of an Encoder's stream, bytes or anything with a buffer.
    The other arguments are those of the Encoder; of a framed stream, guard and
    tolerance are read from it.
    """

    __slots__ = ()

    def decode_with(self, predict, n=None, *, logits=False):
        """Decode n symbols, or a framed stream to its end, under the distributions
        predict(before), where before is the list of the symbols so far, the same list
        every time. Return it. This is the loop of an autoregressive model. An error of
        the stream has that list as its attribute symbols."""
        symbols = []
        try:
            while not self._ended() if n is None else len(symbols) < n:
                symbols.append(self._decode_row(predict(symbols), logits))
        except ForetellError as error:
            if error.symbols is None:
                error.symbols = symbols
            raise
        return symbols

    def _ended(self):
        """Tell whether a framed stream has no more symbols, which comes before what is
        wrong with a distribution of none."""
        try:
            self.decode(())
        except EndOfStream:
            return True
        except DistributionError:
            return False

    def decode_values(self, density):
        """Return the integers that encode_values coded, an int64 array of the shape of
        density. An error has those before it, in one axis, as its attribute symbols."""
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
