"""Files under a network: text, arrays of tokens, and what is said when the network is
not there."""

import os
import pickle
import shutil
import subprocess
import sys
import time

import numpy as np
import pytest

import foretell
from conftest import REPOSITORY

TINY = REPOSITORY / "model" / "neural" / "testdata" / "tiny.gguf"
TEXT = "A text of some length, with a text of some length in it: čas."


@pytest.fixture(autouse=True)
def nowhere(monkeypatch, tmp_path):
    """Hide what models this machine has."""
    monkeypatch.setenv("FORETELL_MODELS", "")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture(params=["Model", "Path", "str", "bytes"])
def tiny(request):
    """A network in each of the ways that it is given."""
    return {"Model": foretell.Model, "Path": lambda p: p, "str": str, "bytes": lambda p: str(p).encode()}[request.param](TINY)


def test_text(tiny):
    small = foretell.compress(TEXT, model=tiny)
    assert small == foretell.compress(TEXT.encode(), model=TINY, workers=2)
    assert foretell.decompress(small, model=tiny) == TEXT.encode()
    assert foretell.decompress(small, model=TINY.parent) == TEXT.encode()


def test_arrays(tiny, tmp_path):
    tokens = np.random.default_rng(1).integers(0, foretell.Model(TINY).vocabulary, (4, 30), np.uint16)
    path = tmp_path / "tokens.fore"
    foretell.save(path, tokens, model=tiny)
    assert np.array_equal(foretell.load(path, model=tiny), tokens)
    with foretell.open(path, model=tiny) as file:
        assert np.array_equal(file[1:3], tokens[1:3])
        with pickle.loads(pickle.dumps(file)) as again:
            assert np.array_equal(again[...], tokens)


def test_found_by_its_hash(tmp_path, monkeypatch):
    path = tmp_path / "x.fore"
    foretell.save(path, np.arange(100, dtype=np.uint8), model=TINY)
    monkeypatch.setenv("FORETELL_MODELS", str(TINY.parent))
    assert foretell.load(path).sum() == 4950
    monkeypatch.setenv("FORETELL_MODELS", "")
    shutil.copy(TINY, tmp_path / "other name")
    assert foretell.load(path).sum() == 4950


def test_not_there(tmp_path, data):
    path = tmp_path / "x.fore"
    foretell.save(path, np.arange(100, dtype=np.uint8), model=TINY)
    small = foretell.compress(TEXT, model=TINY)
    other = data / "models" / "stories260K.q8_0.gguf"
    damaged = tmp_path / "damaged"
    content = bytearray(TINY.read_bytes())
    content[-1] ^= 1
    damaged.write_bytes(content)
    for model, why in [
        (None, ""),
        ("nowhere.gguf", "not in"),
        (other, f"another file, of {other.stat().st_size} bytes"),
        (foretell.Model(other), "SHA-256"),
        (damaged, "damaged"),
    ]:
        for read in (lambda: foretell.load(path, model=model), lambda: foretell.decompress(small, model=model)):
            with pytest.raises(foretell.ModelError, match="tiny.gguf") as caught:
                read()
            assert f"{TINY.stat().st_size} bytes" in str(caught.value) and why in str(caught.value)


def test_what_is_no_network(tmp_path):
    with pytest.raises(FileNotFoundError, match="none.gguf"):
        foretell.compress(TEXT, model="none.gguf")
    with pytest.raises(FileNotFoundError, match="none"):
        foretell.save(tmp_path / "x", [1], model="folder/none")
    with pytest.raises(foretell.ArgumentError, match="nothing"):
        foretell.compress(TEXT, model="nothing")
    with pytest.raises(TypeError):
        foretell.compress(TEXT, model=3)
    (tmp_path / "text.gguf").write_text(TEXT, encoding="utf-8")
    with pytest.raises(foretell.ForetellError, match="text.gguf"):
        foretell.compress(TEXT, model=tmp_path / "text.gguf")


def test_network_is_no_output(tmp_path):
    """What is written under a network does not take its place."""
    path, link = tmp_path / "net.gguf", tmp_path / "link.fore"
    shutil.copy(TINY, path)
    os.link(path, link)
    for out in path, link:
        with pytest.raises(foretell.ForetellError, match="an input as well as the output"):
            foretell.save(out, np.arange(9), model=path)
    assert path.read_bytes() == TINY.read_bytes()


def test_resume(tmp_path):
    """Kill a save of many blocks, and go on."""
    tokens = np.random.default_rng(1).integers(0, 256, 12_000, np.uint8)
    whole, path = tmp_path / "whole.fore", tmp_path / "x.fore"
    partial = tmp_path / "x.fore.partial"
    foretell.save(whole, tokens, model=TINY, block=2000)
    np.save(tmp_path / "tokens.npy", tokens)
    script = f"import foretell, numpy; foretell.save({str(path)!r}, numpy.load({str(tmp_path / 'tokens.npy')!r}), model={str(TINY)!r}, block=2000"
    with subprocess.Popen([sys.executable, "-c", script + ")"]) as run:
        while run.poll() is None and (not partial.exists() or partial.stat().st_size < 4000):
            time.sleep(0.001)
        run.kill()
    assert not path.exists() and partial.stat().st_size >= 4000
    with pytest.raises(foretell.ArgumentError, match="other options"):
        foretell.save(path, tokens, model=TINY, block=1000, resume=True)
    foretell.save(path, tokens, model=TINY, block=2000, resume=True)
    assert path.read_bytes() == whole.read_bytes() and not partial.exists()
    partial.write_bytes(whole.read_bytes()[:5000])
    foretell.save(path, tokens, model="mix", resume=False)
    assert partial.exists()  # is none of its business
    foretell.save(path, tokens, model=TINY, block=2000)
    assert path.read_bytes() == whole.read_bytes() and not partial.exists()
