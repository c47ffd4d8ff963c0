"""Stack, and densities of integers with every coder."""

import math
import tracemalloc

import numpy as np
import pytest

import foretell
from foretell import Decoder, Encoder, Gaussian, Laplace, Logistic, Mixture, Stack


def test_last_in_first_out(rng):
    rows = rng.dirichlet(np.ones(100), 50)
    symbols = rng.integers(0, 100, 50).tolist()
    stack = Stack()
    for row, symbol in zip(rows, symbols):
        stack.push(row.astype(np.float32), symbol)
    data = stack.tobytes()
    assert len(stack) == len(data)
    stack = Stack(data)
    assert [stack.pop(row.astype(np.float32)) for row in rows[::-1]] == symbols[::-1]
    assert len(stack) == 0 and stack.tobytes() == b""
    with pytest.raises(foretell.TruncatedError):
        stack.pop(rows[0])
    with pytest.raises(foretell.DistributionError):
        stack.pop([0.0, 0.0])
    for symbol in (100, -1, 2**40):
        with pytest.raises(foretell.SymbolError):
            stack.push(rows[0], symbol)
    assert stack.tobytes() == b""


def test_bits_back():
    stack = Stack()
    stack.push_bytes(b"some bits to begin with")
    before = len(stack)
    latent = stack.pop(np.ones(16))
    stack.push_topk([latent], [0.9], latent, size=16)
    stack.push(np.ones(16), 3, logits=True)
    assert len(stack) <= before + 1
    assert stack.pop(np.ones(16), logits=True) == 3
    assert stack.pop_topk([latent], [0.9], size=16) == latent
    stack.push(np.ones(16), latent)
    assert stack.pop_bytes(23) == b"some bits to begin with"
    stack.push_bytes(b"abc")
    place = stack.position()
    stack.push([0.5, 0.5], 1)
    stack.seek(place)
    with pytest.raises(foretell.TruncatedError):
        stack.pop_bytes(100)
    assert stack.pop_bytes(3) == b"abc"
    for call in (
        lambda: stack.seek(b"short"),
        lambda: stack.seek(b"\xff" * 16),
        lambda: Stack(b"short"),
        lambda: Stack(bytes(9)),
        lambda: stack.pop_bytes(-1),
    ):
        with pytest.raises((ValueError, EOFError)):
            call()


def latents(rng, shape=(4, 5, 6)):
    mean, scale = rng.normal(0, 20, shape), np.exp(rng.normal(0, 1, shape))
    values = np.rint(rng.normal(mean, scale)).astype(np.int64)
    return mean, scale, values


@pytest.mark.parametrize("family", [Gaussian, Laplace, Logistic])
def test_values(family, rng):
    mean, scale, values = latents(rng)
    values[0, 0, 0], values[1, 2, 3], values[3, 4, 5] = 2**63 - 1, -(2**63), 40000
    density = family(mean, scale)
    assert density.shape == values.shape
    encoder = Encoder()
    encoder.encode_values(values, density)
    encoder.encode_values(values[::-1, :, ::2].astype(np.int64), family(mean[::-1, :, ::2], scale[::-1, :, ::2]))
    assert encoder.steps == values.size * 3 // 2
    decoder = Decoder(encoder.finish())
    got = decoder.decode_values(density)
    assert got.dtype == np.int64 and np.array_equal(got, values)
    assert np.array_equal(decoder.decode_values(family(mean[::-1, :, ::2], scale[::-1, :, ::2])), values[::-1, :, ::2])
    decoder.finish()
    stack = Stack()
    stack.push_values(values, density)
    stack.push_values(np.array(3), family(1, 1.5))
    assert stack.pop_values(family(1, 1.5)) == 3
    assert np.array_equal(stack.pop_values(density), values)
    assert len(stack) == 0


def test_length_is_not_found_by_copying():
    stack = Stack()
    assert not stack and len(stack) == 0
    stack.push_bytes(bytes(range(256)) * 4096)
    assert stack and len(stack) == len(stack.tobytes())
    tracemalloc.start()
    assert len(stack) > 1 << 20
    assert tracemalloc.get_traced_memory()[1] < 1 << 16
    tracemalloc.stop()
    with pytest.raises(ValueError, match="initialised"):
        len(Stack.__new__(Stack))


def test_cost_is_the_density(rng):
    mean, scale, values = latents(rng, (2000,))
    encoder = Encoder()
    encoder.encode_values(values, Gaussian(mean, scale))

    def below(x):
        return np.vectorize(math.erf)((x - mean) / scale / math.sqrt(2)) / 2

    want = -np.log2(below(values + 0.5) - below(values - 0.5)).sum()
    assert encoder.information == pytest.approx(want, rel=1e-4)


def test_range_without_escape():
    density = Laplace([0.0, 5.0], 2.0, lo=-3, hi=9, escape=False)
    encoder = Encoder()
    encoder.encode_values([-3, 9], density)
    with pytest.raises(foretell.SymbolError) as info:
        encoder.encode_values([0, 10], density)
    assert info.value.row == 1
    assert encoder.steps == 3


def test_mixtures(rng):
    mean, scale, values = latents(rng, (30, 3))
    weights = rng.random(3)
    mixture = Mixture([Gaussian(mean, scale), Laplace(0, 10.0), Mixture([Logistic(mean, 1), Gaussian(1, 2)], [1, 3])], [weights, 0.5, 1])
    assert mixture.shape == (30, 3)
    stack, encoder = Stack(), Encoder()
    stack.push_values(values, mixture)
    encoder.encode_values(values, mixture)
    assert np.array_equal(stack.pop_values(mixture), values)
    assert np.array_equal(Decoder(encoder.finish()).decode_values(mixture), values)


def test_refusals(rng):
    stack = Stack()
    stack.push_bytes(b"what was there before")
    before = stack.tobytes()
    scale = np.ones(20)
    scale[13] = -1
    with pytest.raises(foretell.DistributionError) as info:
        stack.push_values(np.zeros(20, int), Gaussian(0, scale))
    assert info.value.row == 13
    assert stack.tobytes() == before
    with pytest.raises((foretell.DistributionError, foretell.TruncatedError)):
        stack.pop_values(Gaussian(np.zeros(50), np.full(50, 1e6)))
    with pytest.raises(foretell.DistributionError):
        stack.pop_values(Gaussian(0, scale))
    assert stack.tobytes() == before
    for call, error in (
        (lambda: stack.push_values([1, 2], Gaussian([0] * 3, 1)), ValueError),
        (lambda: stack.push_values([1.0], Gaussian([0], 1)), TypeError),
        (lambda: stack.push_values(np.array([1], np.uint64), Gaussian([0], 1)), TypeError),
        (lambda: Gaussian([1, 2], [1, 2, 3]), ValueError),
        (lambda: Mixture([], []), ValueError),
        (lambda: Mixture([Gaussian(0, 1), Gaussian(0, 1, lo=0)], [1, 1]), ValueError),
        (lambda: stack.push_values([1], Gaussian([0], np.nan)), foretell.DistributionError),
        (lambda: stack.push_values([1], Gaussian([0], 1, lo=5, hi=4)), foretell.DistributionError),
        (lambda: stack.push_values([1], Gaussian([0], 1, lo=0, hi=2**40)), foretell.DistributionError),
        (lambda: stack._values(0, 1, True, b"", b"", b"", b"", bytearray(8), False), foretell.DistributionError),
        (lambda: stack._values(0, 1, True, bytes(4), b"", b"", b"", bytearray(8), False), ValueError),
    ):
        with pytest.raises(error):
            call()
    assert stack.tobytes() == before
