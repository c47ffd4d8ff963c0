"""save, load, open and train."""

import io
import os
import pathlib
import pickle
import threading

import numpy as np
import pytest

import foretell


@pytest.fixture
def path(tmp_path):
    return tmp_path / "x.fore"


ARRAYS = {
    "tokens": np.arange(60000).reshape(100, 600) % 53,
    "negative": np.arange(-50, 50, dtype=np.int8),
    "wide": np.array([2**63, 1, 0, 2**64 - 1], np.uint64),
    "flags": np.array([[True, False], [False, False]]),
    "one": np.array(-7, np.int16),
    "none": np.zeros((0, 4), np.uint32),
    "folder/inner": np.arange(5, dtype=np.uint8),
}


@pytest.mark.parametrize("model", [None, *foretell.models()])
def test_round_trip(path, model):
    arrays = ARRAYS if model in (None, "static") else {"tokens": ARRAYS["tokens"][:10]}
    foretell.save(path, arrays, model=model, workers=2)
    got = foretell.load(path)
    got = got if isinstance(got, dict) else {"tokens": got}
    assert list(got) == list(arrays)
    for name, array in arrays.items():
        assert got[name].dtype == array.dtype and got[name].shape == array.shape
        assert np.array_equal(got[name], array)


def test_layouts(path):
    array = ARRAYS["tokens"].astype(np.int32)
    for other in (np.asfortranarray(array), array[::-1, ::-1], array[:, ::3], array.astype(">i4"), array.tolist(), array[:0], array.T):
        foretell.save(str(path), other, model="static")
        got = foretell.load(os.fsencode(path))
        assert np.array_equal(got, other) and got.dtype.isnative


def test_dict_and_single(path):
    foretell.save(path, {})
    assert foretell.load(path) == {}
    foretell.save(path, {"a": np.arange(3)})
    assert foretell.load(path).tolist() == [0, 1, 2]
    with foretell.open(path) as file:
        assert list(file) == ["a"] and len(file) == 1 and "a" in file and file.path == str(path)
        assert repr(file) and repr(file["a"])
        with pytest.raises(KeyError):
            file["b"]


KEYS = [
    np.s_[5], np.s_[-1], np.s_[5:9], np.s_[:], np.s_[...], np.s_[::-1], np.s_[90:200], np.s_[-3:], np.s_[20:10],
    np.s_[50:10:-7], np.s_[10::25], np.s_[:5:-30], np.s_[3, 4], np.s_[3:8, 4], np.s_[:, 4], np.s_[2:4, ::50], np.s_[..., 3],
    np.s_[[5, 1, 5]], np.s_[[5, -1], [2, 3]], np.s_[np.array([[1, 2], [99, 0]])], np.s_[np.arange(100) % 7 == 0],
    np.s_[[]], np.s_[None, 3], np.s_[3, None], np.s_[()], np.s_[[1, 2], :, None], np.s_[1:3, ..., 5], np.s_[True],
    np.s_[np.int16(4)], np.s_[0:0],
]  # fmt: skip


@pytest.mark.parametrize("key", KEYS, ids=str)
def test_indexing_is_that_of_numpy(tmp_path_factory, key):
    array = ARRAYS["tokens"]
    path = tmp_path_factory.getbasetemp() / "indexed.fore"
    if not path.exists():
        foretell.save(path, array, block=1000, model="static")
    with foretell.open(path) as file:
        for got in (file[key], file["array"][key]):
            want = array[key]
            assert np.array_equal(got, want) and got.shape == want.shape and got.dtype == want.dtype


def test_wrong_indices(path):
    array = ARRAYS["tokens"]
    foretell.save(path, array, model="static")
    with foretell.open(path) as file:
        for key in (np.s_[100], np.s_[-101], np.s_[[100]], np.s_[0, 600], np.s_[0, 0, 0], np.s_[1.5], np.s_[[0.5]]):
            with pytest.raises(IndexError):
                array[key]
            with pytest.raises(IndexError):
                file[key]
        with pytest.raises(KeyError):
            file["text"]


def test_array(path):
    array = ARRAYS["tokens"]
    foretell.save(path, {"a": array, "one": np.array(5)}, model="static")
    with foretell.open(path) as file:
        a = file["a"]
        assert (a.shape, a.dtype, a.ndim, a.size, len(a)) == (array.shape, array.dtype, 2, array.size, 100)
        assert np.array_equal(np.asarray(a), array)
        assert np.asarray(a, dtype=np.float32).dtype == np.float32
        assert sum(int(row.sum()) for row in a) == array.sum()
        assert file["one"][()] == 5 and file["one"].shape == ()
        with pytest.raises(TypeError):
            len(file["one"])
        with pytest.raises(KeyError, match="choose"):
            file[0]


def test_only_the_blocks_that_are_needed_are_read(path):
    array = np.random.default_rng(1).integers(0, 200, (100, 1000), np.uint8)
    foretell.save(path, array, block=10000, model="static")
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 255  # in one of the ten blocks
    path.write_bytes(data)
    with pytest.raises(foretell.CorruptError) as info:
        foretell.load(path)
    block = info.value.block
    assert block in range(3, 7) and info.value.offset > 0
    with foretell.open(path) as file:
        assert np.array_equal(file[: 10 * block], array[: 10 * block])
        assert np.array_equal(file[10 * block + 10 :], array[10 * block + 10 :])
        assert np.array_equal(file[[0, 99, 0]], array[[0, 99, 0]])
        with pytest.raises(foretell.CorruptError):
            file[10 * block + 9]


def test_closed(path):
    foretell.save(path, np.arange(10))
    with foretell.open(path) as file:
        array = file["array"]
    file.close()
    for read in (lambda: array[3], lambda: file[3], lambda: np.asarray(array)):
        with pytest.raises(ValueError, match="closed"):
            read()
    assert array.shape == (10,)


def test_pickling_is_by_path(path, monkeypatch):
    foretell.save(path, np.arange(1000), block=100, model="static")
    monkeypatch.chdir(path.parent)
    with foretell.open(path.name, workers=1) as file:
        text = pickle.dumps(file)
        assert len(text) < 1000
        monkeypatch.chdir("/")
        with pickle.loads(text) as other:
            assert other[500] == 500 and other != file
        array = pickle.loads(pickle.dumps(file["array"]))
        assert array[7] == 7


def test_threads_share_a_file(path):
    array = np.arange(100000) % 251
    foretell.save(path, array, block=1000, model="static")
    wrong = []

    def read(seed):
        rng = np.random.default_rng(seed)
        for _ in range(50):
            start = int(rng.integers(0, 99000))
            if not np.array_equal(file[start : start + 1000], array[start : start + 1000]):
                wrong.append(start)

    with foretell.open(path) as file:
        threads = [threading.Thread(target=read, args=(i,)) for i in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert not wrong


def test_refused_arrays(path):
    for array in (np.ones(3), np.array(["a"]), [1.5], object(), np.ones(3, complex), {"a": [0.5]}, {3: [1]}):
        with pytest.raises(TypeError):
            foretell.save(path, array, model="static")
    for arrays in ({"": [1]}, {"../a": [1]}, {"/a": [1]}, {"a\0b": [1]}, {"x" * 5000: [1]}, {"a/": [1]}, {"C:a": [1]}, {"a": [1], "a.npy/b": [2]}):
        with pytest.raises(ValueError):
            foretell.save(path, arrays)
    for options in ({"model": "nothing"}, {"block": -1}, {"block": 2**40}, {"model": "external"}):
        with pytest.raises(foretell.ArgumentError):
            foretell.save(path, [1], **options)
    assert os.listdir(path.parent) == []


def test_a_failed_save_leaves_the_old_file(path):
    foretell.save(path, [1, 2])
    with pytest.raises(ValueError):
        foretell.save(path, {"a": [1], "../b": [1]})
    assert foretell.load(path).tolist() == [1, 2]
    assert os.listdir(path.parent) == [path.name]


@pytest.mark.skipif(os.name != "posix", reason="no links, pipes and permissions")
def test_save_over_what_is_there(tmp_path):
    array = np.arange(9)
    private, target, link, pipe = (tmp_path / name for name in ("private", "target", "link", "pipe"))
    for file in (private, target):
        file.write_text("old")
        file.chmod(0o600)
    link.symlink_to(target)
    for file in (private, link):
        foretell.save(file, array, model="static")
        assert foretell.load(file).tolist() == array.tolist()
    assert private.stat().st_mode & 0o777 == target.stat().st_mode & 0o777 == 0o600
    assert link.is_symlink()
    os.mkfifo(pipe)
    got = []
    reader = threading.Thread(target=lambda: got.append(pipe.read_bytes()))
    reader.start()
    foretell.save(pipe, array, model="static")
    reader.join()
    assert got == [private.read_bytes()] and pipe.is_fifo()
    with open(tmp_path / "log", "w+b", buffering=0) as log:
        log.write(b"before")
        foretell.save(f"/dev/fd/{log.fileno()}", array, model="static")
        log.write(b"after")
        log.seek(0)
        assert log.read() == b"before" + private.read_bytes() + b"after"
    with pytest.raises(OSError):
        foretell.save("/dev/full", array, model="static")
    assert sorted(os.listdir(tmp_path)) == ["link", "log", "pipe", "private", "target"]


def test_errors_of_the_system(tmp_path):
    for call in (
        lambda: foretell.open(tmp_path / "none"),
        lambda: foretell.load(tmp_path / "none"),
        lambda: foretell.save(tmp_path / "no" / "x", [1]),
    ):
        with pytest.raises(FileNotFoundError) as info:
            call()
        assert str(tmp_path) in info.value.filename
    with pytest.raises(OSError):
        foretell.open(tmp_path)
    (tmp_path / "folder" / "inner").mkdir(parents=True)
    for call, name in (
        (foretell.load, "a: b"),
        (foretell.load, "a: b/x"),
        (lambda path: foretell.save(path, [1]), "a: b/x"),
        (lambda path: foretell.save(path, [1]), "folder"),
    ):
        for path in (os.path.join(tmp_path, name), os.fsencode(os.path.join(tmp_path, name))):
            with pytest.raises(OSError) as info:
                call(path)
            assert info.value.filename == path
    assert os.listdir(tmp_path) == ["folder"]


@pytest.mark.skipif(os.name == "nt", reason="names of files are not bytes there")
def test_names_of_files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in (b"caf\xe9.fore", b"\xff", "ü".encode(), b"x" * 255, b"a: b", b"%d", b"-x"):
        for path in (os.path.join(os.fsencode(tmp_path), name), name, os.fsdecode(name), pathlib.Path(os.fsdecode(name))):
            foretell.save(path, [1, 2])
            assert foretell.load(path).tolist() == [1, 2]
            assert os.listdir(os.fsencode(tmp_path)) == [name]
            with foretell.open(path) as file:
                assert os.fsencode(file.path) == os.path.join(os.fsencode(tmp_path), name)
                assert pickle.loads(pickle.dumps(file))[1] == 2
            os.unlink(path)
    for path in ("a\0b", b"a\0b"):
        for call in (lambda: foretell.save(path, [1]), lambda: foretell.open(path)):
            with pytest.raises(ValueError):
                call()


def test_what_is_in_a_file(path):
    foretell.save(path, {"a": np.arange(5)})
    with foretell.open(path) as file:
        assert "a" in file and 3 not in file and 7 not in file and "b" not in file and None not in file


def test_damage(path):
    foretell.save(path, {"a": np.arange(3000) % 7, "b": np.arange(50)}, block=500, model="static")
    data = path.read_bytes()
    right = foretell.load(path)
    for i in range(0, len(data), 3):
        altered = bytearray(data)
        altered[i] ^= 1 << (i % 8)
        path.write_bytes(altered)
        try:  # by the index, which makes some bytes needless
            got = foretell.load(path)
            assert all(np.array_equal(got[name], right[name]) for name in right)
        except foretell.ForetellError:
            pass
        with pytest.raises(foretell.ForetellError):
            foretell.decompress(altered)
        path.write_bytes(data[:i])
        with pytest.raises(foretell.ForetellError):
            foretell.load(path)
    for junk in (b"", b"x", b"x" * 1000, os.urandom(5000)):
        with pytest.raises(foretell.ForetellError):
            foretell.decompress(junk)
        path.write_bytes(junk)
        with pytest.raises(foretell.ForetellError):
            foretell.open(path)


def test_limits(path):
    foretell.save(path, np.zeros(10**6, np.uint8), model="static")
    with pytest.raises(foretell.LimitError):
        foretell.load(path, max_output=10**5)
    with pytest.raises(foretell.LimitError):
        foretell.load(path, max_memory=1000)
    data = foretell.compress(bytes(10**6))
    with pytest.raises(foretell.LimitError):
        foretell.decompress(data, max_output=10**5)


def test_several_files_are_no_bytes(path):
    foretell.save(path, {"a": [1], "b": [2]})
    with pytest.raises(foretell.UnsupportedError):
        foretell.decompress(path.read_bytes())
    foretell.save(path, np.arange(9))
    assert foretell.decompress(path.read_bytes()).tolist() == list(range(9))


def test_real_tokens(data, tmp_path):
    tokens = np.load(data / "commavq" / "taco-bell.npy")
    foretell.save(tmp_path / "t.fore", tokens, model="static")
    assert np.array_equal(foretell.load(tmp_path / "t.fore"), tokens)
    with foretell.open(tmp_path / "t.fore") as file:
        assert np.array_equal(file[600:608], tokens[600:608])


@pytest.fixture(scope="module")
def walk():
    """A sample, and more of the same: walks of 40 steps on 500 tokens."""
    rng = np.random.default_rng(7)
    follow = rng.integers(0, 500, (500, 3))
    walks = np.zeros((120, 40), np.uint16)
    for row in walks:
        token = 0
        for i in range(len(row)):
            row[i] = token = follow[token, rng.integers(3)]
    return walks[:100], walks[100:]


@pytest.fixture(scope="module")
def prior(walk):
    return foretell.train(walk[0])


def test_prior(path, walk, prior):
    assert foretell.train({"any name": np.asfortranarray(walk[0])}) == prior
    assert len(foretell.train(walk[0], max_bytes=len(prior) // 2)) <= len(prior) // 2
    foretell.save(path, walk[1])
    plain = path.stat().st_size
    foretell.save(path, walk[1], prior=memoryview(prior))
    assert path.stat().st_size < plain * 0.8
    assert np.array_equal(foretell.load(path, prior=prior), walk[1])
    with foretell.open(path, prior=prior) as file, pickle.loads(pickle.dumps(file)) as again:
        assert np.array_equal(again[3], walk[1][3])
    for wrong in (b"", prior[:-1], foretell.train(walk[1])):
        with pytest.raises(foretell.ModelError):
            foretell.load(path, prior=wrong)
    foretell.save(path, walk[1], prior=prior, embed_prior=True)
    assert np.array_equal(foretell.load(path), walk[1])


def test_prior_of_bytes(walk, prior):
    raw = walk[1].tobytes()
    data = foretell.compress(raw, dtype="uint16", prior=prior)
    assert foretell.decompress(data, prior=prior) == raw
    with pytest.raises(foretell.ModelError):
        foretell.decompress(data)
    assert foretell.decompress(foretell.compress(raw, dtype="uint16", prior=prior, embed_prior=True)) == raw


def test_prior_refused(path, walk, prior):
    with pytest.raises(foretell.CorruptError):
        foretell.save(path, walk[1], prior=b"no prior")
    for wrong in (5, "prior", None):
        with pytest.raises(TypeError):
            foretell.save(path, walk[1], prior=wrong)
    for model in ("static", "none such"):
        with pytest.raises(foretell.ArgumentError):
            foretell.save(path, walk[1], model=model, prior=prior)
        with pytest.raises(foretell.ArgumentError):
            foretell.train(walk[0], model=model)
    with pytest.raises(foretell.ArgumentError):
        foretell.train(walk[0], max_bytes=-1)
    with pytest.raises(TypeError):
        foretell.train(np.zeros(5))
    for nothing in ({}, np.zeros((0, 4), np.int64)):
        with pytest.raises(foretell.ArgumentError):
            foretell.train(nothing)
    assert not path.exists()
