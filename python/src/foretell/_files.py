"""Arrays of integers in .fore files, and bytes."""

import contextlib
import io
import json
import math
import operator
import os
import threading
from collections.abc import Mapping

import numpy as np

from . import _native
from ._arrays import TYPES, is_array, named
from ._errors import ArgumentError, LimitError
from ._external import External
from ._how import as_bytes, models, reading, writing
from ._model import Model
from ._places import is_path, naming, source
from ._progress import Progress
from ._remote import engine
from ._writer import Writer

__all__ = ["Array", "File", "compress", "decompress", "load", "models", "open", "save", "train"]

# Rows that lie so few elements apart are read in one go.
_GAP = 1 << 16


def save(path, arrays, *, model=None, block=0, solid=False, workers=0, prior=b"", embed_prior=False, resume=False, progress=None):
    """Save an array of integers or bools, or a dict of them by name, to a file.

    path is a path, a file object for bytes, or a URL that fsspec knows, such as
    s3://bucket/x.fore, which takes the file once it is whole.

    model is one of models(), an External of your own, or a network that predicts the
    arrays: a Model, or the path of its file. Reading takes the network too, and workers threads work on each of its
    blocks. block is the most elements in a block, the unit of random access and of damage; 0 is the model's default. Small arrays share blocks; with
    solid=True larger ones do too, which makes files of many smaller. workers is how many
    threads work, 0 for one per CPU; the bytes do not depend on it. prior is what train
    returned: each block starts from there, and reading the file takes it too, unless
    embed_prior=True puts it into the file.

    With resume=True, and always under a network, path + ".partial" keeps what is done
    until the file is whole, and resume=True goes on with what an earlier call has left
    there, if it was given the same. The file is the same as that of a call in one go.

    progress is tqdm.tqdm, or whatever is called as progress(total=, unit=, unit_scale=)
    and returns a bar with update and close; or such a bar itself. It counts the bytes of
    elements.

    The file appears only once it is whole and stored. One that it replaces hands on its
    permissions, the target of a link is replaced rather than the link, and a pipe or
    device takes the bytes as they come. Raises TypeError for other types of
    elements, OSError, and ArgumentError for an unknown model.
    """
    if resume and not is_path(path):
        raise ArgumentError("resume=True keeps what is done beside the file: give its path")
    arrays = list(named(arrays))
    how = writing(model, block, solid, workers, prior, embed_prior, resume)
    with Progress(progress, sum(array.nbytes for _, array in arrays)) as shown:
        with Writer._begin(path, how, shown.native) as writer:
            for name, array in arrays:
                writer.write(name, array)


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
    arrays = [np.ascontiguousarray(array) for _, array in named(arrays)]
    if not any(array.size for array in arrays):
        raise ArgumentError("a sample without elements: there is nothing to learn from")
    sample = io.BytesIO()
    np.savez(sample, *arrays)
    return engine().train(model or "", max_bytes, sample.getbuffer())


def load(path, *, model=None, max_memory=0, max_output=0, workers=0, prior=b"", progress=None):
    """Load what save wrote, or any .fore file: the array, if it has exactly one, or a
    dict of arrays by name. progress is that of save, and the other
    arguments are those of open."""
    with open(path, model=model, max_memory=max_memory, max_output=max_output, workers=workers, prior=prior) as file:
        with Progress(progress, sum(array.nbytes for array in file.values())) as shown:
            arrays = {}
            for name, array in file.items():
                arrays[name] = array._rows(0, array._length, shown.native)
                shown.part(array.nbytes)
    return next(iter(arrays.values())) if len(arrays) == 1 else arrays


def open(path, *, model=None, max_memory=0, max_output=0, workers=0, prior=b""):
    """Open a .fore file for reading at random and return a File.

    path is a path, a file object for bytes, whose file goes from where it stands to its
    end, or a URL that fsspec knows, such as s3://bucket/x.fore or https://host/x.fore, of
    which only the parts are fetched that are read.

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
    manager, or close it. It may be used by several threads, and is pickled as its path or
    URL, with the limits, the prior and the model. A forked child reads it through a process of its
    own.
    """

    def __init__(self, path, *, model=None, max_memory=0, max_output=0, workers=0, prior=b""):
        if model is not None and not isinstance(model, (External, Model)):
            model = os.path.abspath(os.fsdecode(model))
        self._how = (model, max_memory, max_output, workers, as_bytes(prior))
        # An own model is asked on the thread that calls, which hears of its errors.
        self._turn = threading.Lock() if isinstance(model, External) else contextlib.nullcontext()
        with naming(path):
            self._source = source(path)
            self._native = self._open()
            self._info = self._native.info()
        self._arrays = {}
        for number, member in enumerate(json.loads(self._info)):
            self._arrays[member["name"]] = Array(self, number, member)

    def _open(self):
        self._process = os.getpid()
        return engine().Reader(self._source.native, self._source.size, reading(*self._how))

    def _read(self, number, start, stop, flat, progress):
        """Read rows of an array."""
        if self._native is None:
            raise ValueError("the file is closed")
        if self._process != os.getpid() and _native.lost():
            other = self._open()
            if other.info() != self._info:
                raise OSError(f"{self.path} is not what it was when it was opened")
            self._native = other
        with self._turn, self._source.lock:
            self._native.rows(number, start, stop, flat, progress)

    @property
    def path(self):
        """The absolute path of the file, its URL, or what its file object calls itself."""
        return self._source.name

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
        if self._native is not None and (self._process == os.getpid() or not _native.lost()):
            self._native.close()
        self._native = None

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    def __reduce__(self):
        return _reopen, (self._source, *self._how)

    def __eq__(self, other):
        return self is other

    __hash__ = object.__hash__

    def __repr__(self):
        return f"<foretell.File {self.path!r}: {', '.join(self._arrays) or 'empty'}>"


def _reopen(source, model, max_memory, max_output, workers, prior):
    return File(source.name, model=model, max_memory=max_memory, max_output=max_output, workers=workers, prior=prior)


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

    @property
    def nbytes(self):
        """Number of bytes of the elements."""
        return self.size * self.dtype.itemsize

    @property
    def _length(self):
        return self.shape[0] if self.shape else 1

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
        array = self._rows(0, self._length)
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

    def _rows(self, start, stop, progress=None):
        """Return the rows start..stop-1 as an array of its own."""
        shape = (stop - start, *self.shape[1:]) if self.shape else ()
        try:
            raw = np.empty(shape, dtype=self._stored, order="F" if self._fortran else "C")
        except (ValueError, MemoryError) as e:  # a file can name any shape
            self._file._read(self._number, int(start), int(stop), np.zeros(0, np.uint8), None)  # if it is not damaged
            raise LimitError(f"{self.name}: an array of shape {shape} does not fit memory: {e}") from e
        flat = raw.reshape(-1, order="F" if self._fortran else "C").view(np.uint8)
        with naming(self._file.path):
            self._file._read(self._number, int(start), int(stop), flat, progress)
        return raw.astype(self.dtype, order="K", copy=False)


def compress(data, *, dtype=None, model=None, block=0, workers=0, prior=b"", embed_prior=False, progress=None):
    """Compress an array, bytes or a str, and return bytes. A str is compressed as UTF-8, and
    comes back as bytes.

    An array of integers or bools comes back from decompress as it is, with its type and
    shape: what has __array__, __array_interface__ or DLPack is one. For its bytes alone
    give dtype, or memoryview(array).

    Other data is anything with a contiguous buffer. npy, npz and tar content is recognised
    and its arrays compressed as what they are; the rest is taken as little-endian elements
    of type dtype, uint8 by default. An array in it that cannot be coded, of floats or cut
    off, is kept as bytes, with a UserWarning. model, prior, embed_prior and progress are
    those of save; text under a language model makes the smallest files, and takes minutes
    for each 100 kB.
    """
    how = writing(model, block, False, workers, prior, embed_prior)
    if dtype is None and is_array(data):
        out = io.BytesIO()
        [(name, array)] = named(data)
        with Progress(progress, array.nbytes) as shown, Writer._begin(out, how, shown.native) as writer:
            writer.write(name, array)
        return out.getvalue()
    dtype = np.dtype("uint8" if dtype is None else dtype)
    if dtype.name not in TYPES:
        raise TypeError(f"elements are integers or bools, not {dtype}")
    data = data.encode() if isinstance(data, str) else data
    try:
        length = memoryview(data).nbytes
    except TypeError:
        raise TypeError(f"an array of integers, bytes or a str can be compressed, not {type(data).__name__}") from None
    with Progress(progress, length) as shown:
        return engine().compress(dtype.name, how, data, shown.native)


def decompress(data, *, model=None, max_memory=0, max_output=1 << 32, prior=b"", progress=None):
    """Return what compress was given: the array, or the bytes, of which max_output bounds
    the number. model and prior are those of open. What save wrote of a single array comes back as an array too.

    Raises CorruptError, TruncatedError, LimitError where a limit is passed, and
    ModelError where another prior or model is needed.
    """
    how = reading(model, max_memory, max_output, 0, prior)
    length, array = engine().content(how, data)
    with Progress(progress, length) as shown:
        if array is None:
            return engine().decompress(how, data, length, shown.native)
        try:
            out = bytearray(length)
        except MemoryError as error:  # a file can name any length
            raise LimitError("the content does not fit memory") from error
        engine().decompress(how, data, out, shown.native)
    array = json.loads(array)
    dtype = np.dtype(array["type"]).newbyteorder(">" if array["big_endian"] else "<")
    values = np.frombuffer(out, dtype, offset=length - math.prod(array["shape"]) * dtype.itemsize)
    shaped = values.reshape(array["shape"], order="F" if array["fortran"] else "C")
    return shaped.astype(dtype.newbyteorder("="), order="K", copy=False)
