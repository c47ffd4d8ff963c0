"""compress and decompress."""

import io
import os
import tarfile
import zipfile

import numpy as np
import pytest

import foretell


def npz(save):
    buffer = io.BytesIO()
    save(buffer, a=np.arange(1000), b=np.arange(50.0))
    return buffer.getvalue()


def npy(array):
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def zipped():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("a.npy", npy(np.arange(1000)))
    return buffer.getvalue()


@pytest.mark.parametrize(
    "data",
    [b"", b"a", b"hello " * 500, os.urandom(1001), npy(np.arange(1000)), npy(np.ones(20)), npz(np.savez),
     npz(np.savez_compressed), zipped(), npy(np.asfortranarray(np.arange(600).reshape(20, 30)))],
    ids=["empty", "a", "text", "random", "npy", "floats", "npz", "compressed npz", "deflated", "fortran"],
)  # fmt: skip
def test_compress(data):
    for options in ({}, {"model": "static"}, {"dtype": "uint16"}, {"dtype": np.int64, "block": 100, "workers": 1}):
        compressed = foretell.compress(data, **options)
        assert type(compressed) is bytes
        assert foretell.decompress(compressed) == data
        assert foretell.decompress(bytearray(compressed)) == data
    assert foretell.compress(memoryview(data)) == foretell.compress(bytearray(data)) == foretell.compress(data)


@pytest.mark.parametrize(
    "array",
    [np.arange(60, dtype=np.uint16).reshape(3, 4, 5), np.array(-7, np.int8), np.zeros((0, 4), np.int64), np.array([True, False]),
     np.arange(6, dtype=">u4").reshape(2, 3).T, np.arange(10)[::2], np.array([2**64 - 1], np.uint64)],
    ids=lambda array: f"{array.dtype} {array.shape}",
)  # fmt: skip
def test_arrays_come_back(array, tmp_path):
    packed = foretell.compress(array)
    got = foretell.decompress(packed)
    assert type(got) is np.ndarray and got.shape == array.shape and np.array_equal(got, array)
    assert got.dtype == array.dtype.newbyteorder("=") and got.flags.writeable
    foretell.save(tmp_path / "x.fore", array)
    assert (tmp_path / "x.fore").read_bytes() == packed


def test_bytes_of_arrays():
    array = np.arange(1000, dtype=np.uint16)
    for data in (memoryview(array), array.tobytes()):
        assert foretell.decompress(foretell.compress(data)) == array.tobytes()
    assert foretell.decompress(foretell.compress(array, dtype="uint8")) == array.tobytes()
    assert foretell.decompress(foretell.compress(array.astype(np.float32), dtype="uint32")) == array.astype(np.float32).tobytes()
    assert foretell.decompress(foretell.compress(npy(array))) == npy(array)


def test_compress_what_only_begins_as_an_archive():
    array = np.arange(3000, dtype=np.int32)
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name in ("x.npy", "y.npy"):
            info = tarfile.TarInfo(name)
            info.size = len(npy(array))
            tar.addfile(info, io.BytesIO(npy(array)))
    for data in (buffer.getvalue(), npz(np.savez), npz(np.savez_compressed), npy(array)):
        for n in (*range(0, len(data), 1511), 5000, len(data) - 1):
            assert foretell.decompress(foretell.compress(data[:n], model="static")) == data[:n], n
        altered = bytearray(data)
        altered[len(data) // 2] ^= 255
        assert foretell.decompress(foretell.compress(altered, model="static")) == altered


def test_compress_refusals():
    for call, error in (
        (lambda: foretell.compress(None), TypeError),
        (lambda: foretell.compress(b"", model="nothing"), ValueError),
        (lambda: foretell.compress(b"", dtype="float32"), TypeError),
        (lambda: foretell.decompress("text"), TypeError),
        (lambda: foretell.compress(np.arange(10)[::2], dtype="uint8"), (ValueError, BufferError)),
        (lambda: foretell.compress(memoryview(np.arange(10))[::2]), (ValueError, BufferError)),
        (lambda: foretell.compress(np.ones(3)), TypeError),
        (lambda: foretell.compress(np.ma.masked_array([1, 2], [True, False])), TypeError),
    ):
        with pytest.raises(error):
            call()


def test_compress_str():
    assert foretell.decompress(foretell.compress("čas")) == "čas".encode()


@pytest.mark.parametrize("data", [None, 5, [1, 2]])
def test_what_is_no_data_is_named(data):
    with pytest.raises(TypeError, match=f"bytes or a str can be compressed, not {type(data).__name__}"):
        foretell.compress(data)


def test_one_part_that_cannot_be_coded(tmp_path):
    whole = io.BytesIO()
    np.savez(whole, tokens=np.arange(1000, dtype=np.int32), tokenizer="gpt2", scale=np.float32(0.5))
    with pytest.warns(UserWarning, match="member scale: unsupported.*kept as bytes"):
        packed = foretell.compress(whole.getvalue(), model="static")
    assert foretell.decompress(packed) == whole.getvalue()
    (tmp_path / "x.fore").write_bytes(packed)
    with foretell.open(tmp_path / "x.fore") as file:
        assert file["tokens"][:].tolist() == list(range(1000))
        assert np.load(io.BytesIO(bytes(file["scale.npy"][:]))) == np.float32(0.5)


def test_compress_what_is_compressed_already():
    once = foretell.compress(b"abc" * 99)
    with pytest.warns(UserWarning, match="a .fore file already"):
        twice = foretell.compress(once)
    assert foretell.decompress(twice) == once
