"""The functions of the module: `init` makes the active run, the others pass on to it."""

from __future__ import annotations

import atexit
import os
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, NoReturn, cast

from .settings import Config
from .errors import Error, UsageError, warn_once
from .run import About, Run, WatchOfRun, folder_of
from .summaries import Metric, Summary

if TYPE_CHECKING:
    from .unsupported import NotKept

_MODES = ("online", "offline", "shared", "run", "dryrun", "disabled")
_active: Run | None = None


def active_run() -> Run | None:
    """The run that `init` made and that has not ended."""
    return _active


def init(
    entity: str | None = None,
    project: str | None = None,
    dir: str | os.PathLike[str] | None = None,
    id: str | None = None,
    name: str | None = None,
    notes: str | None = None,
    tags: Iterable[str] | None = None,
    config: object = None,
    group: str | None = None,
    job_type: str | None = None,
    mode: str | None = None,
    reinit: bool | str | None = None,
    resume: bool | str | None = None,
    **of_wandb: object,
) -> Run:
    """Begins a run, as `wandb.init` does, and records it in a run directory: `runs/` here, or below `dir`.

    While a run is active it returns that one, unless `reinit=True` ends it first. `mode="disabled"` records nothing; all other modes
    record on this machine and send nothing anywhere. W&B's variables `WANDB_MODE`, `WANDB_PROJECT`, `WANDB_NAME`, `WANDB_NOTES`,
    `WANDB_TAGS`, `WANDB_DIR` and `WANDB_RUN_ID` stand in for what is not given. `resume`, `fork_from`, `resume_from` and
    `sync_tensorboard` are not supported, which one warning says.

    Raises:
        UsageError: `mode` has another name, or `resume="must"`.
    """
    global _active
    mode = mode or os.environ.get("WANDB_MODE") or "online"
    if mode not in _MODES:
        raise UsageError(f'mode="{mode}" is none of {", ".join(_MODES)}')
    if resume == "must":
        raise UsageError('resume="must" cannot be met: a run that has ended is not continued; leave it out to record a new one')
    for option in ("fork_from", "resume_from", "sync_tensorboard"):
        if of_wandb.get(option):
            warn_once(f"init({option}=…) is not supported; a new run is recorded from what is logged")
    if resume:
        warn_once("init(resume=…) is not supported; a new run is recorded")
    if _active is not None:
        if not reinit or reinit == "return_previous":
            return _active
        if reinit != "create_new":
            _active.finish()
    project = project or os.environ.get("WANDB_PROJECT") or "uncategorized"
    words = os.environ.get("WANDB_TAGS")
    others = {"entity": entity, "group": group, "job_type": job_type}
    about = About(
        name=name or os.environ.get("WANDB_NAME") or project,
        project=project,
        folder=folder_of(dir or os.environ.get("WANDB_DIR")),
        id=id or os.environ.get("WANDB_RUN_ID"),
        notes=notes or os.environ.get("WANDB_NOTES"),
        tags=tuple(tags) if tags is not None else tuple(words.split(",")) if words else (),
        others={key: value for key, value in others.items() if value is not None},
        is_disabled=mode == "disabled" or os.environ.get("WANDB_DISABLED", "").lower() in ("1", "true"),
    )
    run = Run(about, config, on_finish=_forget)
    if reinit != "create_new" or _active is None:
        _active = run
    return run


def log(data: object, step: int | None = None, commit: bool | None = None, sync: bool | None = None) -> None:
    """Records values by name for the active run; see `Run.log`.

    Raises:
        Error: there is no active run.
    """
    _run("log").log(data, step=step, commit=commit, sync=sync)


def finish(exit_code: int | None = None, quiet: bool | None = None) -> None:
    """Ends the active run, if there is one."""
    if _active is not None:
        _active.finish(exit_code=exit_code, quiet=quiet)


def define_metric(
    name: str,
    step_metric: object = None,
    step_sync: bool | None = None,
    hidden: bool | None = None,
    summary: str | None = None,
    goal: str | None = None,
    overwrite: bool | None = None,
) -> Metric:
    """Says how a quantity of the active run is summarized; see `Run.define_metric`."""
    return _run("define_metric").define_metric(name, step_metric, step_sync, hidden, summary, goal, overwrite)


def unwatch(models: object = None) -> None:
    """Looks at no model of the active run any more."""
    _run("unwatch").unwatch(models)


def alert(title: str, text: str = "", **of_wandb: object) -> None:
    """Records a sentence in the active run."""
    _run("alert").alert(title, text, **of_wandb)


def save(*args: object, **kwargs: object) -> list[str]:
    """Files are not copied into a run directory; one warning says so."""
    return _run("save").save(*args, **kwargs)


def log_artifact(*args: object, **kwargs: object) -> NotKept:
    """Artifacts are not kept; one warning says so."""
    return _run("log_artifact").log_artifact(*args, **kwargs)


def use_artifact(*args: object, **kwargs: object) -> NotKept:
    """There is no server to get an artifact from.

    Raises:
        Error: always.
    """
    return _run("use_artifact").use_artifact(*args, **kwargs)


def mark_preempting() -> None:
    """Records that the machine is about to be taken away."""
    _run("mark_preempting").mark_preempting()


def login(*args: object, **kwargs: object) -> bool:
    """Nothing is sent anywhere, and no key is needed."""
    return True


def setup(*args: object, **kwargs: object) -> None:
    """There is no service to start."""


def teardown(exit_code: int | None = None) -> None:
    """Ends the active run."""
    finish(exit_code)


def agent(*args: object, **kwargs: object) -> NoReturn:
    """W&B's sweeps are not supported.

    Raises:
        Error: always.
    """
    raise Error("agent() is not supported: there is no server that hands out settings; call the function with each of them")


def Api(*args: object, **kwargs: object) -> NoReturn:
    """There is no server to ask.

    Raises:
        Error: always.
    """
    raise Error("Api() is not supported: there is no server; dunwu.open reads a run directory")


def active_config() -> Config:
    """The settings of the active run.

    Raises:
        Error: there is no active run.
    """
    return _run("config").config


def active_summary() -> Summary:
    """The summary of the active run.

    Raises:
        Error: there is no active run.
    """
    return _run("summary").summary


def _run(what: str) -> Run:
    if _active is None:
        call = what if what in ("config", "summary") else f"{what}()"
        raise Error(f"You must call dunwu.init() before dunwu.{call}")
    return _active


def _forget(run: Run) -> None:
    global _active
    if _active is run:
        _active = None


def _finish_at_exit() -> None:
    if _active is not None:
        # The interpreter keeps the exception that nobody caught.
        _active.finish_with(cast("BaseException | None", getattr(sys, "last_value", None)))


atexit.register(_finish_at_exit)

__all__ = [
    "Api",
    "Run",
    "WatchOfRun",
    "active_config",
    "active_run",
    "active_summary",
    "agent",
    "alert",
    "define_metric",
    "finish",
    "init",
    "log",
    "log_artifact",
    "login",
    "mark_preempting",
    "save",
    "setup",
    "teardown",
    "unwatch",
    "use_artifact",
]
