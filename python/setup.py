"""Builds the extension modules: the Go side as a C archive, which needs Go and a C
compiler, and the C side around it; and the command, which the package carries. An
sdist carries the Go sources. Everything else is in pyproject.toml."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.command.sdist import sdist

HERE = Path(__file__).resolve().parent
NATIVE = "src/native"

# From 3.11 on the stable interface has buffers; a wheel for 3.10 serves that alone.
LIMITED = sys.version_info >= (3, 11)
LIMITED_API = [("Py_LIMITED_API", "0x030B0000")] if LIMITED else []

# In a checkout of the repository this folder is a part of it; an sdist has what is
# needed of the repository in a folder of its own.
CHECKOUT = HERE.parent
SOURCES = HERE / "gosrc"
COMMAND = "./cmd/foretell"
CORE = "./python/core"
NOTICES = ["LICENSE", "THIRD_PARTY_NOTICES"]


def in_checkout():
    return not SOURCES.exists() and (CHECKOUT / "go.mod").exists()


def root():
    """Return the root of the Go module."""
    return CHECKOUT if in_checkout() else SOURCES


def go():
    """Return the Go command."""
    found = os.environ.get("GO") or shutil.which("go")
    if found is None:
        raise RuntimeError("building foretell needs Go, https://go.dev/dl: install it, or set GO to the command")
    return found


def carried():
    """Return the files of the module that building takes, relative to its root."""
    out = subprocess.run([go(), "list", "-deps", "-json", CORE, COMMAND], cwd=CHECKOUT, check=True, capture_output=True, text=True)
    decoder, text, at = json.JSONDecoder(), out.stdout, 0
    files = {"go.mod", "go.sum"}
    while at < len(text):
        package, at = decoder.raw_decode(text, at)
        at += len(text[at:]) - len(text[at:].lstrip())
        if package.get("Module", {}).get("Main"):
            folder = Path(package["Dir"]).relative_to(CHECKOUT)
            kinds = ("GoFiles", "CgoFiles", "SFiles", "HFiles", "EmbedFiles", "IgnoredGoFiles", "IgnoredOtherFiles")
            files |= {str(folder / name) for kind in kinds for name in package.get(kind, []) if not name.endswith("_test.go")}
    return sorted(files)


class Sdist(sdist):
    def make_release_tree(self, base_dir, files):
        super().make_release_tree(base_dir, files)
        if in_checkout():
            for name in carried():
                to = Path(base_dir) / SOURCES.name / name
                to.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(CHECKOUT / name, to)


class Build(build_ext):
    def run(self):
        super().run()
        name = "foretell.exe" if os.environ.get("GOOS", os.name) in ("nt", "windows") else "foretell"
        # With an editable install the command lies in the checkout.
        place = Path("src/foretell") if self.inplace else Path(self.build_lib) / "foretell"
        # Go knows the version of what it builds from a repository, which an sdist is not.
        version = f"-X main.version=v{self.distribution.get_version()}"
        self.build_go(place / "bin" / name, COMMAND, link=version, cgo=False)

    def build_extension(self, ext):
        if ext.name == "foretell._core":
            archive = Path(self.build_temp).resolve() / "libforetell.a"
            self.build_go(archive, CORE, "-buildmode=c-archive")
            ext.extra_objects = [str(archive)]
            ext.depends = [*ext.depends, str(archive)]  # or a changed one would not be linked again
            ext.include_dirs.append(str(archive.parent))
        super().build_extension(ext)

    def build_go(self, out, package, *flags, link="", cgo=True):
        if not (root() / "go.mod").exists():
            raise RuntimeError("foretell is built in a checkout of its repository, of which this folder is a part, or from its sdist")
        out = Path(out).resolve()
        out.parent.mkdir(parents=True, exist_ok=True)
        env = dict(os.environ, CGO_ENABLED="1" if cgo else "0")
        flags = ["-trimpath", "-buildvcs=false", f"-ldflags=-s -w {link}", *flags]
        subprocess.run([go(), "build", *flags, "-o", str(out), package], cwd=root(), env=env, check=True)


if in_checkout():
    for notice in NOTICES:
        if (CHECKOUT / notice).exists():
            shutil.copyfile(CHECKOUT / notice, HERE / notice)

unix = os.name != "nt"
linux = sys.platform.startswith("linux")
compile_args = ["-std=c11", "-O2", "-fvisibility=hidden"] if unix else []
core_link = [f"-Wl,--version-script={NATIVE}/core.map", "-Wl,-Bsymbolic", "-pthread"] if linux else []
if sys.platform == "darwin":
    core_link = ["-framework", "CoreFoundation", "-framework", "Security", "-lresolv"]

sources = ["module.c", "errors.c", "caller.c", "numbers.c", "sources.c", "array.c", "coder.c", "steps.c", "stack.c", "dropin.c", "batch.c", "weighed.c", "files.c", "writer.c", "network.c"]
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
            py_limited_api=LIMITED,
        ),
        Extension(
            "foretell._core",
            [f"{NATIVE}/core.c"],
            include_dirs=["core"],
            depends=headers,
            define_macros=LIMITED_API,
            extra_compile_args=compile_args,
            extra_link_args=core_link,
            py_limited_api=LIMITED,
        ),
    ],
    cmdclass={"build_ext": Build, "sdist": Sdist},
    options={"bdist_wheel": {"py_limited_api": "cp311"}} if LIMITED else {},
)
