"""Where files are: paths, URLs and file objects."""

import contextlib
import io
import os
import shutil
import tempfile
import threading

__all__ = ["is_path", "naming", "source", "sink"]


@contextlib.contextmanager
def naming(place):
    """Give the errors of the system the path that they are about, as the caller gave
    it."""
    try:
        yield
    except OSError as error:
        if isinstance(place, (str, bytes, os.PathLike)) and error.errno and error.filename is None:
            error.filename = os.fspath(place)
        raise


def _is_url(place):
    return isinstance(place, str) and "://" in place


def is_path(place):
    """Tell a path from a URL and a file object."""
    return isinstance(place, (str, bytes, os.PathLike)) and not _is_url(place)


def _filesystem(url):
    try:
        from fsspec.core import url_to_fs
    except ImportError as error:
        raise ImportError(f"{url!r} is a URL, which takes fsspec: pip install fsspec") from error
    return url_to_fs(url)


def source(place):
    """Return what a file is read from: a Path, a Url or an Object."""
    if _is_url(place):
        return Url(place)
    if hasattr(place, "read"):
        return Object(place)
    return Path(place)


class Path:
    """A file of the system, which the native side reads itself."""

    def __init__(self, path):
        self.name = os.path.abspath(os.fsdecode(path))
        self.native, self.size, self.lock = os.fsencode(self.name), 0, contextlib.nullcontext()

    def __reduce__(self):
        return Path, (self.name,)


class _Read:
    """A file that is read by a function, one call at a time."""

    def __init__(self, name, size):
        self.name, self.size, self.native, self.lock = name, size, self.read, threading.Lock()


class Url(_Read):
    """A file that fsspec reads, some bytes at a time."""

    def __init__(self, url):
        self._filesystem, self._path = _filesystem(url)
        size = self._filesystem.size(self._path)
        if size is None:
            raise OSError(f"{url} does not say how long it is, and cannot be read at random")
        super().__init__(url, size)

    def __reduce__(self):
        return Url, (self.name,)

    def read(self, offset, n):
        data = self._filesystem.cat_file(self._path, start=offset, end=offset + n)
        if len(data) != n:
            raise OSError(f"{self.name} gave {len(data)} bytes where {n} were asked for: it cannot be read at random")
        return data


class Object(_Read):
    """A file object, from where it stands to its end."""

    def __init__(self, file):
        if isinstance(file, io.TextIOBase):
            raise TypeError("a file object for text: open it in binary mode")
        if not getattr(file, "seekable", lambda: hasattr(file, "seek"))():
            file = io.BytesIO(file.read())
        self._file, self._start = file, file.tell()
        self._plain = isinstance(file, (io.FileIO, io.BufferedReader, io.BufferedRandom)) and isinstance(getattr(file, "raw", file), io.FileIO)
        if self._plain and file.writable():
            file.flush()
        end = file.seek(0, os.SEEK_END)
        file.seek(self._start)
        super().__init__(repr(file), (file.tell() if end is None else end) - self._start)

    def __reduce__(self):
        raise TypeError(f"a File of a file object cannot be pickled: {self.name}")

    def read(self, offset, n):
        parts = []
        while n > 0:
            if self._plain and hasattr(os, "pread"):  # processes may share where a file stands
                data = os.pread(self._file.fileno(), n, self._start + offset)
            else:
                self._file.seek(self._start + offset)
                data = self._file.read(n)
            if not data:
                break
            parts.append(data)
            offset += len(data)
            n -= len(data)
        return parts[0] if len(parts) == 1 else b"".join(parts)


@contextlib.contextmanager
def sink(place):
    """Give what a file is written to: a path or a function that takes bytes."""
    if _is_url(place):
        filesystem, path = _filesystem(place)
        folder = tempfile.mkdtemp(prefix="foretell-")
        try:
            file = os.path.join(folder, "file")
            yield os.fsencode(file)
            filesystem.put_file(file, path)
        finally:
            shutil.rmtree(folder)
    elif hasattr(place, "write"):
        if isinstance(place, io.TextIOBase):
            raise TypeError("a file object for text: open it in binary mode")
        yield lambda data: _write(place, data)
    else:
        yield os.fsencode(place)


def _write(file, data):
    """Write all of data to a file object."""
    while data:
        n = file.write(data)
        if n is None or n >= len(data):
            return
        if n <= 0:
            raise BlockingIOError("the file object does not take more now")
        data = data[n:]
