#!/usr/bin/env bash
# Builds and tests the Python package in a clean virtual environment. PYTHON names the
# interpreter, 3.11 or later. FORETELL_TORCH says which PyTorch: 1, the default, is that of
# PyPI, with transformers, Triton and libraries of CUDA that it does not load without, 6 GB
# and minutes; debian is the system's package in Debian 12, for CPUs alone, 0.6 GB and half
# a minute, for the tests that need it; 0 is none. What is missing is skipped, and said.
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
torch=${FORETELL_TORCH:-1}
[ "$torch" != 1 ] || "$work/venv/bin/pip" install -q torch transformers
"$work/venv/bin/foretell" demo >/dev/null
"$work/venv/bin/python" -m pytest -q -rs tests

# A wheel serves every later Python and needs no tools; warnings of the compiler are errors.
CFLAGS='-Wall -Wextra -Werror' "$work/venv/bin/pip" wheel -q --no-deps -w "$work/wheels" "$PWD"
"$python" -m venv "$work/bare"
PATH=/nowhere "$work/bare/bin/python" -m pip install -q "$work"/wheels/foretell-*-cp311-abi3-*.whl
PATH=/nowhere "$work/bare/bin/python" -c 'import foretell; print(foretell.decompress(foretell.compress(b"a wheel that works")).decode())'

if [ "$torch" = debian ]; then
	sudo=''
	[ "$(id -u)" = 0 ] || sudo=sudo
	$sudo apt-get install -y -qq --no-install-recommends python3-torch python3-venv >/dev/null
	/usr/bin/python3 -m venv --system-site-packages "$work/debian"
	"$work/debian/bin/pip" install -q "$work"/wheels/foretell-*-cp311-abi3-*.whl pytest
	"$work/debian/bin/python" -m pytest -q -rs -k 'torch or test_weighed' tests
fi

# Once, so that it keeps working; its figures need an idle machine.
"$work/venv/bin/python" benchmarks/steps.py --rounds 1
"$work/venv/bin/python" benchmarks/workers.py --rounds 1 --tokens 1000000 --models fast
