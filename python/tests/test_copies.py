"""Copies and pickles of coders, and what they are shown as."""

import copy
import inspect
import pickle

import numpy as np
import pytest

import foretell

WAYS = [lambda c: c.copy(), copy.copy, copy.deepcopy, lambda c: pickle.loads(pickle.dumps(c))]


@pytest.mark.parametrize("way", WAYS, ids=["copy", "copy.copy", "copy.deepcopy", "pickle"])
@pytest.mark.parametrize("how", [{}, {"guard": 7}, {"framed": True}, {"framed": True, "vocabulary": 50, "model": b"m", "guard": 20}], ids=str)
def test_copies(rng, way, how):
    probs = rng.dirichlet(np.ones(50), 400)
    symbols = rng.integers(0, 50, 400)
    whole = foretell.Encoder(**how)
    whole.encode(probs, symbols)
    want = whole.finish()
    encoder = foretell.Encoder(**how)
    for at in (0, 1, 150, 400):
        encoder.encode(probs[encoder.steps : at], symbols[encoder.steps : at])
        other = way(encoder)
        assert (other.steps, other.bits, other.information) == (encoder.steps, encoder.bits, encoder.information)
        other.encode(probs[at:], symbols[at:])
        assert other.finish() == want
    assert encoder.finish() == want
    decoder = foretell.Decoder(want, **how)
    for at in (0, 1, 150, 400):
        before = decoder.steps
        assert np.array_equal(decoder.decode(probs[before:at]), symbols[before:at])
        other = way(decoder)
        assert np.array_equal(other.decode(probs[at:]), symbols[at:])
        other.finish()
    decoder.finish()
    other = way(decoder)
    assert other.steps == 400
    other.finish()
    other.finish()


@pytest.mark.parametrize("way", WAYS, ids=["copy", "copy.copy", "copy.deepcopy", "pickle"])
def test_copies_of_stacks(way):
    stack = foretell.Stack()
    stack.push([0.1, 0.9], 0)
    other = way(stack)
    other.push([0.5, 0.5], 1)
    assert len(other) >= len(stack) and other.pop([0.5, 0.5]) == 1
    assert other.pop([0.1, 0.9]) == stack.pop([0.1, 0.9]) == 0


def test_what_cannot_be_copied():
    encoder = foretell.Encoder(tolerance=1e-4)
    encoder.encode([0.5, 0.5], 1)
    for coder in (encoder, foretell.Decoder(encoder.finish(), tolerance=1e-4)):
        with pytest.raises((foretell.UnsupportedError, ValueError)):
            coder.copy()
    with pytest.raises(foretell.UnsupportedError):
        foretell.Encoder(tolerance=1e-4).copy()
    encoder = foretell.Encoder()
    encoder.finish()
    with pytest.raises(ValueError):
        encoder.copy()
    encoder = foretell.Encoder(guard=2)
    encoder.encode(np.tile([0.5, 0.5], (8, 1)), [1, 0] * 4)
    decoder = foretell.Decoder(encoder.finish(), guard=2)
    for _ in range(2):  # it has failed, and goes on failing
        with pytest.raises(foretell.DriftError):
            decoder.decode(np.tile([0.9, 0.1], (8, 1)))
    with pytest.raises(foretell.DriftError):
        decoder.copy()
    for saved in (b"", b"x" * 50, foretell.Encoder()._save()[:-3]):
        with pytest.raises((ValueError, EOFError)):
            foretell.Encoder()._load(saved)


def test_what_they_are_shown_as():
    encoder = foretell.Encoder()
    encoder.encode([0.5, 0.5], [1, 0, 1])
    assert repr(encoder) == "<foretell.Encoder: 3 steps, 3.0 bits>"
    decoder = foretell.Decoder(encoder.finish())
    assert repr(decoder) == "<foretell.Decoder: 0 steps, 0.0 bits>"
    assert repr(foretell.Stack()) == "<foretell.Stack: 0 bytes>"
    assert repr(foretell.Encoder.__new__(foretell.Encoder)) == "<foretell.Encoder>"
    assert "Gaussian of shape (2,)" in repr(foretell.Gaussian([0, 1], 1))
    for name in foretell.__all__:
        assert getattr(foretell, name).__module__ == "foretell"


def test_signatures():
    for name in ("Encoder", "Decoder", "Stack", "BatchEncoder", "BatchDecoder", "DistributionCoder", "Writer", "File", "save", "Gaussian"):
        assert inspect.signature(getattr(foretell, name)) is not None
    assert str(inspect.signature(foretell.Decoder)) == "(data, *, framed=False, vocabulary=0, model=b'', guard=None, tolerance=0.0)"
    assert "logits=False" in str(inspect.signature(foretell.Encoder.encode))


def test_a_framed_stream_taken_for_a_bare_one():
    encoder = foretell.Encoder(framed=True)
    encoder.encode([0.5, 0.5], 1)
    data = encoder.finish()
    for read in (lambda: foretell.Decoder(data), lambda: foretell.BatchDecoder([data]), lambda: foretell.DistributionCoder().start_decoding(data)):
        with pytest.raises(foretell.ArgumentError, match="framed"):
            read()


def test_masks_of_streams():
    probs = np.full((3, 4), 0.25)
    for mask, chosen in (
        (np.array([True, False, True]), [0, 2]), ([False, False, True], [2]), ((True, True, True), [0, 1, 2]), (np.zeros(3, bool), [])
    ):  # fmt: skip
        coders = [foretell.BatchEncoder(3), foretell.BatchEncoder(3)]
        coders[0].encode(probs[: len(chosen)], [3] * len(chosen), active=mask)
        coders[1].encode(probs[: len(chosen)], [3] * len(chosen), active=chosen)
        streams = coders[0].finish()
        assert streams == coders[1].finish() and [bool(s) for s in streams] == [k in chosen for k in range(3)]
        assert foretell.BatchDecoder(streams).decode(probs[: len(chosen)], active=mask).tolist() == [3] * len(chosen)
    for wrong in (np.array([True, False]), [True] * 4):
        with pytest.raises(ValueError, match="mask"):
            foretell.BatchEncoder(3).encode(probs, [1, 1, 1], active=wrong)


def test_masked_arrays_are_refused():
    masked = np.ma.masked_array([0.5, 0.5], [False, True])
    for call in (
        lambda: foretell.Encoder().encode(masked, 1),
        lambda: foretell.Encoder().encode([0.5, 0.5], np.ma.masked_array([1, 0], [True, False])),
        lambda: foretell.Gaussian(masked, 1),
        lambda: foretell.Encoder().encode_values(np.ma.masked_array([1]), foretell.Gaussian([0], 1)),
        lambda: foretell.Categorical(masked),
    ):
        with pytest.raises(TypeError, match="masked"):
            call()


def test_the_row_of_a_batch_of_one():
    encoder = foretell.Encoder()
    encoder.encode(np.array([[0.2, 0.8]], np.float32), 1)
    assert foretell.Decoder(encoder.finish()).decode(np.array([0.2, 0.8], np.float32)) == 1
    with pytest.raises(ValueError, match="axes"):
        foretell.Encoder().encode(np.ones((2, 3)), 1)


def test_the_size_in_a_symbol_error():
    with pytest.raises(foretell.SymbolError) as info:
        foretell.Encoder().encode([0.5, 0.5], 2)
    assert info.value.size == 2 and info.value.symbol == 2 and info.value.symbols is None
