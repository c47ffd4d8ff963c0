"""Makes the Parquet files here, and beside each what its columns of whole numbers hold.

    pip install pyarrow==26.0.1 && python make.py
"""

import json
import random

import pyarrow as pa
import pyarrow.parquet as pq

random.seed(1)


def maybe(values, nulls):
    return [None if nulls and random.random() < 0.2 else v for v in values]


def columns(n, nulls):
    lists = [[random.randrange(50000) for _ in range(random.randrange(9))] for _ in range(n)]
    return {
        "input_ids": pa.array(maybe([maybe(x, nulls) for x in lists], nulls), pa.list_(pa.int32())),
        "large": pa.array(lists, pa.large_list(pa.int64())),
        "mask": pa.array([[1] * len(x) for x in lists], pa.list_(pa.int8())),
        "nested": pa.array([[x, []][: i % 3] for i, x in enumerate(lists)], pa.list_(pa.list_(pa.uint16()))),
        "id": pa.array(range(7, 7 + n), pa.int64()),
        "u32": pa.array(maybe([random.randrange(2**32) for _ in range(n)], nulls), pa.uint32()),
        "u64": pa.array(maybe([random.randrange(2**64) for _ in range(n)], nulls), pa.uint64()),
        "i8": pa.array([i % 256 - 128 for i in range(n)], pa.int8()),
        "none": pa.array([None] * n, pa.int32()),
        "st": pa.array([{"a": i, "b": [i] * (i % 3)} for i in range(n)], pa.struct([("a", pa.int16()), ("b", pa.list_(pa.int32()))])),
        "text": pa.array(maybe(["wörld" * (i % 4) for i in range(n)], nulls)),
        "score": pa.array(maybe([i / 3 for i in range(n)], nulls)),
        "flag": pa.array(maybe([i % 3 == 0 for i in range(n)], nulls)),
        "bin": pa.array([bytes([i % 256]) * 3 for i in range(n)], pa.binary(3)),
    }


def flat(column, field):
    """The values of a column that are there, and how many come before each row."""
    values, offsets = [], [0]

    def walk(v):
        if isinstance(v, list):
            for x in v:
                walk(x)
        elif v is not None:
            values.append(v)

    for row in column.to_pylist():
        walk(row[field] if field and row else row)
        offsets.append(len(values))
    return values, offsets


def expected(table):
    out = {}
    paths = {"st": ["a", "b"]}
    for name in table.column_names:
        if name in ("text", "score", "flag", "bin"):
            continue
        for field in paths.get(name, [None]):
            values, offsets = flat(table[name], field)
            path = name + ("/" + field if field else "")
            out[path] = values
            lists = "list" in str(table.schema.field(name).type if not field else table.schema.field(name).type.field(field).type)
            if lists or len(values) < len(table):
                out[path + ".offsets"] = offsets
    return out


def write(name, table, **options):
    pq.write_table(table, name + ".parquet", **options)
    with open(name + ".json", "w") as f:
        json.dump(expected(table), f)


integers = ["input_ids", "id", "u32", "u64", "i8"]
write("plain", pa.table(columns(40, False)), compression="none", use_dictionary=False)
write("snappy", pa.table(columns(60, True)), compression="snappy", row_group_size=25)
write("gzip", pa.table(columns(40, True)), compression="gzip", data_page_version="2.0")
write("zstd", pa.table(columns(300, True)), compression="zstd", row_group_size=130, data_page_size=100, write_batch_size=20, write_page_checksum=True)
delta = pa.table(columns(300, True)).select(integers)
write("delta", delta, use_dictionary=False, column_encoding={c if c != "input_ids" else "input_ids.list.element": "DELTA_BINARY_PACKED" for c in integers})
split = pa.table(columns(50, True)).select(["id", "u32", "score", "bin"])
write("split", split, use_dictionary=False, column_encoding={c: "BYTE_STREAM_SPLIT" for c in split.column_names})
write("empty", pa.table(columns(0, False)))
write("strings", pa.table(columns(20, False)).select(["id", "text"]), use_dictionary=False, column_encoding={"text": "DELTA_BYTE_ARRAY"})
write("lz4", pa.table(columns(20, False)).select(["id"]), compression="lz4")
