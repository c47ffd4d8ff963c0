"""Arrays that files hold."""

from collections.abc import Mapping

import numpy as np

__all__ = ["TYPES", "check_name", "elements", "is_array", "named", "whole"]

TYPES = frozenset(("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"))


def is_array(data):
    """Tell an array from bytes and the like."""
    return any(hasattr(type(data), name) for name in ("__array__", "__array_interface__", "__dlpack__"))


def named(arrays):
    """Yield the names and arrays of an array or a dict of them."""
    if not isinstance(arrays, Mapping):
        arrays = {"array": arrays}
    for name in arrays:
        check_name(name)
    files = {f"{name}.npy" for name in arrays}
    for name in arrays:
        for end in (i for i, c in enumerate(name) if c == "/"):
            if name[:end] in files:
                raise ValueError(f"{name[:99]!r} cannot be the name of an array: {name[:end][:99]!r} is the file of another")
    for name, array in arrays.items():
        yield name, whole(name, array)


def whole(name, array):
    """Return what is to be saved under a name as an array."""
    if isinstance(array, np.ma.MaskedArray):
        raise TypeError(f"array {name!r} is masked, which no file keeps: save array.filled(value), and the mask as another array")
    array = np.asarray(array)
    if array.dtype.name not in TYPES:
        raise TypeError(f"array {name!r} has elements of type {array.dtype}: only integers and bools can be saved")
    return array


def elements(array, order="<"):
    """Return the elements of an array in C order, as bytes in an order of bytes."""
    array = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder(order))
    return array.reshape(-1).view(np.uint8)


def check_name(name):
    """Refuse a name that would be no file inside a folder."""
    if not isinstance(name, str):
        raise TypeError(f"the name of an array is a str, not {type(name).__name__}")
    drive = name[1:2] == ":" and name[0].isascii() and name[0].isalpha()
    if "\0" in name or len(name.encode()) > 4092 or drive or any(part in ("", ".", "..") for part in name.split("/")):
        raise ValueError(f"{name[:99]!r} cannot be the name of an array: use a relative path without dots, of at most 4092 bytes")
