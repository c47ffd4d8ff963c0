"""Batches whose rows lie on a GPU: they are weighed there, where that is faster than
copying them. The streams are the same."""

import importlib
import operator
import sys
import warnings

import numpy as np

from ._errors import DistributionError, ForetellError

__all__ = ["decode", "encode"]

LEAST = 1 << 20  # bytes of rows: fewer are copied in the time that it takes to ask
DEVICES = ("cuda",)  # which ROCm is called as well
FLOATS = ("torch.float16", "torch.bfloat16", "torch.float32", "torch.float64")

_working = True


def encode(coder, rows, symbols, active, logits):
    """Code a batch as BatchEncoder.encode does, and return True; or return None without
    having done anything: where it is as well done under a copy of the rows, or something
    is wrong, which that says best."""
    if not _here(rows, coder, active):
        return None
    wanted = symbols
    if not isinstance(symbols, sys.modules["torch"].Tensor):
        try:
            wanted = np.asarray(symbols)
        except ValueError:  # a list with lists in it
            return None
        if wanted.dtype.kind not in "iu":
            return None
        wanted = wanted.astype(np.int64)
    if wanted.shape != rows.shape[:1]:
        return None
    weights = _ask("weigh", rows, wanted, logits)
    if weights is None:
        return None
    try:
        coder.encode_weighed(weights, symbols, size=rows.shape[1], active=active)
    except DistributionError:
        return None
    return True


def decode(coder, rows, active, logits):
    """Return the symbols that BatchDecoder.decode does; or None, as encode does."""
    if not _here(rows, coder, active):
        return None
    try:
        points = sys.modules["torch"].from_numpy(coder.points(active=active))
        candidates = _ask("find", rows, points, logits)
        return None if candidates is None else coder.decode_weighed(candidates, size=rows.shape[1], active=active)
    except ForetellError as error:
        if error.symbols is not None:  # all streams have moved on
            raise
        return None


def _here(rows, coder, active):
    """Tell whether rows are a matrix, a row for each stream, that is weighed where it
    lies."""
    torch = sys.modules.get("torch")
    return (
        isinstance(rows, getattr(torch, "Tensor", ()))
        and rows.device.type in DEVICES
        and rows.ndim == 2
        and str(rows.dtype) in FLOATS
        and rows.numel() * rows.element_size() >= LEAST
        and len(rows) == (len(coder) if active is None else operator.length_hint(active))
        and _working
    )


def _ask(name, rows, what, logits):
    """Return what a function of foretell.torch says of rows, as an array of NumPy, None
    if it cannot be had."""
    global _working
    module = importlib.import_module("foretell.torch")
    try:
        return getattr(module, name)(rows, what, logits=logits).cpu().numpy()
    except sys.modules["torch"].cuda.OutOfMemoryError:
        return None  # a copy takes none
    except Exception as error:
        _working = False
        warnings.warn(f"rows are copied from {rows.device} from here on, for weighing them there failed: {error!r}", RuntimeWarning, stacklevel=3)
        return None
