"""A run in MLflow's database, written by its own package."""

from __future__ import annotations

import re
import time
from typing import Any, cast

import mlflow as _package  # pyright: ignore[reportMissingImports, reportUnknownVariableType]  # may not be installed, and is used as Any

from .record import RunHead

_mlflow = cast(Any, _package)

# What MLflow takes at once, and how long a parameter may be.
_MOST_METRICS = 1000
_MOST_PARAMS = 100
_MOST_VALUE = 6000
_STATUS = {"failed": "FAILED", "stopped": "KILLED", None: "RUNNING"}


class MlflowTracker:
    """A run of an MLflow experiment."""

    def __init__(self, head: RunHead, project: str, output: str | None) -> None:
        place = output or "mlflow.db"
        self._address = place if "://" in place or place.startswith("file:") else f"sqlite:///{place}"
        self._client = _mlflow.tracking.MlflowClient(tracking_uri=self._address)
        experiment = self._client.get_experiment_by_name(project)
        number = self._client.create_experiment(project) if experiment is None else experiment.experiment_id
        self._run = self._client.create_run(number, run_name=head.name, tags={"dunwu_run": head.id}).info.run_id
        settings = [_mlflow.entities.Param(metric_name(k), v[:_MOST_VALUE]) for k, v in head.settings.items()]
        for first in range(0, len(settings), _MOST_PARAMS):
            self._client.log_batch(self._run, params=settings[first : first + _MOST_PARAMS])
        self._waiting: list[Any] = []
        self._sent_at = time.monotonic()

    def write(self, step: int, values: dict[str, float]) -> None:
        """Takes the numbers of a step; they are sent many at a time, at the latest after a second."""
        now = int(time.time() * 1000)
        self._waiting += [_mlflow.entities.Metric(metric_name(name), value, now, step) for name, value in values.items()]
        if len(self._waiting) >= _MOST_METRICS or time.monotonic() - self._sent_at > 1.0:
            self._send()

    def end(self, how: str | None) -> str:
        """Sends what waits, and says how the run ended."""
        self._send()
        self._client.set_terminated(self._run, _STATUS.get(how, "FINISHED"))
        return f"{self._address} (run {self._run})"

    def _send(self) -> None:
        for first in range(0, len(self._waiting), _MOST_METRICS):
            self._client.log_batch(self._run, metrics=self._waiting[first : first + _MOST_METRICS])
        self._waiting.clear()
        self._sent_at = time.monotonic()


def metric_name(name: str) -> str:
    """A name as MLflow takes it: letters, digits, `_`, `-`, `.`, `/` and spaces; anything else becomes `_`."""
    taken = re.sub(r"[^\w\-. /]", "_", name, flags=re.ASCII)
    return taken[:250].strip("/.") or "_"


def begin(head: RunHead, project: str, output: str | None) -> MlflowTracker:
    """Begins a run in the database at `output`."""
    return MlflowTracker(head, project, output)
