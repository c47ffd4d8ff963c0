"""Rows that are weighed where they lie give the streams of the host path, bit for bit.
Where there is a GPU, PyTorch's lie on it, and with TRITON_INTERPRET=0 its kernels run
there."""

import os
import subprocess
import sys

import numpy as np
import pytest

import foretell
from foretell import BatchDecoder, BatchEncoder, _device

# Triton looks when it is imported, which PyTorch may do.
os.environ.setdefault("TRITON_INTERPRET", "1")

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


def check(weigh, find, convert, rng, types, sizes=SIZES, rows_in_all=ROWS):
    """Code rows of all kinds in some streams, each way in turn on either side."""
    done = 0
    while done < rows_in_all:
        v, logits = int(rng.choice(sizes)), bool(rng.integers(0, 2))
        n, steps = max(50, ROWS // 400), 4
        encoder, host = BatchEncoder(n, guard=1), BatchEncoder(n, guard=1)
        coded = []
        for _ in range(steps):
            rows = convert((scores if logits else probabilities)(rng, n, v), str(rng.choice(types)), logits)
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


def fitting(rows, most, logits):
    """Return rows as float64 numbers that a type of the host's can hold, not all of them
    exactly."""
    between = 1 + (np.arange(rows.size).reshape(rows.shape) % 5 if most > 1e300 else 0) * 2.0**-25
    most = min(most, 3e38)
    return np.where(np.isneginf(rows), rows, np.clip(rows * between, -most if logits else 0, most))


def torch_or_skip():
    return pytest.importorskip("torch", reason="torch is not installed")


def device():
    return "cuda" if torch_or_skip().cuda.is_available() else "cpu"


def tensors(rows, kind, logits):
    """Return rows as a tensor of PyTorch, of numbers that the type can hold."""
    import torch

    kind = getattr(torch, kind)
    x = torch.from_numpy(fitting(rows, torch.finfo(kind).max, logits)).to(device()).to(kind)
    # Nothing above zero may be left, or no number.
    x[:, 0] = torch.where(x.amax(1) == (-float("inf") if logits else 0), 1, x[:, 0])
    return x


FLOATS = ["float32", "bfloat16", "float16", "float64"]


def by_torch(weigh, find):
    """Return the two as functions from and to arrays of NumPy."""
    import torch

    def weighed(rows, symbols, logits):
        return weigh(rows, symbols, logits=logits).cpu().numpy()

    def found(rows, points, logits):
        return find(rows, torch.from_numpy(points), logits=logits).cpu().numpy()

    return weighed, found


def test_torch(rng, monkeypatch):
    torch_or_skip()
    import foretell.torch

    monkeypatch.setattr(foretell.torch, "_kernels", lambda rows: None)
    check(*by_torch(foretell.torch.weigh, foretell.torch.find), tensors, rng, FLOATS)


@pytest.fixture
def kernels(monkeypatch):
    """The kernels in Triton, of tiles so large that interpreting them is bearable."""
    torch = torch_or_skip()
    pytest.importorskip("triton", reason="triton is not installed")
    if os.environ["TRITON_INTERPRET"] != "1" and not torch.cuda.is_available():
        pytest.skip("kernels run on a GPU, or with TRITON_INTERPRET=1")
    import foretell.torch
    from foretell import _triton

    if os.environ["TRITON_INTERPRET"] == "1":
        monkeypatch.setattr(_triton, "TILE", 1 << 16)
        if not hasattr(torch.Tensor, "untyped_storage"):  # in PyTorch 1, of which Triton asks it
            monkeypatch.setattr(torch.Tensor, "untyped_storage", torch.Tensor.storage, raising=False)
    monkeypatch.setattr(foretell.torch, "_kernels", lambda rows: _triton)


@pytest.mark.filterwarnings("ignore:(overflow|invalid value) encountered:RuntimeWarning")
def test_triton(rng, kernels):
    import foretell.torch

    check(*by_torch(foretell.torch.weigh, foretell.torch.find), tensors, rng, FLOATS, [1, 3, 50, 1024, 2500], ROWS // 10)


def test_kernels_compile():
    pytest.importorskip("triton", reason="triton is not installed")
    code = """
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource, compile
from foretell import _triton

for kernel, more in ((_triton._survey, {}), (_triton._sums, {"symbols": "*i64", "sums": "*i64"}),
                     (_triton._find, {"ends": "*i64", "points": "*i64", "found": "*i64"})):
    types = {"rows": "*i16", "stride": "i32", "n": "i32", "v": "i32", "tops": "*i32", "scaled": "*i64", "blocks": "i32", **more}
    form = {"LOGITS": True, "HEIGHT": 1, "WIDTH": _triton.WIDTH}
    compile(ASTSource(kernel, {**types, **{name: "constexpr" for name in form}}, form), target=GPUTarget("cuda", 80, 32))
"""
    subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "TRITON_INTERPRET": "0"})


def test_jax(rng):
    jax = pytest.importorskip("jax", reason="jax is not installed")
    from foretell.jax import find, weigh

    def convert(rows, kind, logits):
        kind = jax.numpy.dtype(kind)  # by NumPy, for XLA may take denormal numbers for zero
        x = fitting(rows, float(jax.numpy.finfo(kind).max), logits).astype(kind)
        x[x.max(1) == (-np.inf if logits else 0), 0] = 1
        with jax.enable_x64(True):
            return jax.numpy.asarray(x)

    def weighed(rows, symbols, logits):
        return np.asarray(weigh(rows, symbols, logits=logits))

    def found(rows, points, logits):
        return np.asarray(find(rows, points, logits=logits))

    check(weighed, found, convert, rng, FLOATS, [1, 2, 50, 333], ROWS // 4)  # each is compiled anew


@pytest.fixture
def asked(monkeypatch):
    """What the functions of foretell.torch are asked by coders to whom the memory of the
    host is that of a GPU, a list of names."""
    torch_or_skip()
    import foretell.torch

    calls = []
    for name in ("weigh", "find"):

        def ask(*arguments, function=getattr(foretell.torch, name), **options):
            calls.append(function.__name__)
            return function(*arguments, **options)

        monkeypatch.setattr(foretell.torch, name, ask)
    monkeypatch.setattr(_device, "DEVICES", (device(),))
    monkeypatch.setattr(_device, "LEAST", 1000)
    monkeypatch.setattr(_device, "_working", True)
    return calls


def test_coders_weigh_rows_on_a_gpu(rng, asked, monkeypatch):
    import torch

    for logits in (False, True):
        for kind in FLOATS:
            encoder, mixed, host = (BatchEncoder(6, guard=2) for _ in range(3))
            steps = []
            for step in range(6):
                active = rng.permutation(6)[: 4 + step % 3]
                rows = tensors((scores if logits else probabilities)(rng, len(active), 150), kind, logits)
                symbols = [list, np.array, torch.tensor][step % 3](rng.integers(0, 150, len(active)).tolist())
                steps.append((rows, symbols, active))
                copies = rows.cpu() if kind == "bfloat16" else rows.cpu().numpy()
                encoder.encode(rows, symbols, active=active, logits=logits)
                with monkeypatch.context() as patch:
                    patch.setattr(_device, "DEVICES", ())
                    host.encode(copies, symbols, active=active, logits=logits)
                    if step % 2:
                        patch.undo()
                    mixed.encode(rows, symbols, active=active, logits=logits)
            assert asked == ["weigh"] * 9
            streams = host.finish()
            assert encoder.finish() == mixed.finish() == streams
            for every in (1, 2):
                decoder = BatchDecoder(streams, guard=2)
                for step, (rows, symbols, active) in enumerate(steps):
                    with monkeypatch.context() as patch:
                        if step % every:
                            patch.setattr(_device, "DEVICES", ())
                        assert decoder.decode(rows, active=active, logits=logits).tolist() == [int(s) for s in symbols]
                decoder.finish()
            assert asked == ["weigh"] * 9 + ["find"] * 9
            asked.clear()


def test_which_rows_are_copied(asked, monkeypatch):
    import torch

    rows = torch.full((3, 500), 1 / 500, device=device())
    for few in (rows[:, :80], rows.cpu().numpy(), list(rows), rows.cpu().tolist()):
        encoder = BatchEncoder(3)
        encoder.encode(few, [1, 2, 3])
        assert BatchDecoder(encoder.finish()).decode(few).tolist() == [1, 2, 3]
    tolerant = BatchEncoder(3, tolerance=1e-4)
    tolerant.encode(rows, [1, 2, 3])
    assert BatchDecoder(tolerant.finish(), tolerance=1e-4).decode(rows).tolist() == [1, 2, 3]
    assert asked == []
    # Where weighing fails they are, too, and it is not tried again; but for memory it is.
    for error, tries in ((torch.cuda.OutOfMemoryError("too little"), 2), (RuntimeError("no compiler"), 1)):
        calls = []

        def fail(*arguments, error=error, calls=calls, **options):
            calls.append(1)
            raise error

        with monkeypatch.context() as patch:
            patch.setattr(foretell.torch, "weigh", fail)
            encoder, host = BatchEncoder(3), BatchEncoder(3)
            if tries == 1:
                with pytest.warns(RuntimeWarning, match="no compiler") as warned:
                    encoder.encode(rows, [1, 2, 3])
                assert warned[0].filename == __file__
            else:
                encoder.encode(rows, [1, 2, 3])
            encoder.encode(rows, [4, 5, 6])
            assert len(calls) == tries
        for symbols in ([1, 2, 3], [4, 5, 6]):
            host.encode(rows.cpu().numpy(), symbols)
        assert encoder.finish() == host.finish()


def outcome(coder, method, *arguments, **options):
    """Return what a call gives, or what its error says."""
    try:
        return np.asarray(getattr(coder, method)(*arguments, **options)).tolist()
    except Exception as error:
        symbols = getattr(error, "symbols", None)
        return type(error), str(error), vars(error).get("index"), getattr(error, "row", None), np.asarray(symbols).tolist()


def test_errors_of_coders_are_those_of_copied_rows(rng, asked, monkeypatch):
    import torch

    rows = torch.from_numpy(rng.dirichlet(np.ones(400), 3)).to(torch.float32).to(device())
    encoder = BatchEncoder(3, guard=1)
    encoder.encode(rows, [1, 2, 3])
    streams = encoder.finish()
    bad = rows.clone()
    bad[1, 7] = float("nan")
    calls = [(bad, [1, 2, 3]), (rows, [1, 400, 3]), (bad, [1, 400, 3]), (rows, [1, -1, 2**70]), (rows, [1, 2]), (rows[:2], [1, 2, 3])]
    calls += [(rows, np.array([1, 2**63, 3], np.uint64)), (rows, [1.0, 2, 3]), (rows, b"\1\2\3"), (rows, iter([1, 2, 3])), (rows, 5), (rows, [1, [2], 3])]
    for arguments in calls:
        got = []
        for devices in (_device.DEVICES, ()):
            with monkeypatch.context() as patch:
                patch.setattr(_device, "DEVICES", devices)
                coder = BatchEncoder(3, guard=1)
                got.append([outcome(coder, "encode", *arguments), outcome(coder, "encode", rows, [1, 2, 3]), coder.finish()])
        assert got[0] == got[1], arguments
    other = rows.roll(1, 0)
    for first in (bad, other, rows[:2], rows[:, :0]):
        for active in (None, [0, 1, 2], [2, 0], [0, 0, 1], [5, 6, 7], 7):
            got = []
            for devices in (_device.DEVICES, ()):
                with monkeypatch.context() as patch:
                    patch.setattr(_device, "DEVICES", devices)
                    coder = BatchDecoder([streams[0], streams[1], streams[2][:1]], guard=1)
                    got.append([outcome(coder, "decode", first, active=active), outcome(coder, "decode", rows), outcome(coder, "decode", rows[:2], active=[0, 1])])
            assert got[0] == got[1], (first, active)


def test_refused_rows():
    torch = torch_or_skip()
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
