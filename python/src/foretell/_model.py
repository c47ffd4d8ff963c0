"""Neural networks in integers, which predict the same bits on every machine."""

import functools
import json
import os

import numpy as np

from . import _native
from ._errors import ArgumentError
from ._places import naming

__all__ = ["Model", "Stream"]


class Model:
    """A language model in a file, GGUF or safetensors, run in integers: what it predicts
    is the same on every machine, for every batch and number of threads, one token at a
    time or all at once. So what is coded under it decodes anywhere.

    docs/net.md says which architectures and element types are known. The file is not
    needed after. max_memory bounds the bytes that the network takes; 0 is any number.
    workers is how many threads work, 0 for one per CPU.

    Raises OSError, CorruptError, TruncatedError, LimitError, and UnsupportedError for a
    network that cannot be run.
    """

    def __init__(self, path, *, max_memory=0, workers=0):
        self._path, self._how = os.path.abspath(os.fsdecode(path)), (max_memory, workers)
        with naming(path):
            self._native = _native.Network(os.fsencode(path), max_memory)
        self._workers = workers
        self._info = json.loads(self._native.info())

    def __reduce__(self):
        return _reopen, (self._path, *self._how)

    def __repr__(self):
        return f"<foretell.Model {self._path!r}: {self.vocabulary} tokens>"

    @property
    def path(self):
        """The absolute path of its file."""
        return self._path

    @property
    def vocabulary(self):
        """Number of tokens that it predicts."""
        return self._info["vocabulary"]

    @property
    def positions(self):
        """How many tokens of a stream it was trained for; 0 if it predicts frames."""
        return self._info["positions"]

    @property
    def frame(self):
        """From how many frames it predicts the next, and how many tokens a frame has;
        None if it predicts tokens one by one."""
        return (self._info["context"], self._info["places"]) if self._info["places"] else None

    @property
    def start(self):
        """The token that documents begin after; None if the file names none."""
        return self._info["start"]

    @functools.cached_property
    def hash(self):
        """The identity of the integers of the network and of its vocabulary, 32 bytes:
        what Encoder and Decoder take as model. Models of the same hash give the same
        bits, whatever files they came from."""
        return self._native.hash()

    def logits(self, tokens, *, window=0, sinks=None):
        """Return the logits of what comes after each token, float32.

        tokens are integers of shape (T,), a stream, or (B, T), streams that know nothing
        of each other; the result has shape (..., T, V), and row t predicts what follows
        tokens[t]. Streams usually begin with start.

        A token sees the last window tokens, 1024 by default, and the first sinks, 4 by
        default: other numbers give other logits. Under a network that predicts frames,
        tokens are the frames before, of shape frame, and the result has shape
        (places, V).

        Raises SymbolError for a token outside the vocabulary, and LimitError for more
        than positions tokens.
        """
        tokens = _tokens(tokens)
        if self.frame:
            if tokens.shape != self.frame:
                raise ArgumentError(f"tokens of shape {tokens.shape}: a frame is predicted from frames of shape {self.frame}")
            out = np.empty((self.frame[1], self.vocabulary), np.float32)
            self._native.frame(self._workers, tokens, _flat(out))
            return out
        if tokens.ndim not in (1, 2):
            raise ArgumentError(f"tokens of shape {tokens.shape}: give (T,), or (B, T)")
        out = np.empty((*tokens.shape, self.vocabulary), np.float32)
        each = tokens.shape[-1]
        if tokens.size:
            how = self._running(window, sinks, each, 0)
            self._native.logits(how, tokens.size // each, each, tokens, _flat(out))
        return out

    def stream(self, batch=1, *, positions=0, window=0, sinks=None, max_memory=0):
        """Return a Stream: batch streams that take a token each at a time.

        positions is how many tokens each will take at most: fewer need less memory, and
        0 is all that the network was trained for. window and sinks are those of logits.
        max_memory bounds the bytes that the streams take; 0 is any number.
        """
        native = self._native.streams(batch, self._running(window, sinks, positions, max_memory))
        return Stream._make(native, batch, self.vocabulary)

    def _running(self, window, sinks, positions, max_memory):
        """Return how streams are run, as the native side has it."""
        if min(window, positions, max_memory, 0 if sinks is None else sinks) < 0:
            raise ArgumentError("a negative window, number of sinks or positions, or limit of memory")
        return (window, 0 if sinks is None else sinks or -1, positions, self._workers, max_memory)

    def encode(self, text):
        """Return the tokens of a text, bytes or a str (as UTF-8), as an array of uint32.

        Any bytes come back from decode. What looks like a control token is coded as the
        characters that it is. A byte that no token of the vocabulary has becomes a symbol
        at or above vocabulary, which the network does not predict; SmolLM2 lacks 21 bytes,
        all of them rare. Raises UnsupportedError if the file has no tokenizer.
        """
        data = text.encode() if isinstance(text, str) else text
        return np.frombuffer(self._native.encode(data), np.uint32).copy()

    def decode(self, tokens):
        """Return the text of tokens, bytes: one after another. Raises SymbolError for a
        control token, and UnsupportedError if the file has no tokenizer."""
        return self._native.decode(_tokens(tokens))


def _reopen(path, max_memory, workers):
    return Model(path, max_memory=max_memory, workers=workers)


def _tokens(tokens):
    """Return tokens as a contiguous array of uint32. Those that it cannot hold are given
    its largest, which is in no vocabulary."""
    tokens = np.asarray(tokens)
    if tokens.dtype.kind not in "iu" and tokens.size:
        raise TypeError(f"tokens are integers, not {tokens.dtype}")
    if tokens.size and tokens.dtype != np.uint32:
        last = np.iinfo(np.uint32).max
        tokens = np.where((tokens < 0) | (tokens > last), last, tokens)
    return np.asarray(tokens, np.uint32, order="C")


def _flat(out):
    """Return the memory of an array as the native side takes it."""
    return out.reshape(-1).view(np.uint8)


class Stream:
    """Streams of tokens that a Model predicts, from Model.stream. For one thread at a
    time."""

    def __init__(self):
        raise TypeError("streams are made by Model.stream")

    @classmethod
    def _make(cls, native, batch, vocabulary):
        self = cls.__new__(cls)
        self._native, self._batch, self._vocabulary = native, batch, vocabulary
        return self

    def __len__(self):
        return self._batch

    def step(self, tokens):
        """Give each stream a token, and return the logits of what comes next: float32,
        of shape (batch, V), and the same bits as those of Model.logits.

        Fewer tokens go to the first streams only. Raises SymbolError and, at the end of
        what the streams were made for, LimitError; nothing has changed then.
        """
        tokens = _tokens(tokens)
        if tokens.ndim != 1 or len(tokens) > self._batch:
            raise ArgumentError(f"tokens of shape {tokens.shape} for {self._batch} streams")
        out = np.empty((len(tokens), self._vocabulary), np.float32)
        if out.size:
            self._native.step(tokens, _flat(out))
        return out

    def reset(self):
        """Make all streams empty again."""
        self._native.reset()
