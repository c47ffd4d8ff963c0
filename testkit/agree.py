"""Holds the command against the reader in Python: compresses generated files, of every codec, type,
shape, order and value map, alone and together, with and without priors, and has the
reader give them back front to back and at random. Networks are small ones with random
numbers, which predict files that are drawn from them.

    python testkit/agree.py FORETELL [--count 60] [--first 0] [--large]
    python testkit/agree.py FORETELL --networks 60 [--first 0] [--large]
    python testkit/agree.py FORETELL --data FOLDER        # a text under a real network
    python testkit/agree.py FORETELL --fore FILE.fore...  # what the command makes of them

The files depend on their numbers alone.
"""

import argparse
import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile

import models
from reference import Network, RandomReader, read
from reference.container import open_file, read_records
from reference.reader import split

TYPES = ["?", "i1", "<i2", ">i2", "<i4", ">i4", "<i8", ">i8", "u1", "<u2", ">u2", "<u4", ">u4", "<u8", ">u8"]
WAYS = [["--model", "adaptive"], ["--model", "static"], ["--model", "static-tans"], ["--model", "mix"], ["--model", "best"]]
WAYS += [["--fast=%d" % level] for level in (1, 3, 5, 7, 9)]


class Random:
    """SplitMix64 (G. Steele, D. Lea, C. Flood, 2014)."""

    def __init__(self, seed):
        self.state = seed * 0x9E3779B97F4A7C15

    def next(self):
        self.state = self.state + 0x9E3779B97F4A7C15 & (1 << 64) - 1
        z = self.state
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & (1 << 64) - 1
        z = (z ^ z >> 27) * 0x94D049BB133111EB & (1 << 64) - 1
        return z ^ z >> 31

    def below(self, n):
        return self.next() % n

    def choice(self, items):
        return items[self.below(len(items))]


def numbers(r, n, low, high):
    """n values from low to high - 1 of a kind that a codec may make something of."""
    kind, span = r.below(8), high - low
    if kind == 0:
        return [low + r.below(span)] * n
    if kind == 1:  # any
        return [low + r.below(span) for _ in range(n)]
    if kind == 2:  # few that lie close
        size, at = min(span, 1 + r.below(40)), 0
        at = low + r.below(span - size + 1)
        return [at + min(r.below(size), r.below(size)) for _ in range(n)]
    if kind == 3:  # few that lie far apart
        some = [low + r.below(span) for _ in range(1 + r.below(60))]
        return [some[min(r.below(len(some)), r.below(len(some)))] for _ in range(n)]
    if kind == 4:  # repetitions
        some, out = [low + r.below(min(span, 300)) for _ in range(2 + r.below(90))], []
        while len(out) < n:
            a = r.below(len(some))
            out += some[a : a + 1 + r.below(30)]
        return out[:n]
    if kind == 5:  # what follows depends on what precedes
        size, out = min(span, 2 + r.below(500)), [low]
        while len(out) < n:
            x = out[-1] - low
            out.append(low + (x * 7 + r.below(1 + r.below(5))) % size)
        return out[:n]
    if kind == 6:  # a walk
        x, out = low + span // 2, []
        for _ in range(n):
            x = min(max(x + r.below(7) - 3, low), high - 1)
            out.append(x)
        return out
    size = min(span, 1 << r.below(17))  # columns, each of its own kind
    return [low + (i % 8 * 97 + min(r.below(9), r.below(9))) % size for i in range(n)]


def shape_of(r, large):
    most = r.choice([9, 300, 900] + ([6000] if large else []))
    rank = r.choice([0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4])
    shape, left = [], most - r.below(most // 2)
    for k in range(rank):
        n = left if k == rank - 1 else 1 + r.below(min(left, r.choice([3, 8, 40, 1 << 20])))
        shape.append(n)
        left = max(1, left // n)
    if rank and r.below(40) == 0:
        shape[r.below(rank)] = 0
    r.below(2) and shape.reverse()
    return shape


def array(r, large):
    """The bytes of an npy file, or of a raw one."""
    dtype, shape = r.choice(TYPES), shape_of(r, large)
    n = 1
    for axis in shape:
        n *= axis
    size = 1 if dtype == "?" else int(dtype[-1])
    low, high = (0, 2) if dtype == "?" else (0, 256**size) if "u" in dtype else (-(256**size) // 2, 256**size // 2)
    order = "big" if dtype[0] == ">" else "little"
    data = b"".join(v.to_bytes(size, order, signed=low < 0) for v in numbers(r, n, low, high))
    if r.below(6) == 0:
        return data
    descr = {"?": "|b1", "i1": "|i1", "u1": "|u1"}.get(dtype, dtype)
    tuple_ = "(%s)" % ("%d," % shape[0] if len(shape) == 1 else ", ".join(map(str, shape)))
    head = "{'descr': '%s', 'fortran_order': %s, 'shape': %s, }" % (descr, bool(r.below(2)), tuple_)
    head += " " * (-(len(head) + 11) % 64) + "\n"
    return b"\x93NUMPY\1\0" + len(head).to_bytes(2, "little") + head.encode() + data


def archive(r, arrays):
    out = io.BytesIO()
    if r.below(2):
        with zipfile.ZipFile(out, "w") as z:
            for i, data in enumerate(arrays):
                z.writestr(zipfile.ZipInfo("array%d.npy" % i), data)
        return "all.npz", out.getvalue()
    with tarfile.open(fileobj=out, mode="w", format=r.choice([tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT])) as t:
        for i, data in enumerate(arrays):
            info = tarfile.TarInfo("folder/array%d.npy" % i)
            info.size = len(data)
            t.addfile(info, io.BytesIO(data))
    return "all.tar", out.getvalue()


class Command:
    def __init__(self, path, folder):
        self.path, self.folder = os.path.abspath(path), folder

    def run(self, *args, data=None):
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
        subprocess.run([self.path, *args, "--quiet"], cwd=self.folder, input=data, check=True, **quiet)

    def file(self, name):
        with open(os.path.join(self.folder, name), "rb") as f:
            return f.read()

    def save(self, name, data):
        with open(os.path.join(self.folder, name), "wb") as f:
            f.write(data)


def one(c, number, large):
    """Makes file number, and holds the reader against it. Returns what was in it."""
    r = Random(number)
    arrays = [array(r, large) for _ in range(r.choice([1, 1, 1, 2, 5]))]
    way = list(WAYS[number % len(WAYS)])
    slow = way[-1] in ("mix", "best")
    if slow and not large:
        arrays = [a for a in arrays if len(a) < 900]
        while not arrays:
            arrays = [a for a in [array(r, False)] if len(a) < 900]
    way += r.choice([[], [], ["--solid"], ["--no-solid"]])
    way += r.choice([[], [], ["--block", "%d" % (100 + r.below(3000))]])
    prior = None
    if slow and r.below(4) == 0:
        c.save("sample.npy", arrays[0])
        try:
            c.run("train", "sample.npy", "-o", "p.prior", "-f", *(["--best"] if "best" in way else []))
            prior = c.file("p.prior")
            way = [w for w in way if w not in ("--model", "mix", "best")]
            way += ["--prior", "p.prior"] + r.choice([[], ["--embed-prior"]])
        except subprocess.CalledProcessError:
            pass  # samples of one value, or none
    if r.below(8) == 0:
        c.run("compress", "-", "-o", "out.fore", "-f", *way, data=arrays[0])
        want = [arrays[0]]
    else:
        files = [("%d.bin" % i, a) for i, a in enumerate(arrays)]
        if r.below(4) == 0:
            files = [archive(r, arrays)]
        for name, data in files:
            c.save(name, data)
        c.run("compress", *[name for name, _ in files], "-o", "out.fore", "-f", *way)
        want = [data for _, data in files]
    fore = c.file("out.fore")
    given = {"prior": None if "--embed-prior" in way else prior}
    got = [data for _, data in read(fore, **given)]
    assert got == want, "other content"
    at_random(r, fore, given, got)
    return kinds(fore)


def kinds(fore):
    """What there is to tell of the blocks of a file."""
    header, src = open_file(fore)
    return {
        (x.codec, split(x.params)[0][:1], x.codec == 6 and x.body[:1] == b"\1" and tuple(x.body[1:4]), x.base > 0)
        for kind, x in read_records(src, header)
        if kind == "block"
    }


def one_network(c, number, large):
    """Makes network number and a file under it, and holds the reader against the command."""
    r = Random(number)
    kind = ["llama", "gpt2", "frames", "qwen3", "qwen2", "gpt2 of Hugging Face"][number % 6]
    if kind == "frames":
        data, places, symbols = models.frames(r)
        network = Network(data)
        tokens = [s for frame in models.draw_frames(r, network, 100 if large else 20) for s in frame]
        way, model = ["--shape", "-1,%d" % places], "n.safetensors"
    else:
        segment, way, model = 1300 if large else 24, [], "n.gguf"
        data = models.decoder(r, kind, segment) if " " not in kind else models.gpt2(r, segment)
        network = Network(data)
        tokens = models.draw_tokens(r, network, 3 * segment, segment)
    name, content = "n.u16", b"".join(s.to_bytes(2, "little") for s in tokens)
    if kind != "frames" and network.spelling and r.below(3):
        name, content = "n.txt", b"".join(network.spelling[s] for s in tokens)
    c.save(model, data)
    c.save(name, content)
    c.run("compress", name, "-o", "out.fore", "-f", "--model", model, *way)
    fore, given = c.file("out.fore"), {"model": network}
    found = kinds(fore)
    if large or not any(codec == 6 for codec, *_ in found):  # mix may take its time over a primer
        got = [data for _, data in read(fore, **given)]
        assert got == [content], "other content"
        if large:
            at_random(r, fore, given, got)
    return found


STORY = b"Once upon a time, there was a little girl named Lily. She loved to play outside in the park."


def one_story(c, data):
    """Holds the reader against the command on a text under a network of data."""
    model = os.path.join(data, "models", "stories260K.q8_0.gguf")
    if not os.path.exists(model):
        print("no networks in %s: no text under a real one" % data)
        return
    c.save("story.txt", STORY)
    c.run("compress", "story.txt", "-o", "out.fore", "-f", "--model", os.path.abspath(model))
    fore = c.file("out.fore")
    assert [codec for codec, *_ in kinds(fore)] == [8], "another codec"
    with open(model, "rb") as f:
        assert [data for _, data in read(fore, model=f.read())] == [STORY], "other content"
    print("a text under %s agrees" % os.path.basename(model))


def one_file(c, path, given):
    """Holds what the command makes of a file against what the reader does."""
    args = [a for name, (at, _) in given.items() for a in ("--" + name, at)]
    out = os.path.join(c.folder, "out")
    os.mkdir(out)
    c.run("decompress", os.path.abspath(path), "-C", out, *args)
    with open(path, "rb") as f:
        fore = f.read()
    given = {name: data for name, (_, data) in given.items()}
    for name, data in read(fore, **given):
        with open(os.path.join(out, name), "rb") as f:
            assert f.read() == data, "other content of " + name
    shutil.rmtree(out)
    reader, r = RandomReader(fore, **given), Random(len(fore))
    rows = [m for m in reader.members if m.shape and not m.fortran]  # whose rows are one behind another
    for m in [r.choice(rows) for _ in rows[:2]]:
        a, b = sorted((r.below(m.shape[0] + 1), r.below(m.shape[0] + 1)))
        part = ["--range", "%d:%d" % (a, b), "--member", m.name]
        c.run("decompress", os.path.abspath(path), "-o", "part.bin", "-f", *part, *args)
        row = m.tokens // max(1, m.shape[0])
        assert reader.tokens(m.number, a * row, b * row) == c.file("part.bin"), "another part of " + m.name
    print("%s agrees" % path, flush=True)


def at_random(r, fore, given, files):
    """Reads a part of each member, and looks for it where it belongs."""
    reader = RandomReader(fore, **given)
    for file, data in zip(reader.files, files):
        at = 0
        for m in file.members:
            whole = reader.tokens(m.number, 0, m.tokens)
            at = data.find(whole, at)
            assert at >= 0, "another member"
            a, b = sorted((r.below(m.tokens + 1), r.below(m.tokens + 1)))
            assert reader.tokens(m.number, a, b) == whole[a * m.size : b * m.size], "another part"
            at += len(whole)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("command")
    p.add_argument("--count", type=int, help="files without networks; 60 if nothing else is asked for")
    p.add_argument("--networks", type=int, default=0, help="files under networks")
    p.add_argument("--first", type=int, default=0)
    p.add_argument("--large", action="store_true", help="arrays up to 6,000 elements, which take codec mix some time")
    p.add_argument("--data", help="a folder with networks in models")
    p.add_argument("--fore", nargs="+", default=[], help="files to read")
    p.add_argument("--prior", help="what these files need")
    p.add_argument("--model", help="what these files need")
    o = p.parse_args()
    if o.count is None:
        o.count = 0 if o.networks or o.data or o.fore else 60
    seen, given = {}, {}
    for name in ("prior", "model"):
        if getattr(o, name):
            with open(getattr(o, name), "rb") as f:
                given[name] = os.path.abspath(f.name), f.read()
    with tempfile.TemporaryDirectory() as folder:
        c = Command(o.command, folder)
        for what, count in ((one, o.count), (one_network, o.networks)):
            for number in range(o.first, o.first + count):
                try:
                    for kind in what(c, number, o.large):
                        seen[kind] = seen.get(kind, 0) + 1
                except BaseException:
                    print("file %d:" % number, file=sys.stderr)
                    raise
        if o.data:
            one_story(c, o.data)
        for path in o.fore:
            one_file(c, path, given)
    for (codec, value_map, mix, leans), n in sorted(seen.items(), key=str):
        names = ["codec %d" % codec, "map %s" % (value_map[0] if value_map else "of the base")]
        names += ["level %d geometry %d tree %d" % mix] if mix else []
        print("%5d  %s" % (n, ", ".join(names + ["leaning"] * leans)))
    print("%d files agree" % (o.count + o.networks + len(o.fore)))


if __name__ == "__main__":
    main()
