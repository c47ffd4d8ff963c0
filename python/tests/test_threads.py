"""One coder per thread works; one coder in two threads is refused."""

import sys
import threading

import numpy as np
import pytest

import foretell
from foretell import BatchDecoder, BatchEncoder, Decoder, Encoder, Stack


@pytest.fixture(autouse=True)
def hasty():
    """Have threads take turns often."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


def run(count, target):
    """Run target(i) in threads and raise what they raise."""
    errors = []

    def guarded(i):
        try:
            target(i)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=(i,)) for i in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
        assert not thread.is_alive()
    if errors:
        raise errors[0]


def test_one_coder_per_thread():
    wide = np.random.default_rng(1).random((3, 200_000), np.float32)

    def work(seed):
        rng = np.random.default_rng(seed)
        small = rng.random((50, 40), np.float32)
        symbols = rng.integers(0, 40, 50)
        for _ in range(15):
            encoder, stack, batch = Encoder(guard=5), Stack(), BatchEncoder(3)
            encoder.encode(wide[seed % 3], 199_999 - seed)
            encoder.encode(small, symbols)
            encoder.encode(wide, [seed, 1, 2])
            batch.encode(wide, [seed, 1, 2])
            for row, symbol in zip(small, symbols):
                encoder.encode(row.tolist(), symbol)
                stack.push(row, symbol)
            decoder = Decoder(encoder.finish(), guard=5)
            assert decoder.decode(wide[seed % 3]) == 199_999 - seed
            assert (decoder.decode(small) == symbols).all()
            assert decoder.decode(wide).tolist() == [seed, 1, 2]
            assert (decoder.decode(small) == symbols).all()
            decoder.finish()
            assert BatchDecoder(batch.finish()).decode(wide).tolist() == [seed, 1, 2]
            assert [stack.pop(row) for row in small[::-1]] == symbols[::-1].tolist()

    run(6, work)


def test_a_coder_in_two_threads():
    row = np.random.default_rng(1).random(4_000_000, np.float32)
    encoder = Encoder()
    coded, refused = [], []

    def work(i):
        for _ in range(20):
            try:
                encoder.encode(row, i)
                coded.append(i)
            except foretell.BusyError:
                refused.append(i)

    for _ in range(20):
        run(4, work)
        if refused:
            break
    assert refused
    assert encoder.steps == len(coded)
    data = encoder.finish()
    decoder = Decoder(data)
    got = [decoder.decode(row) for _ in coded]
    decoder.finish()
    assert sorted(got) == sorted(coded)


def test_every_use_of_a_busy_coder_is_refused():
    class Row:
        """A row that uses the coder while it is read, which batches do in the middle."""

        def __len__(self):
            return 2

        def __array__(self, *args, **kwargs):
            for use in (lambda: batch.encode(np.ones((1, 2)), [1]), batch.finish, lambda: batch.__init__(1)):
                with pytest.raises(foretell.BusyError):
                    use()
            return np.ones(2)

    batch = BatchEncoder(1)
    batch.encode([Row()], [1])
    assert batch.finish() == [b"\x80"]


def test_a_row_may_use_its_coder():
    class Row:
        def __array__(self, *args, **kwargs):
            encoder.encode([0.5, 0.5], 0)
            return np.ones(2)

    encoder = Encoder()
    encoder.encode(Row(), 1)
    assert Decoder(encoder.finish()).decode([0.5, 0.5], 2).tolist() == [0, 1]


def test_threads_that_come_and_go():
    for _ in range(150):
        run(3, lambda i: Encoder().encode([0.5, 0.5], 1))
