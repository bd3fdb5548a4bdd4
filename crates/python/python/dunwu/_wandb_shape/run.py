"""A run in the shape of W&B's: rows by step, settings, a summary; recorded as a run directory."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, cast

from .._watch.attached import AttachedModel, Looking
from .._watch.look import OptimizerLike
from .._watch.recorder import NothingRecorded, Recorder, RunPlace
from .._watch.values import text_by_name
from .._watch.watching import begin_record, end_record
from .settings import Config, settings_from
from .errors import Error, UsageError, warn_once
from .rows import Row, read_row
from .summaries import Metric, Summary, aggregates_of
from .unsupported import NotKept, refuse

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class About:
    """What `init` was given about a run."""

    name: str
    project: str
    folder: str
    id: str | None = None
    notes: str | None = None
    tags: tuple[str, ...] = ()
    others: dict[str, str] = field(default_factory=lambda: {})
    is_disabled: bool = False


class Run:
    """One run that is being recorded; `dunwu.init` makes it."""

    def __init__(self, about: About, settings: object, *, on_finish: Callable[[Run], None]) -> None:
        self._about = about
        self._on_finish = on_finish
        self._recorder: Recorder | None = None
        self._is_over = False
        self._step = 0
        self._written = 0
        self._row = Row()
        self._metrics: list[Metric] = []
        self._watched: list[AttachedModel] = []
        self._texts: dict[str, str] = {}
        self._n_unkept: dict[str, int] = {}
        self._config = Config(self._setting_changed)
        self._config.update(settings_from(settings))
        self._summary = Summary()
        self.name = about.name
        self.notes = about.notes
        self.tags = about.tags

    @property
    def config(self) -> Config:
        """Settings, by item and by attribute."""
        return self._config

    @property
    def summary(self) -> Summary:
        """One value a quantity."""
        return self._summary

    @property
    def step(self) -> int:
        """The step that the next row will have."""
        return self._step

    @property
    def id(self) -> str:
        """The id that `init` was given, or the one of the record."""
        return self._about.id or self._begin().id

    @property
    def path(self) -> str:
        """The run directory."""
        return self._begin().path

    @property
    def dir(self) -> str:
        """A folder for files of the script's own, in the run directory. What stands there is kept and not read."""
        folder = Path(self._begin().path) / "files"
        if not self._about.is_disabled:
            folder.mkdir(parents=True, exist_ok=True)
        return str(folder)

    @property
    def project(self) -> str:
        """The project that `init` was given."""
        return self._about.project

    @property
    def disabled(self) -> bool:
        """Whether nothing is recorded."""
        return self._about.is_disabled

    entity = ""
    url: str | None = None
    resumed = False
    offline = True

    def __getattr__(self, name: str) -> object:
        if name in ("group", "job_type", "sweep_id"):
            return self._about.others.get(name)
        raise AttributeError(f"a run has no {name!r}; of W&B's runs, dunwu has log, config, summary, watch, define_metric and finish")

    def __enter__(self) -> Run:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.finish_with(error)

    def log(self, data: object, step: int | None = None, commit: bool | None = None, sync: bool | None = None) -> None:
        """Records values by name, as `wandb.log` does.

        Without `step` the row is complete, and the next one has the next step; `commit=False` leaves it open. With `step` it stays
        open until a later step begins or `commit=True`. A step before the current one is left out with a warning.

        Kept are numbers, booleans, arrays, histograms, columns of tables that hold numbers, and text (when it changes). Of pictures,
        sounds and plots it is recorded that they were logged.

        Raises:
            ValueError: `data` is no dictionary, or a name in it is no text.
            UsageError: the run has ended.
        """
        if self._is_over:
            raise UsageError("the run has ended, and log() was called; call dunwu.init() for another one")
        row = read_row(data)
        if step is not None and int(step) < self._step:
            early = f"step {int(step)} comes before step {self._step}, which the run is at; steps must not fall, so that it is left out"
            warn_once(early)
            return
        if step is not None and int(step) > self._step:
            self._flush()
            self._step = int(step)
        self._row.merge(row)
        if commit if commit is not None else step is None:
            self._flush()
            self._step += 1

    def define_metric(
        self,
        name: str,
        step_metric: object = None,
        step_sync: bool | None = None,
        hidden: bool | None = None,
        summary: str | None = None,
        goal: str | None = None,
        overwrite: bool | None = None,
    ) -> Metric:
        """Says how a quantity is summarized, and what it is drawn over; the latter is recorded as a sentence."""
        over = getattr(step_metric, "name", step_metric)
        metric = Metric(name, None if over is None else str(over), aggregates_of(summary), goal)
        self._metrics.append(metric)
        if metric.step_metric is not None:
            self._row.marks.append(f"{name} is drawn over {metric.step_metric}")
        return metric

    def watch_models(
        self,
        models: object,
        optimizer: object = None,
        *,
        layers: str | nn.Module | Iterable[str | nn.Module] | None = None,
        every: int | None = None,
        overhead: float | None = 0.05,
        **of_wandb: object,
    ) -> WatchOfRun:
        """Looks at models whenever a row is complete. `optimizer` may be W&B's criterion, which is not needed."""
        known = ("log", "log_freq", "criterion", "idx", "log_graph")
        unknown = [name for name in of_wandb if name not in known]
        if unknown:
            raise TypeError(f"watch() has no option {unknown[0]!r}; of W&B's it has {', '.join(known)}")
        if of_wandb.get("log", "gradients") is None:
            return WatchOfRun(self, [])
        listed = cast("Sequence[nn.Module]", models if isinstance(models, (list, tuple)) else [models])
        has_groups = hasattr(optimizer, "param_groups") or isinstance(optimizer, (list, tuple))
        optimizers = cast("OptimizerLike | None", optimizer if has_groups else None)
        looking = Looking(every=every, overhead=overhead, snapshot_budget_bytes=0)
        attached: list[AttachedModel] = []
        for i, model in enumerate(listed):
            prefix = f"{len(self._watched) + i}/" if len(listed) > 1 or self._watched else ""
            # Without an optimizer nobody knows how many updates there are between two rows.
            watched = AttachedModel(
                model, optimizers, layers=layers, looking=looking, prefix=prefix, sees_updates=optimizers is not None
            )
            watched.begin(self._begin(), step=self._written)
            attached.append(watched)
        self._watched += attached
        return WatchOfRun(self, attached)

    def watch(self, models: object, criterion: object = None, log: str | None = "gradients", **of_wandb: Any) -> WatchOfRun:
        """Looks at models whenever a row is complete: gradients, weights and activations."""
        return self.watch_models(models, criterion, log=log, **of_wandb)

    def unwatch(self, models: object = None) -> None:
        """Looks at no model any more."""
        for watched in self._watched:
            watched.detach()
        self._watched.clear()

    def alert(self, title: str, text: str = "", **of_wandb: object) -> None:
        """Records a sentence. Nobody is sent anything."""
        self._row.marks.append(f"alert: {title}: {text}" if text else f"alert: {title}")

    def save(self, *args: object, **kwargs: object) -> list[str]:
        """Files are not copied into a run directory; one warning says so."""
        warn_once("save() does not copy files into a run directory; they stay where they are")
        return []

    def log_artifact(self, *args: object, **kwargs: object) -> NotKept:
        """Artifacts are not kept; one warning says so."""
        warn_once("log_artifact() does not keep files; they stay where they are")
        return NotKept()

    log_model = link_model = link_artifact = upsert_artifact = finish_artifact = log_artifact

    def log_code(self, *args: object, **kwargs: object) -> None:
        """Code is not kept; one warning says so."""
        warn_once("log_code() does not keep the code")

    def use_artifact(self, *args: object, **kwargs: object) -> NotKept:
        """There is no server to get an artifact from.

        Raises:
            Error: always.
        """
        raise refuse("use_artifact()", "there is no server; open the file where it is")

    use_model = restore = use_artifact

    def mark_preempting(self) -> None:
        """Records that the machine is about to be taken away."""
        self._row.marks.append("preempting")

    def get_url(self) -> None:
        """There is no page on a server; `dunwu serve` shows the run."""

    def project_name(self) -> str:
        """The project that `init` was given."""
        return self._about.project

    def finish(self, exit_code: int | None = None, quiet: bool | None = None) -> None:
        """Ends the record. May be called again."""
        self.finish_with(Error(f"exit code {exit_code}") if exit_code else None)

    def finish_with(self, error: BaseException | None) -> None:
        """Ends the record, and says how the script ended."""
        if self._is_over:
            return
        try:
            self._write_summary()
        finally:
            self._is_over = True
            self.unwatch()
            end_record(self._begin(), self._written, error)
            self._on_finish(self)

    def _write_summary(self) -> None:
        self._flush()
        given = read_row({f"summary/{key}": value for key, value in self._summary.given().items()})
        given.marks += [f"{name} was logged {n} times and not kept" for name, n in self._n_unkept.items() if n > 1]
        self._row.merge(given)
        self._step = self._written
        self._flush()

    def _flush(self) -> None:
        """Writes the open row at the current step."""
        row, self._row = self._row, Row()
        if row.is_empty():
            return
        began = time.perf_counter()
        recorder = self._begin()
        step = self._written = self._step
        self._summary.take(row.scalars, self._metrics)
        values = dict(row.scalars)
        for watched in self._watched:
            watched.step_began(began)
            watched.step_ended(recorder, step, values.update)
        if values:
            recorder.scalars(step, values)
        for (layer, series), numbers in row.units.items():
            recorder.units(step, layer, series, numbers)
        for name, text in row.texts.items():
            if self._texts.get(name) != text:
                recorder.mark(step, f"{name}: {text}")
        self._texts |= row.texts
        for name, what in row.unkept.items():
            self._n_unkept[name] = n = self._n_unkept.get(name, 0) + 1
            if n == 1:
                recorder.mark(step, f"{name}: {what} was not kept")
        for text in row.marks:
            recorder.mark(step, text)

    def _begin(self) -> Recorder:
        """The recorder. It begins when it is first needed, so that settings that come after `init` are among what is known."""
        if self._recorder is None:
            about = self._about
            known = {"recorded_by": "dunwu.init"}
            known |= {"name": self.name, "project": about.project} | about.others
            known |= {"notes": self.notes} if self.notes else {}
            known |= {"tags": ", ".join(self.tags)} if self.tags else {}
            known |= {"wandb_id": about.id} if about.id else {}
            known |= text_by_name(self._config.as_dict(), prefix="config.")
            place = RunPlace(folder=about.folder, name=file_name(self.name))
            self._recorder = NothingRecorded() if about.is_disabled else begin_record(place, known)
        return self._recorder

    def _setting_changed(self, key: str, value: object) -> None:
        if self._recorder is not None:
            self._row.marks += [f"config.{name} = {text}" for name, text in text_by_name({key: value}).items()]


class WatchOfRun:
    """A model that is looked at for a run: what `dunwu.watch` returns after `dunwu.init`."""

    def __init__(self, run: Run, attached: Sequence[AttachedModel]) -> None:
        self._run = run
        self._attached = attached

    @property
    def id(self) -> str:
        """The run's id."""
        return self._run.id

    @property
    def path(self) -> str:
        """The run directory."""
        return self._run.path

    def __enter__(self) -> WatchOfRun:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for attached in self._attached:
            attached.detach()

    def step(self, values: Mapping[str, object] | None = None, /, *, step: int | None = None, **named: object) -> int:
        """Records one step; the same as `log` of the run."""
        self._run.log({**(values or {}), **named}, step=step, commit=True)
        return self._run.step - 1

    def log(self, values: Mapping[str, object] | None = None, /, **named: object) -> None:
        """Records more numbers of the step that comes."""
        self._run.log({**(values or {}), **named}, commit=False)

    def mark(self, text: str) -> None:
        """Records a sentence."""
        self._run.alert(text)


def file_name(name: str) -> str:
    """A run's name as a part of a path."""
    return re.sub(r"[^\w.=+-]+", "-", name).strip("-.") or "run"


def folder_of(directory: str | os.PathLike[str] | None) -> str:
    """The folder of runs below the folder that W&B would make its own `wandb` in."""
    return "runs" if directory is None else str(Path(os.fspath(directory)) / "runs")
