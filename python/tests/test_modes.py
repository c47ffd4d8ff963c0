"""Results do not depend on how the thread calculates with floats."""

import ctypes
import platform
import shutil
import subprocess

import numpy as np
import pytest

from foretell import BatchDecoder, BatchEncoder, Decoder, Encoder, Gaussian, Laplace, Logistic, Mixture, Stack

# Worked out in the usual mode: the logarithm is NumPy's, not ours.
LOGS = np.log([2.0**-i for i in range(1, 11)]).astype(np.float16)

MODES = [(rounding, flush) for rounding in range(4) for flush in (0, 1)]


@pytest.fixture(scope="module")
def modes(tmp_path_factory, request):
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        pytest.skip("no C compiler")
    library = tmp_path_factory.mktemp("fpenv") / "fpenv.so"
    source = request.path.with_name("fpenv.c")
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-frounding-math", "-o", library, source, "-lm"], check=True)
    loaded = ctypes.CDLL(str(library))
    loaded.probe.restype, loaded.third.restype = ctypes.c_float, ctypes.c_double
    yield loaded
    loaded.set_rounding(0)
    loaded.set_flush(0)


@pytest.fixture
def inputs(rng):
    tiny = rng.random(3000) * 1e-39
    tiny[::7] = rng.random(429)
    rows = {
        "float32": rng.random(3000, np.float32),
        "denormal": tiny.astype(np.float32),
        "all denormal": (rng.random(3000) * 1e-40).astype(np.float32),
        "float64": rng.random(3000) * 10.0 ** rng.integers(-60, 0, 3000),
        "float16": (rng.random(3000) * 2.0 ** rng.integers(-24, 0, 3000)).astype(np.float16),
        "list": (rng.random(300) * 1e-3).tolist(),
    }
    logits = {
        "float32": (rng.normal(size=3000) * 10).astype(np.float32),
        "float64": rng.normal(size=3000) * 10,
        "float16": (rng.normal(size=3000) * 10).astype(np.float16),
        "tiny": (rng.normal(size=3000) * 1e-39).astype(np.float32),
    }
    parameters = rng.normal(size=50) * 30, np.exp(rng.normal(size=50)), rng.random(50)
    return rows, logits, parameters


def everything(rows, logits, parameters):
    """Return the bytes of every kind of step, after reading them back."""
    mean, scale, weight = parameters
    mixture = Mixture([Gaussian(mean, scale), Laplace(mean, scale), Logistic(mean, scale)], [weight, 0.1, 0.3])
    values = np.arange(-25, 25)
    ids, probs = list(range(0, 90, 9)), [2.0**-i for i in range(1, 11)]
    encoder, stack = Encoder(guard=5), Stack()
    for symbol in (0, 7, 299):
        for row in rows.values():
            encoder.encode(row, symbol)
            stack.push(row, symbol)
        for row in logits.values():
            encoder.encode(row, symbol, logits=True)
        encoder.encode_topk(ids, probs, symbol, size=300)
        encoder.encode_topk(ids, LOGS, symbol, size=300, tail=1e-9, logs=True)
    encoder.encode_values(values, mixture)
    stack.push_values(values, mixture)
    data, dump = encoder.finish(), stack.tobytes()
    decoder = Decoder(data, guard=5)
    for symbol in (0, 7, 299):
        for row in rows.values():
            assert decoder.decode(row) == symbol
        for row in logits.values():
            assert decoder.decode(row, logits=True) == symbol
        assert decoder.decode_topk(ids, probs, size=300) == symbol
        assert decoder.decode_topk(ids, LOGS, size=300, tail=1e-9, logs=True) == symbol
    assert (decoder.decode_values(mixture) == values).all()
    decoder.finish()
    assert (stack.pop_values(mixture) == values).all()
    batch = BatchEncoder(40)
    matrix = np.stack([rows["denormal"]] * 40)
    batch.encode(matrix, range(40))
    streams = batch.finish()
    assert BatchDecoder(streams).decode(matrix).tolist() == list(range(40))
    return data, dump, streams


def test_modes(modes, inputs):
    want = everything(*inputs)
    thirds = set()
    for rounding, flush in MODES:
        assert modes.set_rounding(rounding) == 0
        modes.set_flush(flush)
        try:
            thirds.add(modes.third())
            if flush and platform.machine() in ("x86_64", "aarch64", "arm64"):
                assert modes.probe() == 0
            got = everything(*inputs)
        finally:
            modes.set_rounding(0)
            modes.set_flush(0)
        assert got == want, (rounding, flush)
    assert len(thirds) == 2 and modes.probe() != 0
