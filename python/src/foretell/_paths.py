"""Paths in errors."""

import contextlib
import os


@contextlib.contextmanager
def naming(path):
    """Give the errors of the system the path that they are about, as the caller gave
    it."""
    try:
        yield
    except OSError as error:
        error.filename = os.fspath(path)
        raise
