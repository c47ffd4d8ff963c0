"""The coders of steps: the native ones, and what they do not need speed for."""

import operator

from . import _native
from ._errors import DistributionError, EndOfStream, ForetellError

__all__ = ["Decoder", "Encoder", "Stack"]


class _Saved:
    """Copies of coders, and pickles."""

    __slots__ = ()

    def copy(self):
        """Return another that stands where this one does, in the same stream so far: what
        either does then the other does not see. It raises UnsupportedError under a
        tolerance, which holds steps back."""
        return _loaded(type(self), self._save())

    def __copy__(self):
        return self.copy()

    def __deepcopy__(self, memo):
        return self.copy()

    def __reduce__(self):
        return _loaded, (type(self), self._save())


def _loaded(kind, saved):
    coder = kind.__new__(kind)
    coder._load(saved)
    return coder


def _shown(coder, text):
    """Return what a coder is shown as: text with what it says of itself, unless it cannot
    be asked."""
    try:
        return f"<foretell.{type(coder).__name__}: {text()}>"
    except (ForetellError, ValueError):
        return f"<foretell.{type(coder).__name__}>"


class Encoder(_Saved, _native.Encoder):
    """Codes symbols under distributions that your model predicts, which the Decoder has
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

    def __init__(self, *, framed=False, vocabulary=0, model=b"", guard=None, tolerance=0.0):
        super().__init__(framed=framed, vocabulary=vocabulary, model=model, guard=guard, tolerance=tolerance)

    def __repr__(self):
        return _shown(self, lambda: f"{self.steps} steps, {self.bits:.1f} bits")

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
        """Code integers, an array to whose shape density broadcasts, each under its own:
        a Gaussian or another density, a Categorical or another model of symbols."""
        density._encode(self, values)


class Decoder(_Saved, _native.Decoder):
    """Gives back the symbols of an Encoder's stream, bytes or anything with a buffer.
    The other arguments are those of the Encoder; of a framed stream, guard and
    tolerance are read from it. A framed stream that is taken for a bare one is refused.
    """

    __slots__ = ()

    def __init__(self, data, *, framed=False, vocabulary=0, model=b"", guard=None, tolerance=0.0):
        super().__init__(data, framed=framed, vocabulary=vocabulary, model=model, guard=guard, tolerance=tolerance)

    def __repr__(self):
        return _shown(self, lambda: f"{self.steps} steps, {self.bits:.1f} bits")

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

    def decode_values(self, density, shape=None):
        """Return the integers that encode_values coded, an int64 array of the shape of
        density, or of another to which it broadcasts. An error has those before it, in one
        axis, as its attribute symbols."""
        return density._decode(self, shape)


class Stack(_Saved, _native.Stack):
    """A rANS coder: what was pushed last is popped first, and pushing and popping may be
    mixed freely, as bits-back coding needs it. data is what tobytes returned.
    """

    __slots__ = ()

    def __init__(self, data=b""):
        super().__init__(data)

    def __repr__(self):
        return _shown(self, lambda: f"{len(self)} bytes")

    def _save(self):
        return self.tobytes()

    def _load(self, saved):
        _native.Stack.__init__(self, saved)

    def push_values(self, values, density):
        """Push integers, an array to whose shape density broadcasts, each under its own, so
        that pop_values returns them in order. After an error the stack is as it was."""
        density._encode(self, values)

    def pop_values(self, density, shape=None):
        """Pop the integers that push_values pushed, an int64 array of the shape of
        density, or of another to which it broadcasts. After an error the stack is as it
        was."""
        return density._decode(self, shape, pop=True)
