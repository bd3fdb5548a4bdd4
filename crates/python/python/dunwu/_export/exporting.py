"""`dunwu.export`: gives a run to another tracker."""

from __future__ import annotations

import difflib
import importlib
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol, cast, overload

from .._run import open as open_run
from .record import RunHead, how_it_ended, read_head, scalars_of

if TYPE_CHECKING:
    from .._native import Answer


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
#: What dunwu writes itself.
WRITTEN_HERE = ("tensorboard", "jsonl")


@overload
def export(
    run: object,
    *,
    to: Literal["wandb", "mlflow", "trackio"],
    output: str | os.PathLike[str] | None = None,
    project: str = "dunwu",
    follow: bool = False,
    runs: str | os.PathLike[str] = "runs",
) -> str: ...
@overload
def export(
    run: object,
    *,
    to: Literal["tensorboard", "jsonl"] | None = None,
    output: str | os.PathLike[str] | None = None,
    tables: Literal["parquet", "csv"] | None = None,
    follow: bool = False,
    runs: str | os.PathLike[str] = "runs",
    quiet: bool = False,
) -> Answer: ...
def export(
    run: object,
    *,
    to: str | None = None,
    output: str | os.PathLike[str] | None = None,
    tables: str | None = None,
    project: str = "dunwu",
    follow: bool = False,
    runs: str | os.PathLike[str] = "runs",
    quiet: bool = False,
) -> object:
    """Writes a run for others: its figures and tables, or its numbers for another tracker. Nothing is sent anywhere.

    ::

        dunwu.export("runs/mine")                       # figures and tables, as `dunwu export` does
        dunwu.export("runs/mine", to="tensorboard")     # an event file, written by dunwu itself
        dunwu.export("runs/mine", to="wandb")           # an offline run below wandb/, for `wandb sync` or `wandb leet`
        dunwu.export("runs/mine", to="mlflow")          # into sqlite:///mlflow.db, for `mlflow ui`
        dunwu.export("runs/mine", to="trackio")         # into Trackio's folder, for `trackio show`

    The last three go through the tracker's own package. NaN and infinities arrive as such, where the tracker can hold them: MLflow's
    database holds an infinity as the largest double. What is known of the run becomes its config. Series of single units and snapshots
    stay in the run directory.

    Args:
        run: a directory, its name in `runs`, the first digits of its id, or an opened run.
        to: `wandb`, `mlflow`, `trackio`, `tensorboard` or `jsonl`; figures and tables without it.
        output: for W&B the folder that gets `wandb/` (here); for MLflow the database (`mlflow.db`), or an address such as
            `http://localhost:5000`; for Trackio its folder (its own choice); otherwise the folder that `dunwu export` is given.
        tables: `parquet` or `csv`, of figures and tables.
        project: the project of W&B and Trackio, the experiment of MLflow.
        follow: goes on until the run ends.
        runs: the folder of runs in which names are looked up.
        quiet: shows no progress.

    Returns:
        For a tracker, where the run is: a folder, or an address. Otherwise the answer of `dunwu export`.

    Raises:
        ValueError: `to` is none of these.
        FileNotFoundError: there is no such run.
        ImportError: the tracker's package is not installed.
    """
    named = cast("str | os.PathLike[str]", getattr(run, "path", run))
    if to is None or to in WRITTEN_HERE:
        return _ask(named, to=to, output=output, tables=tables, follow=follow, runs=runs, quiet=quiet)
    if to not in TRACKERS:
        known = (*TRACKERS, *WRITTEN_HERE)
        nearest = difflib.get_close_matches(to, known, n=1)
        advice = f'the nearest is "{nearest[0]}"' if nearest else f"there are {', '.join(known)}"
        raise ValueError(f'there is no tracker "{to}"; {advice}')
    folder = Path(open_run(named, runs=runs).path)
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


def _ask(
    run: str | os.PathLike[str],
    *,
    to: str | None,
    output: str | os.PathLike[str] | None,
    tables: str | None,
    follow: bool,
    runs: str | os.PathLike[str],
    quiet: bool,
) -> Answer:
    from .._words import ask_command

    options = {"to": to, "output": output, "tables": tables, "follow": follow, "runs": runs}
    return ask_command(("export",), (run,), options, {}, quiet=quiet)
