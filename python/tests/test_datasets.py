"""Windows of tokens from files."""

import multiprocessing
import os
import pickle
import subprocess
import sys
import textwrap

import numpy as np
import pytest

import foretell


@pytest.fixture
def files(tmp_path):
    """Three files, whose tokens say where they are."""
    foretell.save(tmp_path / "a.fore", np.arange(1000), model="static", block=100)
    foretell.save(tmp_path / "b.fore", {"t": np.arange(1000, 1500).reshape(50, 10), "short": np.arange(3)}, model="static")
    foretell.save(tmp_path / "c.fore", np.arange(2000, 2250, dtype=np.uint16).reshape(5, 5, 10), model="static")
    return [tmp_path / name for name in ("a.fore", "b.fore", "c.fore")]


def expected(length, stride):
    return [np.arange(i, i + length) for begin, end in ((0, 1000), (1000, 1500), (2000, 2250)) for i in range(begin, end - length + 1, stride)]


@pytest.mark.parametrize("length, stride", [(16, None), (16, 5), (7, 20), (250, None), (1, 1)])
def test_windows(files, length, stride):
    data = foretell.TokenDataset(files, length, stride=stride)
    if length == 1:
        data = foretell.TokenDataset(files[:1], 1, stride=1)
    want = [np.array([i]) for i in range(1000)] if length == 1 else expected(length, stride or length)
    assert len(data) == len(want)
    for i in (0, 1, len(want) // 2, len(want) - 1, -1):
        assert data[i].tolist() == want[i].tolist()
    assert [w.tolist() for w in data.stream(chunk=64)] == [w.tolist() for w in want]
    for wrong in (len(want), -len(want) - 1):
        with pytest.raises(IndexError):
            data[wrong]


def test_of_one_array(files):
    assert len(foretell.TokenDataset(files[1], 10, array="t")) == 50
    assert len(foretell.TokenDataset(str(files[1]), 3)) == 166 + 1
    assert len(foretell.TokenDataset([], 3)) == 0 and list(foretell.TokenDataset([], 3).stream()) == []
    with pytest.raises(KeyError):
        foretell.TokenDataset(files[1], 10, array="no")
    for wrong in ({"length": 0}, {"length": 5, "stride": 0}):
        with pytest.raises(foretell.ArgumentError):
            foretell.TokenDataset(files, **wrong)


def test_shuffling(files):
    data = foretell.TokenDataset(files, 10)
    stream = data.stream(shuffle=True, seed=3, chunk=100)
    first, second = [[int(w[0]) for w in stream] for _ in range(2)]
    in_order = [int(w[0]) for w in data.stream()]
    assert first != second and first != in_order and sorted(first) == sorted(second) == in_order
    assert first[:6] == [60, 70, 20, 0, 40, 10]  # the same everywhere
    assert [int(w[0]) for w in data.stream(shuffle=True, seed=4, chunk=100)] != first
    stream.set_epoch(0)
    assert [int(w[0]) for w in stream] == first
    parts = [[int(w[0]) for w in data.stream(shuffle=True, seed=3, chunk=100, part=(k, 3))] for k in range(3)]
    assert sorted(sum(parts, [])) == in_order and all(parts)
    assert sum(len(data.stream(shuffle=True, seed=3, chunk=100, part=(k, 3))) for k in range(3)) == len(data)


@pytest.mark.parametrize("done", [0, 1, 57, 100, 174])
def test_going_on(files, done):
    def new():
        return foretell.TokenDataset(files, 10).stream(shuffle=True, seed=5, chunk=70)

    stream = new()
    stream.set_epoch(2)
    all_ = [w.tolist() for w in stream]
    stream.set_epoch(2)
    begun = iter(stream)
    got = [next(begun).tolist() for _ in range(done)]
    again = pickle.loads(pickle.dumps(new()))
    again.load_state_dict(pickle.loads(pickle.dumps(stream.state_dict())))
    assert got + [w.tolist() for w in again] == all_
    assert again.state_dict()["epoch"] == 3
    if done:
        other = foretell.TokenDataset(files, 10).stream(chunk=70, part=(0, 2))
        other.load_state_dict(stream.state_dict())
        with pytest.raises(foretell.ArgumentError, match="as many"):
            next(iter(other))
        with pytest.raises(foretell.ArgumentError):
            foretell.TokenDataset(files, 11).stream().load_state_dict(stream.state_dict())


def work(data, numbers):
    return [data[i].tolist() for i in numbers]


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_workers(files, method):
    """The pattern of a DataLoader: made here, read there."""
    if method not in multiprocessing.get_all_start_methods():
        pytest.skip(f"this system has no {method}")
    code = f"""
        import multiprocessing, foretell, sys
        sys.path.insert(0, {os.path.dirname(__file__)!r})
        from test_datasets import work
        if __name__ == "__main__":
            data = foretell.TokenDataset({[str(f) for f in files]!r}, 10)
            data[3]
            with multiprocessing.get_context({method!r}).Pool(2) as pool:
                got = sum(pool.starmap(work, [(data, range(0, 60)), (data, range(60, len(data)))]), [])
            print(got == [data[i].tolist() for i in range(len(data))])
    """
    script = files[0].with_name("run.py")
    script.write_text(textwrap.dedent(code))
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=120)
    assert done.stdout == "True\n", done.stderr


def test_torch(files):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    import foretell.torch

    want = [w.tolist() for w in expected(10, 10)]
    data = foretell.torch.TokenDataset(files, 10)
    assert data[3].dtype == torch.int64
    for workers in (0, 2):
        loader = torch.utils.data.DataLoader(data, batch_size=8, num_workers=workers)
        assert [w for batch in loader for w in batch.tolist()] == want
        loader = torch.utils.data.DataLoader(data.stream(shuffle=True, chunk=80), batch_size=None, num_workers=workers)
        assert len(loader) == len(want)
        assert sorted(w.tolist() for w in loader) == want
    held = foretell.open(files[0])

    class Held(torch.utils.data.Dataset):
        def __len__(self):
            return 100

        def __getitem__(self, i):
            return held[10 * i : 10 * i + 10]

    loader = torch.utils.data.DataLoader(Held(), batch_size=10, num_workers=2)
    assert torch.cat(list(loader)).flatten().tolist() == list(range(1000))
