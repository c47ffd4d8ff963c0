"""Arrays of integers in .fore files, and bytes."""

import io
import json
import operator
import os
from collections.abc import Mapping

import numpy as np

from . import _native
from ._errors import ArgumentError, LimitError
from ._model import Model
from ._paths import naming

__all__ = ["Array", "File", "compress", "decompress", "load", "models", "open", "save", "train"]

_TYPES = frozenset(("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"))

# Rows that lie so few elements apart are read in one go.
_GAP = 1 << 16


def models():
    """Return the names of models that save and compress take."""
    return _native.models().decode().split("\n")


def save(path, arrays, *, model=None, block=0, solid=False, workers=0, prior=b"", embed_prior=False, resume=False):
    """Save an array of integers or bools, or a dict of them by name, to a file.

    model is one of models(), or a network that predicts the arrays: a Model, or the path
    of its file. Reading takes the network too, and workers threads work on each of its
    blocks. block is the most elements in a block, the unit of random
    access and of damage; 0 is the model's default. Small arrays share blocks; with
    solid=True larger ones do too, which makes files of many smaller. workers is how many
    threads work, 0 for one per CPU; the bytes do not depend on it. prior is what train
    returned: each block starts from there, and reading the file takes it too, unless
    embed_prior=True puts it into the file.

    With resume=True, and always under a network, path + ".partial" keeps what is done
    until the file is whole, and resume=True goes on with what an earlier call has left
    there, if it was given the same. The file is the same as that of a call in one go.

    The file appears only once it is whole and stored. One that it replaces hands on its
    permissions, the target of a link is replaced rather than the link, and a pipe or
    device takes the bytes as they come. Raises TypeError for other types of
    elements, OSError, and ArgumentError for an unknown model.
    """
    encoded = os.fsencode(path)
    parts = []
    for name, array in _named(arrays):
        shape = array.shape
        array = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
        parts.append((name, array.dtype.name, shape, array.reshape(-1).view(np.uint8)))
    how = _writing(model, block, solid, workers, prior, embed_prior, resume)
    with naming(path):
        _native.save(encoded, how, parts)


def _writing(model, block, solid, workers, prior, embed_prior, resume=False):
    """Return how files are written, as the native side has it."""
    name, network = "", None
    if isinstance(model, Model):
        network = model._native
    elif model is not None and model != "":
        path = os.fsdecode(model)
        if isinstance(model, str) and (model in models() or not _is_path(model)):
            name = model
        else:
            network = Model(path)._native
    return (name, network, block, solid, workers, _bytes(prior), embed_prior, resume)


def _is_path(model):
    """Tell the path of a model file from a name that no model has."""
    return os.path.isfile(model) or os.path.dirname(model) != "" or model.endswith((".gguf", ".safetensors"))


def _reading(model, max_memory, max_output, workers, prior):
    """Return how files are read, as the native side has it."""
    network = model._native if isinstance(model, Model) else None
    # Go knows only the environment that the process began with.
    places = os.environ.get("FORETELL_MODELS", "").split(os.pathsep)
    if model is not None and not network:
        places.insert(0, model)
    return (max_memory, max_output, workers, _bytes(prior), network, b"\0".join(map(os.fsencode, places)))


def _bytes(prior):
    """Return a prior as bytes."""
    return bytes(memoryview(prior))


def _named(arrays):
    """Yield the names and arrays of an array or a dict of them."""
    if not isinstance(arrays, Mapping):
        arrays = {"array": arrays}
    for name in arrays:
        _check_name(name)
    files = {f"{name}.npy" for name in arrays}
    for name in arrays:
        for end in (i for i, c in enumerate(name) if c == "/"):
            if name[:end] in files:
                raise ValueError(f"{name[:99]!r} cannot be the name of an array: {name[:end][:99]!r} is the file of another")
    for name, array in arrays.items():
        array = np.asarray(array)
        if array.dtype.name not in _TYPES:
            raise TypeError(f"array {name!r} has elements of type {array.dtype}: only integers and bools can be saved")
        yield name, array


def _check_name(name):
    """Refuse a name that would be no file inside a folder."""
    if not isinstance(name, str):
        raise TypeError(f"the name of an array is a str, not {type(name).__name__}")
    drive = name[1:2] == ":" and name[0].isascii() and name[0].isalpha()
    if "\0" in name or len(name.encode()) > 4092 or drive or any(part in ("", ".", "..") for part in name.split("/")):
        raise ValueError(f"{name[:99]!r} cannot be the name of an array: use a relative path without dots, of at most 4092 bytes")


def train(arrays, *, model=None, max_bytes=0):
    """Learn from sample data and return a prior, bytes for save and compress: a state
    that blocks start from, so that small ones are predicted as well as if much had
    come before them.

    arrays is as for save, of the same kind as the data to come: the same tokens, in
    arrays whose axes mean the same. The first 2^24 elements count. model is "mix", the
    default, or "best", and what is written with the prior is coded by it. max_bytes
    bounds the size of the prior, 1 MiB by default. The same sample gives the same
    bytes everywhere.

    Raises TypeError as save does, ArgumentError for another model or a sample without
    elements, and UnsupportedError for values too spread to learn from.
    """
    arrays = [np.ascontiguousarray(array) for _, array in _named(arrays)]
    if not any(array.size for array in arrays):
        raise ArgumentError("a sample without elements: there is nothing to learn from")
    sample = io.BytesIO()
    np.savez(sample, *arrays)
    return _native.train(model or "", max_bytes, sample.getbuffer())


def load(path, *, model=None, max_memory=0, max_output=0, workers=0, prior=b""):
    """Load what save wrote, or any .fore file: the array, if it has exactly one, or a
    dict of arrays by name. The other arguments are those of open."""
    with open(path, model=model, max_memory=max_memory, max_output=max_output, workers=workers, prior=prior) as file:
        arrays = {name: array[...] for name, array in file.items()}
    return next(iter(arrays.values())) if len(arrays) == 1 else arrays


def open(path, *, model=None, max_memory=0, max_output=0, workers=0, prior=b""):
    """Open a .fore file for reading at random and return a File.

    max_memory bounds the bytes that decoding takes (1 GiB by default) and max_output
    those of what a single read gives (64 GiB); a file that asks for more raises
    LimitError. prior is the one that the file was written with, if any, and model the
    network: a Model, or where its file is, which may be a folder. A network that is not
    given is looked for in the folders of FORETELL_MODELS, beside the file and in the
    user's own folder, by its hash. What the file needs and does not get raises
    ModelError, which names it. Raises OSError, CorruptError, TruncatedError,
    UnsupportedError.
    """
    return File(path, model=model, max_memory=max_memory, max_output=max_output, workers=workers, prior=prior)


class File(Mapping):
    """An open .fore file: a mapping from names to Arrays, which are not in memory.

    With a single array in it, file[100:200] is that array's slice. Use it as a context
    manager, or close it. It may be used by several threads, and is pickled as its
    path, with the limits, the prior and the model.
    """

    def __init__(self, path, *, model=None, max_memory=0, max_output=0, workers=0, prior=b""):
        self._path = os.path.abspath(os.fsdecode(path))
        if model is not None and not isinstance(model, Model):
            model = os.path.abspath(os.fsdecode(model))
        self._how = (model, max_memory, max_output, workers, _bytes(prior))
        with naming(path):
            self._native = _native.Reader(os.fsencode(self._path), _reading(*self._how))
        self._arrays = {}
        for number, member in enumerate(json.loads(self._native.info())):
            self._arrays[member["name"]] = Array(self, number, member)

    @property
    def path(self):
        """The absolute path of the file."""
        return self._path

    def __getitem__(self, key):
        if isinstance(key, str):
            return self._arrays[key]
        if len(self._arrays) != 1:
            raise KeyError(f"the file has {len(self._arrays)} arrays: choose one of {list(self._arrays)}")
        return next(iter(self._arrays.values()))[key]

    def __contains__(self, name):
        return name in self._arrays

    def __iter__(self):
        return iter(self._arrays)

    def __len__(self):
        return len(self._arrays)

    def close(self):
        """Close the file. Its arrays cannot be read any more."""
        self._native.close()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    def __reduce__(self):
        return _reopen, (self._path, *self._how)

    def __eq__(self, other):
        return self is other

    __hash__ = object.__hash__

    def __repr__(self):
        return f"<foretell.File {self._path!r}: {', '.join(self._arrays) or 'empty'}>"


def _reopen(path, model, max_memory, max_output, workers, prior):
    return File(path, model=model, max_memory=max_memory, max_output=max_output, workers=workers, prior=prior)


class Array:
    """An array in an open File, with shape, dtype, ndim, size and len.

    Indexing is NumPy's and gives what it gives, reading only the blocks that hold the
    rows (places along the first axis) that are asked for. numpy.asarray reads it all.
    """

    def __init__(self, file, number, member):
        self._file, self._number = file, number
        self._fortran = member["fortran"] and len(member["shape"]) > 1
        self._stored = np.dtype(member["type"]).newbyteorder(">" if member["big_endian"] else "<")
        self.name = member["name"]
        self.shape = tuple(member["shape"])
        self.dtype = self._stored.newbyteorder("=")

    @property
    def ndim(self):
        """Number of axes."""
        return len(self.shape)

    @property
    def size(self):
        """Number of elements."""
        return int(np.prod(self.shape, dtype=object))

    def __len__(self):
        if not self.shape:
            raise TypeError("an array without axes has no length")
        return self.shape[0]

    def __iter__(self):
        return (self[i] for i in range(len(self)))

    def __repr__(self):
        return f"<foretell.Array {self.name!r}: {self.dtype}, shape {self.shape}>"

    def __array__(self, dtype=None, copy=None):
        if copy is False:
            raise ValueError("an array in a file cannot be had without a copy")
        array = self._rows(0, self.shape[0] if self.shape else 1)
        return array if dtype is None else array.astype(dtype, copy=False)

    def __getitem__(self, key):
        keys = key if isinstance(key, tuple) else (key,)
        if not self.shape or not keys or any(k is None for k in keys):
            return self.__array__()[key]
        first = keys[0]
        if first is Ellipsis or isinstance(first, (bool, np.bool_)):
            return self.__array__()[key]
        rows = self.shape[0]
        if isinstance(first, slice):
            start, stop, step = first.indices(rows)
            chosen = range(start, stop, step)
            if not chosen:
                return self._rows(0, 0)[(slice(None), *keys[1:])]
            low, high = min(chosen[0], chosen[-1]), max(chosen[0], chosen[-1]) + 1
            last = stop - low if step > 0 or stop >= low else None
            return self._rows(low, high)[(slice(start - low, last, step), *keys[1:])]
        try:
            number = operator.index(first)
        except TypeError:
            return self._pick(first, keys)
        if not -rows <= number < rows:
            raise IndexError(f"index {number} is out of bounds for axis 0 with size {rows}")
        number %= rows
        return self._rows(number, number + 1)[(0, *keys[1:])]

    def _pick(self, first, keys):
        """Index by an array of row numbers, or a mask."""
        first = np.asarray(first)
        if first.size == 0 and first.dtype.kind == "f":
            first = first.astype(np.intp)
        if first.dtype.kind == "b" and first.shape != self.shape[:1] or first.dtype.kind not in "iub":
            return self.__array__()[keys]
        wanted = np.flatnonzero(first) if first.dtype.kind == "b" else first.astype(np.intp)
        rows = self.shape[0]
        if ((wanted < -rows) | (wanted >= rows)).any():
            raise IndexError(f"an index is out of bounds for axis 0 with size {rows}")
        unique, place = np.unique(wanted % max(rows, 1), return_inverse=True)
        gap = max(1, _GAP // max(1, self.size // max(rows, 1)))
        runs = np.split(unique, np.flatnonzero(np.diff(unique) > gap) + 1) if unique.size else []
        parts = [self._rows(run[0], run[-1] + 1)[run - run[0]] for run in runs]
        table = np.concatenate(parts) if parts else self._rows(0, 0)
        return table[(place.reshape(wanted.shape), *keys[1:])]

    def _rows(self, start, stop):
        """Return the rows start..stop-1 as an array of its own."""
        shape = (stop - start, *self.shape[1:]) if self.shape else ()
        try:
            raw = np.empty(shape, dtype=self._stored, order="F" if self._fortran else "C")
        except (ValueError, MemoryError) as e:  # a file can name any shape
            self._file._native.rows(self._number, int(start), int(stop), bytearray())  # if it is not damaged
            raise LimitError(f"{self.name}: an array of shape {shape} does not fit memory: {e}") from e
        flat = raw.reshape(-1, order="F" if self._fortran else "C").view(np.uint8)
        with naming(self._file.path):
            self._file._native.rows(self._number, int(start), int(stop), flat)
        return raw.astype(self.dtype, order="K", copy=False)


def compress(data, *, dtype="uint8", model=None, block=0, workers=0, prior=b"", embed_prior=False):
    """Compress bytes, or anything with a contiguous buffer, and return bytes. A str is
    compressed as UTF-8, and comes back as bytes.

    npy, npz and tar content is recognised and its arrays compressed as what they are.
    Other data is taken as little-endian elements of type dtype. An array in it that
    cannot be coded, of floats or cut off, is kept as bytes, with a UserWarning. model,
    prior and embed_prior are those of save; text under a language model makes the
    smallest files, and takes minutes for each 100 kB.
    """
    dtype = np.dtype(dtype)
    if dtype.name not in _TYPES:
        raise TypeError(f"elements are integers or bools, not {dtype}")
    data = data.encode() if isinstance(data, str) else data
    return _native.compress(dtype.name, _writing(model, block, False, workers, prior, embed_prior), data)


def decompress(data, *, model=None, max_memory=0, max_output=1 << 32, prior=b""):
    """Return the bytes that compress was given. max_output bounds their number; model
    and prior are those of open.

    Raises CorruptError, TruncatedError, LimitError where a limit is passed, and
    ModelError where another prior or model is needed.
    """
    return _native.decompress(_reading(model, max_memory, max_output, 0, prior), data)
