"""`RunsWidget`: the page in the cell of a notebook, through anywidget."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlencode

import anywidget
from traitlets import Int, Unicode, validate

from .._run import open as open_run
from .standalone_page import StandalonePage

__all__ = ["RunsWidget"]


class RunsWidget(anywidget.AnyWidget):
    """The page with runs inside. `dunwu.widget` makes it."""

    _esm = Path(__file__).with_name("frame.js")

    #: The page without data, the same for all runs.
    page = Unicode().tag(sync=True)
    #: The runs, as JSON that the page holds.
    data = Unicode().tag(sync=True)
    #: What is open, as the page's address says it after `#/`, such as `run?name=NAME`. It changes as somebody clicks.
    address = Unicode().tag(sync=True)
    #: The height in pixels.
    height = Int(min=100).tag(sync=True)

    def __init__(
        self,
        chosen: Sequence[str | os.PathLike[str]],
        *,
        address: str | None,
        height: int,
        runs: str | os.PathLike[str],
    ) -> None:
        paths = [open_run(run, runs=runs).path for run in chosen]
        self._paths = paths
        self._runs = runs
        page, data = StandalonePage.of_runs(paths, runs=runs)
        super().__init__(page=page, data=data, address=_address_of(paths) if address is None else address, height=height)

    def refresh(self) -> None:
        """Reads the runs again and shows them as they are now; what is open stays open."""
        page, data = StandalonePage.of_runs(self._paths, runs=self._runs)
        with self.hold_sync():
            self.page = page
            self.data = data

    @validate("address")
    def _without_the_sign(self, proposal: dict[str, str]) -> str:
        return proposal["value"].removeprefix("#").removeprefix("/")


def _address_of(paths: Sequence[Path]) -> str:
    names = [path.name for path in paths]
    if len(names) == 1:
        return "run?" + urlencode({"name": names[0]})
    return "compare?" + urlencode({"runs": ",".join(names)})
