"""Networks: the same bits in every way of running them, and text through their
vocabularies."""

import pickle
import threading

import numpy as np
import pytest

import foretell
from conftest import REPOSITORY

TINY = REPOSITORY / "model" / "neural" / "testdata" / "tiny.gguf"


@pytest.fixture(scope="module")
def model():
    return foretell.Model(TINY)


def sequence(model, *shape):
    return np.random.default_rng(3).integers(0, model.vocabulary, shape)


def test_what_it_is(model):
    assert model.vocabulary > 256 and model.positions > 0 and model.frame is None
    assert isinstance(model.hash, bytes) and len(model.hash) == 32
    assert foretell.Model(str(TINY).encode()).hash == model.hash
    assert str(model.vocabulary) in repr(model) and "tiny.gguf" in repr(model)
    again = pickle.loads(pickle.dumps(model))
    assert again.hash == model.hash and again.vocabulary == model.vocabulary


def test_steps_give_the_bits_of_whole_streams(model):
    tokens = sequence(model, 3, 20)
    whole = model.logits(tokens)
    assert whole.shape == (3, 20, model.vocabulary) and whole.dtype == np.float32
    assert np.array_equal(model.logits(tokens[1]), whole[1])
    assert not np.array_equal(whole[0, -1], whole[1, -1])
    for workers in (1, 2, 4):
        other = foretell.Model(TINY, workers=workers)
        assert np.array_equal(other.logits(tokens.astype(np.uint16).tolist()), whole)
        stream = other.stream(3, positions=20)
        assert len(stream) == 3
        for _ in range(2):
            for t in range(20):
                assert np.array_equal(stream.step(tokens[:, t]), whole[:, t])
            with pytest.raises(foretell.LimitError):
                stream.step([0, 0, 0])
            stream.reset()
    assert np.array_equal(stream.step(tokens[:1, 0]), whole[:1, 0])


def test_logits_are_those_of_integers(model):
    scaled = model.logits(sequence(model, 20)).astype(np.float64) * 65536
    assert np.array_equal(scaled, np.round(scaled)) and np.abs(scaled).max() > 0


def test_windows(data):
    model = foretell.Model(data / "models" / "stories260K.q8_0.gguf")
    tokens = sequence(model, 40)
    whole = model.logits(tokens)
    near = model.logits(tokens, window=8, sinks=0)
    assert np.array_equal(near[:8], whole[:8]) and not np.array_equal(near[-1], whole[-1])
    assert not np.array_equal(model.logits(tokens, window=8, sinks=2)[-1], near[-1])
    stream = model.stream(window=8, sinks=0)
    for t, want in zip(tokens, near):
        assert np.array_equal(stream.step([t])[0], want)


def test_nothing(model):
    assert model.logits([]).shape == (0, model.vocabulary)
    assert model.logits(np.empty((2, 0), int)).shape == (2, 0, model.vocabulary)
    assert model.stream(2).step([]).shape == (0, model.vocabulary)
    assert len(model.encode(b"")) == 0 and model.decode([]) == b""


def test_text(model):
    text = "Naïve café, <|endoftext|> twice.\n\n\t你好"
    tokens = model.encode(text)
    assert tokens.dtype == np.uint32 and np.array_equal(tokens, model.encode(text.encode()))
    assert model.decode(tokens) == text.encode()
    every = bytes(range(256)) * 2
    assert model.decode(model.encode(every)) == every
    assert model.decode(model.encode(bytearray(every)).astype(np.int64)) == every


@pytest.mark.parametrize("framed", [True, False])
def test_coding_under_it(model, framed):
    text = b"The decoder runs the network token by token, the encoder all at once. " * 3
    tokens = model.encode(text)
    start = model.start or 0
    options = dict(framed=True, vocabulary=model.vocabulary, model=model.hash) if framed else {}
    encoder = foretell.Encoder(**options)
    encoder.encode(model.logits([start, *tokens[:-1]]), tokens, logits=True)
    data = encoder.finish()

    stream = model.stream()
    decoder = foretell.Decoder(data, **options)
    got = decoder.decode_with(
        lambda before: stream.step([before[-1] if before else start])[0], None if framed else len(tokens), logits=True
    )
    assert model.decode(got) == text


def test_refusals(model, tmp_path):
    for tokens in ([model.vocabulary], [-1], [2**40], [[0, 2**32]]):
        with pytest.raises(foretell.SymbolError):
            model.logits(tokens)
    with pytest.raises(foretell.SymbolError):
        model.stream().step([2**32])
    for tokens in (5, np.zeros((1, 1, 1), int)):
        with pytest.raises(foretell.ArgumentError):
            model.logits(tokens)
    for tokens in ([0.5], ["a"], [True]):
        with pytest.raises(TypeError):
            model.logits(tokens)
    with pytest.raises(foretell.LimitError):
        model.logits(np.zeros(model.positions + 1, int))
    for batch in (0, -1, 2**40):
        with pytest.raises(foretell.LimitError):
            model.stream(batch)
    for options in (dict(window=-1), dict(sinks=-1), dict(positions=-1), dict(max_memory=-1)):
        with pytest.raises(foretell.ArgumentError):
            model.stream(**options)
    with pytest.raises(foretell.LimitError):
        model.stream(max_memory=100)
    with pytest.raises(foretell.ArgumentError):
        model.stream(2).step([0, 0, 0])
    with pytest.raises(foretell.SymbolError):
        model.decode([2**31])
    with pytest.raises(TypeError):
        model.encode(7)
    with pytest.raises(TypeError):
        foretell.Stream()
    with pytest.raises(foretell.LimitError):
        foretell.Model(TINY, max_memory=1000)
    with pytest.raises(FileNotFoundError) as raised:
        foretell.Model(tmp_path / "none.gguf")
    assert raised.value.filename == str(tmp_path / "none.gguf")
    whole = TINY.read_bytes()
    bad = tmp_path / "bad.gguf"
    for data, error in ((b"", EOFError), (whole[:1000], EOFError), (whole[:-4000], foretell.CorruptError), (b"GGUF\x01" + whole[5:], foretell.UnsupportedError)):
        bad.write_bytes(data)
        with pytest.raises(error):
            foretell.Model(bad)


def test_native_objects_that_were_not_initialised():
    from foretell import _native

    for call in (lambda: _native.Network.__new__(_native.Network).info(), lambda: _native.Streams().reset()):
        with pytest.raises(ValueError):
            call()


def test_threads(model):
    tokens = sequence(model, 30)
    want = model.logits(tokens)
    got = [None] * 4

    def run(i):
        got[i] = model.logits(tokens)

    threads = [threading.Thread(target=run, args=(i,)) for i in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert all(np.array_equal(g, want) for g in got)


def test_stories(data):
    model = foretell.Model(data / "models" / "stories260K.f32.gguf")
    want = np.load(data / "logits" / "stories260K_tinystories_logits.npy")
    tokens = np.load(data / "logits" / "stories260K_tinystories_targets.npy")
    got = model.logits([model.start, *tokens[:400]])
    assert np.abs(got - want[:401]).mean() < 0.02
    assert model.decode(model.encode("Once upon a time")) == b"Once upon a time"


def test_frames(data):
    model = foretell.Model(data / "models" / "commavq-student.safetensors")
    video = np.load(data / "commavq" / "taco-bell.npy")
    want = np.load(data / "logits" / "commavq_student_frames600-607_logits.npy")
    assert model.frame == (8, 128) and model.positions == 0 and model.start is None
    for i in range(2):
        got = model.logits(video[592 + i : 600 + i])
        assert got.shape == (128, 1024) and np.abs(got - want[i]).max() < 0.1
    with pytest.raises(foretell.ArgumentError):
        model.logits(video[592:599])
    with pytest.raises(foretell.SymbolError):
        model.logits(video[592:600] + 1024)
    for call in (model.stream, lambda: model.encode("text"), lambda: model.decode([1])):
        with pytest.raises(foretell.UnsupportedError):
            call()
