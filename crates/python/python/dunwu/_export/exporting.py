"""`dunwu.export_to`: gives a run to another tracker."""

from __future__ import annotations

import difflib
import importlib
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Protocol

from .record import RunHead, find_run, how_it_ended, read_head, scalars_of


class Tracker(Protocol):
    """Where the numbers of a run go."""

    def write(self, step: int, values: dict[str, float]) -> None:
        """Takes the numbers of a step."""
        ...

    def end(self, how: str | None) -> str:
        """The run has ended, or nobody knows: `None`. Returns where it is to be found."""
        ...


Begin = Callable[[RunHead, str, str | None], Tracker]

#: Trackers, with the module that knows each.
TRACKERS = {"wandb": ".to_wandb", "mlflow": ".to_mlflow", "trackio": ".to_trackio"}


def export_to(
    run: object,
    to: str,
    *,
    output: str | os.PathLike[str] | None = None,
    project: str = "dunwu",
    follow: bool = False,
    runs: str | os.PathLike[str] = "runs",
) -> str:
    """Gives the numbers of a run to another tracker, on this machine: nothing is sent anywhere.

    ::

        dunwu.export_to("runs/mine", "wandb")         # an offline run below wandb/, for `wandb sync` or `wandb leet`
        dunwu.export_to("runs/mine", "mlflow")        # into sqlite:///mlflow.db, for `mlflow ui`
        dunwu.export_to("runs/mine", "trackio")       # into Trackio's folder, for `trackio show`
        dunwu.export_to("runs/mine", "tensorboard")   # an event file, written by dunwu itself

    Each needs its own package, but for TensorBoard. NaN and infinities arrive as such, where the tracker can hold them: MLflow's
    database holds an infinity as the largest double. What is known of the run becomes its config. Series of single units and
    snapshots stay in the run directory.

    Args:
        run: a directory, its name in `runs`, the first digits of its id, or an opened run.
        to: `wandb`, `mlflow`, `trackio` or `tensorboard`.
        output: for W&B the folder that gets `wandb/` (here); for MLflow the database (`mlflow.db`), or an address such as
            `http://localhost:5000`; for Trackio its folder (its own choice); for TensorBoard the folder of event files (`tensorboard`).
        project: the project of W&B and Trackio, the experiment of MLflow.
        follow: goes on until the run ends.
        runs: the folder of runs in which names are looked up.

    Returns:
        Where it is: a folder, or an address.

    Raises:
        ValueError: `to` is none of these.
        FileNotFoundError: there is no such run.
        ImportError: the tracker's package is not installed.
    """
    folder = find_run(run, runs=runs)
    if to == "tensorboard":
        return _write_events(folder, output, follow=follow)
    if to not in TRACKERS:
        known = (*TRACKERS, "tensorboard")
        nearest = difflib.get_close_matches(to, known, n=1)
        advice = f'the nearest is "{nearest[0]}"' if nearest else f"there are {', '.join(known)}"
        raise ValueError(f'there is no tracker "{to}"; {advice}')
    head = read_head(folder)
    try:
        begin: Begin = importlib.import_module(TRACKERS[to], __package__).begin
        tracker = begin(head, project, None if output is None else os.fspath(output))
    except ImportError as error:
        raise ImportError(f'export to "{to}" needs its package, which cannot be imported: {error}; pip install {to}') from error
    return _write(tracker, scalars_of(folder, follow=follow), lambda: how_it_ended(folder))


def _write(tracker: Tracker, rows: Iterable[tuple[int, dict[str, float]]], how: Callable[[], str | None]) -> str:
    try:
        for step, values in rows:
            if values:
                tracker.write(step, values)
    except BaseException:
        tracker.end("failed")
        raise
    return tracker.end(how())


def _write_events(folder: Path, output: str | os.PathLike[str] | None, *, follow: bool) -> str:
    native = importlib.import_module("dunwu._native")
    place = "tensorboard" if output is None else os.fspath(output)
    words = ["export", str(folder), "--to=tensorboard", f"--output={place}", *(["--follow"] if follow else [])]
    native.ask(words)
    return place
