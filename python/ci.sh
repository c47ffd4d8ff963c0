#!/usr/bin/env bash
# Builds and tests the Python package in a clean virtual environment. PYTHON names the
# interpreter, 3.11 or later. FORETELL_TORCH says which PyTorch: 1, the default, is that of
# PyPI, with transformers, Triton and libraries of CUDA that it does not load without, 6 GB
# and minutes; debian is that of Debian 12, for CPUs alone, 0.6 GB and a minute, with PyPI's
# Triton, 1 GB, for the tests that need them; 0 is none. What is missing is skipped, and said.
set -euo pipefail
cd "$(dirname "$0")"
python=${PYTHON:-python3}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
step() { printf -- '-- %s (%ds)\n' "$*" "$SECONDS"; }
# The matrices of the tests are small, and threads of NumPy's that wait keep others waiting.
export OPENBLAS_NUM_THREADS=1
# Nothing is compiled to be run once.
install() { "$work/venv/bin/pip" install -q --no-compile "$@"; }

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
	echo "the Python package needs Python 3.11 or later; $python is $("$python" --version): set PYTHON"
	exit 1
}
step 'the sdist, and of it a wheel'
"$python" -m venv "$work/venv"
install build
"$work/venv/bin/python" -m build -q -s -o "$work/sdist" .
# Warnings of the compiler are errors.
CFLAGS='-Wall -Wextra -Werror' "$work/venv/bin/pip" wheel -q --no-deps -w "$work/wheels" "$work"/sdist/foretell-*.tar.gz

step 'the wheel, without tools'
PATH=/nowhere install "$work"/wheels/foretell-*-cp311-abi3-*.whl
PATH=/nowhere "$work/venv/bin/foretell" --version
PATH=/nowhere "$work/venv/bin/python" -c 'import foretell; print(foretell.decompress(foretell.compress(b"a wheel that works")).decode())'

step 'the tests'
install pytest pytest-xdist mypy ml_dtypes jax distribution-coder constriction tqdm fsspec aiohttp zarr xarray
torch=${FORETELL_TORCH:-1}
[ "$torch" != 1 ] || install torch transformers
"$work/venv/bin/python" -m pytest -q -rs -n 2 --dist worksteal tests

if [ "$torch" = debian ]; then
	step 'PyTorch of Debian'
	# Unpacked aside, in a fifth of the time that installing it takes. What of it the
	# system has already is not fetched.
	sudo=''
	[ "$(id -u)" = 0 ] || sudo=sudo
	mkdir -p "$work/debs/partial"
	$sudo apt-get update -qq
	$sudo apt-get install -y -qq --no-install-recommends --download-only -o APT::Sandbox::User=root \
		-o Dir::Cache::archives="$work/debs" python3-torch >/dev/null
	find "$work/debs" -name '*.deb' -exec dpkg -x {} "$work/debian" \;
	install --no-deps --target "$work/torch" "$work"/wheels/foretell-*-cp311-abi3-*.whl pytest iniconfig packaging pluggy pygments triton
	LD_LIBRARY_PATH=$(printf %s: "$work"/debian/{,usr/}lib{,/*-linux-gnu{,/blas,/lapack}})
	export LD_LIBRARY_PATH
	PYTHONPATH=$work/torch:$work/debian/usr/lib/python3/dist-packages /usr/bin/python3 -m pytest -q -rs -k 'torch or test_weighed' tests
	unset LD_LIBRARY_PATH
fi

step 'the benchmarks'
# Once, so that they keep working; their figures need an idle machine.
"$work/venv/bin/python" benchmarks/steps.py --rounds 1
"$work/venv/bin/python" benchmarks/workers.py --rounds 1 --tokens 1000000 --models fast
