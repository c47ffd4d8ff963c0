"""A process that is killed while it saves."""

import os
import re
import signal
import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest

import foretell

CODE = """
    import itertools, sys
    import numpy as np
    import foretell
    for i in itertools.count(1):
        foretell.save(sys.argv[1], np.full(300_000, i % 251, np.uint8), model="static", block=10_000)
        print(i, flush=True)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="nothing kills here")
def test_a_file_is_the_old_one_or_the_new_one(tmp_path):
    path = tmp_path / "x.fore"
    foretell.save(path, np.zeros(300_000, np.uint8))
    for moment in range(6):
        with subprocess.Popen([sys.executable, "-c", textwrap.dedent(CODE), path], stdout=subprocess.PIPE) as child:
            last = int(child.stdout.readline())
            time.sleep(0.003 * moment)
            child.send_signal(signal.SIGKILL if moment % 2 else signal.SIGTERM)
            last = [last, *map(int, child.stdout.read().split())][-1]
        array = foretell.load(path)
        assert array.shape == (300_000,)
        assert array[0] in (last, last + 1)
        assert (array == array[0]).all()
    # What is left behind says whose it is.
    left = set(os.listdir(tmp_path)) - {"x.fore"}
    assert all(re.fullmatch(r"\.foretell-[0-9a-f]{8}\.tmp", name) for name in left), left
