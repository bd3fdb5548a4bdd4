"""What the callbacks share: a watch that begins with the training and ends with it, whatever happens."""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, cast

from .._watch.look import OptimizerLike
from .._watch.values import number_from, why_no_name
from .._watch.watching import Watch, watch

if TYPE_CHECKING:
    from torch import nn


class Records:
    """Takes the options of `dunwu.watch` and records what a trainer does."""

    def __init__(
        self,
        *,
        to: str | os.PathLike[str] | None = None,
        layers: str | nn.Module | Iterable[str | nn.Module] | None = None,
        every: int | None = None,
        overhead: float | None = 0.05,
        snapshot_budget_s: float = 60.0,
        snapshot_budget_bytes: int = 1 << 30,
        config: Mapping[str, object] | None = None,
    ) -> None:
        self._to = to
        self._layers = layers
        self._every = every
        self._overhead = overhead
        self._snapshot_budget_s = snapshot_budget_s
        self._snapshot_budget_bytes = snapshot_budget_bytes
        self._config = config
        self._watch: Watch | None = None
        self._abandon: weakref.finalize[..., Records] | None = None
        self._seen: dict[str, float] = {}

    def begin_run(self, model: nn.Module, optimizers: Iterable[OptimizerLike], config: Mapping[str, object]) -> None:
        """Begins a run. One that an exception left open ends here as failed."""
        self.end_run(RuntimeError("training began anew before it had ended"))
        made = watch(
            model,
            list(optimizers),
            layers=self._layers,
            to=self._to if self._to is not None else f"runs/{type(model).__name__.lower()}",
            every=self._every,
            overhead=self._overhead,
            snapshot_budget_s=self._snapshot_budget_s,
            snapshot_budget_bytes=self._snapshot_budget_bytes,
            config={**config, **(self._config or {})},
        )
        self._watch = cast(Watch, made)
        self._seen = {}
        self._watch.start()
        # A trainer may raise without a word to its callbacks. Then the run ends with the callback, or with the program.
        self._abandon = weakref.finalize(self, self._watch.finish, RuntimeError("training did not reach its end"))

    def record_step(self, values: Mapping[str, object], step: int) -> None:
        """Records a step, unless it was recorded already, as while gradients are accumulated."""
        if self._watch is not None and step > self._watch.step_count:
            self._watch.step(self._news(values), step=step)

    def record_more(self, values: Mapping[str, object]) -> None:
        """Records more numbers of the last step. Of a name that the step has already, the first value stays."""
        if self._watch is None:
            return
        named = {name: value for name, value in values.items() if not self._watch.has(name)}
        self._watch.log(self._news(named))

    def end_run(self, error: BaseException | None = None) -> None:
        """Ends the run, if there is one."""
        if self._abandon is not None:
            self._abandon.detach()
        if self._watch is not None:
            self._watch.finish(error)
        self._watch, self._abandon = None, None

    @property
    def path(self) -> str:
        """The directory of the run that is being recorded; empty between runs."""
        return "" if self._watch is None else self._watch.path

    def _news(self, values: Mapping[str, object]) -> dict[str, float]:
        """Numbers among what a trainer hands over that are not those it handed over last: many keep their last metrics."""
        found: dict[str, float] = {}
        for name, value in values.items():
            if value is None or why_no_name(name) is not None:
                continue
            try:
                found[name] = float(number_from(name, value))
            except (TypeError, ValueError):
                continue  # a text, a list or a table is no number
        news = {name: value for name, value in found.items() if self._seen.get(name) != value}
        self._seen |= news
        return news
