"""File objects, URLs, and files that are written piece by piece."""

import gzip
import http.server
import io
import os
import pickle
import re
import tempfile
import threading

import numpy as np
import pytest

import foretell

ARRAY = np.arange(60000, dtype=np.int32).reshape(300, 200) % 911


@pytest.fixture(scope="module")
def content():
    """A file of many blocks."""
    out = io.BytesIO()
    foretell.save(out, {"a": ARRAY, "b": ARRAY[0]}, model="static", block=2000)
    return out.getvalue()


def check(got):
    assert list(got) == ["a", "b"] and np.array_equal(got["a"], ARRAY) and np.array_equal(got["b"], ARRAY[0])


def test_file_objects(content, tmp_path):
    (tmp_path / "x").write_bytes(content)
    assert foretell.save(tmp_path / "y", {"a": ARRAY, "b": ARRAY[0]}, model="static", block=2000) is None
    assert (tmp_path / "y").read_bytes() == content
    (tmp_path / "z").write_bytes(gzip.compress(content))
    for file in (
        io.BytesIO(content),
        open(tmp_path / "x", "rb"),
        open(tmp_path / "x", "rb", buffering=0),
        open(tmp_path / "x", "r+b"),
        gzip.open(tmp_path / "z"),
        io.BufferedReader(io.BytesIO(content)),
    ):
        with file:
            check(foretell.load(file))
            file.seek(0)
            with foretell.open(file) as opened:
                assert np.array_equal(opened["a"][100:105], ARRAY[100:105])
                assert repr(opened)
    for kind in ("w+b", "wb"):
        with open(tmp_path / "w", kind) as file:
            file.write(b"before")
            foretell.save(file, {"a": ARRAY, "b": ARRAY[0]}, model="static", block=2000)
            if kind == "w+b":
                file.seek(6)
                check(foretell.load(file))
        assert (tmp_path / "w").read_bytes() == b"before" + content
    with tempfile.TemporaryFile() as file:
        foretell.save(file, ARRAY)
        file.seek(0)
        assert np.array_equal(foretell.load(file), ARRAY)


def test_streams_that_cannot_seek(content):
    read, write = os.pipe()
    with open(read, "rb") as source, open(write, "wb") as target:
        thread = threading.Thread(target=lambda: (target.write(content), target.close()))
        thread.start()
        check(foretell.load(source))
        thread.join()


class Grudging(io.RawIOBase):
    """Takes and gives few bytes at a time."""

    def __init__(self, data=b""):
        self.inner = io.BytesIO(data)

    def write(self, data):
        return self.inner.write(data[:1000])

    def read(self, n=-1):
        return self.inner.read(min(n, 1000))

    def seek(self, *to):
        return self.inner.seek(*to)

    def tell(self):
        return self.inner.tell()

    def seekable(self):
        return True


def test_short_reads_and_writes(content):
    file = Grudging()
    foretell.save(file, {"a": ARRAY, "b": ARRAY[0]}, model="static", block=2000)
    assert file.inner.getvalue() == content
    check(foretell.load(Grudging(content)))


class Broken(io.BytesIO):
    """Fails after some bytes."""

    left = 3000

    def write(self, data):
        self.left -= len(data)
        if self.left < 0:
            raise ZeroDivisionError("no more")
        return super().write(data)

    def read(self, n=-1):
        self.left -= n
        if self.left < 0:
            raise ZeroDivisionError("no more")
        return super().read(n)


def test_errors_of_file_objects(content):
    with pytest.raises(ZeroDivisionError):
        foretell.save(Broken(), np.random.default_rng(1).integers(0, 256, 10**6, np.uint8), model="static")
    with pytest.raises(ZeroDivisionError):
        foretell.load(Broken(content))
    for wrong in (io.StringIO("x"), io.TextIOWrapper(io.BytesIO(content))):
        for call in (lambda: foretell.load(wrong), lambda: foretell.save(wrong, ARRAY)):
            with pytest.raises(TypeError, match="binary"):
                call()
    file = io.BytesIO(content)
    opened = foretell.open(file)
    with pytest.raises(TypeError, match="pickled"):
        pickle.dumps(opened)
    file.truncate(500)
    with pytest.raises(EOFError):
        opened["a"][:]
    for cut in (0, 10, len(content) - 1):
        with pytest.raises(foretell.ForetellError):
            foretell.load(io.BytesIO(content[:cut]))
    with pytest.raises(foretell.ArgumentError, match="path"):
        foretell.save(io.BytesIO(), ARRAY, resume=True)


def test_threads_share_a_file_object(content):
    wrong = []
    with foretell.open(io.BytesIO(content)) as opened:

        def read(seed):
            for start in np.random.default_rng(seed).integers(0, 290, 30):
                if not np.array_equal(opened["a"][start : start + 10], ARRAY[start : start + 10]):
                    wrong.append(start)

        threads = [threading.Thread(target=read, args=(i,)) for i in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert not wrong


def test_urls_of_memory_and_file(content, tmp_path):
    pytest.importorskip("fsspec", reason="fsspec is not installed")
    import fsspec

    for url in ("memory://folder/x.fore", f"file://{tmp_path}/x.fore"):
        foretell.save(url, {"a": ARRAY, "b": ARRAY[0]}, model="static", block=2000)
        with fsspec.open(url) as file:
            assert file.read() == content
        check(foretell.load(url))
        with pickle.loads(pickle.dumps(foretell.open(url))) as opened:
            assert opened.path == url and opened["b"][3] == 3
        with pytest.raises(TypeError):
            foretell.save(url, [0.5])
        with pytest.raises(FileNotFoundError):
            foretell.open(url + ".none")
        with pytest.raises(ZeroDivisionError):
            with foretell.Writer(url + ".new", model="static") as writer:
                writer.append("a", ARRAY)
                raise ZeroDivisionError
        filesystem, path = fsspec.core.url_to_fs(url)
        assert [os.path.basename(p) for p in filesystem.ls(os.path.dirname(path), detail=False)] == ["x.fore"]
    with pytest.raises(ValueError):
        foretell.open("nosuch://x")


class Ranges(http.server.BaseHTTPRequestHandler):
    """Serves one file, and parts of it."""

    protocol_version = "HTTP/1.1"

    def do_HEAD(self):
        self.answer(False)

    def do_GET(self):
        self.answer(True)

    def answer(self, body):
        data, status = self.server.content, 200
        asked = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        if asked and self.server.ranges:
            data, status = data[int(asked[1]) : int(asked[2]) + 1], 206
        self.send_response(status)
        if self.server.ranges:
            self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if body:
            self.server.sent += len(data)
            self.wfile.write(data)

    def log_message(self, *_):
        pass


def test_http(content):
    pytest.importorskip("aiohttp", reason="aiohttp, which fsspec takes for HTTP, is not installed")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Ranges)
    server.content, server.ranges, server.sent = content, True, 0
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        url = f"http://127.0.0.1:{server.server_port}/x.fore"
        with foretell.open(url) as opened:
            assert np.array_equal(opened["a"][100:105], ARRAY[100:105])
        assert 0 < server.sent < len(content) / 4
        check(foretell.load(url))
        server.ranges = False
        with pytest.raises(OSError, match="at random"):
            foretell.load(url)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_writer(tmp_path):
    path = tmp_path / "x.fore"
    with foretell.Writer(path, model="static", block=3000) as writer:
        for rows in np.split(ARRAY, 10):
            writer.append("rows", rows)
        writer.write("flags", [[True], [False]])
        writer.append("flat", ARRAY[0])
        writer.append("flat", ARRAY[1:1, 0])
        writer.append("flat", ARRAY[1])
        writer.append("none", np.zeros((0, 3), np.uint8))
        writer.append("big-endian", ARRAY[:2].astype(">u2"))
        assert "rows" in repr(writer) and not path.exists()
    got = foretell.load(path)
    assert np.array_equal(got["rows"], ARRAY) and got["rows"].dtype == np.int32
    assert got["flags"].tolist() == [[True], [False]]
    assert np.array_equal(got["flat"], ARRAY[:2].reshape(-1)) and got["none"].shape == (0, 3)
    assert np.array_equal(got["big-endian"], ARRAY[:2])
    out = io.BytesIO()
    writer = foretell.Writer(out)
    writer.append("a", ARRAY)
    writer.close()
    writer.close()
    assert np.array_equal(foretell.load(io.BytesIO(out.getvalue())), ARRAY)


def test_what_a_writer_refuses(tmp_path):
    with foretell.Writer(tmp_path / "x.fore", model="static") as writer:
        writer.append("a", ARRAY[:2])
        for wrong, error in (
            (lambda: writer.append("a", ARRAY[:2, :5]), ValueError),
            (lambda: writer.append("a", ARRAY[:2].astype(np.int64)), ValueError),
            (lambda: writer.append("a", 5), ValueError),
            (lambda: writer.append("a", [0.5]), TypeError),
            (lambda: writer.append("b", [True]), TypeError),
            (lambda: writer.append("../b", [1]), ValueError),
            (lambda: writer.write("a", [1]), foretell.ArgumentError),
            (lambda: writer.write(3, [1]), TypeError),
            (lambda: writer.append("m", np.ma.masked_array([1], [True])), TypeError),
        ):
            with pytest.raises(error):
                wrong()
        writer.append("a", ARRAY[2:])
    assert np.array_equal(foretell.load(tmp_path / "x.fore"), ARRAY)
    with pytest.raises(ValueError, match="closed"):
        writer.write("b", [1])
    with pytest.raises(FileNotFoundError):
        foretell.Writer(tmp_path / "none" / "x.fore")
    with pytest.raises(foretell.ArgumentError):
        foretell.Writer(tmp_path / "y.fore", model="nothing")
    assert os.listdir(tmp_path) == ["x.fore"]
