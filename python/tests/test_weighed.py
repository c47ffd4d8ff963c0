"""Rows that are weighed where they lie give the streams of the host path, bit for bit."""

import os

import numpy as np
import pytest

import foretell
from foretell import BatchDecoder, BatchEncoder

ROWS = int(os.environ.get("FORETELL_TRIALS", 2000))

SIZES = [1, 2, 3, 4, 7, 50, 333, 2000]


def probabilities(rng, n, v):
    kind = rng.integers(0, 9)
    if kind == 0:
        p = rng.dirichlet(np.ones(v) * 0.1, n)
    elif kind == 1:
        p = rng.integers(0, 0x7F800000, (n, v)).astype(np.uint32).view(np.float32)
    elif kind == 2:
        p = rng.integers(0, 1 << 23, (n, v)).astype(np.uint32).view(np.float32)  # denormal
    elif kind == 3:
        p = np.zeros((n, v))
        p[np.arange(n), rng.integers(0, v, n)] = 10.0 ** rng.uniform(-44, 38, n)
    elif kind == 4:
        p = rng.random((n, v)) * 10.0 ** rng.integers(-3, 6)
    elif kind == 5:
        p = rng.integers(0, 3, (n, v)) / 64
    elif kind == 6:
        p = np.where(rng.random((n, v)) < 0.5, -0.0, rng.random((n, v)))
    elif kind == 7:
        p = np.ones((n, v))
    else:
        p = rng.random((n, v)) * 2.0 ** rng.integers(-149, -20)
    p = np.asarray(p, np.float32).copy()
    p[:, rng.integers(0, v)] += np.float32(1e-40) * (p.max(1) == 0)
    return p


def scores(rng, n, v):
    kind = rng.integers(0, 7)
    if kind == 0:
        x = rng.normal(0, 4, (n, v))
    elif kind == 1:
        x = rng.normal(0, 4, (n, v)) + rng.choice([1e8, -1e8, 1e38, -300, 2**20, -(2**20), 2**23])
    elif kind == 2:
        x = np.where(rng.random((n, v)) < 0.5, -np.inf, rng.normal(0, 9, (n, v)))
    elif kind == 3:
        x = rng.integers(0, 3, (n, v)).astype(float)
    elif kind == 4:
        x = rng.integers(0, 1 << 32, (n, v)).astype(np.uint32).view(np.float32)
        x = np.where(np.isfinite(x), x, 0)
    elif kind == 5:
        x = rng.uniform(-(2.0**21), 2.0**21, (n, v))
    else:
        x = rng.choice([2**20, -(2**20), 2**23, -(2**23), 2**20 - 0.0625, -1048575.9375, 0, 1], (n, v))
    x = np.asarray(x, np.float32).copy()
    x[:, rng.integers(0, v)] = np.where(np.isneginf(x.max(1)), 1, x[:, 0])
    x[np.isneginf(x.max(1)), 0] = 0
    return x


def check(weigh, find, convert, rng, types, sizes=SIZES):
    """Code rows of all kinds in 50 streams, each way in turn on either side."""
    done = 0
    while done < ROWS:
        v, logits = int(rng.choice(sizes)), bool(rng.integers(0, 2))
        n, steps = 50, 4
        encoder, host = BatchEncoder(n, guard=1), BatchEncoder(n, guard=1)
        coded = []
        for _ in range(steps):
            rows = convert((scores if logits else probabilities)(rng, n, v), rng.choice(types), logits)
            symbols = rng.integers(0, v, n)
            host.encode(rows, symbols, logits=logits)
            encoder.encode_weighed(np.asarray(weigh(rows, symbols, logits=logits)), symbols, size=v)
            coded.append((rows, symbols))
            done += n
        streams = host.finish()
        assert encoder.finish() == streams
        decoder = BatchDecoder(streams, guard=1)
        for i, (rows, symbols) in enumerate(coded):
            if i % 3 == 2:
                got = decoder.decode(rows, logits=logits)
            else:
                got = decoder.decode_weighed(np.asarray(find(rows, decoder.points(), logits=logits)), size=v)
            assert np.array_equal(got, symbols)
        decoder.finish()


def test_torch(rng):
    torch = pytest.importorskip("torch", reason="torch is not installed")
    from foretell.torch import find, weigh

    def convert(rows, kind, logits):
        x = torch.from_numpy(rows)
        if kind == "bfloat16":
            # The conversion may give infinity, or no number above zero.
            x = x.clamp(-3e38, 3e38).to(torch.bfloat16) if logits else x.clamp(0, 3e38).to(torch.bfloat16)
            x[:, 0] += (x.amax(1) == 0).to(x.dtype) * (not logits)
        elif kind == "float64":
            x = x.to(torch.float64)
        return x

    def found(rows, points, logits):
        return find(rows, torch.from_numpy(points), logits=logits)

    check(weigh, found, convert, rng, ["float32", "bfloat16", "float64"])


def test_jax(rng):
    jax = pytest.importorskip("jax", reason="jax is not installed")
    from foretell.jax import find, weigh

    def convert(rows, kind, logits):
        x = jax.numpy.asarray(rows)
        if kind == "bfloat16":
            x = jax.numpy.asarray(np.clip(rows, -3e38 if logits else 0, 3e38)).astype(jax.numpy.bfloat16)
            x = x.at[:, 0].add((x.max(1) == 0).astype(x.dtype) * (not logits))
        return x

    check(weigh, find, convert, rng, ["float32", "bfloat16"], [1, 2, 50, 333])  # each is compiled anew


def test_refused_rows():
    torch = pytest.importorskip("torch", reason="torch is not installed")
    from foretell.torch import find, weigh

    good, nan, inf = [0.5, 0.25, 0.25], [0.5, float("nan"), 0], [float("inf"), 0, 0]
    for logits, bad in ((False, nan), (False, inf), (False, [0.0] * 3), (False, [1.0, -1, 0]), (True, nan), (True, inf), (True, [-float("inf")] * 3)):
        rows = torch.tensor([good, bad])
        encoder, host = BatchEncoder(2), BatchEncoder(2)
        with pytest.raises(foretell.DistributionError) as error:
            encoder.encode_weighed(weigh(rows, [1, 1], logits=logits).numpy(), [1, 1], size=3)
        with pytest.raises(foretell.DistributionError) as same:
            host.encode(rows, [1, 1], logits=logits)
        assert error.value.row == same.value.row == 1
        assert encoder.finish() == host.finish() == [b"", b""]
    rows = torch.tensor([good])
    encoder = BatchEncoder(1)
    with pytest.raises(foretell.SymbolError):
        encoder.encode_weighed(weigh(rows, [3]).numpy(), [3], size=3)
    with pytest.raises(ValueError, match=r"shape \(1, 3\)"):
        encoder.encode_weighed(np.zeros((1, 3), np.int32), [0], size=3)
    encoder.encode_weighed(weigh(rows, [2]).numpy(), [2], size=3)
    decoder = BatchDecoder(encoder.finish())
    points = decoder.points()
    away = torch.tensor([[0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0]])
    with pytest.raises(foretell.NotThereError):
        wrong = find(away, torch.tensor([0])).numpy()
        decoder.decode_weighed(wrong, size=8)
    assert np.array_equal(decoder.points(), points)
    assert list(decoder.decode_weighed(find(rows, torch.from_numpy(points)).numpy(), size=3)) == [2]
    decoder.finish()
    for shape in ((3,), (2, 0)):
        with pytest.raises(ValueError):
            weigh(torch.zeros(shape), [0])
