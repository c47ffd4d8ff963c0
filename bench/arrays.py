"""What others make of 16-bit tokens: OpenZL's FieldLz and zstd, bytes and MB/s of CPU time.

    pip install openzl==0.3.0 zstandard numpy
    python arrays.py tokens.u16 ...     # raw little-endian uint16

Beside it, in the same minute: foretell bench tokens.u16 --dtype uint16 --models fast.
"""

import sys
import time

import numpy as np
import openzl.ext as zl
import zstandard


def fastest(runs, f):
    best = float("inf")
    for _ in range(runs):
        begin = time.process_time()
        out = f()
        best = min(best, time.process_time() - begin)
    return out, best


def field_lz(a, level):
    compressor = zl.Compressor()
    compressor.select_starting_graph(zl.graphs.FieldLz(compression_level=level)(compressor))

    def compress():
        context = zl.CCtx()
        context.ref_compressor(compressor)
        context.set_parameter(zl.CParam.FormatVersion, zl.MAX_FORMAT_VERSION)
        return context.compress([zl.Input(zl.Type.Numeric, a)])

    return compress, lambda code: zl.DCtx().decompress(code)


def zstd(a, level):
    plain = a.tobytes()
    return (lambda: zstandard.ZstdCompressor(level=level).compress(plain)), zstandard.ZstdDecompressor().decompress


for path in sys.argv[1:]:
    tokens = np.fromfile(path, dtype="<u2")
    for name, ways, level in (("FieldLz", field_lz, 1), ("FieldLz", field_lz, 6), ("zstd", zstd, 3), ("zstd", zstd, 19)):
        compress, decompress = ways(tokens, level)
        code, encoding = fastest(2, compress)
        _, decoding = fastest(5, lambda: decompress(code))
        mb = tokens.nbytes / 1e6
        print(f"{path} {name} {level}: {len(code)} bytes, encoding {mb / encoding:.1f} MB/s, decoding {mb / decoding:.0f} MB/s")
