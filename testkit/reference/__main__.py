"""Decodes a .fore file."""

import argparse
import os
import sys

from .errors import Error
from .network import Network
from .reader import MOST, RandomReader, read


def main(args=None):
    p = argparse.ArgumentParser(description="Decode a .fore file, front to back.")
    p.add_argument("file")
    p.add_argument("out", help="a file; a folder if there are several files in it; - for standard output")
    p.add_argument("--prior", help="the prior that the file needs")
    p.add_argument("--model", help="the file of the network that the file needs")
    p.add_argument("--most", type=int, default=MOST, help="refuse files of more bytes of content (default: %(default)d)")
    p.add_argument("--random", action="store_true", help="read all blocks by the index too, last one first, and compare")
    o = p.parse_args(args)
    try:
        with open(o.file, "rb") as f:
            data = f.read()
        given = {"most": o.most}
        for name, path in (("prior", o.prior), ("model", o.model)):
            if path:
                with open(path, "rb") as f:
                    given[name] = f.read()
        if o.random and o.model:
            given["model"] = Network(given["model"])
        files = read(data, **given)
        if o.random:
            compare(RandomReader(data, **given), files)
        write(files, o.out)
    except (Error, OSError) as err:
        print("%s: %s: %s" % (o.file, type(err).__name__.lower(), err), file=sys.stderr)
        return 1
    return 0


def compare(random, files):
    """Reads all members at random and looks for them in the files."""
    for i in reversed(range(len(random.index.blocks))):
        random.block(i)
    for file, (_, content) in zip(random.files, files):
        at = 0
        for m in file.members:
            part = random.tokens(m.number, 0, m.tokens)
            at = content.find(part, at)
            if at < 0:
                raise Error("member %d differs between both ways of reading" % m.number)
            at += len(part)


def write(files, out):
    if out == "-":
        for _, content in files:
            sys.stdout.buffer.write(content)
    elif len(files) == 1:
        with open(out, "wb") as f:
            f.write(files[0][1])
    else:
        for name, _ in files:
            if not plain(name):
                raise Error("a file that would not be in the folder: %r" % name)
        for name, content in files:
            path = os.path.join(out, *name.split("/"))
            folder = os.path.dirname(path)
            root = os.path.realpath(out)
            if os.path.commonpath([root, os.path.realpath(folder)]) != root:
                raise Error("a file that a link would lead out of the folder: %r" % name)
            os.makedirs(folder, exist_ok=True)
            with open(path, "xb") as f:  # which follows no link and replaces nothing
                f.write(content)


def plain(name):
    """Whether a file of this name stays in the folder that it is written to."""
    drive = name[1:2] == ":" and name[0].isalpha()
    strange = "\0\\:" if os.name == "nt" else "\0"
    return not drive and all(p not in ("", ".", "..") for p in name.split("/")) and not any(c in name for c in strange)


if __name__ == "__main__":
    sys.exit(main())
