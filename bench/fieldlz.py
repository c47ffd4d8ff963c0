# Codes 16-bit integers with OpenZL's FieldLz at level 6, in memory: fieldlz.py FILE. For
# each line of standard input, encode or decode, it does so for a while and prints the
# fewest nanoseconds that a pass took, and the bytes of the code.
import sys
import time

import numpy
import openzl.ext as zl

WHILE = 0.05
data = numpy.fromfile(sys.argv[1], dtype="<u2")
compressor = zl.Compressor()
compressor.select_starting_graph(zl.graphs.FieldLz(compression_level=6)(compressor))


def encode():
    context = zl.CCtx()
    context.ref_compressor(compressor)
    context.set_parameter(zl.CParam.FormatVersion, zl.MAX_FORMAT_VERSION)
    return context.compress([zl.Input(zl.Type.Numeric, data)])


code = encode()


def decode():
    return zl.DCtx().decompress(code)[0]


if decode().content.as_bytes() != data.tobytes():
    sys.exit("decoded otherwise")
for line in sys.stdin:
    run = encode if line == "encode\n" else decode
    least, end = float("inf"), time.perf_counter() + WHILE
    while time.perf_counter() < end:
        start = time.perf_counter_ns()
        run()
        least = min(least, time.perf_counter_ns() - start)
    print(least, len(code), flush=True)
