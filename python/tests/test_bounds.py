"""What is read takes no more memory than it may."""

import re
import subprocess
import sys
import textwrap

import numpy as np
import pytest

import foretell

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="getrusage counts otherwise")

MB = 1 << 20


def grown(code, path):
    """Run code, in which path is the path of a file, and return by how many bytes the
    process has grown at most."""
    prelude = f"""
        import resource, foretell
        path = {str(path)!r}
        most = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10
        foretell.decompress(foretell.compress(b"warm", workers=1))
        before = most()
    """
    code = textwrap.dedent(prelude) + code + "\nprint(most() - before)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


@pytest.fixture(scope="module")
def zeros(tmp_path_factory):
    """A small file of 64 MiB of content."""
    path = tmp_path_factory.mktemp("zeros") / "zeros.fore"
    path.write_bytes(foretell.compress(bytes(64 * MB), model="static"))
    return path


@linux
def test_decompress_takes_its_output_and_little_more(zeros):
    call = "out = foretell.decompress(open(path, 'rb').read(), max_memory=32 << 20)"
    assert grown(call, zeros) < (64 + 32) * MB


@linux
def test_a_length_that_is_refused_is_not_allocated(zeros):
    call = """
try:
    foretell.decompress(open(path, 'rb').read(), max_output=(64 << 20) - 1)
except foretell.LimitError:
    pass
else:
    raise SystemExit("accepted")
"""
    assert grown(call, zeros) < 16 * MB


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """A file of many arrays without elements."""
    path = tmp_path_factory.mktemp("many") / "many.fore"
    foretell.save(path, dict.fromkeys(map(str, range(30_000)), np.zeros(0, np.uint8)), model="static")
    return path


@linux
def test_many_arrays_are_counted(many):
    with pytest.raises(foretell.LimitError, match="memory"):
        foretell.open(many, max_memory=32 * MB)
    assert len(foretell.open(many, max_memory=64 * MB)) == 30_000
    assert grown("f = foretell.open(path, max_memory=64 << 20)", many) < 64 * MB


def test_what_does_not_fit_is_read_before_it_is_said_so(tmp_path, monkeypatch):
    path = tmp_path / "x.fore"
    foretell.save(path, np.arange(10_000) % 251, model="static")
    whole = path.read_bytes()

    def empty(*args, **kwargs):
        raise MemoryError("no")

    with monkeypatch.context() as patch:
        patch.setattr(np, "empty", empty)
        with pytest.raises(foretell.LimitError, match="does not fit memory"):
            foretell.open(path)[5:9000]
        with pytest.raises(foretell.LimitError, match="more than 70 bytes"):
            foretell.open(path, max_output=70)[5:9000]
        path.write_bytes(whole[: len(whole) // 2] + bytes([whole[len(whole) // 2] ^ 1]) + whole[len(whole) // 2 + 1 :])
        with pytest.raises(foretell.CorruptError):
            foretell.open(path)[5:9000]


@linux
@pytest.mark.parametrize(
    "limit, error",
    [
        ("RLIMIT_NOFILE, (6, 6)", "OSError .*Too many open files"),
        ("RLIMIT_AS, (size + (256 << 20),) * 2", "MemoryError .*address space"),
        ("RLIMIT_AS, (size + (3 << 30),) * 2", "None$"),
    ],
)
def test_limits_of_the_process(limit, error):
    code = f"""
        import resource, numpy, foretell
        with open("/proc/self/statm") as file:
            size = int(file.read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.{limit})
        result = None
        try:
            foretell.decompress(foretell.compress(b"abc", workers=1))
        except (OSError, MemoryError) as e:
            result = e
        print(type(result).__name__ if result else "", result)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert re.search(error, done.stdout), done.stdout
