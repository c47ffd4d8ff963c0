"""After a fork a process works, or says at once that it does not."""

import multiprocessing
import os
import signal
import subprocess
import sys
import textwrap

import numpy as np
import pytest

import foretell

fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")


def python(code, timeout=60):
    """Run code in a fresh interpreter and return what it printed."""
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, timeout=timeout)
    assert done.returncode == 0, done.stderr
    return done.stdout


@fork
def test_import_starts_nothing():
    out = python("""
        import sys, foretell
        print("foretell._core" in sys.modules, "foretell._native" in sys.modules)
        foretell.DistributionCoder(), foretell.CorruptError
        print("foretell._core" in sys.modules)
        foretell.Encoder()
        print("foretell._core" in sys.modules)
    """)
    assert out.split() == ["False", "True", "False", "True"]


@fork
def test_fork_before_the_first_use():
    out = python("""
        import os, foretell
        for i in range(3):
            child = os.fork()
            if child == 0:
                encoder = foretell.Encoder()
                encoder.encode([0.5, 0.5], [1, 0, 1, 1, 0, 0, 0, 0])
                os._exit(encoder.finish()[0])
            print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        print(foretell.Encoder().finish())
    """)
    assert out.split() == ["176", "176", "176", "b''"]


@fork
def test_fork_after_use():
    out = python("""
        import os, foretell, gc, numpy as np
        encoder, stack, batch = foretell.Encoder(), foretell.Stack(), foretell.BatchEncoder(3)
        encoder.encode([0.5, 0.5], 1)
        if os.fork() == 0:
            import signal
            signal.alarm(20)
            for use in (
                lambda: encoder.encode([0.5, 0.5], 1),
                lambda: encoder.encode([0.5, 0.5], [1, 0]),
                lambda: encoder.encode_topk([0], [1.0], 0, size=2),
                lambda: encoder.bits,
                lambda: encoder.position(),
                lambda: encoder.finish(),
                lambda: encoder.__init__(),
                lambda: foretell.Encoder(),
                lambda: foretell.Decoder(b"abc"),
                lambda: foretell.DistributionCoder().encode_step([0.5, 0.5], 1),
                lambda: foretell.DistributionCoder().start_decoding(b""),
                lambda: foretell.BatchEncoder(2),
                lambda: foretell.BatchDecoder([b""]),
                lambda: batch.finish(),
                lambda: batch.encode(np.ones((3, 3)), [1, 1, 1]),
                lambda: stack.tobytes(),
                lambda: stack.push([0.5, 0.5], 1),
                lambda: stack.push_values([1], foretell.Gaussian([0], 1)),
            ):
                try:
                    print(use())
                except foretell.ForkError as error:
                    assert "spawn" in str(error)
            del encoder, stack, batch, use
            gc.collect()
            print("child", flush=True)
            os._exit(0)
        print(os.wait()[1], encoder.finish())
    """)
    assert out.split() == ["child", "0", "b'\\x80'"]


@fork
def test_fork_after_the_core_was_loaded():
    out = python("""
        import os, signal, foretell, foretell._core
        if os.fork() == 0:
            signal.alarm(20)
            try:
                foretell.Encoder()
            except foretell.ForkError:
                os._exit(7)
        print(os.waitstatus_to_exitcode(os.wait()[1]))
    """)
    assert out.split() == ["7"]


@fork
def test_fork_while_the_core_is_loaded():
    """In the import of the core, its module's lock is held, which no child gets."""
    out = python("""
        import importlib.machinery, os, signal, threading, foretell
        load = importlib.machinery.ExtensionFileLoader.create_module
        inside, forked = threading.Event(), threading.Event()
        def slow(self, spec):
            module = load(self, spec)
            inside.set()
            forked.wait()
            return module
        importlib.machinery.ExtensionFileLoader.create_module = slow
        thread = threading.Thread(target=foretell.Encoder)
        thread.start()
        inside.wait()
        if os.fork() == 0:
            signal.alarm(20)
            try:
                foretell.Encoder()
            except foretell.ForkError:
                os._exit(7)
        forked.set()
        thread.join()
        print(os.waitstatus_to_exitcode(os.wait()[1]), foretell.Encoder().finish())
    """)
    assert out.split() == ["7", "b''"]


@fork
def test_a_fork_of_a_fork():
    out = python("""
        import os, foretell
        if os.fork() == 0:
            foretell.Encoder()
            if os.fork() == 0:
                try:
                    foretell.Encoder()
                except foretell.ForkError:
                    os._exit(7)
            os._exit(os.waitstatus_to_exitcode(os.wait()[1]))
        print(os.waitstatus_to_exitcode(os.wait()[1]), foretell.Encoder().finish())
    """)
    assert out.split() == ["7", "b''"]


def work(size):
    encoder = foretell.Encoder()
    encoder.encode(np.ones(size), range(size))
    return len(encoder.finish())


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_pools(method):
    if method not in multiprocessing.get_all_start_methods():
        pytest.skip(f"this system has no {method}")
    work(10)
    with multiprocessing.get_context(method).Pool(2) as pool:
        assert pool.map(work, [16, 256]) == [8, 256]


@fork
def test_pool_of_forks_before_the_first_use():
    out = python("""
        import multiprocessing, foretell
        def work(size):
            encoder = foretell.Encoder()
            encoder.encode([1] * size, range(size))
            return len(encoder.finish())
        with multiprocessing.get_context("fork").Pool(2) as pool:
            print(pool.map(work, [16, 256]))
    """)
    assert out.strip() == "[8, 256]"


@fork
def test_interrupt():
    """The signal handlers of Python stay what they were."""
    out = python(f"""
        import os, signal
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a parent may have had it ignored
        import foretell
        encoder = foretell.Encoder()
        def predict(before):
            if len(before) == 100:
                os.kill(os.getpid(), {int(signal.SIGINT)})
            return [0.5, 0.5]
        try:
            encoder.encode_with(predict, [1] * 100000)
        except KeyboardInterrupt:
            print("interrupted", encoder.steps < 1000)
    """)
    assert out.split() == ["interrupted", "True"]


def test_subprocesses_work():
    foretell.Encoder()
    assert python("import foretell; print(foretell.Encoder().finish())") == "b''\n"
