"""A run in Trackio's folder, written by its own package."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from .record import RunHead

# Where Trackio would send a run to, if these are set.
_ELSEWHERE = ("TRACKIO_SPACE_ID", "TRACKIO_SERVER_URL")


class TrackioTracker:
    """A local run of Trackio."""

    def __init__(self, head: RunHead, project: str, output: str | None) -> None:
        self._trackio, self._folder = _import_for(output)
        with _set_aside(_ELSEWHERE):
            self._run = self._trackio.init(
                project=project,
                name=f"{head.name}-{head.id[:6]}",
                config={**head.settings, "dunwu_run": head.id},
                embed=False,
                auto_log_gpu=False,
                auto_log_cpu=False,
            )

    def write(self, step: int, values: dict[str, float]) -> None:
        """Takes the numbers of a step."""
        self._run.log(values, step=step)

    def end(self, how: str | None) -> str:
        """Ends the run, which waits until it is written."""
        self._trackio.finish()
        return self._folder


def _import_for(output: str | None) -> tuple[Any, str]:
    """The package, and the folder that it writes to. It reads the folder's name once, when it is first imported."""
    if output is not None and "trackio" not in sys.modules:
        os.environ["TRACKIO_DIR"] = output
    package = importlib.import_module("trackio")
    folder = cast(Path, importlib.import_module("trackio.utils").TRACKIO_DIR)
    if output is not None and Path(output).absolute() != folder.absolute():
        raise ValueError(f'trackio writes to "{folder}" in this program, not to "{output}"; set TRACKIO_DIR before it is imported')
    return package, str(folder)


@contextmanager
def _set_aside(names: tuple[str, ...]) -> Generator[None, None, None]:
    kept = {name: os.environ.pop(name) for name in names if name in os.environ}
    try:
        yield
    finally:
        os.environ |= kept


def begin(head: RunHead, project: str, output: str | None) -> TrackioTracker:
    """Begins a run in Trackio's folder."""
    return TrackioTracker(head, project, output)
