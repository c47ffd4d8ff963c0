"""The codec of numcodecs and Zarr."""

import numpy as np
import pytest

import foretell

numcodecs = pytest.importorskip("numcodecs", reason="numcodecs is not installed")

ARRAYS = [
    np.arange(6000, dtype=np.uint16).reshape(60, 100) % 97,
    np.array([[-5, 2**40], [0, 1]], np.int64),
    np.arange(8, dtype=">i4"),
    np.array([True, False]),
]


@pytest.mark.parametrize("array", ARRAYS, ids=lambda a: a.dtype.str)
def test_codec(array):
    codec = numcodecs.get_codec({"id": "foretell", "model": "static"})
    assert codec.get_config() == {"id": "foretell", "model": "static"}
    packed = codec.encode(array)
    assert bytes(codec.decode(packed)) == array.tobytes()
    out = np.empty_like(array)
    codec.decode(packed, out)
    assert np.array_equal(out, array)


def test_codec_of_other_elements():
    codec = numcodecs.get_codec({"id": "foretell"})
    for array in (np.linspace(0, 1, 50), np.array([b"ab", b"c"])):
        assert np.frombuffer(codec.decode(codec.encode(array)), array.dtype).tolist() == array.tolist()


def test_zarr(tmp_path):
    zarr = pytest.importorskip("zarr", minversion="3", reason="Zarr 3 is not installed")
    array = ARRAYS[0]
    codec = numcodecs.get_codec({"id": "foretell"})
    two = zarr.create_array(tmp_path / "2", shape=array.shape, chunks=(16, 30), dtype=array.dtype, zarr_format=2, compressors=codec)
    import foretell.zarr

    serializer = foretell.zarr.Foretell(model="static")
    three = zarr.create_array(tmp_path / "3", shape=array.shape, chunks=(16, 30), dtype=">u2", serializer=serializer, compressors=None)
    for stored, path in ((two, "2"), (three, "3")):
        stored[:] = array
        assert np.array_equal(zarr.open_array(tmp_path / path, mode="r")[5:40, 20:70], array[5:40, 20:70])
    with pytest.raises(TypeError, match="integers"):
        zarr.create_array(tmp_path / "f", shape=(3,), dtype="float32", serializer=serializer, compressors=None)


def test_xarray(tmp_path):
    pytest.importorskip("zarr", minversion="3", reason="Zarr 3 is not installed")
    xarray = pytest.importorskip("xarray", reason="xarray is not installed")
    import foretell.zarr

    data = xarray.Dataset({"x": (("t", "k"), ARRAYS[0])})
    for format, encoding in (
        (2, {"compressors": [numcodecs.get_codec({"id": "foretell"})]}),
        (3, {"serializer": foretell.zarr.Foretell(), "compressors": None}),
    ):
        path = tmp_path / str(format)
        data.to_zarr(path, zarr_format=format, encoding={"x": encoding}, consolidated=False)
        name = (path / "x" / (".zarray" if format == 2 else "zarr.json")).read_text()
        assert '"foretell"' in name
        with xarray.open_zarr(path, consolidated=False) as got:
            assert np.array_equal(got["x"].values, ARRAYS[0]) and got["x"].dtype == np.uint16
