"""The type stubs say what is there."""

import ast
import inspect
import pathlib
import re
import subprocess
import sys

import pytest

import foretell

STUBS = pathlib.Path(foretell.__file__).with_name("__init__.pyi")


def parameters(function):
    """Return names, kinds and defaults of a function in the stubs, without self."""
    a = function.args
    plain = [*a.posonlyargs, *a.args]
    found = [(arg.arg, "positional") for arg in plain] + [(arg.arg, "keyword") for arg in a.kwonlyargs]
    defaults = [None] * (len(plain) - len(a.defaults)) + a.defaults + a.kw_defaults
    return [(name, kind, default is not None) for (name, kind), default in zip(found, defaults) if name != "self"]


def actual(function):
    try:
        signature = inspect.signature(function)
    except ValueError:
        return None
    found = []
    for p in signature.parameters.values():
        kind = "keyword" if p.kind is p.KEYWORD_ONLY else "positional"
        if p.name != "self":
            found.append((p.name, kind, p.default is not p.empty))
    return found


def compare(stub, thing, name):
    if any(isinstance(d, ast.Name) and d.id in ("property", "overload") for d in stub.decorator_list):
        return
    want = actual(thing)
    assert want is not None and parameters(stub) == want, name


def test_stubs():
    tree = ast.parse(STUBS.read_text())
    declared = {}
    for node in tree.body:
        if isinstance(node, (ast.ClassDef, ast.FunctionDef)) and not node.name.startswith("_"):
            declared[node.name] = node
    assert sorted(declared) == sorted(foretell.__all__)
    for name, node in declared.items():
        thing = getattr(foretell, name)
        if isinstance(node, ast.FunctionDef):
            compare(node, thing, name)
            continue
        members = {n.name: n for n in node.body if isinstance(n, ast.FunctionDef)}
        members.update({n.target.id: n for n in node.body if isinstance(n, ast.AnnAssign)})
        there = {n for n in dir(thing) if not n.startswith("_")} - set(dir(Exception)) - set(dir(dict))
        inherited = {m for base in thing.__mro__[1:] if base.__name__ in declared for m in dir(base)}
        if name != "Array":
            assert there - inherited <= set(members), name
        for member, stub in members.items():
            if isinstance(stub, ast.FunctionDef) and not member.startswith("__"):
                assert hasattr(thing, member), f"{name}.{member}"
                compare(stub, getattr(thing, member), f"{name}.{member}")


@pytest.fixture(scope="module")
def checked(tmp_path_factory):
    """A function that returns what mypy says about a program."""
    pytest.importorskip("mypy", reason="mypy is not installed")
    folder = tmp_path_factory.mktemp("mypy")  # with its cache, or it would read NumPy's types each time

    def check(code):
        (folder / "program.py").write_text(code)
        command = [sys.executable, "-m", "mypy", "--strict", "program.py"]
        return subprocess.run(command, capture_output=True, text=True, cwd=folder).stdout

    return check


@pytest.mark.parametrize("number", [0, 1, 2])
def test_the_examples_of_the_readme_have_types(number, checked):
    readme = pathlib.Path(__file__).resolve().parents[1] / "README.md"
    code = re.findall(r"```python\n(.*?)```", readme.read_text(), re.DOTALL)[number]
    assert "Success" in checked(code)


def test_types_of_what_is_decoded(checked):
    out = checked(
        """
import numpy as np, foretell
from typing import Any, assert_type
decoder = foretell.Decoder(b"", guard=None)
assert_type(decoder.decode([0.5, 0.5]), int)
assert_type(decoder.decode([1, 1]), int)
assert_type(decoder.decode([[0.5, 0.5]]), np.typing.NDArray[np.int64])
assert_type(decoder.decode([0.5, 0.5], 3), np.typing.NDArray[np.int64])
assert_type(decoder.decode(np.ones(3), 3), np.typing.NDArray[np.int64])
assert_type(decoder.decode(np.ones(3)), Any)
assert_type(decoder.decode([np.ones(3)]), Any)
try:
    decoder.decode(np.ones(3), 3)
except foretell.DriftError as error:
    print(error.symbols)
foretell.Density()
"""
    )
    assert out.count("error:") == 1 and 'Missing positional arguments' in out and '"Density"' in out, out


def test_marker():
    assert STUBS.with_name("py.typed").exists()


EXAMPLE = """
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import foretell


def shard(tokens: NDArray[np.uint16], folder: Path) -> NDArray[Any]:
    foretell.save(folder / "a.fore", {"tokens": tokens}, model="fast")
    with foretell.Writer(folder / "b.fore", model="mix", workers=2) as writer:
        writer.append("tokens", tokens[:10])
        writer.append("tokens", tokens[10:])
    with open(folder / "c.fore", "wb") as out:
        foretell.save(out, tokens, model=foretell.models()[0])
    with foretell.open(folder / "a.fore") as file:
        part = file["tokens"][100:200]
        whole = file[...]
    return part if len(part) else whole


def windows(files: list[Path]) -> int:
    stream = foretell.TokenDataset(files, 1024).stream(shuffle=True, part=(0, 2))
    stream.load_state_dict(stream.state_dict())
    return sum(int(window.sum()) for window in stream)


def code(probs: NDArray[np.float32], symbols: list[int]) -> bytes:
    encoder = foretell.Encoder(framed=True)
    encoder.encode(probs, symbols)
    other = encoder.copy()
    other.encode_values(np.zeros(3, np.int64), foretell.Categorical([0.5, 0.5]))
    other.encode_values([1, 2], foretell.Gaussian([0.0, 1.0], 2))
    print(encoder.steps, other.finish())
    batch = foretell.BatchEncoder(2)
    batch.encode(probs[:1], [1], active=[True, False])
    return foretell.compress(probs.astype(np.int8), model="best") + foretell.compress(b"text")


class Bar:
    def __init__(self, total: int | None, unit: str, unit_scale: bool) -> None: ...
    def update(self, n: int) -> None: ...
    def close(self) -> None: ...


foretell.load("x.fore", progress=Bar)
"""


def test_the_typed_example(checked):
    right = checked(EXAMPLE)
    assert "Success" in right, right
    wrong = checked(EXAMPLE.replace('model="fast"', 'model="fastt"'))
    assert wrong.count("error:") == 1 and "fastt" in wrong, wrong


def test_the_names_of_models():
    names = re.search(r"_ModelName: TypeAlias = Literal\[(.*)\]", STUBS.read_text())[1]
    assert sorted(ast.literal_eval(f"[{names}]")) == sorted(foretell.models())
