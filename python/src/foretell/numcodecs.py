"""The codec foretell of numcodecs, which Zarr 2 arrays name as their compressor.

It is registered by its entry point: numcodecs.get_codec({"id": "foretell"}) finds it
without an import.
"""

import numpy as np
from numcodecs.abc import Codec
from numcodecs.compat import ensure_contiguous_ndarray, ensure_ndarray, ndarray_copy

from ._arrays import TYPES
from ._files import compress, decompress

__all__ = ["Foretell"]


class Foretell(Codec):
    """Compresses chunks of little-endian integers or bools as arrays, and all else as bytes.
    model is as for foretell.save."""

    codec_id = "foretell"

    def __init__(self, model=None):
        self.model = model

    def encode(self, buf):
        array = ensure_ndarray(buf)
        if array.dtype.name not in TYPES or array.dtype != array.dtype.newbyteorder("<"):
            return compress(memoryview(ensure_contiguous_ndarray(array)).cast("B"), model=self.model, workers=1)
        return compress(np.asarray(array, order="C"), model=self.model, workers=1)

    def decode(self, buf, out=None):
        data = decompress(ensure_contiguous_ndarray(buf))
        if isinstance(data, np.ndarray):
            data = data.astype(data.dtype.newbyteorder("<"), copy=False)
        return ndarray_copy(data, out) if out is not None else data

    def __repr__(self):
        return f"Foretell(model={self.model!r})"
