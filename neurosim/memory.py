"""How much memory there is for a result, asked before a run begins."""

import ctypes
import os
from pathlib import Path

_LIMITS = (  # where Linux keeps a group's limit and what is used of it, versions 2 and 1
    ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
    ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes"),
)


def available_memory() -> float:
    """Bytes that can be used without swapping, as the system sees it now; infinite where it does not say."""
    found = [_of_the_system(), *(_left(*paths) for paths in _LIMITS)]
    return min((value for value in found if value is not None), default=float("inf"))


def size_in_words(size: float) -> str:
    """A number of bytes as people read it."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:.3g} TB"


def _of_the_system() -> float | None:
    try:
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return 1024.0 * int(line.split()[1])
    except (OSError, ValueError):
        pass
    try:
        return float(os.sysconf("SC_PHYS_PAGES")) * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return _of_windows()


def _of_windows() -> float | None:
    kernel = getattr(getattr(ctypes, "windll", None), "kernel32", None)
    if kernel is None:
        return None
    numbers = (ctypes.c_ulonglong * 8)()  # two 32-bit words, then seven 64-bit numbers, the second free memory
    ctypes.cast(numbers, ctypes.POINTER(ctypes.c_ulong))[0] = ctypes.sizeof(numbers)
    return float(numbers[2]) if kernel.GlobalMemoryStatusEx(numbers) else None


def _left(limit: str, used: str) -> float | None:
    try:
        most = Path(limit).read_text(encoding="ascii").strip()
        return max(0.0, float(most) - float(Path(used).read_text(encoding="ascii"))) if most != "max" else None
    except (OSError, ValueError):
        return None
