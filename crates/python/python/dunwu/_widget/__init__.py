"""The page in a notebook, with runs inside: `widget`.

anywidget is imported when it is called, and not before.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .runs_widget import RunsWidget

__all__ = ["widget"]


def widget(
    run: str | os.PathLike[str],
    *more: str | os.PathLike[str],
    address: str | None = None,
    height: int = 720,
    runs: str | os.PathLike[str] = "runs",
) -> RunsWidget:
    """Shows runs in a notebook as the page does: curves, units, spectra, and every measure on one cursor.

    ::

        shown = dunwu.widget(answer)      # the last line of a cell shows it
        shown.refresh()                   # reads the runs again, for one that still trains
        shown.address = "compare?runs=…"  # opens another view; a click in the page changes it too

    The runs are read once and lie in the notebook: nothing is asked of a server.

    Args:
        run: an answer, a directory, a name in `runs`, the first digits of an id, or an opened run.
        more: further runs, to compare with.
        address: what to open, as the page's address says it after `#/`; without it the run, or the comparison of several.
        height: of the page in the notebook, in pixels.
        runs: the folder of runs in which names are looked up.

    Raises:
        ValueError: there is no such run.
        ImportError: anywidget is not installed.
    """
    try:
        from .runs_widget import RunsWidget
    except ImportError as error:
        raise ImportError(f"dunwu.widget needs anywidget, which cannot be imported: {error}; pip install anywidget") from error
    return RunsWidget((run, *more), address=address, height=height, runs=runs)
