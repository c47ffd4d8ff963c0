"""Zstandard frames (RFC 8878): one frame, and what the format asks of it."""

import zstandard

from .errors import Corrupt, check

# The raw-content dictionary of layout and index records (docs/format.md, records).
PRESET = bytes.fromhex("""
75 73 74 61 72 20 20 00 30 30 00 30 30 30 30 36 34 34 00 30 30 30 30 30
30 30 30 30 30 30 00 2e 6e 70 79 50 4b 03 04 14 00 00 00 00 00 00 00 21
00 93 4e 55 4d 50 59 01 00 76 00 7b 27 64 65 73 63 72 27 3a 20 27 7c 75
31 27 2c 20 27 66 6f 72 74 72 61 6e 5f 6f 72 64 65 72 27 3a 20 54 72 75
65 2c 20 27 73 68 61 70 65 27 3a 20 28 29 2c 20 7d 93 4e 55 4d 50 59 01
00 76 00 7b 27 64 65 73 63 72 27 3a 20 27 3c 75 32 27 2c 20 27 66 6f 72
74 72 61 6e 5f 6f 72 64 65 72 27 3a 20 46 61 6c 73 65 2c 20 27 73 68 61
70 65 27 3a 20 28 31 32 30 30 2c 20 38 2c 20 31 36 29 2c 20 7d 20 20 20
20 20 20 20 20 20 20 20 20 20 20 20 20 20 20 20 20 20 20 20 20 20 20 20
20 20 20 20 20 20 20 20 20 20 20 20 20 20 20 20 20 20 20 20 20 20 20 20
20 20 20 20 20 20 20 20 20 0a 93 4e 55 4d 50 59 01 00 76 00 7b 27 64 65
73 63 72 27 3a 20 27 3c 69 38 27 2c 20 27 66 6f 72 74 72 61 6e 5f 6f 72
64 65 72 27 3a 20 46 61 6c 73 65 2c 20 27 73 68 61 70 65 27 3a 20 28
""")

SINGLE = 0x20  # flag of a frame header: the window is the content


def one_frame(data, most_window):
    """Checks that data are one frame and returns its descriptor. A frame that is not of
    a single segment has a window of at most most_window bytes."""
    check(data[:4] == b"\x28\xb5\x2f\xfd" and len(data) > 5, "no zstd frame")
    head = data[4]
    at = 5
    if not head & SINGLE:
        exponent, mantissa = data[5] >> 3, data[5] & 7
        check((8 + mantissa) << 7 + exponent <= most_window, "window of a zstd frame")
        at += 1
    at += (0, 1, 2, 4)[head & 3] + (1 if head & SINGLE else 0, 2, 4, 8)[head >> 6]
    last = False
    while not last:
        check(at + 3 <= len(data), "a zstd frame that is cut off")
        block = int.from_bytes(data[at : at + 3], "little")
        last, kind, size = block & 1, block >> 1 & 3, block >> 3
        at += 3 + (1 if kind == 1 else size)
    check(at + (4 if head & 4 else 0) == len(data), "bytes after a zstd frame, or too few")
    return head


def decompress(data, size, dictionary=None):
    out, piece = bytearray(), b"-"
    try:
        with zstandard.ZstdDecompressor(dict_data=dictionary).stream_reader(data) as frame:
            while piece and len(out) <= size:
                piece = frame.read(min(size + 1 - len(out), 1 << 20))
                out += piece
    except zstandard.ZstdError as err:
        raise Corrupt("zstd: %s" % err) from None
    check(len(out) == size, "size of a zstd frame's content")
    return bytes(out)


def unpack(data, size):
    """The payload of a layout or index record."""
    head = one_frame(data, 0)
    check(head & 3 == 1 and head & SINGLE and data[5] == 1, "a record's zstd frame without its dictionary")
    # libzstd takes a dictionary of raw content for one without a number.
    data = data[:5] + b"\0" + data[6:]
    return decompress(data, size, zstandard.ZstdCompressionDict(PRESET, dict_type=zstandard.DICT_TYPE_RAWCONTENT))


def frame(data, size):
    """The content of a body of codec zstd."""
    head = one_frame(data, 1 << 22)
    check(head & 3 == 0, "a zstd frame with a dictionary")
    return decompress(data, size)
