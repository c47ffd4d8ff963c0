"""Holds the reader in Python to its bounds: what a few bytes claim takes no memory, and no
file is written outside the folder that it is meant for.

    python testkit/bounds.py
"""

import os
import tempfile
import tracemalloc

import zstandard

from reference.__main__ import write
from reference.errors import Corrupt, Error
from reference.fields import Fields
from reference.zstdframe import frame


def refuses(call, *args, kind=Error):
    try:
        call(*args)
    except kind:
        return
    raise AssertionError("%r is not refused" % (args[:1],))


def sizes():
    """Frames and numbers that are longer than they may be."""
    bomb = zstandard.ZstdCompressor(write_content_size=False).compress(bytes(64 << 20))
    tracemalloc.start()
    refuses(frame, bomb, 10, kind=Corrupt)
    assert tracemalloc.get_traced_memory()[1] < 8 << 20
    tracemalloc.stop()
    assert frame(bomb, 64 << 20) == bytes(64 << 20)
    refuses(Fields(b"\x80" * (1 << 20)).uvarint, kind=Corrupt)


def names(folder):
    """Files whose names, or links that lie there, lead elsewhere."""
    out, there = os.path.join(folder, "out"), os.path.join(folder, "there")
    os.mkdir(out)
    os.mkdir(there)
    os.symlink(there, os.path.join(out, "link"))
    os.symlink(os.path.join(there, "x"), os.path.join(out, "file"))
    for name in "../x", "/x", "a/../../x", "a//x", "", ".", "a\0x", "c:x", "link/x":
        refuses(write, [(name, b"x"), ("other", b"x")], out)
    refuses(write, [("file", b"x"), ("other", b"x")], out, kind=OSError)
    refuses(write, [("again", b"x"), ("again", b"y")], out, kind=OSError)
    assert os.listdir(there) == [], os.listdir(there)
    os.chdir(out)
    write([("a/b", b"1"), ("c", b"2")], ".")
    with open("a/b", "rb") as f:
        assert f.read() == b"1"


if __name__ == "__main__":
    sizes()
    with tempfile.TemporaryDirectory() as folder:
        names(folder)
    print("the reader keeps to its bounds")
