"""BatchEncoder and BatchDecoder."""

import numpy as np
import pytest

import foretell
from foretell import BatchDecoder, BatchEncoder, Decoder, Encoder


@pytest.fixture
def matrices(rng):
    return rng.dirichlet(np.ones(200) / 5, (6, 5)).astype(np.float32)


SYMBOLS = np.array([[3, 1, 4, 1, 5], [9, 2, 6, 5, 3], [5, 8, 9, 7, 9], [3, 2, 3, 8, 4], [6, 2, 6, 4, 3], [3, 8, 3, 2, 7]])


@pytest.mark.parametrize("options", [{}, {"guard": 2}, {"framed": True, "vocabulary": 200, "model": b"m"}])
def test_streams_are_those_of_single_coders(matrices, options):
    encoder = BatchEncoder(5, **options)
    assert len(encoder) == 5
    for matrix, symbols in zip(matrices, SYMBOLS):
        assert encoder.encode(matrix, symbols) is None
    streams = encoder.finish()
    for i, stream in enumerate(streams):
        single = Encoder(**options)
        single.encode(matrices[:, i], SYMBOLS[:, i])
        assert single.finish() == stream
        assert Decoder(stream, **options).decode(matrices[:, i]).tolist() == SYMBOLS[:, i].tolist()
    decoder = BatchDecoder(streams, **options)
    assert len(decoder) == 5
    for matrix, symbols in zip(matrices, SYMBOLS):
        got = decoder.decode(matrix)
        assert got.dtype == np.int64 and got.tolist() == symbols.tolist()
    decoder.finish()


def test_layouts(matrices):
    wide = np.repeat(matrices, 2, axis=2)[:, :, ::2]
    streams = []
    for layout in (
        lambda i: matrices[i],
        lambda i: np.asfortranarray(matrices[i]),
        lambda i: wide[i],
        lambda i: matrices[i, ::-1].copy()[::-1],
        lambda i: matrices[i].astype(np.float64),
        lambda i: matrices[i].astype(">f4"),
        lambda i: list(matrices[i]),
        lambda i: [row.tolist() for row in matrices[i]],
    ):
        encoder = BatchEncoder(5)
        for i in range(6):
            encoder.encode(layout(i), SYMBOLS[i].tolist())
        streams.append(encoder.finish())
        decoder = BatchDecoder(streams[-1])
        for i in range(6):
            assert decoder.decode(layout(i)).tolist() == SYMBOLS[i].tolist()
    assert all(s == streams[0] for s in streams)


def test_logits(rng):
    logits = rng.normal(size=(4, 100)) * 5
    encoder = BatchEncoder(4)
    encoder.encode(logits, [1, 2, 3, 4], logits=True)
    assert BatchDecoder(encoder.finish()).decode(logits, logits=True).tolist() == [1, 2, 3, 4]


def test_streams_of_different_lengths(matrices):
    encoder = BatchEncoder(5, framed=True)
    lengths = [6, 0, 3, 1, 6]
    for t in range(6):
        active = [i for i in range(5) if t < lengths[i]]
        encoder.encode(matrices[t, active], SYMBOLS[t, active], active=active)
    streams = encoder.finish()
    decoder = BatchDecoder(streams, framed=True)
    active, got = list(range(5)), [[] for _ in range(5)]
    t = 0
    while active:
        try:
            step = decoder.decode(matrices[min(t, 5), active], active=np.array(active))
        except foretell.EndOfStream as error:
            del active[error.row]
            continue
        for i, symbol in zip(active, step):
            got[i].append(symbol)
        t += 1
    decoder.finish()
    assert got == [SYMBOLS[: lengths[i], i].tolist() for i in range(5)]
    assert decoder.decode(np.zeros((0, 5)), active=[]).tolist() == []


def test_refusals_change_nothing(matrices):
    encoder = BatchEncoder(5)
    encoder.encode(matrices[0], SYMBOLS[0])
    bad = matrices[1].copy()
    bad[2, 3] = np.nan
    for rows, symbols, error in (
        (bad, SYMBOLS[1], foretell.DistributionError),
        (list(bad), SYMBOLS[1], foretell.DistributionError),
        (matrices[1], [1, 2, 200, 4, 5], foretell.SymbolError),
        (matrices[1], [1, 2, -1, 4, 5], foretell.SymbolError),
    ):
        with pytest.raises(error) as info:
            encoder.encode(rows, symbols)
        assert info.value.row == 2
    for rows, symbols, options, error in (
        (matrices[1][:4], SYMBOLS[1], {}, ValueError),
        (matrices[1], SYMBOLS[1][:4], {}, ValueError),
        (matrices[1][0], SYMBOLS[1], {}, ValueError),
        (list(matrices[1][:4]), SYMBOLS[1], {}, ValueError),
        ([*matrices[1][:4], matrices[1][4][:-1]], SYMBOLS[1], {}, ValueError),
        ([*matrices[1][:4], matrices[1][4].astype("f8")], SYMBOLS[1], {}, ValueError),
        (matrices[1], SYMBOLS[1], {"active": [0, 1]}, ValueError),
        (matrices[1][:2], [1, 2], {"active": [0, 5]}, IndexError),
        (matrices[1][:2], [1, 2], {"active": [0, -1]}, IndexError),
        (matrices[1][:2], [1, 2], {"active": [3, 3]}, foretell.ArgumentError),
        (iter(matrices[1]), SYMBOLS[1], {}, TypeError),
        (matrices[1], SYMBOLS[1].astype(float), {}, TypeError),
    ):
        with pytest.raises(error):
            encoder.encode(rows, symbols, **options)
    encoder.encode(matrices[1], SYMBOLS[1])
    decoder = BatchDecoder(encoder.finish())
    assert decoder.decode(matrices[0]).tolist() == SYMBOLS[0].tolist()
    with pytest.raises(foretell.DistributionError) as info:
        decoder.decode(bad)
    assert (info.value.row, info.value.index) == (2, 3)
    assert decoder.decode(matrices[1]).tolist() == SYMBOLS[1].tolist()


def test_damaged_streams(matrices):
    encoder = BatchEncoder(5)
    for matrix, symbols in zip(matrices, SYMBOLS):
        encoder.encode(matrix, symbols)
    streams = encoder.finish()
    streams[3] += b"more"
    decoder = BatchDecoder(streams)
    for matrix in matrices:
        decoder.decode(matrix)
    with pytest.raises(foretell.CorruptError) as info:
        decoder.finish()
    assert info.value.row == 3


def drifted(matrices, streams, steps):
    """Return the error of a guard of two steps, and what a decoder decoded before."""
    decoder, got = BatchDecoder(streams, guard=2), []
    with pytest.raises(foretell.DriftError) as info:
        for i in range(steps):
            rows = matrices[i].copy()
            if i == 1:
                rows[3] = rows[3, ::-1]
            got.append(decoder.decode(rows))
    return info.value, got, decoder


def test_drift_hands_over_the_step(matrices):
    encoder = BatchEncoder(5, guard=2)
    for matrix, symbols in zip(matrices, SYMBOLS):
        encoder.encode(matrix, symbols)
    error, got, decoder = drifted(matrices, encoder.finish(), 6)
    assert error.row == 3 and len(got) == 1
    others = [0, 1, 2, 4]
    assert error.symbols.dtype == np.int64 and error.symbols[others].tolist() == SYMBOLS[1, others].tolist()
    for i in range(2, 6):
        assert decoder.decode(matrices[i, others], active=others).tolist() == SYMBOLS[i, others].tolist()
    with pytest.raises(foretell.DriftError) as info:
        decoder.decode(matrices[2])  # is refused before any stream moves on
    assert info.value.row == 3 and info.value.symbols is None


def test_finish_checks_all_streams(matrices):
    encoder = BatchEncoder(5, guard=1000)
    encoder.encode(matrices[0], SYMBOLS[0])
    streams = encoder.finish()
    streams[1] += b"more"
    streams[3] += b"more"
    decoder = BatchDecoder(streams, guard=1000)
    decoder.decode(matrices[0])
    with pytest.raises(foretell.CorruptError) as info:
        decoder.finish()
    assert info.value.row == 1
    for i, kind in ((0, foretell.ArgumentError), (1, foretell.CorruptError), (3, foretell.CorruptError), (4, foretell.ArgumentError)):
        with pytest.raises(kind, match="finished" if i in (0, 4) else "corrupt"):
            decoder.decode(matrices[0, i : i + 1], active=[i])


def test_a_failed_init_changes_nothing(matrices):
    encoder = BatchEncoder(5)
    encoder.encode(matrices[0], SYMBOLS[0])
    with pytest.raises(foretell.ArgumentError):
        encoder.__init__(3, vocabulary=5)
    encoder.encode(matrices[1], SYMBOLS[1])
    decoder = BatchDecoder(encoder.finish())
    with pytest.raises(foretell.CorruptError):
        decoder.__init__([b"x" * 60], framed=True)
    assert len(decoder) == 5 and [decoder.decode(m).tolist() for m in matrices[:2]] == SYMBOLS[:2].tolist()
    for kind, streams in ((BatchEncoder, 2), (BatchDecoder, [b"", b""])):
        batch = kind.__new__(kind)
        with pytest.raises(foretell.ArgumentError):
            batch.__init__(streams, vocabulary=5)
        assert len(batch) == 0


def test_a_stream_that_is_none():
    for active in ([-1], [2], [10**30], np.array([-1])):
        with pytest.raises(IndexError, match=f"stream {active[0]} of 2"):
            BatchEncoder(2).encode(np.ones((1, 3)), [1], active=active)


def test_constructors():
    assert BatchEncoder(0).finish() == []
    for call in (
        lambda: BatchEncoder(),
        lambda: BatchEncoder("3"),
        lambda: BatchDecoder(b"stream"),
        lambda: BatchDecoder(["text"]),
        lambda: BatchDecoder(3),
    ):
        with pytest.raises(TypeError):
            call()
    with pytest.raises(ValueError):
        BatchEncoder(-1)
    with pytest.raises(foretell.CorruptError) as info:
        BatchDecoder([BatchEncoder(1, framed=True).finish()[0], b"x" * 60], framed=True)
    assert info.value.row == 1
