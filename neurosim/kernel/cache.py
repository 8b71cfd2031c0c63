"""Compiled kernels on disk, and how they get into memory.

A kernel is kept as two files in the user's cache folder: its source ``<model>_<method>_<hash>.py`` for people, and
its object code ``….o``, which llvmlite alone loads in some 40 ms; Numba is imported only to compile. The hash covers
everything the object code depends on.
"""

import contextlib
import ctypes
import hashlib
import os
import platform
import stat
import sys
import tempfile
import warnings
from collections.abc import Callable
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

SYMBOL = "neurosim_advance"
FOREIGN = ("exp", "log", "pow", "fma", "sqrt", "sin", "memset", "memcpy")
_DIGEST = hashlib.sha256().digest_size

Advance = Callable[..., int]
"""advance(*pointers, dt) → the step reached."""


class Entry(NamedTuple):
    """A kernel on disk."""

    name: str
    size: int
    compiled: bool


@lru_cache(maxsize=256)
def load_kernel(source: str, name: str) -> Advance:
    """The compiled `advance` of a kernel source: from the cache if it is there, else compiled and kept.

    Parameters
    ----------
    source
        Text of the module.
    name
        Beginning of the file name, ``<model>_<method>``.
    """
    stem = f"{name}_{_fingerprint(source)}"
    folder = cache_folder()
    if folder is not None:
        with contextlib.suppress(OSError, ValueError, RuntimeError):
            return _bind(_read(folder / f"{stem}.o"))
    from .compile import compile_kernel

    code, address = compile_kernel(source, stem)
    if code is not None:
        if folder is not None:
            with contextlib.suppress(OSError):
                _write(folder / f"{stem}.py", source.encode())
                _write(folder / f"{stem}.o", hashlib.sha256(code).digest() + code)
        with contextlib.suppress(ValueError, RuntimeError):
            return _bind(code)
    return ctypes.CFUNCTYPE(ctypes.c_int64, *_ARGUMENTS)(address)


def cached_kernels() -> list[Entry]:
    """What is in the cache, by name."""
    folder = cache_folder()
    sources = sorted(folder.glob("*.py")) if folder else []
    entries = []
    for path in sources:
        code = path.with_suffix(".o")
        size = path.stat().st_size + (code.stat().st_size if code.exists() else 0)
        entries.append(Entry(path.stem, size, code.exists()))
    return entries


def clear_cache() -> int:
    """Delete all kernels; how many files there were."""
    folder = cache_folder()
    files = [path for path in folder.iterdir() if path.suffix in (".py", ".o", ".tmp")] if folder else []
    for path in files:
        path.unlink(missing_ok=True)
    load_kernel.cache_clear()
    return len(files)


@lru_cache(maxsize=1)
def cache_folder() -> Path | None:
    """The user's folder of kernels, ours and closed to others; a private temporary one, or None, where that fails.

    ``NEUROSIM_CACHE_DIR`` names another.
    """
    try:
        folder = Path(os.environ.get("NEUROSIM_CACHE_DIR") or _user_folder())
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if _is_private(folder) and os.access(folder, os.W_OK):
            return folder
        reason = "is open to other users" if os.access(folder, os.W_OK) else "cannot be written to"
    except OSError as error:
        folder, reason = Path(getattr(error, "filename", None) or "the cache folder"), str(error.strerror)
    try:
        private = Path(tempfile.mkdtemp(prefix="neurosim-"))
    except OSError:
        return None
    warnings.warn(f"{folder} {reason}; kernels of this process go to {private}", stacklevel=2)
    return private


def _user_folder() -> Path:
    from platformdirs import user_cache_path

    return user_cache_path("neurosim") / "kernels"


def _is_private(folder: Path) -> bool:
    if not hasattr(os, "getuid"):
        return True
    status = folder.stat()
    return status.st_uid == os.getuid() and not stat.S_IMODE(status.st_mode) & 0o077


def _fingerprint(source: str) -> str:
    folder = Path(__file__).parent
    modules = ("device", "chance", "rows") if "kernel.chance" in source else ("device",)
    called = [(folder / f"{name}.py").read_text(encoding="utf-8") for name in modules]
    parts = (source, *called, *environment().values())
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:20]


@lru_cache(maxsize=1)
def environment() -> dict[str, str]:
    """What object code depends on besides its source."""
    import llvmlite.binding as llvm

    features = llvm.get_host_cpu_features()
    return {
        "numba": version("numba"),
        "llvmlite": version("llvmlite"),
        "python": sys.version.split()[0],
        "system": f"{platform.system()} {platform.machine()}",
        "cpu": llvm.get_host_cpu_name(),
        "features": " ".join(sorted(name for name, there in features.items() if there)),
    }


def _read(path: Path) -> bytes:
    data = path.read_bytes()
    digest, code = data[:_DIGEST], data[_DIGEST:]
    if hashlib.sha256(code).digest() != digest:
        raise ValueError(f"{path} is damaged")
    return code


def _write(path: Path, data: bytes) -> None:
    """Write to a temporary file and rename it, unless the same bytes are there."""
    if path.exists() and path.read_bytes() == data:
        return
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
    os.replace(temporary, path)


_POINTER = ctypes.c_void_p
_ARGUMENTS = (*[_POINTER] * 15, ctypes.c_double)


def _bind(code: bytes) -> Advance:
    """Link object code into this process; the function in it has Numba's calling convention."""
    engine = _engine()
    import llvmlite.binding as llvm

    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    address = engine.get_function_address(SYMBOL)
    if not address:
        raise ValueError("no kernel in the object code")
    native = ctypes.CFUNCTYPE(ctypes.c_int32, _POINTER, _POINTER, *_ARGUMENTS)(address)

    def advance(*arguments: Any, keep: Any = engine) -> int:
        reached, exception = ctypes.c_int64(), ctypes.c_void_p()
        if native(ctypes.addressof(reached), ctypes.addressof(exception), *arguments):
            raise RuntimeError("a kernel ended with an exception, which none raises")
        return reached.value

    return advance


def _engine() -> Any:
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    library = ctypes.CDLL(None) if os.name == "posix" else ctypes.CDLL("msvcrt")
    for name in FOREIGN:
        function = ctypes.cast(getattr(library, name), _POINTER).value if hasattr(library, name) else None
        if function:
            llvm.add_symbol(name, function)
    machine = llvm.Target.from_default_triple().create_target_machine(jit=True)
    return llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)
