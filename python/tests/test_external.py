"""Files under a model of the caller's own."""

import hashlib
import io
import os
import pickle
import signal
import threading
import time

import numpy as np
import pytest

import foretell

SIZE = 50
ID = hashlib.sha256(b"cycle, version 1").digest()


def cycle(logits=False, off=0, dtype=np.float32):
    """Expect each symbol to be one more than the last."""
    last = 0
    while True:
        row = np.full(SIZE, 0.01, dtype)
        row[(last + 1) % SIZE] = 1 + off
        last = yield np.log(row) if logits else row


def cycle_logits():
    return cycle(logits=True)


def cycle_off():
    return cycle(off=0.5)


TOKENS = np.arange(2000, dtype=np.uint16).reshape(100, 20) % SIZE
MODELS = {
    "probabilities": foretell.External(cycle, SIZE, id=ID),
    "logits": foretell.External(cycle_logits, SIZE, id=ID, logits=True),
    "mix": foretell.External(cycle, np.int64(SIZE), id=bytearray(ID), mix=True),
}


@pytest.fixture(params=MODELS)
def mine(request):
    return MODELS[request.param]


def test_file(mine, tmp_path):
    path = tmp_path / "x.fore"
    foretell.save(path, {"a": TOKENS, "b": TOKENS[:1]}, model=mine, block=300, workers=3)
    back = foretell.load(path, model=mine, workers=3)
    assert np.array_equal(back["a"], TOKENS) and np.array_equal(back["b"], TOKENS[:1])
    with foretell.open(path, model=mine) as file:
        assert np.array_equal(file["a"][17:40], TOKENS[17:40])
        with pickle.loads(pickle.dumps(file)) as again:
            assert np.array_equal(again["a"][99], TOKENS[99])
    out = io.BytesIO()
    with foretell.Writer(out, model=mine, block=300) as writer:
        writer.append("a", TOKENS[:50])
        writer.append("a", TOKENS[50:])
        writer.write("b", TOKENS[:1])
    assert np.array_equal(foretell.load(io.BytesIO(out.getvalue()), model=mine)["a"], TOKENS)


def test_bytes(mine):
    small = foretell.compress(TOKENS, model=mine)
    assert len(small) < 700
    assert np.array_equal(foretell.decompress(small, model=mine), TOKENS)
    text = TOKENS.astype(np.uint8).tobytes()
    assert foretell.decompress(foretell.compress(text, model=mine), model=mine) == text


def test_threads(tmp_path):
    path, mine = tmp_path / "x.fore", MODELS["probabilities"]
    foretell.save(path, TOKENS, model=mine, block=500)
    with foretell.open(path, model=mine) as file:
        found = []
        threads = [threading.Thread(target=lambda k=k: found.append(np.array_equal(file[k::4], TOKENS[k::4]))) for k in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert found == [True] * 4


def test_other_models():
    small = foretell.compress(TOKENS, model=MODELS["probabilities"])
    with pytest.raises(foretell.ModelError):
        foretell.decompress(small)
    with pytest.raises(foretell.ModelError):
        foretell.decompress(small, model=foretell.External(cycle, SIZE, id=bytes(32)))
    with pytest.raises(foretell.DriftError):
        foretell.decompress(small, model=foretell.External(cycle_off, SIZE, id=ID))
    with pytest.raises(foretell.SymbolError):
        foretell.compress(TOKENS + np.uint16(1), model=MODELS["probabilities"])


class Stop(Exception):
    pass


def rows(n, last):
    def start():
        for _ in range(n):
            yield np.ones(SIZE)
        yield last() if callable(last) else last

    return start


def stop():
    raise Stop


@pytest.mark.parametrize("mix", [False, True])
@pytest.mark.parametrize(
    "last, error",
    [
        (stop, Stop),
        (np.ones(SIZE + 1), foretell.ArgumentError),
        (np.ones((1, SIZE)), foretell.ArgumentError),
        (["a"] * SIZE, foretell.ArgumentError),
        (None, foretell.ArgumentError),
        (np.full(SIZE, -1.0), foretell.DistributionError),
        (np.full(SIZE, np.nan), foretell.DistributionError),
        (np.ones(SIZE), foretell.ArgumentError),  # and no more
    ],
)
def test_errors(last, error, mix, tmp_path):
    mine = foretell.External(rows(20, last), SIZE, id=ID, mix=mix)
    with pytest.raises(error):
        foretell.compress(TOKENS, model=mine)
    path = tmp_path / "x.fore"
    with pytest.raises(error):
        foretell.save(path, TOKENS, model=mine, block=500, workers=2)
    assert not list(tmp_path.iterdir())
    if not mix:
        small = foretell.compress(TOKENS, model=foretell.External(rows(2000, stop), SIZE, id=ID))
        with pytest.raises(error):
            foretell.decompress(small, model=mine)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no timers")
def test_interrupt():
    """A signal whose handler raises an error ends the call."""

    def slow():
        while True:
            time.sleep(0.001)
            yield np.ones(SIZE)

    before = signal.signal(signal.SIGALRM, lambda *_: stop())
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    try:
        with pytest.raises(Stop):
            foretell.compress(np.tile(TOKENS, (50, 1)), model=foretell.External(slow, SIZE, id=ID))
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
@pytest.mark.filterwarnings("ignore:.*fork")
def test_forked():
    small = foretell.compress(TOKENS[:5], model=MODELS["mix"])
    child = os.fork()
    if child == 0:
        try:
            foretell.decompress(small, model=MODELS["mix"])
        except foretell.ForkError:
            os._exit(7)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7


def test_left_open(tmp_path):
    """Writers and files that nobody closes let go of the model."""
    writer = foretell.Writer(tmp_path / "x.fore", model=MODELS["mix"], block=100)
    writer.append("a", TOKENS)
    del writer
    assert not list(tmp_path.iterdir())


def test_arguments():
    for bad in ({"size": 0}, {"size": 1 << 25}, {"id": b"short"}):
        with pytest.raises(foretell.ArgumentError):
            foretell.External(**{"start": cycle, "size": SIZE, "id": ID, **bad})
    with pytest.raises(TypeError):
        foretell.External(cycle(), SIZE, id=ID)
    mine = MODELS["mix"]
    assert (mine.size, mine.id) == (SIZE, ID) and "50 symbols" in repr(mine)
