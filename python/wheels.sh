#!/usr/bin/env bash
# Builds the sdist, and from it the wheels for Linux on x86-64 and aarch64 that run where
# glibc is 2.28 or later, and the one for Windows on x86-64, into the folder OUT:
# wheels.sh OUT. zig, from PyPI, is the C compiler, and MinGW the one for Windows. PYTHON
# names the interpreter.
set -euo pipefail
cd "$(dirname "$0")"
out=$(mkdir -p "$1" && cd "$1" && pwd)
python=${PYTHON:-python3}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if ! command -v x86_64-w64-mingw32-gcc >/dev/null; then
	sudo=''
	[ "$(id -u)" = 0 ] || sudo=sudo
	$sudo apt-get update -qq
	$sudo apt-get install -y -qq --no-install-recommends gcc-mingw-w64-x86-64-win32 >/dev/null
fi
"$python" -m venv "$work/venv"
"$work/venv/bin/pip" install -q build wheel ziglang
zig=$("$work/venv/bin/python" -c 'import os, ziglang; print(os.path.join(os.path.dirname(ziglang.__file__), "zig"))')
"$work/venv/bin/python" -m build -q -s -o "$out" .

for machine in x86_64:amd64 aarch64:arm64; do
	cc="$zig cc -target ${machine%:*}-linux-gnu.2.28"
	GOARCH=${machine#*:} CC=$cc LDSHARED="$cc -shared" _PYTHON_HOST_PLATFORM="linux-${machine%:*}" \
		"$work/venv/bin/pip" wheel -q --no-deps -w "$work/wheels" "$out"/foretell-*.tar.gz
	"$work/venv/bin/python" -m wheel tags --remove --platform-tag "manylinux_2_28_${machine%:*}" "$work"/wheels/*"linux_${machine%:*}.whl" >/dev/null
done
mv "$work"/wheels/*.whl "$out"
PYTHON=$work/venv/bin/python ./windows.sh "$out"/foretell-*-manylinux_2_28_x86_64.whl "$out"
ls -l "$out"
