"""Every way in which numbers can come in."""

import array
import collections
import ctypes
import subprocess
import sys
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

import foretell
from foretell import BatchEncoder, Decoder, Encoder

VALUES = [0.5, 0.25, 0.125, 0.0, 0.0625, 2**-10, 1.0, 2**-14]
SYMBOLS = [3, 0, 6, 5, 7, 1, 1, 6]


def code(row, logits=False):
    """Return the stream of SYMBOLS under row, after reading it back."""
    encoder = Encoder()
    for symbol in SYMBOLS:
        encoder.encode(row, symbol, logits=logits)
    data = encoder.finish()
    decoder = Decoder(data)
    assert [decoder.decode(row, logits=logits) for _ in SYMBOLS] == SYMBOLS
    decoder.finish()
    return data


WANT = code(VALUES)


def strided(a):
    wide = np.full(3 * len(a), np.nan, a.dtype)
    wide[::3] = a
    return wide[::3]


def unaligned(a):
    raw = np.zeros(a.nbytes + 1, np.uint8)
    raw[1:] = np.frombuffer(a.tobytes(), np.uint8)
    return raw[1:].view(a.dtype)


def read_only(a):
    a = a.copy()
    a.flags.writeable = False
    return a


LAYOUTS = {
    "contiguous": lambda a: a,
    "strided": strided,
    "reversed": lambda a: a[::-1].copy()[::-1],
    "column": lambda a: np.stack([a, a * 0 + 1], axis=1)[:, 0],
    "unaligned": unaligned,
    "read-only": read_only,
    "swapped": lambda a: a.astype(a.dtype.newbyteorder("S")),
    "swapped and strided": lambda a: strided(a.astype(a.dtype.newbyteorder("S"))),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_numpy(dtype, layout):
    assert code(LAYOUTS[layout](np.array(VALUES, dtype))) == WANT


@pytest.mark.parametrize("layout", ["contiguous", "strided", "reversed", "column", "read-only", "swapped", "swapped and strided"])
def test_bfloat16_of_ml_dtypes(layout):
    ml_dtypes = pytest.importorskip("ml_dtypes")
    assert code(LAYOUTS[layout](np.array(VALUES, ml_dtypes.bfloat16))) == WANT


def test_matrix_of_bfloat16():
    ml_dtypes = pytest.importorskip("ml_dtypes")
    rows = np.array([VALUES] * 8, ml_dtypes.bfloat16)
    for matrix in (rows, np.asfortranarray(rows), rows[::-1], np.repeat(rows, 2, axis=1)[:, ::2]):
        encoder = Encoder()
        encoder.encode(matrix, SYMBOLS)
        assert encoder.finish() == WANT


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "bool"])
def test_whole_numbers(dtype):
    row = np.array([1, 0, 1, 1, 0, 1, 1, 1], dtype)
    assert code(row) == code([float(x) for x in row]) == code(strided_ints(row))


def strided_ints(a):
    return np.repeat(a, 2)[::2]


def test_whole_numbers_that_no_double_holds():
    with pytest.raises(ValueError, match="2\\^53"):
        Encoder().encode(np.array([2**53 + 1, 1]), 0)


@pytest.mark.parametrize(
    "row",
    [
        VALUES,
        tuple(VALUES),
        [Fraction(x) for x in VALUES],
        [Decimal(x) for x in VALUES],
        [np.float32(x) for x in VALUES],
        [np.float16(VALUES[0]), *VALUES[1:]],
        array.array("f", VALUES),
        array.array("d", VALUES),
        (ctypes.c_double * 8)(*VALUES),
        (ctypes.c_float * 8)(*VALUES),
        memoryview(array.array("d", VALUES)),
        collections.deque(VALUES),
        collections.UserList(VALUES),
        np.array([Fraction(x) for x in VALUES], object),
    ],
    ids=lambda row: type(row).__name__,
)
def test_sequences(row):
    assert code(row) == WANT


def test_equal_values_of_all_types_as_logits(rng):
    row = (rng.integers(-100, 100, 8) / 16).tolist()
    row[2] = float("-inf")
    want = code(row, logits=True)
    for dtype in ("float16", "float32", "float64"):
        assert code(np.array(row, dtype), logits=True) == want


@pytest.mark.parametrize(
    "row, reason",
    [
        ((x for x in VALUES), "only once"),
        (iter(VALUES), "only once"),
        (map(float, VALUES), "only once"),
        (dict.fromkeys(VALUES), "dict"),
        (set(VALUES), "set"),
        ("0.5", "str"),
        (b"\x01\x02", "bytes"),
        (bytearray(b"\x01\x02"), "bytearray"),
        (None, "NoneType"),
        (0.5, "float"),
        (7, "int"),
        (object(), "object"),
        ([0.5, "0.5"], "str"),
        ([0.5, None], "NoneType"),
        ([0.5, 1j], "complex"),
        ([[0.5], [0.5]], "list"),
        (np.array([1j, 1]), "ndarray"),
        (np.array(["a"]), "ndarray"),
        (np.zeros(3, "datetime64[s]"), "ndarray"),
        (np.zeros(3, [("a", "f4")]), "ndarray"),
        (np.zeros(3, np.longdouble), "ndarray"),
    ],
    ids=lambda x: x if isinstance(x, str) else type(x).__name__,  # the same in every process
)
def test_refused_types(row, reason):
    coder = foretell.DistributionCoder()
    if isinstance(row, np.ndarray) and row.dtype == np.longdouble and row.itemsize == 8:
        pytest.skip("long double is double here")
    with pytest.raises(TypeError, match=reason):
        coder.encode_step(row, 0)
    assert coder.finish_encoding() == b""


@pytest.mark.parametrize("shape", [(), (2, 4), (8, 1), (2, 2, 2)])
def test_refused_shapes(shape):
    with pytest.raises(ValueError, match="ax"):
        Encoder().encode(np.ones(shape), 0)


def test_refused_values():
    encoder = Encoder()
    for row, index in (
        ([0.5, float("nan")], 1),
        ([0.5, -0.1], 1),
        ([float("inf"), 1], 0),
        ([1, 1e300], 1),
        ([0.0, 0.0], None),
        ([], None),
        (np.zeros(0, np.float32), None),
    ):
        with pytest.raises(foretell.DistributionError) as info:
            encoder.encode(row, 0)
        assert info.value.index == index
    with pytest.raises(OverflowError):
        encoder.encode([10**400], 0)
    assert encoder.steps == 0


def test_more_than_the_most_symbols():
    with pytest.raises(foretell.DistributionError):
        Encoder().encode(np.ones(2**24 + 1, np.float32), 0)


class Fails:
    """Has array methods that raise."""

    def __init__(self, error):
        self.error = error

    def __dlpack__(self):
        raise self.error

    def __array__(self, *args, **kwargs):
        raise self.error


def test_errors_of_array_methods_come_through():
    for error in (MemoryError(), RuntimeError("no"), KeyboardInterrupt()):
        with pytest.raises(type(error)):
            Encoder().encode(Fails(error), 0)


def test_errors_of_a_length_come_through():
    class NoLength(collections.UserList):
        def __len__(self):
            raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        Encoder().encode(NoLength(VALUES), 0)


def test_an_object_that_returns_itself():
    class Loop:
        def __array__(self, *args, **kwargs):
            return self

        def numpy(self):
            return Loop()

    with pytest.raises(TypeError):
        Encoder().encode(Loop(), 0)


def test_a_list_that_changes_while_it_is_read():
    class Shrinks:
        def __float__(self):
            del row[1:]
            return 0.5

    row = [Shrinks()] + [0.5] * 100
    with pytest.raises(IndexError):
        Encoder().encode(row, 0)


class OnDevice:
    """Stands in for a tensor of a CUDA device: a DLPack capsule that says so."""

    def __init__(self, row, device=2):
        self.row, self.device, self.copies = row, device, 0
        self.shape = (ctypes.c_int64 * 1)(len(row))

    def __dlpack__(self):
        fields = (("data", ctypes.c_void_p), ("device", ctypes.c_int32), ("id", ctypes.c_int32), ("ndim", ctypes.c_int32),
                  ("code", ctypes.c_uint8), ("bits", ctypes.c_uint8), ("lanes", ctypes.c_uint16),
                  ("shape", ctypes.c_void_p), ("strides", ctypes.c_void_p), ("offset", ctypes.c_uint64),
                  ("context", ctypes.c_void_p), ("deleter", ctypes.c_void_p))  # fmt: skip
        tensor = type("Tensor", (ctypes.Structure,), {"_fields_": fields})
        address = 0xDEAD0000 if self.device == 2 else self.row.ctypes.data
        self.tensor = tensor(address, self.device, 0, 1, 2, 32, 1, ctypes.addressof(self.shape), None, 0, None, None)
        new = ctypes.pythonapi.PyCapsule_New
        new.restype, new.argtypes = ctypes.py_object, (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p)
        return new(ctypes.addressof(self.tensor), b"dltensor", None)

    def cpu(self):
        self.copies += 1
        return OnDevice(self.row, 1)


def test_a_device_is_copied_from_once():
    tensor = OnDevice(np.array(VALUES, np.float32))
    encoder = Encoder()
    for symbol in SYMBOLS:
        encoder.encode(tensor, symbol)
    assert encoder.finish() == WANT
    assert tensor.copies == len(SYMBOLS)


def test_a_device_without_a_copy_is_refused():
    class Bare(OnDevice):
        cpu = None

    with pytest.raises(TypeError):
        Encoder().encode(Bare(np.array(VALUES, np.float32)), 0)


def test_nothing_is_imported():
    code = """if True:
        import sys, numpy, foretell
        foretell.Encoder().encode(numpy.ones((3, 4)), [1, 2, 3])
        foretell.Encoder().encode([0.5, 0.5], 1)
        print([name for name in ("torch", "jax", "tensorflow", "ml_dtypes") if name in sys.modules])
    """
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_torch():
    torch = pytest.importorskip("torch", reason="torch is not installed")
    for dtype in (torch.float16, torch.bfloat16, torch.float32, torch.float64):
        tensor = torch.tensor(VALUES, dtype=dtype)
        assert code(tensor) == WANT
        assert code(torch.stack([tensor, tensor], dim=1)[:, 1]) == WANT
        assert code(tensor.requires_grad_()) == WANT
        encoder = Encoder()
        encoder.encode(torch.stack([tensor] * 8).detach(), torch.tensor(SYMBOLS))
        assert encoder.finish() == WANT
        encoder = BatchEncoder(8)
        encoder.encode(torch.stack([tensor] * 8), torch.tensor(SYMBOLS))
        assert len(encoder.finish()) == 8
    with pytest.raises(TypeError):
        Encoder().encode(torch.ones(3, dtype=torch.complex64), 0)
    if torch.cuda.is_available():
        assert code(torch.tensor(VALUES, device="cuda")) == WANT
        assert code(torch.tensor(VALUES, device="cuda", dtype=torch.bfloat16)) == WANT


def test_jax():
    jax = pytest.importorskip("jax", reason="jax is not installed")
    jnp = jax.numpy
    for dtype in (jnp.float16, jnp.bfloat16, jnp.float32):
        row = jnp.array(VALUES, dtype)
        assert code(row) == WANT
        encoder = Encoder()
        encoder.encode(jnp.stack([row] * 8), jnp.array(SYMBOLS))
        assert encoder.finish() == WANT
    assert code(jax.nn.log_softmax(jnp.log(jnp.array(VALUES))), logits=True)


def test_tensorflow():
    tf = pytest.importorskip("tensorflow", reason="tensorflow is not installed")
    for dtype in (tf.float16, tf.bfloat16, tf.float32, tf.float64):
        row = tf.constant(VALUES, dtype)
        assert code(row) == WANT
        encoder = Encoder()
        encoder.encode(tf.stack([row] * 8), tf.constant(SYMBOLS))
        assert encoder.finish() == WANT


def test_messages_of_what_has_no_memory():
    class Sparse:
        dtype = "torch.float32"

    class Odd:
        dtype = "torch.complex64"

    encoder = foretell.Encoder()
    with pytest.raises(TypeError, match="Sparse of torch.float32 that gives no access"):
        encoder.encode(Sparse(), 0)
    with pytest.raises(TypeError, match="torch.complex64, in a .*Odd: give floats"):
        encoder.encode(Odd(), 0)
    with pytest.raises(ValueError, match="2 axes: give one of a single axis"):
        encoder.encode(np.full((3, 4), 0.25), np.zeros((3, 1), int))
