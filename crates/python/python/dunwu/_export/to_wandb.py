"""A run as an offline run of W&B, written by its own package."""

from __future__ import annotations

from typing import Any, cast

import wandb as _package  # pyright: ignore[reportMissingImports, reportUnknownVariableType]  # may not be installed, and is used as Any

from .record import RunHead

_wandb = cast(Any, _package)


class WandbTracker:
    """An offline run of W&B."""

    def __init__(self, head: RunHead, project: str, output: str | None) -> None:
        self._was_idle = _wandb.run is None
        settings = _wandb.Settings(silent=True, console="off", x_disable_stats=True)
        # Other runs of the program stay the active ones.
        self._run = _wandb.init(
            project=project,
            name=head.name,
            dir=output,
            mode="offline",
            config={**head.settings, "dunwu_run": head.id},
            reinit="create_new",
            settings=settings,
        )
        self._folder = str(self._run.settings.sync_dir)

    def write(self, step: int, values: dict[str, float]) -> None:
        """Takes the numbers of a step."""
        self._run.log(values, step=step)

    def end(self, how: str | None) -> str:
        """Ends the run, and waits until its file is written."""
        self._run.finish(exit_code=1 if how == "failed" else 0)
        if self._was_idle:
            # `finish` returns before the file is written. This ends every other run of the program too, if there were any.
            _wandb.teardown()
        return self._folder


def begin(head: RunHead, project: str, output: str | None) -> WandbTracker:
    """Begins an offline run below `output`."""
    return WandbTracker(head, project, output)
