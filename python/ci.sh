#!/usr/bin/env bash
# Builds and tests the Python package in a clean virtual environment. PYTHON names the
# interpreter, 3.11 or later. PyTorch, with the libraries of CUDA that it does not load
# without, takes two minutes and 5 GB: FORETELL_TORCH=0 leaves it out. The tests that
# need it, and those with TensorFlow, are then skipped and say so.
set -euo pipefail
cd "$(dirname "$0")"
python=${PYTHON:-python3}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
	echo "the Python package needs Python 3.11 or later; $python is $("$python" --version): set PYTHON"
	exit 1
}
"$python" -m venv "$work/venv"
"$work/venv/bin/pip" install -q build
"$work/venv/bin/python" -m build -q -s -o "$work/sdist" .
"$work/venv/bin/pip" install -q "$work"/sdist/foretell-*.tar.gz pytest mypy ml_dtypes jax distribution-coder constriction tqdm fsspec aiohttp zarr xarray
[ "${FORETELL_TORCH:-1}" = 0 ] || "$work/venv/bin/pip" install -q torch transformers
"$work/venv/bin/foretell" demo >/dev/null
"$work/venv/bin/python" -m pytest -q -rs tests

# A wheel serves every later Python and needs no tools; warnings of the compiler are errors.
CFLAGS='-Wall -Wextra -Werror' "$work/venv/bin/pip" wheel -q --no-deps -w "$work/wheels" "$PWD"
"$python" -m venv "$work/bare"
PATH=/nowhere "$work/bare/bin/python" -m pip install -q "$work"/wheels/foretell-*-cp311-abi3-*.whl
PATH=/nowhere "$work/bare/bin/python" -c 'import foretell; print(foretell.decompress(foretell.compress(b"a wheel that works")).decode())'

# Once, so that it keeps working; its figures need an idle machine.
"$work/venv/bin/python" benchmarks/steps.py --rounds 1
"$work/venv/bin/python" benchmarks/workers.py --rounds 1 --tokens 1000000 --models fast
