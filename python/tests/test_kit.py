"""The project's vectors of whole files and streams, each with its expected outcome."""

import hashlib
import pathlib

import numpy as np
import pytest

import foretell

FILES = sorted((pathlib.Path(__file__).resolve().parents[2] / "testkit" / "files").iterdir())
OUTCOMES = {
    "corrupt": foretell.CorruptError,
    "truncated": foretell.TruncatedError,
    "drift": foretell.DriftError,
    "limit": foretell.LimitError,
    "model": foretell.ModelError,
    "unsupported": foretell.UnsupportedError,
}


def decode(header, data):
    vocabulary = int(header["vocabulary"])
    decoder = foretell.Decoder(data, framed=True, vocabulary=vocabulary, model=bytes.fromhex(header["model"]))
    symbols = []
    while True:
        try:
            symbols.append(decoder.decode(np.arange(1, vocabulary + 1, dtype=np.float32)))
        except foretell.EndOfStream:
            return symbols


def cycle(size):
    """The model of a file's owner, as the kit's README has it."""

    def rows():
        following = 0
        while True:
            row = np.ones(size, np.float32)
            row[following] = 100
            following = ((yield row) + 1) % size

    return foretell.External(rows, size, id=hashlib.sha256(b"cycle").digest())


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.name)
def test_outcome(path):
    head, _, data = path.read_bytes().partition(b"\n\n")
    header = dict(line.partition(":")[::2] for line in head.decode().splitlines())
    header = {key: value.strip() for key, value in header.items()}

    def run():
        if header["kind"] == "steps":
            return decode(header, data)
        limits = {key.replace("-", "_"): int(header[key]) for key in ("max-memory", "max-output") if key in header}
        model = cycle(int(header["own"])) if "own" in header else None
        return foretell.decompress(data, model=model, **limits)

    if header["expect"] == "success":
        result = run()
        if header["kind"] == "steps":
            assert result == [int(s) for s in header["symbols"].split()]
        else:
            size = len(result) if isinstance(result, bytes) else 128 + result.nbytes  # with the header of npy
            assert size == int(header["size"])
    else:
        with pytest.raises(OUTCOMES[header["expect"]]):
            run()
