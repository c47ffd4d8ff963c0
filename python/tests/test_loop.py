"""encode_with and decode_with."""

import numpy as np
import pytest

import foretell
from foretell import Decoder, Encoder


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


def test_the_loop_is_one_call():
    def predict(before):
        row = np.ones(50)
        if before:
            row[(before[-1] * 3 + len(before)) % 50] = 500
        return row

    symbols = [1, 4, 14, 45, 11, 38, 20, 16]
    for n, options in ((8, {}), (None, {"framed": True})):
        encoder = Encoder(**options)
        encoder.encode_with(predict, np.array(symbols))
        data = encoder.finish()
        decoder = Decoder(data, **options)
        assert decoder.decode_with(predict, n) == symbols
        decoder.finish()


def test_the_loop_asks_for_no_row_after_the_end():
    table = [[0.5, 0.5], [0.25, 0.75], [0.5, 0.5]]
    for options in ({}, {"vocabulary": 2}, {"guard": 0}, {"guard": 2}):
        encoder = Encoder(framed=True, **options)
        encoder.encode(table, [1, 0, 1])
        data = encoder.finish()
        decoder = Decoder(data, framed=True, **options)
        assert decoder.decode_with(lambda before: table[len(before)]) == [1, 0, 1]
        assert decoder.decode_with(lambda before: 1 / 0) == []
        decoder.finish()
    with pytest.raises(IndexError):
        Decoder(data, framed=True, guard=2).decode_with(lambda before: table[:2][len(before)])


def test_the_loop_takes_one_row_at_a_time(matrix):
    for rows in (matrix[:2], matrix[:4], [[0.5, 0.5]], matrix[0, 0]):
        decoder = Decoder(b"abcdefgh")
        with pytest.raises((ValueError, TypeError)):
            decoder.decode_with(lambda before: rows, 3)
        encoder = Encoder()
        with pytest.raises((ValueError, TypeError)):
            encoder.encode_with(lambda before: rows, [1])
        with pytest.raises(TypeError):
            encoder.encode_with(lambda before: matrix[0], [[1, 2]])
        assert decoder.steps == encoder.steps == 0


def test_the_loop_hands_over_what_came_before_an_error(matrix, symbols):
    data = stream(matrix, symbols, guard=8)
    decoder = Decoder(data, guard=8)
    with pytest.raises(foretell.DriftError) as info:
        decoder.decode_with(lambda before: matrix[len(before)][:: -1 if len(before) == 20 else 1], 40)
    assert info.value.symbols[:20] == symbols[:20] and len(info.value.symbols) == 23
    bad = matrix.copy()
    bad[7, 11] = np.nan
    decoder = Decoder(data, guard=8)
    with pytest.raises(foretell.DistributionError) as info:
        decoder.decode_with(lambda before: bad[len(before)], 40)
    assert info.value.symbols == symbols[:7]
    assert decoder.decode(matrix[7:]).tolist() == symbols[7:]


def test_errors_in_a_callback_come_through():
    def predict(before):
        if len(before) == 2:
            raise KeyError("model")
        return [0.5, 0.5]

    encoder = Encoder()
    with pytest.raises(KeyError):
        encoder.encode_with(predict, [1, 0, 1])
    encoder.encode([0.5, 0.5], 1)
    assert Decoder(encoder.finish()).decode([0.5, 0.5], 3).tolist() == [1, 0, 1]
