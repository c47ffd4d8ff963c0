"""A tolerance: streams that bear a model that drifts."""

import numpy as np
import pytest

import foretell
from foretell import BatchDecoder, BatchEncoder, Decoder, Encoder

BOUND = 1e-3


@pytest.fixture
def logits(rng):
    return (rng.normal(0, 3, (300, 200)) + np.where(rng.random((300, 200)) < 0.01, 8, 0)).astype(np.float32)


@pytest.fixture
def symbols(logits, rng):
    p = np.exp(logits.astype(float))
    return [int(rng.choice(len(row), p=row / row.sum())) for row in p]


def drifted(logits, rng):
    moved = logits.astype(float) + rng.uniform(-BOUND, BOUND, logits.shape) * 0.99 + rng.normal(0, 1, (len(logits), 1))
    return moved.astype(np.float32)


@pytest.mark.parametrize("options", [{}, {"guard": 10}, {"framed": True}, {"framed": True, "vocabulary": 200, "guard": 0}])
def test_a_drifting_model(logits, symbols, rng, options):
    encoder = Encoder(tolerance=BOUND, **options)
    encoder.encode(logits[:100], symbols[:100], logits=True)
    for row, symbol in zip(logits[100:], symbols[100:]):
        encoder.encode(row, symbol, logits=True)
    assert encoder.steps == 300
    data = encoder.finish()
    bare = {} if "framed" in options else {"tolerance": BOUND}
    decoder = Decoder(data, **bare, **options)
    moved = drifted(logits, rng)
    got = [decoder.decode(row, logits=True) for row in moved[:50]]
    got += list(decoder.decode(moved[50:], logits=True))
    assert got == symbols
    decoder.finish()
    assert 0 <= decoder.drift <= 1.01
    p = np.exp(logits.astype(float))
    entropy = -np.log2(p[range(300), symbols] / p.sum(1)).sum()
    if options.get("guard") != 10:
        assert 8 * len(data) < entropy * 1.05 + 900
        return
    far = Decoder(data, tolerance=BOUND, guard=10)
    with pytest.raises(foretell.DriftError) as error:
        far.decode(logits + rng.normal(0, 0.1, logits.shape).astype(np.float32), logits=True)
    wrong = [i for i, (x, y) in enumerate(zip(error.value.symbols, symbols)) if x != y]
    assert not wrong or error.value.start <= wrong[0]


def test_the_loop(symbols, logits, rng):
    moved = drifted(logits, rng)
    encoder = Encoder(framed=True, tolerance=BOUND)
    encoder.encode_with(lambda before: logits[len(before)], symbols, logits=True)
    decoder = Decoder(encoder.finish(), framed=True)
    assert decoder.decode_with(lambda before: moved[len(before) % 300], logits=True) == symbols


def test_batches(symbols, logits, rng):
    moved = drifted(logits, rng)
    encoder = BatchEncoder(3, tolerance=BOUND, guard=20)
    for i in range(0, 300, 3):
        encoder.encode(logits[i : i + 3], symbols[i : i + 3], logits=True)
    streams = encoder.finish()
    alone = Encoder(tolerance=BOUND, guard=20)
    alone.encode(logits[1::3], symbols[1::3], logits=True)
    assert alone.finish() == streams[1]
    decoder = BatchDecoder(streams, tolerance=BOUND, guard=20)
    bad = moved[:3].copy()
    bad[1, 7] = np.nan
    with pytest.raises(foretell.DistributionError) as error:
        decoder.decode(bad, logits=True)
    assert error.value.row == 1
    for i in range(0, 300, 3):
        assert list(decoder.decode(moved[i : i + 3], logits=True)) == symbols[i : i + 3]
    decoder.finish()


def test_positions(symbols, logits):
    encoder = Encoder(tolerance=0.05)
    places = set()
    for row, symbol in zip(logits, symbols):
        places.add(encoder.position())
        encoder.encode(row, symbol, logits=True)
    data = encoder.finish()
    assert len(places) > 5
    decoder = Decoder(data, tolerance=0.05)
    for place in places:
        decoder.seek(place)
        at = decoder.steps
        n = min(30, 300 - at)
        assert list(decoder.decode(logits[at : at + n], logits=True)) == symbols[at : at + n]


def test_one_row_for_all(logits):
    encoder, single = Encoder(tolerance=BOUND), Encoder(tolerance=BOUND)
    encoder.encode(logits[0], [1, 2, 3], logits=True)
    for symbol in (1, 2, 3):
        single.encode(logits[0], symbol, logits=True)
    data = encoder.finish()
    assert data == single.finish()
    decoder = Decoder(data, tolerance=BOUND)
    assert list(decoder.decode(logits[0], 3, logits=True)) == [1, 2, 3]
    decoder.finish()


def test_refusals(logits):
    encoder = Encoder(tolerance=BOUND)
    with pytest.raises(foretell.DistributionError, match="tolerance"):
        encoder.encode_topk([0, 1], [0.5, 0.5], 1, size=2)
    with pytest.raises(foretell.DistributionError, match="tolerance"):
        encoder.encode_values([1], foretell.Gaussian([0.0], 1))
    for tolerance in (0.5, -1, 1e-9, float("nan")):
        with pytest.raises(foretell.LimitError):
            Encoder(tolerance=tolerance)
        with pytest.raises(foretell.LimitError):
            BatchEncoder(2, framed=True, tolerance=tolerance)
    exact, none = Encoder(), Encoder(tolerance=0)
    for e in (exact, none):
        e.encode(logits[0], 5, logits=True)
    assert exact.finish() == none.finish()
    assert Decoder(b"").drift == 0
