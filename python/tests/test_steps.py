"""Encoder and Decoder."""

import collections
import copy
import inspect
import math
import pickle

import numpy as np
import pytest

import foretell
from foretell import BatchDecoder, BatchEncoder, Decoder, Encoder


@pytest.fixture
def matrix(rng):
    return rng.dirichlet(np.ones(300) / 5, 40).astype(np.float32)


@pytest.fixture
def symbols(matrix, rng):
    return [int(rng.choice(300, p=row / row.sum(dtype=float))) for row in matrix.astype(float)]


def stream(matrix, symbols, **options):
    encoder = Encoder(**options)
    for row, symbol in zip(matrix, symbols):
        encoder.encode(row, symbol)
    return encoder.finish()


def test_many_steps_in_one_call(matrix, symbols):
    want = stream(matrix, symbols)
    fortran = np.asfortranarray(matrix)
    wide = np.concatenate([matrix, matrix], axis=1)
    gaps = np.repeat(matrix, 2, axis=1)
    assert not fortran[:, ::1].flags.c_contiguous
    for rows in (matrix, fortran, wide[:, :300], wide[:, 300:], gaps[:, ::2], matrix[::-1].copy()[::-1],
                 matrix.astype(np.float64), matrix.astype(">f4"), list(matrix), [list(map(float, r)) for r in matrix],
                 tuple(matrix)):  # fmt: skip
        for chosen in (symbols, tuple(symbols), np.array(symbols), np.array(symbols, np.uint16), np.array(symbols * 2)[: len(symbols)]):
            encoder = Encoder()
            encoder.encode(rows, chosen)
            assert encoder.steps == 40
            assert encoder.finish() == want
        decoder = Decoder(want)
        got = decoder.decode(rows, 10)
        assert got.dtype == np.int64 and got.tolist() == symbols[:10]
        assert decoder.decode(rows[10:]).tolist() == symbols[10:]
        decoder.finish()


def test_one_row_for_many(matrix, rng):
    symbols = rng.integers(0, 300, 100)
    want = stream([matrix[0]] * 100, symbols.tolist())
    for row in (matrix[0], np.repeat(matrix[0], 2)[::2], matrix[0].tolist(), np.broadcast_to(matrix[0], (100, 300))):
        encoder = Encoder()
        encoder.encode(row, symbols)
        assert encoder.finish() == want
    decoder = Decoder(want)
    assert decoder.decode(matrix[0], 60).tolist() == symbols[:60].tolist()
    assert decoder.decode(np.broadcast_to(matrix[0], (40, 300))).tolist() == symbols[60:].tolist()
    decoder.finish()
    assert Decoder(b"").decode(matrix[0], 0).tolist() == []


def test_bytes_are_symbols():
    row = np.ones(256)
    encoder = Encoder()
    encoder.encode(row, b"text")
    encoder.encode([row] * 2, bytearray(b"!?"))
    assert encoder.finish() == b"text!?"


def test_some_coders_are_not_copied():
    for coder in (foretell.DistributionCoder(), foretell.BatchEncoder(1)):
        for way in (copy.copy, copy.deepcopy, pickle.dumps):
            with pytest.raises(TypeError):
                way(coder)


def test_logits(rng):
    logits = (rng.normal(size=(30, 500)) * 4).astype(np.float32)
    logits[3, 4:300] = -np.inf
    symbols = rng.integers(0, 4, 30)
    encoder = Encoder()
    encoder.encode(logits[:20], symbols[:20], logits=True)
    for row, symbol in zip(logits[20:], symbols[20:]):
        encoder.encode(row, symbol, logits=True)
    x = logits.astype(float)
    x -= x.max(axis=1, keepdims=True)
    cross_entropy = (np.log(np.exp(x).sum(axis=1)) - x[np.arange(30), symbols]).sum() / math.log(2)
    assert encoder.information == pytest.approx(cross_entropy, rel=1e-4)
    decoder = Decoder(encoder.finish())
    assert decoder.decode(logits, logits=True).tolist() == symbols.tolist()


def test_bits_and_information(matrix, symbols):
    encoder = Encoder()
    encoder.encode(matrix, symbols)
    want = -sum(math.log2(row[s] / row.sum(dtype=float)) for row, s in zip(matrix, symbols))
    assert encoder.information == pytest.approx(want, rel=1e-5)
    assert encoder.bits == pytest.approx(want, abs=1e-3)
    bits = encoder.bits
    data = encoder.finish()
    assert bits <= 8 * len(data) <= bits + 16
    decoder = Decoder(data)
    decoder.decode(matrix)
    assert (decoder.bits, decoder.information, decoder.steps) == (bits, encoder.information, 40)


def test_topk(rng):
    probs = np.array([0.5, 0.25, 0.125], np.float32)
    ids = np.array([70000, 3, 500])
    steps = [(None, 3), (None, 70000), (0.01, 9), (0.0, 500), (0.125, 99999), (None, 0)]
    encoder = Encoder()
    for tail, symbol in steps:
        encoder.encode_topk(ids, probs, symbol, size=100000, tail=tail)
    encoder.encode_topk([3, 500, 70000], np.log([0.25, 0.125, 0.5]), 3, size=100000, logs=True)
    encoder.encode_topk([], [], 5, size=10, tail=1)
    decoder = Decoder(encoder.finish())
    for tail, symbol in steps:
        assert decoder.decode_topk(ids.tolist(), probs.astype(np.float64), size=100000, tail=tail) == symbol
    assert decoder.decode_topk([3, 500, 70000], np.log([0.25, 0.125, 0.5]), size=100000, logs=True) == 3
    assert decoder.decode_topk([], [], size=10, tail=1) == 5
    decoder.finish()


def test_topk_refusals():
    encoder = Encoder()
    for arguments, options, error in (
        (([1, 2], [0.5], 1), {"size": 10}, ValueError),
        (([1, 1], [0.5, 0.5], 1), {"size": 10}, foretell.DistributionError),
        (([1, 10], [0.5, 0.5], 1), {"size": 10}, foretell.DistributionError),
        (([1, -1], [0.5, 0.5], 1), {"size": 10}, foretell.DistributionError),
        (([1, 2], [0.5, math.nan], 1), {"size": 10}, foretell.DistributionError),
        (([1, 2], [0.5, 0.5], 1), {"size": 10, "tail": -1.0}, foretell.DistributionError),
        (([1, 2], [0.5, 0.5], 1), {"size": 10, "tail": math.nan}, foretell.DistributionError),
        (([1, 2], [0.5, 0.5], 10), {"size": 10}, foretell.SymbolError),
        (([1, 2], [0.5, 0.5], -1), {"size": 10}, foretell.SymbolError),
        (([1, 2], [0.5, 0.5], 1), {"size": 0}, foretell.DistributionError),
        (([1, 2], [0.5, 0.5], 1), {"size": -5}, foretell.DistributionError),
        (([1, 2], [0.5, 0.5], 1), {"size": 2**40}, foretell.DistributionError),
        (([1.5, 2], [0.5, 0.5], 1), {"size": 10}, TypeError),
        (([1, 2], [0.5, 0.5], 1), {}, TypeError),
    ):
        with pytest.raises(error):
            encoder.encode_topk(*arguments, **options)
    assert encoder.finish() == b""


def test_symbols_out_of_range(matrix):
    encoder = Encoder()
    for symbol in (300, -1, 2**31, 2**32, 2**32 + 5, -(2**32), 2**64):
        with pytest.raises(foretell.SymbolError, match="not in 0..299") as info:
            encoder.encode(matrix[0], symbol)
        assert info.value.size == 300 and info.value.symbols is None
        assert info.value.symbol == symbol and f": {symbol} is" in str(info.value)
    with pytest.raises(foretell.SymbolError, match=": 18446744073709551615 is"):
        encoder.encode(matrix[:2], np.array([1, 2**64 - 1], np.uint64))
    for bad in (300, -7, 2**33, 10**30):
        encoder = Encoder()
        with pytest.raises(foretell.SymbolError) as info:
            encoder.encode(matrix, [5] * 20 + [bad] + [5] * 19)
        assert (info.value.row, info.value.symbol, encoder.steps) == (20, bad, 20)
        with pytest.raises(foretell.SymbolError) as info:
            encoder.encode(list(matrix), [5] * 20 + [bad] + [5] * 19)
        assert (info.value.row, info.value.symbol, encoder.steps) == (20, bad, 40)


def test_a_refused_row_leaves_the_coder_where_it_is(matrix, symbols):
    bad = matrix.copy()
    bad[7, 11] = np.nan
    for rows in (bad, np.asfortranarray(bad), list(bad)):
        encoder = Encoder()
        with pytest.raises(foretell.DistributionError) as info:
            encoder.encode(rows, symbols)
        assert (info.value.row, info.value.index, encoder.steps) == (7, 11, 7)
        encoder.encode(matrix[7:], symbols[7:])
        data = encoder.finish()
        assert data == stream(matrix, symbols)
        decoder = Decoder(data)
        with pytest.raises(foretell.DistributionError) as info:
            decoder.decode(rows)
        assert info.value.row == 7
        assert list(info.value.symbols) == symbols[:7]
        assert decoder.decode(matrix[7:]).tolist() == symbols[7:]


def test_what_has_no_order_is_no_sequence_of_symbols(matrix):
    encoder = Encoder()
    for symbols in ({1, 2}, frozenset([1]), {1: 2}, {1: 2}.keys(), collections.UserDict({1: 2}), "12"):
        with pytest.raises(TypeError):
            encoder.encode(matrix[0], symbols)
        with pytest.raises(TypeError):
            encoder.encode_topk(symbols, [0.5] * len(symbols), 1, size=300)
    with pytest.raises(TypeError):
        encoder.encode(collections.UserDict({0: 1}), 0)
    assert encoder.steps == 0


def test_arrays_of_objects_are_symbols(matrix, symbols):
    encoder = Encoder()
    encoder.encode(matrix, np.array(symbols, object))
    assert encoder.finish() == stream(matrix, symbols)
    for bad in ([1, None], [1, 2.5], [1, "2"]):
        with pytest.raises(TypeError):
            Encoder().encode(matrix[:2], np.array(bad, object))
    with pytest.raises(ValueError):
        Encoder().encode(matrix[:2], np.array([[1], [2]], object))


def test_wrong_numbers_of_rows(matrix):
    encoder = Encoder()
    for rows, symbols in ((matrix, [1] * 39), (list(matrix), [1] * 41), (matrix[:0], [1]), ([], [1, 2])):
        with pytest.raises(ValueError):
            encoder.encode(rows, symbols)
    decoder = Decoder(b"abc")
    for rows in (matrix, list(matrix)):
        with pytest.raises(ValueError):
            decoder.decode(rows, 41)
        with pytest.raises(ValueError):
            decoder.decode(rows, -1)
    with pytest.raises(TypeError):
        encoder.encode(matrix, (s for s in range(40)))
    with pytest.raises(TypeError):
        encoder.encode(matrix, np.ones(40))
    assert encoder.steps == decoder.steps == 0


def test_position_and_seek(matrix, symbols):
    for options in ({}, {"guard": 9}, {"framed": True}, {"framed": True, "guard": 5, "vocabulary": 300}):
        encoder = Encoder(**options)
        positions = []
        for row, symbol in zip(matrix, symbols):
            positions.append(encoder.position())
            encoder.encode(row, symbol)
        decoder = Decoder(encoder.finish(), **options)
        for i in (17, 3, 39, 0, 20):
            decoder.seek(positions[i])
            assert decoder.steps == i
            assert decoder.position() == positions[i]
            assert decoder.decode(matrix[i]) == symbols[i]
        decoder.seek(positions[30])
        assert decoder.decode(matrix[30:]).tolist() == symbols[30:]
        decoder.finish()
        for bad in (b"", b"\x01", positions[3][:-1], positions[3] + b"x", bytes(40)):
            with pytest.raises(foretell.ForetellError):
                decoder.seek(bad)


def test_guard_finds_drift(matrix, symbols):
    data = stream(matrix, symbols, guard=8)
    drifted = matrix.copy()
    drifted[20, 0] += 1e-3
    decoder = Decoder(data, guard=8)
    with pytest.raises(foretell.DriftError) as info:
        decoder.decode(drifted)
    assert (info.value.start, info.value.stop) == (16, 24)
    assert list(info.value.symbols[:20]) == symbols[:20]
    with pytest.raises(foretell.DriftError):
        decoder.finish()


def test_framed(matrix, symbols):
    options = {"framed": True, "vocabulary": 300, "model": b"\x01\x02"}
    data = stream(matrix, symbols, **options)
    decoder = Decoder(memoryview(data), **options)
    assert decoder.decode(matrix).tolist() == symbols
    with pytest.raises(foretell.EndOfStream):
        decoder.decode(matrix[0])
    decoder.finish()
    with pytest.raises(EOFError):
        Decoder(data, **options).decode(np.concatenate([matrix, matrix]))
    for wrong in ({"model": b"\x01"}, {"vocabulary": 299}, {"vocabulary": 0}):
        with pytest.raises(foretell.ModelError):
            Decoder(data, **{**options, **wrong})
    with pytest.raises(foretell.DistributionError, match="vocabulary"):
        Decoder(data, **options).decode([0.5, 0.5])
    for i in range(0, len(data), 7):
        altered = bytearray(data)
        altered[i] ^= 0x40
        with pytest.raises(foretell.ForetellError):
            Decoder(altered, **options).decode(matrix)
        with pytest.raises((foretell.TruncatedError, foretell.DriftError)):
            Decoder(data[:i], **options).decode(matrix)


def test_finish_tells_of_bytes_that_are_left(matrix, symbols):
    data = stream(matrix, symbols)
    for wrong, error in ((data + b"x", foretell.CorruptError), (data[:-3], foretell.TruncatedError)):
        decoder = Decoder(wrong)
        with pytest.raises(error):
            decoder.decode(matrix)
            decoder.finish()


def test_after_finish(matrix):
    encoder = Encoder()
    encoder.finish()
    with pytest.raises(ValueError, match="finished"):
        encoder.encode(matrix[0], 1)
    with pytest.raises(ValueError, match="finished") as info:
        encoder.finish()
    assert "Reset" not in str(info.value)  # which Python has not


def test_values_before_an_error_are_handed_over():
    values = np.arange(12).reshape(3, 4)
    density = foretell.Gaussian(values, 3.0)
    encoder = Encoder(guard=4)
    encoder.encode_values(values, density)
    with pytest.raises(foretell.DriftError) as info:
        Decoder(encoder.finish(), guard=4).decode_values(foretell.Gaussian(np.where(values == 5, 0, values), 3.0))
    assert info.value.row == 7 and info.value.symbols[:5].tolist() == [0, 1, 2, 3, 4] and len(info.value.symbols) == 7


def test_constructors():
    for call in (
        lambda: Encoder(1),
        lambda: Encoder(model="text" * 100, framed=True, other=1),
        lambda: Decoder(),
        lambda: Decoder("text"),
        lambda: Decoder(None),
    ):
        with pytest.raises(TypeError):
            call()
    for options in ({"vocabulary": -1}, {"vocabulary": 2**25}, {"model": b"x" * 256}, {"guard": 2**40}):
        with pytest.raises(foretell.ForetellError):
            Encoder(framed=True, **options)
    for make in (Encoder, lambda **o: Decoder(b"", **o), lambda **o: BatchEncoder(1, **o), lambda **o: BatchDecoder([b""], **o)):
        for options in ({"vocabulary": 5}, {"model": b"m"}, {"guard": -2}, {"framed": True, "guard": -2}):
            with pytest.raises(foretell.ArgumentError):
                make(**options)
        for guard in (None, -1, 0, 7):
            make(guard=guard)
        with pytest.raises(TypeError):
            make(guard=1.5)
    encoder = Encoder.__new__(Encoder)
    for use in (
        encoder.finish,
        encoder.position,
        lambda: encoder.encode([1.0], 0),
        lambda: encoder.encode([1.0], [0]),
        lambda: encoder.bits,
    ):
        with pytest.raises(ValueError, match="initialised"):
            use()
    again = Encoder(framed=True)
    again.encode([0.5, 0.5], 1)
    again.__init__()
    assert again.finish() == b""


def test_documentation():
    for name in foretell.__all__:
        thing = getattr(foretell, name)
        assert inspect.getdoc(thing), name
        if isinstance(thing, type):
            for attribute in dir(thing):
                if not attribute.startswith("_") and thing.__module__.startswith("foretell"):
                    value = getattr(thing, attribute)
                    assert value is None or inspect.getdoc(value) or hasattr(Exception, attribute), f"{name}.{attribute}"
