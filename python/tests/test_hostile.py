"""Arrays of sizes that nothing holds, and tensors that are none."""

import ctypes
import signal
import subprocess
import sys
import textwrap
import tracemalloc

import numpy as np
import pytest

import foretell
from foretell import BatchDecoder, BatchEncoder, Decoder, Encoder, Stack


def wide(dtype, *shape):
    """Return ones of a shape of any size, which are one number in memory."""
    return np.broadcast_to(np.ones((), dtype), shape)


@pytest.mark.parametrize(
    "call",
    [
        lambda: Encoder().encode(wide("i1", 2**61), 0),
        lambda: Encoder().encode(wide("f4", 2**29), 0),
        lambda: Encoder().encode(wide("i1", 2, 2**60), [0, 0]),
        lambda: Decoder(b"").decode(wide("i1", 2**61)),
        lambda: Decoder(b"").decode(wide("i1", 2, 2**60)),
        lambda: BatchEncoder(2).encode(wide("i1", 2, 2**60), [0, 0]),
        lambda: BatchDecoder([b"", b""]).decode(wide("i1", 2, 2**60)),
        lambda: Stack().push(wide("i1", 2**61), 0),
        lambda: Encoder().encode_topk(wide("i1", 2**61), wide("i1", 2**61), 0, size=4),
    ],
    ids=range(9),
)
def test_rows_that_are_too_long(call):
    with pytest.raises(foretell.DistributionError, match="more than 2\\^24 symbols"):
        call()


def test_a_range_that_is_too_long():
    with pytest.raises(foretell.DistributionError):
        Encoder().encode(range(2**40), 0)


@pytest.mark.parametrize(
    "call",
    [
        lambda: Encoder().encode([0.5, 0.5], wide("i1", 2**62)),
        lambda: BatchEncoder(2).encode(np.ones((2, 2)), [0, 0], active=wide("i1", 2**62)),
    ],
    ids=range(2),
)
def test_numbers_that_no_memory_holds(call):
    """Their size in bytes is beyond every size_t."""
    with pytest.raises(MemoryError):
        call()


@pytest.mark.parametrize(
    "call, error",
    [
        (lambda: Encoder().encode(wide("i1", 2**12, 2**14), [0]), ValueError),
        (lambda: Encoder().encode(np.ones((2, 3)), wide("i1", 2**28)), ValueError),
        (lambda: Encoder().encode_topk(wide("i1", 2**28), [0.5], 0, size=3), ValueError),
        (lambda: BatchEncoder(2).encode(wide("i1", 2**12, 2**14), [0, 0]), ValueError),
        (lambda: BatchEncoder(2).encode(np.ones((2, 3)), wide("i1", 2**28)), ValueError),
        (lambda: Encoder().encode(wide("f4", 2**26), 0), foretell.DistributionError),
        (lambda: Decoder(b"").decode(wide("i1", 2**12, 2**14), 2), None),
    ],
    ids=range(7),
)
def test_what_is_refused_is_not_copied_first(call, error):
    resource = pytest.importorskip("resource", reason="this system does not tell the most memory taken")
    Encoder().encode([0.5, 0.5], 1)
    tracemalloc.start()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    try:
        if error is None:
            call()
        else:
            with pytest.raises(error):
                call()
        assert tracemalloc.get_traced_memory()[1] < 32 << 20
    finally:
        tracemalloc.stop()
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100 << 10


class Tensor:
    """A DLPack tensor with any fields."""

    def __init__(self, data, shape, ndim=None, strides=None):
        self.data, self.shape = data, (ctypes.c_int64 * len(shape))(*shape)
        self.ndim = len(shape) if ndim is None else ndim

    def __dlpack__(self):
        fields = (("data", ctypes.c_void_p), ("device", ctypes.c_int32), ("id", ctypes.c_int32), ("ndim", ctypes.c_int32),
                  ("code", ctypes.c_uint8), ("bits", ctypes.c_uint8), ("lanes", ctypes.c_uint16),
                  ("shape", ctypes.c_void_p), ("strides", ctypes.c_void_p), ("offset", ctypes.c_uint64),
                  ("context", ctypes.c_void_p), ("deleter", ctypes.c_void_p))  # fmt: skip
        tensor = type("Managed", (ctypes.Structure,), {"_fields_": fields})
        self.tensor = tensor(self.data, 1, 0, self.ndim, 2, 32, 1, ctypes.addressof(self.shape), None, 0, None, None)
        new = ctypes.pythonapi.PyCapsule_New
        new.restype, new.argtypes = ctypes.py_object, (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p)
        return new(ctypes.addressof(self.tensor), b"dltensor", None)


@pytest.mark.parametrize(
    "call",
    [
        lambda row: Encoder().encode(row, 0),
        lambda row: Encoder().encode(row, [0]),
        lambda row: Decoder(b"").decode(row),
        lambda row: Decoder(b"").decode(row, 1),
        lambda row: Stack().push(row, 0),
        lambda row: Stack().pop(row),
        lambda row: foretell.DistributionCoder().encode_step(row, 0),
    ],
    ids=range(7),
)
def test_an_empty_tensor_without_an_address(call):
    with pytest.raises(foretell.DistributionError, match="no symbols"):
        call(Tensor(None, (0,)))


def test_empty_tensors_in_other_places():
    encoder = Encoder()
    encoder.encode_topk([], Tensor(None, (0,)), 3, size=4)
    encoder.encode(Tensor(None, (0, 5)), [])
    assert Decoder(encoder.finish()).decode_topk([], Tensor(None, (0,)), size=4) == 3
    with pytest.raises(foretell.DistributionError):
        BatchEncoder(2).encode(Tensor(None, (2, 0)), [0, 0])


NUMBERS = np.ones(8, np.float32)


@pytest.mark.parametrize(
    "tensor, reason",
    [
        (Tensor(NUMBERS.ctypes.data, (3,), ndim=-1), "-1 axes"),
        (Tensor(NUMBERS.ctypes.data, (-3,)), "-3"),
        (Tensor(NUMBERS.ctypes.data, (-3, 3)), "-3"),
        (Tensor(NUMBERS.ctypes.data, (3, -3)), "-3"),
        (Tensor(None, (3,)), "address"),
        (Tensor(None, (1, 3)), "address"),
        (Tensor(None, ()), "address"),
    ],
    ids=range(7),
)
def test_tensors_that_are_none(tensor, reason):
    for symbols in (0, [0]):
        if len(tensor.shape) == 2 and symbols == 0:
            continue
        with pytest.raises(ValueError, match=reason):
            Encoder().encode(tensor, symbols)


def buffered(**fields):
    """An array whose buffer is of no use, so that its array interface is asked."""
    ml_dtypes = pytest.importorskip("ml_dtypes")

    class Odd(np.ndarray):
        __array_interface__ = {"version": 3, "typestr": "<V2", "strides": None, **fields}

    return np.ones(3, ml_dtypes.bfloat16).view(Odd)


@pytest.mark.parametrize(
    "fields, error",
    [
        ({"data": (NUMBERS.ctypes.data, False), "shape": (-3,)}, ValueError),
        ({"data": (0, False), "shape": (3,)}, ValueError),
        ({"data": (0, False), "shape": (0,)}, foretell.DistributionError),
    ],
)
def test_array_interfaces_that_are_none(fields, error):
    with pytest.raises(error):
        Encoder().encode(buffered(**fields), 0)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="this system has no timers")
@pytest.mark.parametrize(
    "make, call, all_done",
    [
        ("foretell.BatchEncoder(1)", "coder.__init__(3_000_000)", "len(coder) > 1"),
        ("foretell.BatchDecoder([b''])", "coder.__init__([b''] * 3_000_000)", "len(coder) > 1"),
        ("foretell.Encoder()", "coder.encode([1, 1], many)", "coder.steps == len(many)"),
        ("foretell.Encoder()", "coder.encode(rows, many[:len(rows)])", "coder.steps == len(rows)"),
        ("foretell.Encoder()", "coder.encode(rows[:, ::-1], many[:len(rows)])", "coder.steps == len(rows)"),
        ("foretell.Decoder(b'')", "coder.decode([1], 10**8)", "coder.steps == 10**8 or coder.steps != len(symbols)"),
    ],
)
def test_long_calls_can_be_interrupted(make, call, all_done):
    code = f"""
        import signal, numpy as np, foretell
        many = np.zeros(30_000_000, np.uint8)
        rows = np.lib.stride_tricks.sliding_window_view(np.ones(1_005_000, np.float32), 5000)
        coder, symbols = {make}, []
        signal.signal(signal.SIGALRM, signal.default_int_handler)
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        try:
            {call}
        except KeyboardInterrupt as error:
            symbols = getattr(error, "symbols", [])
        print({all_done})
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, timeout=60)
    assert done.stdout == "False\n", done.stderr


# A file of an empty array of shape (0, 2^61, 8), which NumPy cannot make.
SHAPE = bytes.fromhex(
    "f0464f52450d0a1a000800000000808040006191ba79f00f464c0f9efd8a5551a423b100161600ae7eaad925b4fe01020061"
    "03100106000301818080808080808020096df00f46490f9efd8a5551a423b1001e1ea9afc522fd8bda6f01064c2ed925b4fe"
    "0102006103100106000301818080808080808020096d99aa06d3014798d86001c324468d497f000000000000000036000000"
    "000000009541e1ba1a464f52"
)


def test_shape_that_numpy_cannot_make(tmp_path):
    path = tmp_path / "shape.fore"
    path.write_bytes(SHAPE)
    with foretell.open(path) as f:
        (name,) = f
        for take in (np.asarray, lambda a: a[:], lambda a: a[0:0]):
            with pytest.raises(foretell.LimitError, match="does not fit memory"):
                take(f[name])
    with pytest.raises(foretell.LimitError, match="does not fit memory"):
        foretell.load(path)[name]
