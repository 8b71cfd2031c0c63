"""A progress bar on stderr for what takes longer than a second."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

Progress = Callable[[float], None]

_PATIENCE = 1.0  # seconds


@contextmanager
def progress_bar(wanted: bool | Progress, what: str) -> Iterator[Progress | None]:
    """Something to call with the share done, or None if nothing is wanted."""
    if callable(wanted):
        yield wanted
    elif not wanted:
        yield None
    else:
        bar = _Bar(what)
        try:
            yield bar
        finally:
            bar.close()


class _Bar:
    """Appears only once a second has passed."""

    def __init__(self, what: str) -> None:
        self.what, self.began = what, time.monotonic()
        self.bar: Any = None

    def __call__(self, share: float) -> None:
        if self.bar is None and time.monotonic() - self.began > _PATIENCE:
            from rich.console import Console
            from rich.progress import Progress as RichProgress

            console = Console(stderr=True)
            self.bar = RichProgress(console=console, transient=True, disable=not console.is_terminal)
            self.bar.start()
            self.bar.add_task(self.what, total=1.0)
        if self.bar is not None:
            self.bar.update(self.bar.task_ids[0], completed=share)

    def close(self) -> None:
        if self.bar is not None:
            self.bar.stop()
