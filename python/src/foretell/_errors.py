"""The exceptions of foretell. All are ForetellErrors, and each is what Python calls
an error of its kind too."""

import os

__all__ = [
    "ForetellError",
    "DistributionError",
    "SymbolError",
    "CorruptError",
    "TruncatedError",
    "EndOfStream",
    "LimitError",
    "UnsupportedError",
    "ModelError",
    "DriftError",
    "NotThereError",
    "ArgumentError",
    "BusyError",
    "ForkError",
    "InternalError",
]


class ForetellError(Exception):
    """Any error of foretell.

    row is the row of a matrix or the place in a sequence that it is about, symbols what
    was decoded before in the same call, block the number of the damaged block of a
    file, which begins at byte offset; None where that does not apply.
    """

    row = None
    symbols = None
    block = None
    offset = None


class DistributionError(ForetellError, ValueError):
    """A distribution that cannot be coded with: a NaN, a negative or infinite value,
    nothing above zero, no symbols. index is the place of the value, None if it is the
    whole. The coder has not changed."""

    index = None


class SymbolError(ForetellError, ValueError):
    """A symbol that its distribution, of size symbols, does not have. The coder has not
    changed."""

    symbol = None
    size = None


class CorruptError(ForetellError, ValueError):
    """Bytes that no encoder wrote."""


class TruncatedError(ForetellError, EOFError):
    """Bytes that end too early."""


class EndOfStream(ForetellError, EOFError):
    """A framed stream has no more symbols."""


class LimitError(ForetellError, ValueError):
    """Data that asks for more memory or output than allowed."""


class UnsupportedError(ForetellError, NotImplementedError):
    """Data that is valid but cannot be handled, such as that of a later version."""


class ModelError(ForetellError, ValueError):
    """Data that was written under another model or vocabulary."""


class DriftError(ForetellError, ValueError):
    """The decoder was handed other distributions than the encoder, or the stream was
    altered: they first disagreed in the steps start..stop-1."""

    start = None
    stop = None


class NotThereError(ForetellError, LookupError):
    """None of the candidates of a row is its symbol: decode under the row itself."""


class ArgumentError(ForetellError, ValueError):
    """Any other argument, or order of calls, that makes no sense."""


class BusyError(ForetellError, RuntimeError):
    """Two threads use one coder at the same time."""


class ForkError(ForetellError, RuntimeError):
    """The process was forked while foretell was in use."""


class InternalError(ForetellError, RuntimeError):
    """A defect of foretell."""


_KINDS = {
    1: DistributionError,
    2: SymbolError,
    3: CorruptError,
    4: TruncatedError,
    5: EndOfStream,
    6: LimitError,
    7: UnsupportedError,
    8: ModelError,
    9: DriftError,
    11: ArgumentError,
    12: InternalError,
    13: NotThereError,
}

_OS_ERROR = 10


def make(code, number, message, index, length, row, start, stop, block, offset):
    """Return the exception for an error of the Go side."""
    if code == _OS_ERROR:
        if os.name == "nt":  # the number is one of Windows
            return OSError(0, message.rpartition(": ")[2], None, number)
        return OSError(number, os.strerror(number) if number else message)
    kind = _KINDS.get(code, ForetellError)
    if kind is SymbolError:
        message = f"symbol out of range: {index} is not in 0..{length - 1}" if length >= 0 else message
    if kind is EndOfStream:
        message = "the stream has no more symbols"
    if row >= 0 and not message.startswith("row "):
        message = f"row {row}: {message}"
    error = kind(message)
    if row >= 0:
        error.row = row
    if block >= 0:
        error.block, error.offset = block, offset
    if kind is DistributionError and index >= 0:
        error.index = index
    if kind is SymbolError and length >= 0:
        error.symbol, error.size = index, length
    if kind is DriftError:
        error.start, error.stop = start, stop
    return error
