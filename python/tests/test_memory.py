"""Nothing grows: many coders, errors in the middle, threads."""

import gc
import mmap
import subprocess
import sys
import threading

import numpy as np
import pytest

import foretell
from foretell import BatchDecoder, BatchEncoder, Decoder, DistributionCoder, Encoder, Gaussian, Stack

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")


def resident():
    """Return the bytes of memory that the process takes."""
    gc.collect()
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * mmap.PAGESIZE


def leaks(action, rounds, most=500):
    """Tell whether every call of action leaves more than most bytes behind: a leak
    does so time after time, while what is kept for later does it only at first."""
    for _ in range(5):
        before = resident()
        for _ in range(rounds):
            action()
        if resident() - before < most * rounds:
            return False
    return True


ROW = np.random.default_rng(1).random(1000, np.float32)
BAD = ROW.copy()
BAD[500] = np.nan
MATRIX = np.stack([ROW] * 20)


def coders():
    encoder = Encoder(guard=3)
    encoder.encode(MATRIX, range(20))
    encoder.encode(MATRIX[:, ::2], range(20))
    encoder.encode(ROW.tolist(), 5)
    data = encoder.finish()
    decoder = Decoder(data, guard=3)
    decoder.decode(MATRIX)
    Decoder(data)
    Encoder(framed=True, model=b"x" * 200).finish()
    DistributionCoder().encode_step(ROW, 1)
    batch = BatchEncoder(5)
    batch.encode(MATRIX[:5], range(5))
    BatchDecoder(batch.finish()).decode(MATRIX[:5, ::-1][:, ::-1])
    stack = Stack(bytes(range(1, 200)))
    stack.push_values(np.zeros(10, int), Gaussian(np.zeros(10), 1))
    stack.pop_values(Gaussian(np.zeros(10), 1))


def failures():
    encoder = Encoder()
    decoder = Decoder(b"\xff" * 30)
    batch = BatchEncoder(2)
    for action in (
        lambda: encoder.encode(BAD, 1),
        lambda: encoder.encode(ROW, 1000),
        lambda: encoder.encode(np.stack([ROW, BAD]), [1, 1]),
        lambda: encoder.encode([ROW, BAD[::-1]], [1, 1]),
        lambda: encoder.encode(MATRIX, range(19)),
        lambda: encoder.encode(object(), 1),
        lambda: encoder.encode([1, 2, "x"], 1),
        lambda: encoder.encode(ROW, "x"),
        lambda: encoder.encode((x for x in ROW), 1),
        lambda: encoder.encode_topk([1, 1], [0.1, 0.1], 1, size=9),
        lambda: decoder.decode(np.stack([ROW, ROW, BAD])),
        lambda: decoder.decode([ROW, BAD]),
        lambda: decoder.decode(ROW, 10000),
        lambda: decoder.seek(b"x" * 30),
        lambda: batch.encode(np.stack([ROW, BAD]), [1, 1]),
        lambda: batch.encode([ROW, ROW[1:]], [1, 1]),
        lambda: batch.encode(MATRIX[:2], [1, 1], active=[0, 7]),
        lambda: Encoder(framed=True, vocabulary=-5),
        lambda: Decoder(b"junk" * 100, framed=True),
        lambda: BatchDecoder([b"junk" * 100] * 5, framed=True),
        lambda: Stack(b"bad"),
        lambda: Stack().pop(ROW),
        lambda: foretell.decompress(b"junk" * 1000),
        lambda: foretell.open("/nowhere/at/all"),
        lambda: foretell.save("/nowhere/at/all", [1]),
    ):
        try:
            action()
        except (foretell.ForetellError, ValueError, TypeError, IndexError, OSError):
            continue
        pytest.fail("no error")


def threads():
    all = [threading.Thread(target=coders) for _ in range(3)]
    for thread in all:
        thread.start()
    for thread in all:
        thread.join()


KEPT = []


def keeping():
    KEPT.append(b"x" * (20000 + len(KEPT)))


def leaks_alone(action, rounds):
    """Tell the same in a process of its own, where no memory of other tests is given back
    meanwhile."""
    code = subprocess.run([sys.executable, __file__, action, str(rounds)], timeout=600).returncode
    assert code in (0, LEAKS)
    return code == LEAKS


LEAKS = 3  # an exit status that no error has


@pytest.mark.parametrize("action, rounds", [("coders", 1000), ("failures", 500), ("threads", 300)])
def test_nothing_is_left_behind(action, rounds):
    assert not leaks_alone(action, rounds)


def test_a_leak_is_found():
    assert leaks_alone("keeping", 1000)


def test_references():
    objects = [ROW, MATRIX, range(20), MATRIX[:, ::2]]
    before = [sys.getrefcount(o) for o in objects]
    for _ in range(100):
        coders()
        failures()
    gc.collect()
    after = [sys.getrefcount(o) for o in objects]
    assert all(a <= b + 1 for a, b in zip(after, before))


def test_files(tmp_path):
    path = tmp_path / "x.fore"
    array = np.arange(3000) % 9

    def files():
        foretell.save(path, array, model="static")
        with foretell.open(path) as file:
            file[5:9]
        foretell.open(path)
        foretell.decompress(foretell.compress(b"abc" * 100, model="static"))

    assert not leaks(files, 200)


def test_a_long_stream_costs_what_it_holds():
    encoder = Encoder()
    before = resident()
    for _ in range(20):
        encoder.encode(ROW, np.zeros(10000, int) + 7)
    assert resident() - before < 20 * len(encoder.finish()) + (8 << 20)


if __name__ == "__main__":
    sys.exit(LEAKS if leaks(globals()[sys.argv[1]], int(sys.argv[2])) else 0)
