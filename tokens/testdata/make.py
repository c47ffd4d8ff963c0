# Makes the files in numpy/ with NumPy (2.4.6 made those that are committed) and
# Python's own zipfile and tarfile: python3 make.py, in this folder.
import io
import os
import tarfile

import numpy as np
from numpy.lib import format as npy

os.makedirs("numpy", exist_ok=True)
count = np.arange(24).reshape(2, 3, 4)
for kind in "i1 i2 i4 i8 u1 u2 u4 u8 b1".split():
    size = int(kind[1])
    a = count % 2 if kind == "b1" else count * 5 - (50 if kind[0] == "i" else 0)
    for order in "<>" if size > 1 else "|":
        for layout in "CF":
            name = f"numpy/{kind}_{'be' if order == '>' else 'le'}_{layout}.npy"
            np.save(name, np.array(a, dtype=order + kind, order=layout))
for version in (2, 3):
    with open(f"numpy/version{version}.npy", "wb") as f:
        npy.write_array(f, count.astype("<u2"), version=(version, 0))
np.save("numpy/scalar.npy", np.int32(-7))
np.save("numpy/line.npy", np.arange(5, dtype="<u2"))
np.save("numpy/empty.npy", np.zeros((3, 0, 2), "<i4"))
np.save("numpy/float.npy", np.zeros(3, "<f4"))
np.save("numpy/record.npy", np.zeros(3, [("a", "<i4"), ("b", "<u2")]))
np.save("numpy/object.npy", np.array([{}, []], dtype=object), allow_pickle=True)
np.save("numpy/text.npy", np.array(["ab", "c"]))
np.save("numpy/time.npy", np.array(["2020-01-01"], "M8[D]"))

members = dict(line=np.arange(5, dtype="<u2"), square=np.arange(9).reshape(3, 3).T)
np.savez("numpy/stored.npz", **members)
np.savez_compressed("numpy/deflated.npz", **members)
for kind, format in (("pax", tarfile.PAX_FORMAT), ("gnu", tarfile.GNU_FORMAT), ("ustar", tarfile.USTAR_FORMAT)):
    with tarfile.open(f"numpy/{kind}.tar", "w", format=format) as t:
        names = ["short.npy", "d" * 60 + "/" + "n" * 90 + ".npy"]
        if kind != "ustar":
            names.append("längst/" + "x" * 200 + ".npy")
        for name in names:
            b = io.BytesIO()
            np.save(b, members["line"])
            info = tarfile.TarInfo(name)
            info.size = len(b.getvalue())
            t.addfile(info, io.BytesIO(b.getvalue()))
        link = tarfile.TarInfo("link.npy")
        link.type, link.linkname = tarfile.SYMTYPE, "short.npy"
        t.addfile(link)
