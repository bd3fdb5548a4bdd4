"""What is shown while a verb works: a bar in a terminal or a notebook, and notes on standard error everywhere."""

from __future__ import annotations

import html
import importlib
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

__all__ = ["listener"]

#: A bar is drawn again at most so often, in seconds.
_PACE = 0.1
_WIDTH = 24

Tell = Callable[[str, str, "int | None"], None]


@contextmanager
def listener(*, quiet: bool) -> Generator[Tell | None]:
    """What the native half tells of its work, and what is left of it on the screen afterwards: nothing but the notes."""
    if quiet:
        yield None
        return
    bar = _Bar(_notebook_display() or _terminal_line())
    try:
        yield bar.tell
    finally:
        bar.close()


class _Bar:
    def __init__(self, show: Callable[[_Bar | None], None] | None) -> None:
        self.name = ""
        self.total: int | None = None
        self.done = 0
        self.state = ""
        self._show = show
        self._drawn = 0.0

    def tell(self, kind: str, text: str, number: int | None) -> None:
        if kind == "note":
            if self._show:
                self._show(None)
            print(f"note: {text.removeprefix('note: ')}", file=sys.stderr)
            return
        if kind == "phase":
            self.name, self.total, self.done, self.state, self._drawn = text, number, 0, "", 0.0
        elif kind == "pieces":
            self.done = number or 0
        elif kind == "state":
            self.state = text
        now = time.monotonic()
        if self._show and now - self._drawn >= _PACE:
            self._drawn = now
            self._show(self)

    def close(self) -> None:
        if self._show:
            self._show(None)

    @property
    def share(self) -> float | None:
        return min(self.done / self.total, 1.0) if self.total else None

    @property
    def words(self) -> str:
        count = f"{self.done}/{self.total}" if self.total else (str(self.done) if self.done else "")
        return "  ".join(part for part in (self.name, count, self.state) if part)


def _terminal_line() -> Callable[[_Bar | None], None] | None:
    stream = sys.stderr
    if not (hasattr(stream, "isatty") and stream.isatty()):
        return None

    def show(bar: _Bar | None) -> None:
        line = ""
        if bar is not None:
            filled = "" if bar.share is None else ("█" * round(bar.share * _WIDTH)).ljust(_WIDTH, "░") + "  "
            line = (filled + bar.words)[:100]
        stream.write("\r\x1b[2K" + line)
        stream.flush()

    return show


def _notebook_display() -> Callable[[_Bar | None], None] | None:
    """An output of the cell that is drawn over, where this runs in a notebook's kernel."""
    ipython: Any = sys.modules.get("IPython")
    shell: Any = ipython.get_ipython() if ipython is not None else None
    if shell is None or not hasattr(shell, "kernel"):
        return None
    shown: Any = importlib.import_module("IPython.display")
    handle: Any = shown.display(shown.HTML(""), display_id=True)

    def show(bar: _Bar | None) -> None:
        if bar is None:
            handle.update(shown.HTML(""))
            return
        meter = "" if bar.share is None else f'<progress value="{bar.share:.4f}" max="1"></progress> '
        handle.update(shown.HTML(meter + f"<code>{html.escape(bar.words)}</code>"))

    return show
