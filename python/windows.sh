#!/usr/bin/env bash
# Makes of a wheel for Linux the one for Windows on x86-64, into the folder OUT:
# windows.sh WHEEL OUT. MinGW is the C compiler, CC; the libraries of Python are those of
# its stable interface, of which Windows has one for every version. PYTHON names an
# interpreter with its headers and the package wheel. The licences of MinGW are where
# Debian has them.
set -euo pipefail
wheel=$(realpath "$1")
out=$(mkdir -p "$2" && cd "$2" && pwd)
cd "$(dirname "$0")"
python=${PYTHON:-python3}
export CC=${CC:-x86_64-w64-mingw32-gcc} GOOS=windows GOARCH=amd64
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$python" -m wheel unpack -d "$work/wheel" "$wheel" >/dev/null
package=$(echo "$work"/wheel/foretell-*/foretell)
rm "$package"/*.so "$package/bin/foretell"

version=${wheel##*/foretell-}
flags=(-trimpath -buildvcs=false)
CGO_ENABLED=0 go build "${flags[@]}" "-ldflags=-s -w -X main.version=v${version%%-*}" -o "$package/bin/foretell.exe" ../cmd/foretell
CGO_ENABLED=1 go build "${flags[@]}" "-ldflags=-s -w" -buildmode=c-archive -o "$work/libforetell.a" ./core

# Python's headers, with what is different on Windows.
cp -r "$("$python" -c 'import sysconfig; print(sysconfig.get_path("include"))')" "$work/include"
cat >"$work/include/pyconfig.h" <<-END
	#define MS_WINDOWS
	#define MS_WIN64
	#define HAVE_DECLSPEC_DLL
	#define Py_ENABLE_SHARED
	#define SIZEOF_SHORT 2
	#define SIZEOF_INT 4
	#define SIZEOF_LONG 4
	#define SIZEOF_LONG_LONG 8
	#define SIZEOF_VOID_P 8
	#define SIZEOF_SIZE_T 8
	#define SIZEOF_WCHAR_T 2
	#define ALIGNOF_MAX_ALIGN_T 8
END
compile=("$CC" -std=c11 -O2 -Wall -Wextra -Werror -DPy_LIMITED_API=0x030B0000 -I"$work/include" -I"$work" -Icore -c)
for source in src/native/*.c; do
	"${compile[@]}" -o "$work/$(basename "$source" .c).o" "$source"
done
{
	echo 'LIBRARY python3.dll'
	echo EXPORTS
	"${CC%gcc}nm" -u "$work"/*.o | sed -n 's/^ *U \(__imp_\)\?\(_\?Py.*\)/\2/p' | sort -u
} >"$work/python3.def"
"${CC%gcc}dlltool" -d "$work/python3.def" -l "$work/libpython3.dll.a"
link=("$CC" -shared -s -static-libgcc)
"${link[@]}" -o "$package/_core.pyd" "$work/core.o" "$work/libforetell.a" "$work/libpython3.dll.a"
rm "$work/core.o"
"${link[@]}" -o "$package/_native.pyd" "$work"/*.o "$work/libpython3.dll.a"

# Parts of MinGW's runtime are in what it links.
cat /usr/share/doc/mingw-w64-x86-64-dev/copyright >>"$(echo "$work"/wheel/foretell-*/*.dist-info)/licenses/THIRD_PARTY_NOTICES"
"$python" -m wheel pack -d "$work" "$work"/wheel/foretell-* >/dev/null
"$python" -m wheel tags --remove --platform-tag win_amd64 "$work"/*.whl >/dev/null
mv "$work"/*.whl "$out"
