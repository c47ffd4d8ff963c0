"""Calls that take long end when a signal handler raises an error, and show how far they
are."""

import io
import os
import signal
import threading

import numpy as np
import pytest

import foretell


class Late(Exception):
    """What the handler raises."""


@pytest.fixture
def late():
    """Return a function that lets a handler raise Late in a moment."""
    if not hasattr(signal, "setitimer"):
        pytest.skip("this system has no timers that signal")

    def handler(*_):
        raise Late

    before = signal.signal(signal.SIGALRM, handler)
    yield lambda: signal.setitimer(signal.ITIMER_REAL, 0.1)
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture(scope="module")
def tokens():
    """Far more than is coded until the signal comes."""
    rng = np.random.default_rng(1)
    return (rng.integers(0, 1000, 10_000_000) // rng.integers(1, 5, 10_000_000)).astype(np.uint16)


@pytest.mark.parametrize(
    "work",
    [
        lambda tokens: foretell.save("x.fore", tokens, model="best"),
        lambda tokens: foretell.save("x.fore", {"a": tokens, "b": tokens}, model="mix", solid=True),
        lambda tokens: foretell.save(io.BytesIO(), tokens, model="best"),
        lambda tokens: foretell.compress(tokens, model="adaptive"),
        lambda tokens: foretell.compress(memoryview(tokens), model="best"),
        lambda tokens: foretell.train(tokens[: 1 << 20], model="best"),
        lambda tokens: foretell.Encoder().encode(np.ones(5000), tokens),
        lambda tokens: foretell.Encoder().encode(np.broadcast_to(np.ones(2000), (len(tokens), 2000)), tokens),
        lambda tokens: foretell.Encoder().encode([[0.5] * 1000] * len(tokens), tokens),
        lambda tokens: foretell.Encoder().encode_values(tokens, foretell.Gaussian(np.zeros(len(tokens)), 9.0)),
        lambda tokens: foretell.Decoder(bytes(range(256)) * 80000).decode(np.ones(5000), len(tokens)),
    ],
    ids=["save", "solid", "file object", "array", "bytes", "train", "one row", "rows", "list of rows", "values", "decode"],
)
def test_a_signal_ends_it(work, tokens, late, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    late()
    with pytest.raises(Late):
        work(tokens)
    assert os.listdir(tmp_path) == []


def test_a_signal_ends_reading(tokens, late, tmp_path):
    path = tmp_path / "x.fore"
    foretell.save(path, tokens[:600_000], model="adaptive")
    for read in (lambda: foretell.load(path), lambda: foretell.decompress(path.read_bytes())):
        late()
        with pytest.raises(Late):
            for _ in range(1000):
                read()
    with foretell.open(path) as file:
        late()
        with pytest.raises(Late):
            for _ in range(10**6):
                file[:]
        assert np.array_equal(file[:50], tokens[:50])


def test_a_signal_ends_appending(tokens, late, tmp_path):
    with pytest.raises(Late):
        with foretell.Writer(tmp_path / "x.fore", model="best") as writer:
            late()
            for rows in np.split(tokens, 100):
                writer.append("a", rows)
    assert os.listdir(tmp_path) == []
    with pytest.raises(ValueError, match="closed"):
        writer.append("a", tokens[:5])


def test_a_signal_ends_a_stack_as_it_was(tokens, late):
    stack = foretell.Stack()
    stack.push([0.5, 0.5], 1)
    before = stack.tobytes()
    density = foretell.Gaussian(np.zeros(len(tokens)), 9.0)
    late()
    with pytest.raises(Late):
        stack.push_values(tokens, density)
    assert stack.tobytes() == before


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_signal_ends_waiting_for_a_pipe(late, tmp_path, tokens):
    os.mkfifo(tmp_path / "pipe")
    late()
    with pytest.raises(Late):
        foretell.save(tmp_path / "pipe", [1, 2, 3])
    keep = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    late()
    with pytest.raises(Late):  # nobody takes what is in the pipe
        foretell.save(tmp_path / "pipe", tokens, model="fast")
    os.close(keep)


def test_a_stream_can_go_on(late):
    encoder = foretell.Encoder()
    late()
    with pytest.raises(Late):
        encoder.encode(np.ones(5000), np.zeros(10**7, np.int64))
    n = encoder.steps
    encoder.encode(np.ones(5000), 7)
    got = foretell.Decoder(encoder.finish()).decode(np.ones(5000), n + 1)
    assert got[-1] == 7 and not got[:-1].any()


class Bar:
    """As those of tqdm."""

    made = []

    def __init__(self, total=None, unit="it", unit_scale=False):
        self.total, self.unit, self.n, self.closed = total, unit, 0, False
        Bar.made.append(self)

    def update(self, n):
        assert threading.current_thread() is threading.main_thread() and n > 0 and not self.closed
        self.n += n

    def close(self):
        self.closed = True


def test_progress(tokens, tmp_path):
    path, some = tmp_path / "x.fore", tokens[:300_000]
    Bar.made.clear()
    foretell.save(path, {"a": some, "b": some.astype(np.int64)}, model="adaptive", progress=Bar)
    got = foretell.load(path, progress=Bar)
    assert list(got) == ["a", "b"]
    packed = foretell.compress(some, model="adaptive", progress=Bar)
    assert np.array_equal(foretell.decompress(packed, progress=Bar), some)
    assert foretell.decompress(foretell.compress(some.tobytes(), model="static", progress=Bar), progress=Bar) == some.tobytes()
    totals = [5 * some.nbytes, 5 * some.nbytes, some.nbytes, some.nbytes + 128, some.nbytes, some.nbytes]
    assert [bar.n for bar in Bar.made] == [bar.total for bar in Bar.made] == totals
    assert all(bar.closed and bar.unit == "B" for bar in Bar.made)
    own = Bar(total=1)
    foretell.save(path, some, model="static", progress=own)
    assert own.n == some.nbytes and not own.closed
    with foretell.Writer(path, model="static", progress=Bar) as writer:
        writer.append("a", some)
        writer.append("a", some)
    assert Bar.made[-1].n == 2 * some.nbytes and Bar.made[-1].closed and Bar.made[-1].total is None


def test_an_error_in_a_bar_ends_the_call(tokens, tmp_path):
    class Broken(Bar):
        def update(self, n):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        foretell.save(tmp_path / "x.fore", tokens, model="adaptive", progress=Broken)
    assert os.listdir(tmp_path) == [] and Bar.made[-1].closed


def test_tqdm(tokens, tmp_path):
    tqdm = pytest.importorskip("tqdm", reason="tqdm is not installed").tqdm
    foretell.save(tmp_path / "x.fore", tokens[:100_000], model="static", progress=tqdm)
    with tqdm(disable=True) as bar:
        foretell.load(tmp_path / "x.fore", progress=bar)
