"""Builds the extension modules: the Go side as a C archive, which needs Go and a C
compiler, and the C side around it. Everything else is in pyproject.toml."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

HERE = Path(__file__).resolve().parent
NATIVE = "src/native"
LIMITED_API = [("Py_LIMITED_API", "0x030B0000")]


class Build(build_ext):
    def build_extension(self, ext):
        if ext.name == "foretell._core":
            self.build_go(ext)
        super().build_extension(ext)

    def build_go(self, ext):
        go = os.environ.get("GO") or shutil.which("go")
        if go is None:
            raise RuntimeError("building foretell needs Go, https://go.dev/dl: install it, or set GO to the command")
        if not (HERE.parent / "go.mod").exists():
            raise RuntimeError("foretell is built in a checkout of its repository, of which this folder is a part")
        out = Path(self.build_temp).resolve()
        out.mkdir(parents=True, exist_ok=True)
        archive = out / "libforetell.a"
        env = dict(os.environ, CGO_ENABLED="1")
        command = [go, "build", "-buildmode=c-archive", "-trimpath", "-buildvcs=false", "-ldflags=-s -w"]
        subprocess.run([*command, "-o", str(archive), "./core"], cwd=HERE, env=env, check=True)
        ext.extra_objects = [str(archive)]
        ext.depends = [*ext.depends, str(archive)]  # or a changed one would not be linked again
        ext.include_dirs.append(str(out))


unix = os.name != "nt"
linux = sys.platform.startswith("linux")
compile_args = ["-std=c11", "-O2", "-fvisibility=hidden"] if unix else []
core_link = ["-Wl,--exclude-libs,ALL", "-Wl,-Bsymbolic", "-pthread"] if linux else []
if sys.platform == "darwin":
    core_link = ["-framework", "CoreFoundation", "-framework", "Security", "-lresolv"]

sources = ["module.c", "sources.c", "array.c", "coder.c", "steps.c", "stack.c", "dropin.c", "batch.c", "files.c"]
headers = [f"{NATIVE}/native.h", "core/ft.h"]

setup(
    ext_modules=[
        Extension(
            "foretell._native",
            [f"{NATIVE}/{name}" for name in sources],
            include_dirs=["core"],
            depends=headers,
            define_macros=LIMITED_API,
            extra_compile_args=compile_args,
            extra_link_args=["-pthread"] if linux else [],
            py_limited_api=True,
        ),
        Extension(
            "foretell._core",
            [f"{NATIVE}/core.c"],
            include_dirs=["core"],
            depends=headers,
            define_macros=LIMITED_API,
            extra_compile_args=compile_args,
            extra_link_args=core_link,
            py_limited_api=True,
        ),
    ],
    cmdclass={"build_ext": Build},
    options={"bdist_wheel": {"py_limited_api": "cp311"}},
)
