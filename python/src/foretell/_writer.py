"""Files that are written piece by piece."""

import contextlib
import sys

import numpy as np

from ._arrays import check_name, elements, whole
from ._errors import ArgumentError
from ._how import writing
from ._places import naming, sink
from ._progress import Progress
from ._remote import engine

__all__ = ["Writer"]


class Writer:
    """A .fore file under way, for more than memory holds.

        with foretell.Writer("tokens.fore") as writer:
            for rows in source:                  # arrays of shape (n, 1024)
                writer.append("tokens", rows)
            writer.write("vocabulary", ids)

    Arrays follow one another: what is written or appended under another name ends the one
    before. The file appears when the Writer is closed; where the block of with ends in an
    error, and after an error of the Writer's own, nothing is left of it. The arguments are
    those of save. For one thread at a time.
    """

    def __init__(self, path, *, model=None, block=0, solid=False, workers=0, prior=b"", embed_prior=False, progress=None):
        how = writing(model, block, solid, workers, prior, embed_prior)
        shown = Progress(progress, None)
        self._start(path, how, shown.native, shown)

    @classmethod
    def _begin(cls, path, how, progress):
        """Return a Writer that calls a function with how far it is."""
        writer = cls.__new__(cls)
        writer._start(path, how, progress, contextlib.nullcontext())
        return writer

    def _start(self, path, how, progress, shown):
        self._path, self._names, self._array, self._shown = path, set(), None, shown
        self._native = None
        with contextlib.ExitStack() as stack:
            stack.enter_context(shown)
            stack.enter_context(naming(path))
            to = stack.enter_context(sink(path))
            self._native = engine().Writer(to, how, progress)
            self._open = stack.pop_all()

    def write(self, name, array):
        """Write a whole array of integers or bools."""
        array = whole(name, array)
        self._new(name)
        self._do("add", name, array.dtype.name, array.shape, elements(array))
        self._count(array)

    def append(self, name, rows):
        """Append rows, an array of integers whose first axis counts them, to the array of
        that name. All have the type and the shape of the first."""
        rows = whole(name, rows)
        if rows.ndim == 0:
            raise ValueError(f"a single number for {name!r}: append rows, such as array[np.newaxis]")
        kind = rows.dtype.name, rows.shape[1:]
        if self._array is None or self._array[0] != name:
            if kind[0] == "bool":
                raise TypeError(f"bools are written whole: append {name!r} as uint8")
            self._new(name)
            self._do("begin", name, *kind)
            self._array = name, *kind
        elif self._array[1:] != kind:
            raise ValueError(f"rows of {kind[0]} {kind[1]} for {name!r}, whose rows are {self._array[1]} {self._array[2]}")
        self._do("append", elements(rows, "<" if sys.byteorder == "little" else ">"))
        self._count(rows)

    def _count(self, array):
        if isinstance(self._shown, Progress):
            self._shown.more(array.nbytes)

    def _new(self, name):
        """End the array that is appended to, and begin one of another name."""
        check_name(name)
        if self._native is None:
            raise ValueError("the file is closed")
        if name in self._names:
            raise ArgumentError(f"the file has an array {name!r} already")
        if self._array is not None:
            self._array = None
            self._do("end")
        self._names.add(name)

    def _do(self, method, *arguments):
        if self._native is None:
            raise ValueError("the file is closed")
        try:
            with naming(self._path):
                return getattr(self._native, method)(*arguments)
        except BaseException:
            self._abandon(sys.exc_info())
            raise

    def close(self):
        """Complete the file."""
        if self._native is None:
            return
        if self._array is not None:
            self._array = None
            self._do("end")
        self._do("close", True)
        self._native = None
        self._open.close()

    def _abandon(self, error):
        """Leave nothing of the file."""
        native, self._native = self._native, None
        if native is not None:
            with contextlib.suppress(ValueError):  # it is closed already
                native.close(False)
            self._open.__exit__(*error)

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if kind is None:
            self.close()
        else:
            self._abandon((kind, error, trace))

    def __repr__(self):
        return f"<foretell.Writer {self._path!r}: {', '.join(sorted(self._names)) or 'empty'}{'' if self._native else ', closed'}>"
