"""Files in forked children, which another process reads and writes for them."""

import os
import subprocess
import sys
import textwrap

import pytest

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")

BEGIN = """
    import foretell, io, os, signal, sys, time, traceback, warnings, numpy as np
    array = np.arange(20000, dtype=np.int32).reshape(1000, 20) % 97
    foretell.save("a.fore", {"a": array, "b": array[0]}, model="static", block=500)
    def child(work):
        sys.stdout.flush()
        if os.fork() == 0:
            signal.alarm(60)
            status = 1
            try:
                work()
                status = 0
            except BaseException:
                traceback.print_exc()
            finally:
                sys.stdout.flush()
                os._exit(status)
        assert os.wait()[1] == 0
"""


def run(code, tmp_path):
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(BEGIN) + textwrap.dedent(code)], capture_output=True, text=True, timeout=120, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_reading(tmp_path):
    out = run(
        """
        file = foretell.open("a.fore")
        held = foretell.open(io.BytesIO(open("a.fore", "rb").read()))
        with open("a.fore", "rb") as f:
            plain = foretell.open(f)
            def work():
                for file_ in (file, held, plain):
                    assert np.array_equal(file_["a"][10:30], array[10:30])
                    assert np.array_equal(file_["b"], array[0])
                again = foretell.open("a.fore")
                assert np.array_equal(again["a"][[5, 900]], array[[5, 900]])
                again.close()
                file.close()
                assert np.array_equal(foretell.load("a.fore")["a"], array)
                child(lambda: print(held["a"][7, 3]))
                print("read")
            child(work)
            child(work)
        print(file["a"][3, 1])
        """,
        tmp_path,
    )
    assert out == ["46", "read", "46", "read", "61"]


def test_writing(tmp_path):
    out = run(
        """
        def work():
            foretell.save("b.fore", array)
            with foretell.Writer("c.fore") as writer:
                for part in np.split(array, 5):
                    writer.append("x", part)
            packed = foretell.compress(array)
            assert np.array_equal(foretell.decompress(packed), array)
            buffer = io.BytesIO()
            foretell.save(buffer, array)
            assert buffer.getvalue() == packed == open("b.fore", "rb").read()
            assert "mix" in foretell.models() and foretell.train(array)
            done = []
            foretell.save("b.fore", array, progress=lambda **how: type("Bar", (), {"update": staticmethod(done.append)}))
            assert sum(done) == array.nbytes
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                whole = io.BytesIO()
                np.savez(whole, a=array, b=np.float32(1))
                foretell.compress(whole.getvalue())
                assert "kept as bytes" in str(caught[0].message)
            for wrong, error in (
                (lambda: foretell.open("none"), FileNotFoundError),
                (lambda: foretell.decompress(b"junk"), foretell.ForetellError),
                (lambda: foretell.save("d.fore", array, model="nothing"), foretell.ArgumentError),
            ):
                try:
                    wrong()
                    print("no error")
                except error:
                    pass
        child(work)
        print(foretell.load("c.fore").shape, sorted(os.listdir(".")))
        """,
        tmp_path,
    )
    assert " ".join(out) == "(1000, 20) ['a.fore', 'b.fore', 'c.fore']"


def test_a_file_that_is_another_now(tmp_path):
    out = run(
        """
        file = foretell.open("a.fore")
        foretell.save("a.fore", array[:5])
        def work():
            try:
                file["a"][3]
            except OSError as error:
                print("not what it was" in str(error))
        child(work)
        """,
        tmp_path,
    )
    assert out == ["True"]


def test_an_interrupt(tmp_path):
    """The file that was being written is gone, and the next call works."""
    out = run(
        """
        class Late(Exception):
            pass
        def late(*_):
            raise Late
        signal.signal(signal.SIGUSR1, late)
        big = np.random.default_rng(1).integers(0, 1000, 20_000_000)
        file = foretell.open("a.fore")
        def work():
            file["a"][3]
            if os.fork() == 0:
                time.sleep(1.5)
                os.kill(os.getppid(), signal.SIGUSR1)
                os._exit(0)
            try:
                foretell.save("d.fore", big, model="best")
            except Late:
                print(sorted(os.listdir(".")), file["a"][3, 1])
        child(work)
        """,
        tmp_path,
    )
    assert " ".join(out) == "['a.fore'] 61"


def test_coders_say_what_to_do(tmp_path):
    out = run(
        """
        encoder = foretell.Encoder()
        def work():
            try:
                encoder.encode([0.5, 0.5], 1)
            except foretell.ForkError as error:
                print("spawn" in str(error))
        child(work)
        """,
        tmp_path,
    )
    assert out == ["True"]
