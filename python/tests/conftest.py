"""What several tests need."""

import importlib.util
import os
import pathlib

import numpy as np
import pytest

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]


def pytest_report_header(config):
    found = [name for name in ("torch", "tensorflow", "jax", "ml_dtypes") if importlib.util.find_spec(name)]
    return f"libraries of arrays: numpy, {', '.join(found)}"


@pytest.fixture
def rng():
    return np.random.default_rng(20)


@pytest.fixture(scope="session")
def data():
    """The folder of real data that FORETELL_DATA names."""
    path = pathlib.Path(os.environ.get("FORETELL_DATA", REPOSITORY.parent / "shared" / "data"))
    if not path.is_dir():
        pytest.skip(f"no real data at {path}: set FORETELL_DATA")
    return path
