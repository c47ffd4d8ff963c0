"""The same streams as Go's: vectors that both write and read, and the conformance
vectors of the project."""

import importlib.metadata
import json
import pathlib
import re
import shutil
import subprocess
import sys
import sysconfig

import numpy as np
import pytest

import foretell
from foretell import Decoder, Encoder, Gaussian, Laplace, Logistic, Mixture, Stack

HERE = pathlib.Path(__file__).resolve().parent
KIT = HERE.parents[1] / "testkit" / "vectors"
VECTORS = json.loads((HERE.parent / "vectors" / "vectors.json").read_text())


def density(step):
    families = (Gaussian, Laplace, Logistic)
    parts = [families[p["family"]](p["mean"], p["scale"], lo=-100, hi=100) for p in step["parts"]]
    return Mixture(parts, [p["weight"] for p in step["parts"]])


def run(coder, step, verb):
    """Have a coder encode, decode, push or pop a step."""
    symbol = (step["symbol"],) if verb in ("encode", "push") else ()
    if "parts" in step:
        arguments = (np.array(v) for v in symbol)
        return getattr(coder, verb + "_values")(*arguments, density(step))
    if "ids" in step:
        tail = step.get("tail", 0)
        return getattr(coder, verb + "_topk")(
            step["ids"], step["probs"], *symbol, size=step["size"], tail=None if tail == -1 else tail
        )
    row = np.array(step.get("probs") or step["logits"], np.float32)
    return getattr(coder, verb)(row, *symbol, logits="logits" in step)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: v["name"])
def test_vectors_shared_with_go(vector):
    options = {"guard": vector["guard"]}
    if vector["framed"]:
        options.update(framed=True, vocabulary=vector["vocabulary"], model=bytes.fromhex(vector["model"]))
    steps = vector["steps"] or []
    encoder, stack = Encoder(**options), Stack()
    for i, step in enumerate(steps):
        if i == len(steps) // 2:
            assert encoder.position().hex() == vector["middle"]
        run(encoder, step, "encode")
        run(stack, step, "push")
    stream = encoder.finish()
    assert stream.hex() == vector["stream"]
    assert stack.tobytes().hex() == vector["stack"]
    decoder = Decoder(bytes.fromhex(vector["stream"]), **options)
    for step in steps:
        assert run(decoder, step, "decode") == step["symbol"]
    decoder.finish()
    stack = Stack(bytes.fromhex(vector["stack"]))
    for step in reversed(steps):
        assert run(stack, step, "pop") == step["symbol"]
    assert len(stack) == 0


def records(name):
    path = KIT / name
    if not path.exists():
        pytest.skip(f"{path} is not there")
    lines = [line for line in path.read_text().split("\n") if not line.startswith("#")]
    for record in "\n".join(lines).split("\n\n"):
        fields = [line.split(": ", 1) for line in record.strip().split("\n") if ": " in line]
        if fields:
            yield dict(fields)


def repeated(words, convert):
    for word in words:
        if ".." in word:
            low, high = (int(w, 16) for w in word.split(".."))
            yield from range(low, high + 1)
            continue
        times, _, value = word.rpartition("*")
        yield from [convert(value)] * int(times or 1)


def row_of(record):
    """Return the values of a record as an array, and whether they are logits."""
    kind, form, *words = record["values"].split()
    bits = list(repeated(words, lambda w: int(w, 16)))
    unsigned = {"float16": np.uint16, "bfloat16": np.uint16, "float32": np.uint32, "float64": np.uint64}[kind]
    if kind == "bfloat16":
        kind = pytest.importorskip("ml_dtypes").bfloat16
    return np.array(bits, unsigned).view(kind), form == "logits"


@pytest.mark.parametrize("name", ["probabilities.txt", "logits.txt"])
def test_conformance(name):
    count = 0
    for record in records(name):
        if "code" not in record:
            continue
        row, logits = row_of(record)
        symbols = list(repeated(record["symbols"].split(), int))
        encoder = Encoder()
        encoder.encode(row, symbols, logits=logits)
        assert encoder.finish().hex() == record["code"], record["name"]
        decoder = Decoder(bytes.fromhex(record["code"]))
        assert decoder.decode(row, len(symbols), logits=logits).tolist() == symbols, record["name"]
        decoder.finish()
        count += 1
    assert count > 10


def test_conformance_of_refusals():
    count = 0
    for record in records("refusals.txt"):
        row, logits = row_of(record)
        with pytest.raises(foretell.DistributionError) as info:
            Encoder().encode(row, 0, logits=logits)
        assert (-1 if info.value.index is None else info.value.index) == int(record["refused"]), record["name"]
        count += 1
    assert count > 10


COMMAND = [sys.executable, "-m", "foretell"]


def test_the_command():
    """It is there by its name too, and is of the package's version."""
    said = subprocess.run([*COMMAND, "--version"], capture_output=True, text=True, check=True).stdout
    assert said.split()[:2] == ["foretell", "v" + foretell.__version__]
    assert importlib.metadata.version("foretell") == foretell.__version__
    script = shutil.which("foretell", path=sysconfig.get_path("scripts"))
    if script is None:
        pytest.skip("the package's script is not installed")
    assert subprocess.run([script, "--version"], capture_output=True, text=True, check=True).stdout == said
    assert subprocess.run([script, "nonsense"], capture_output=True).returncode == 2


def test_files_of_python_are_read_by_the_command(tmp_path, rng):
    arrays = {"a": rng.integers(0, 50, (30, 40), np.uint16), "b": rng.integers(-5, 5, 100), "c": np.array([True, False])}
    foretell.save(tmp_path / "x.fore", arrays)
    subprocess.run([*COMMAND, "-q", "decompress", "-C", tmp_path / "out", tmp_path / "x.fore"], check=True)
    for name, array in arrays.items():
        got = np.load(tmp_path / "out" / f"{name}.npy")
        assert got.dtype == array.dtype and np.array_equal(got, array)


def test_files_of_the_command_are_read_by_python(tmp_path, rng):
    arrays = {
        "c": rng.integers(0, 50, (30, 40), np.uint16),
        "f": np.asfortranarray(rng.integers(0, 50, (5, 6, 7), np.int32)),
        "big": rng.integers(0, 1000, 99).astype(">i8"),
        "scalar": np.array(7),
    }
    for name, array in arrays.items():
        np.save(tmp_path / f"{name}.npy", array)
        subprocess.run([*COMMAND, "-q", "compress", "-o", tmp_path / "x.fore", tmp_path / f"{name}.npy", "-f"], check=True)
        got = foretell.load(tmp_path / "x.fore")
        assert got.dtype == array.dtype.newbyteorder("=") and np.array_equal(got, array)
        if array.ndim > 1:
            with foretell.open(tmp_path / "x.fore") as file:
                assert np.array_equal(file[2:4, 3], array[2:4, 3])
    np.savez(tmp_path / "all.npz", **arrays)
    subprocess.run([*COMMAND, "-q", "compress", "-o", tmp_path / "y.fore", tmp_path / "all.npz"], check=True)
    got = foretell.load(tmp_path / "y.fore")
    assert {re.sub(".npy$", "", name.rpartition("/")[2]) for name in got} == set(arrays)
    for name, array in got.items():
        assert np.array_equal(array, arrays[name.rpartition("/")[2]])
