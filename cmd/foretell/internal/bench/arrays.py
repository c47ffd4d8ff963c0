# Compresses or decompresses a file with a library for arrays, in memory, until a tenth
# of a second has gone by: arrays.py WAY encode|decode WIDTH FROM TO. Prints what it took
# as JSON. WIDTH is how many bytes an element has.
import io
import json
import resource
import statistics
import sys
import time

ENOUGH = 0.1


def numbers(data, width):
    import numpy

    return numpy.frombuffer(data, dtype=f"<u{width}")


def openzl(width):
    import openzl.ext as zl

    compressor = zl.Compressor()
    compressor.select_starting_graph(zl.graphs.FieldLz(compression_level=6)(compressor))

    def encode(data):
        context = zl.CCtx()
        context.ref_compressor(compressor)
        context.set_parameter(zl.CParam.FormatVersion, zl.MAX_FORMAT_VERSION)
        return context.compress([zl.Input(zl.Type.Numeric, numbers(data, width))])

    return encode, lambda code: zl.DCtx().decompress(code)[0].content.as_bytes()


def blosc2(width):
    import blosc2

    blosc2.set_nthreads(1)
    shuffle = [blosc2.Filter.BITSHUFFLE]

    def encode(data):
        return blosc2.compress2(data, typesize=width, codec=blosc2.Codec.ZSTD, clevel=9, filters=shuffle, nthreads=1)

    return encode, lambda code: blosc2.decompress2(code, nthreads=1)


def pcodec(width):
    from pcodec import ChunkConfig, standalone

    def encode(data):
        return standalone.simple_compress(numbers(data, width), ChunkConfig(compression_level=12))

    return encode, lambda code: standalone.simple_decompress(code).tobytes()


def parquet(width):
    import pyarrow
    import pyarrow.parquet

    pyarrow.set_cpu_count(1)

    def encode(data):
        table = pyarrow.table({"tokens": pyarrow.array(numbers(data, width))})
        out = io.BytesIO()
        pyarrow.parquet.write_table(table, out, compression="zstd", compression_level=19)
        return out.getvalue()

    def decode(code):
        table = pyarrow.parquet.read_table(io.BytesIO(code), use_threads=False)
        return table["tokens"].to_numpy().tobytes()

    return encode, decode


def zstandard(level):
    import zstandard

    return zstandard.ZstdCompressor(level=level).compress, zstandard.ZstdDecompressor().decompress


WAYS = {
    "openzl, FieldLz 6": openzl,
    "blosc2, zstd 9": blosc2,
    "pcodec -12": pcodec,
    "parquet, zstd 19": parquet,
    "zstandard -3": lambda width: zstandard(3),
    "zstandard -19": lambda width: zstandard(19),
}


def main(way, step, width, source, target):
    with open(source, "rb") as f:
        data = f.read()
    run = WAYS[way](int(width))[step == "decode"]
    run(data[: 1 << 12] if step == "encode" and len(data) > 1 << 12 else data)
    seconds, processor = [], []
    while sum(seconds) < ENOUGH:
        clock, used = time.perf_counter(), time.process_time()
        out = run(data)
        processor.append(time.process_time() - used)
        seconds.append(time.perf_counter() - clock)
    with open(target, "wb") as f:
        f.write(out)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    print(json.dumps({"Seconds": statistics.median(seconds), "CPU": statistics.median(processor), "Memory": peak}))


main(*sys.argv[1:])
