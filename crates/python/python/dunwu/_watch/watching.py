"""`dunwu.watch`: records a run of somebody else's training loop in PyTorch."""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, cast

from .attached import AttachedModel, Looking
from .look import OptimizerLike
from .recorder import NothingRecorded, Recorder, RunPlace, SteadyRecorder, check_folder, open_recorder, run_place
from .values import numbers_from, text_by_name

if TYPE_CHECKING:
    from torch import Tensor, nn

    from .._wandb_shape.run import WatchOfRun

# Numbers that still stand on another device are read together, once there are so many rows of them.
_ROWS_WAITING = 64


class Watch:
    """A run that is being recorded. `dunwu.watch` makes one; use it in a `with` block."""

    def __init__(
        self,
        model: nn.Module,
        optimizer: OptimizerLike | Iterable[OptimizerLike] | None,
        *,
        layers: str | nn.Module | Iterable[str | nn.Module] | None,
        to: str | os.PathLike[str] | None,
        looking: Looking,
        config: Mapping[str, object] | None,
    ) -> None:
        self._attached = AttachedModel(model, optimizer, layers=layers, looking=looking)
        place = run_place(f"runs/{self._attached.kind.lower()}" if to is None else to)
        self._place = place
        if not _is_follower():
            check_folder(place)
        self._config = dict(config or {})
        self._recorder: Recorder | None = None
        self._is_over = False
        self._last: int | None = None
        self._waiting: list[tuple[int, dict[str, float | Tensor]]] = []
        self._rates: dict[str, float] = {}
        # Names of the last step's numbers: a series has one number a step.
        self._named: set[str] = set()

    @property
    def doubt(self) -> str | None:
        """What is odd about the model and its optimizers, if anything is."""
        return self._attached.doubt

    @property
    def id(self) -> str:
        """The run's id. Empty in a process that records nothing."""
        return self._open_recorder("id").id

    @property
    def path(self) -> str:
        """The run directory. Empty in a process that records nothing."""
        return self._open_recorder("path").path

    @property
    def step_count(self) -> int:
        """The last step that was recorded; 0 before the first."""
        return self._last or 0

    def __enter__(self) -> Watch:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.finish(error)

    def start(self) -> None:
        """Begins the record, as `with` does. For callbacks, which have no block to stand in.

        Raises:
            RuntimeError: it has begun already.
            OSError: the run directory cannot be written.
        """
        if self._recorder is not None:
            raise RuntimeError("this watch has begun already; make another with dunwu.watch for another run")
        known = {"recorded_by": "dunwu.watch"}
        known |= self._attached.known() | text_by_name(self._config, prefix="config.")
        self._recorder = begin_record(self._place, known)
        self._attached.begin(self._recorder)

    def step(self, values: Mapping[str, object] | None = None, /, *, step: int | None = None, **named: object) -> int:
        """Records one step, after its update: `w.step(loss=loss, test_accuracy=accuracy)`.

        Names are free; `dunwu verdict` reads those that say loss or accuracy and train, test or val. Values are numbers, or arrays
        and tensors with one element; NaN is recorded as NaN, and what is `None` is left out. Steps are counted from 1, the number of
        updates made, unless `step` says which one it is.

        Returns:
            The step's number.

        Raises:
            RuntimeError: outside of the `with` block.
            ValueError: `step` does not come after the last one, or a value has several elements.
            TypeError: a value is no real number.
        """
        began = time.perf_counter()
        recorder = self._open_recorder("step")
        number = self.step_count + 1 if step is None else int(step)
        if number < 0 or (self._last is not None and number <= self._last):
            after = "0" if self._last is None else f"step {self._last}"
            raise ValueError(f"step {number} does not come after {after}; steps must grow")
        row = numbers_from({**(values or {}), **named})
        row |= self._changed_rates()
        self._last = number
        self._named.clear()
        self._attached.step_began(began)
        self._attached.step_ended(recorder, number, lambda look: self._record(recorder, number, row | look))
        return number

    def log(self, values: Mapping[str, object] | None = None, /, **named: object) -> None:
        """Records more numbers of the last step, such as those of an evaluation after it. Counts no step.

        Raises:
            ValueError: that step has a number of the same name.
        """
        recorder = self._open_recorder("log")
        row = numbers_from({**(values or {}), **named})
        twice = sorted(self._named.intersection(row))
        if twice:
            raise ValueError(f"{twice[0]} was recorded at step {self.step_count} already; a series has one number a step")
        self._record(recorder, self.step_count, row)

    def has(self, name: str) -> bool:
        """Whether the last step has a number of this name."""
        return name in self._named

    def mark(self, text: str) -> None:
        """Writes a sentence about the last step into the record: `w.mark("learning rate halved")`."""
        recorder = self._open_recorder("mark")
        self._flush()
        recorder.mark(self.step_count, text)

    def finish(self, error: BaseException | None = None) -> None:
        """Ends the record, as leaving the `with` block does, and takes everything off the model. May be called again."""
        recorder = self._recorder
        if recorder is None or self._is_over:
            return
        self._is_over = True
        try:
            self._flush()
            self._attached.end(recorder, self.step_count)
        finally:
            self._attached.detach()
            end_record(recorder, self.step_count, error)

    def _record(self, recorder: Recorder, step: int, row: dict[str, float | Tensor]) -> None:
        if not row:
            return
        self._named.update(row)
        if self._waiting or any(not isinstance(value, float) for value in row.values()):
            self._waiting.append((step, row))
            if len(self._waiting) >= _ROWS_WAITING:
                self._flush()
            return
        recorder.scalars(step, cast("dict[str, float]", row))

    def _flush(self) -> None:
        waiting, self._waiting = self._waiting, []
        recorder = self._recorder
        if recorder is None:
            return
        for step, row in waiting:
            recorder.scalars(step, {name: float(value) for name, value in row.items()})

    def _changed_rates(self) -> dict[str, float | Tensor]:
        rates = self._attached.learning_rates()
        changed = {name: rate for name, rate in rates.items() if self._rates.get(name) != rate}
        self._rates |= changed
        return dict(changed)

    def _open_recorder(self, what: str) -> Recorder:
        if self._recorder is None:
            raise RuntimeError(f"w.{what} was used before the run began; write `with dunwu.watch(...) as w:` around the loop")
        if self._is_over and what in ("step", "log", "mark"):
            raise RuntimeError(f"w.{what} was used after the run had ended; it belongs inside `with dunwu.watch(...) as w:`")
        return self._recorder


def watch(
    model: nn.Module,
    optimizer: OptimizerLike | Iterable[OptimizerLike] | object | None = None,
    *,
    layers: str | nn.Module | Iterable[str | nn.Module] | None = None,
    to: str | os.PathLike[str] | None = None,
    every: int | None = None,
    overhead: float | None = 0.05,
    snapshot_budget_s: float = 60.0,
    snapshot_budget_bytes: int = 1 << 30,
    config: Mapping[str, object] | None = None,
    **of_wandb: object,
) -> Watch | WatchOfRun:
    """Records a run of your own training loop as a run directory: losses, series of layers and units, snapshots of the weights.

    ::

        with dunwu.watch(model, optimizer, to="runs/mine") as w:
            for inputs, labels in loader:
                optimizer.zero_grad()
                loss = criterion(model(inputs), labels)
                loss.backward()
                optimizer.step()
                w.step(loss=loss)

    What is recorded, of every layer and of each of its units (‖·‖ is the Euclidean norm, w the weights after the update, g their
    gradient just before it, Δw the update; units are rows of a layer's weight):

    - `weight_norm` ‖w_j‖, `gradient_norm` ‖g_j‖, `update_ratio` ‖Δw_j‖ / ‖w_j‖
    - `activation_mean`, `activation_std`, `activation_positive_share`: of a unit's outputs on at most 512 rows of the step's batch
    - `logit_scale`: how far the model's outputs for one sample stand apart, √ mean (z_c − mean_c z_c)²

    Looks cost time. They are made as often as `overhead` allows, the first at once, and series of single units 64 times an e-fold of
    steps. Nothing hangs on the model between looks, and its outputs are the same to the bit as without.

    Args:
        model: any `nn.Module`. `torch.compile`, `DataParallel` and `DistributedDataParallel` are looked through; models that hold shards
            of their weights are refused. Of a compiled model there are no activations.
        optimizer: one, or several. Without it, gradients and updates are read at `w.step`.
        layers: names, patterns (`"encoder.*.linear1"`) or modules; every module with weights of its own unless you choose.
        to: the folder of runs and the run's name: `"runs/mine"`. Without it, `runs/` and the class of the model.
        every: look at every so many-th step at most, and then record the units each time.
        overhead: share of a step that looks and snapshots may cost, 0.05 for 5 %; `None` looks at every step.
        snapshot_budget_s: seconds that all snapshots together may take; 0 for none.
        snapshot_budget_bytes: bytes that all snapshots together may take; 0 for none.
        config: settings of the run, recorded with what is known of it; may be nested.

    Raises:
        TypeError: the model is no `nn.Module`, or holds shards; the optimizer has no parameter groups.
        ValueError: a layer does not exist (the nearest names are told); a budget is negative; `to` does not name a run.
        OSError: the folder cannot be written.

    After `dunwu.init`, and without `to`, the model is watched for that run, as `wandb.watch` does it: no `with` is needed then, and
    `log`, `log_freq`, `criterion`, `idx` and `log_graph` are understood.
    """
    from .._wandb_shape import active_run

    active = active_run()
    if active is not None and to is None:
        return active.watch_models(model, optimizer, layers=layers, every=every, overhead=overhead, **of_wandb)
    if of_wandb:
        name = next(iter(of_wandb))
        raise TypeError(f"watch() has no option {name!r}; that of W&B is understood after dunwu.init()")
    looking = Looking(
        every=every, overhead=overhead, snapshot_budget_secs=snapshot_budget_s, snapshot_budget_bytes=snapshot_budget_bytes
    )
    optimizers = cast("OptimizerLike | Sequence[OptimizerLike] | None", optimizer)
    watched = Watch(model, optimizers, layers=layers, to=to, looking=looking, config=config)
    if watched.doubt is not None:
        warnings.warn(watched.doubt, RuntimeWarning, stacklevel=2)
    return watched


def begin_record(place: RunPlace, known: dict[str, str]) -> Recorder:
    """A recorder that never ends the training, and that writes nothing in processes that follow another."""
    return NothingRecorded() if _is_follower() else SteadyRecorder(open_recorder(place, known))


def end_record(recorder: Recorder, step: int, error: BaseException | None) -> None:
    """Ends a record and says how: an exception is kept as a mark."""
    is_failure = error is not None and not (isinstance(error, SystemExit) and error.code in (None, 0))
    if not is_failure:
        recorder.finish("finished")
        return
    recorder.mark(step, f"{type(error).__name__}: {error}")
    recorder.finish("stopped" if isinstance(error, KeyboardInterrupt) else "failed")


def _is_follower() -> bool:
    """Whether another process of a distributed run records: the one of rank 0 does."""
    from torch import distributed

    return distributed.is_available() and distributed.is_initialized() and distributed.get_rank() != 0

