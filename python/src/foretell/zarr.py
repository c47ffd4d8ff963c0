"""The codec foretell of Zarr 3: it makes the bytes of a chunk's elements, in the place of
the codec bytes.

    zarr.create_array(store, shape=shape, chunks=chunks, dtype="uint16",
                      serializer=foretell.zarr.Foretell(), compressors=None)

It is registered by its entry point, so that arrays which name it are read without an
import.
"""

import asyncio
from dataclasses import dataclass

import numpy as np
from zarr.abc.codec import ArrayBytesCodec
from zarr.core.common import parse_named_configuration

from ._arrays import TYPES
from ._files import compress, decompress

__all__ = ["Foretell"]


@dataclass(frozen=True)
class Foretell(ArrayBytesCodec):
    """Compresses chunks of integers or bools. model is as for foretell.save."""

    is_fixed_size = False
    model: str | None = None

    @classmethod
    def from_dict(cls, data):
        _, configuration = parse_named_configuration(data, "foretell", require_configuration=False)
        return cls(**(configuration or {}))

    def to_dict(self):
        return {"name": "foretell", "configuration": {"model": self.model}}

    def validate(self, *, shape, dtype, chunk_grid):
        native = dtype.to_native_dtype()
        if native.name not in TYPES:
            raise TypeError(f"an array of {native}: the codec foretell takes integers and bools")

    def compute_encoded_size(self, input_byte_length, chunk_spec):
        raise NotImplementedError("how long a compressed chunk is depends on what it holds")

    async def _encode_single(self, chunk_array, chunk_spec):
        array = np.asarray(chunk_array.as_numpy_array(), order="C")
        data = await asyncio.to_thread(compress, array, model=self.model, workers=1)
        return chunk_spec.prototype.buffer.from_bytes(data)

    async def _decode_single(self, chunk_bytes, chunk_spec):
        array = await asyncio.to_thread(decompress, chunk_bytes.as_array_like())
        dtype = chunk_spec.dtype.to_native_dtype()
        if array.dtype != dtype.newbyteorder("=") or array.shape != chunk_spec.shape:
            raise ValueError(f"a chunk of {array.dtype} {array.shape}, where there are {dtype} {chunk_spec.shape}")
        return chunk_spec.prototype.nd_buffer.from_numpy_array(array.astype(dtype, copy=False))
