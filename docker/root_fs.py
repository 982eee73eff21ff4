"""
Build time only: puts the image's whole file system together below a folder.

What goes in: the interpreter, its standard library without the parts that only developers use, the shared libraries
that these need, certificates, time zones, and /action. What doesn't: a shell, a package manager, pip, a compiler.
"""

import compileall
import os
import py_compile
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

ROOT = Path(sys.argv[1])

LEFT_OUT = {
    "__pycache__", "_pyrepl", "curses", "dbm", "ensurepip", "idlelib", "lib2to3", "pydoc_data", "site-packages",
    "sqlite3", "test", "tests", "tkinter", "turtledemo", "unittest", "venv", "wsgiref", "xmlrpc",
}  # fmt: skip
LEFT_OUT_FILES = ("_test", "_xxtest", "xxlimited", "_tkinter", "_curses", "_dbm", "_gdbm", "_sqlite3", "readline")

FILES = {
    "etc/passwd": "root:x:0:0:root:/root:/nonexistent\n",
    "etc/group": "root:x:0:\n",
    # Without it the C library's default asks DNS before the hosts file, where service containers may stand.
    "etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
    # Without it a name that stands in two lines of the hosts file gets the address of the first alone.
    "etc/host.conf": "multi on\n",
}


def copy_standard_library() -> None:
    """Copy the library, and compile it: without that each start would compile what it imports anew."""
    source = Path(sysconfig.get_path("stdlib"))

    def left_out(folder: str, names: list[str]) -> set[str]:
        top = Path(folder) in {source, source / "lib-dynload"}
        return {
            name
            for name in names
            if name == "__pycache__" or name.startswith("config-")
            or (top and (name in LEFT_OUT or name.startswith(LEFT_OUT_FILES)))
        }  # fmt: skip

    shutil.copytree(source, ROOT / source.relative_to("/"), ignore=left_out, symlinks=True)


def needed_libraries(binaries: list[Path]) -> set[Path]:
    """Ask the loader which shared libraries a list of binaries needs, the loader itself included."""
    found: set[Path] = set()
    for binary in binaries:
        told = subprocess.run(["ldd", binary], capture_output=True, text=True, check=True).stdout  # noqa: S603, S607
        found |= {Path(word) for word in told.split() if word.startswith("/")}
    return found


def copy_libraries() -> None:
    """Copy the shared libraries: each to where the loader looks without a cache, the loader to its fixed place."""
    binaries = [Path(os.path.realpath(sys.executable)), *ROOT.rglob("*.so")]
    libraries = needed_libraries(binaries)
    home = next(path.parent for path in libraries if path.name.startswith("libc.so"))
    for path in sorted(libraries):
        target = path if path.name.startswith("ld-") else home / path.name
        copy(path, ROOT / target.relative_to("/"))


def copy(source: Path, target: Path) -> None:
    """Copy a file's content and mode, not the link to it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(os.path.realpath(source), target)


def main() -> None:
    """Put everything into its place."""
    copy(Path(sys.executable), ROOT / "usr/local/bin/python")
    copy_standard_library()
    copy_libraries()
    copy(Path("/etc/ssl/certs/ca-certificates.crt"), ROOT / "etc/ssl/certs/ca-certificates.crt")
    shutil.copytree("/usr/share/zoneinfo", ROOT / "usr/share/zoneinfo", symlinks=True)
    for name, text in FILES.items():
        (ROOT / name).write_text(text)
    (ROOT / "tmp").mkdir()
    (ROOT / "tmp").chmod(0o1777)
    # Some wheels bring their tests along; pip left programs.
    for folder in [*(ROOT / "action/site").rglob("tests"), ROOT / "action/site/bin"]:
        shutil.rmtree(folder, ignore_errors=True)
    mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
    for folder in (ROOT / "usr/local/lib", ROOT / "action/site"):
        compileall.compile_dir(folder, quiet=2, invalidation_mode=mode, stripdir=str(ROOT), workers=0)


if __name__ == "__main__":
    main()
