"""A model that is being watched: when it is looked at, what a look records, and when its weights are kept."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from .cadence import Purse, SnapshotSteps, UnitSteps
from .layers import Layer, choose_layers, unwrap
from .look import Look, OptimizerLike, parameters_of
from .recorder import NothingRecorded, Recorder
from .safetensors import can_hold, numpy_array, safetensors_bytes

if TYPE_CHECKING:
    from torch import Tensor, nn

# How the overhead is divided. What is left is for costs that cannot be timed from inside: caches that a look has filled with its own
# numbers, and pages that a snapshot has taken.
_SHARE_OF_LOOKS = 0.35
_SHARE_OF_SNAPSHOTS = 0.25
# Copies of weights that a look may hold, to tell how far an update moved them. Layers of larger models take turns.
_MOST_COPIES_BYTES = 1 << 30
# Steps that a look waits for an update. Gradients are accumulated over fewer.
_PATIENCE = 1000


@dataclass(frozen=True)
class Looking:
    """How often a model is looked at and its weights are kept."""

    every: int | None = None
    overhead: float | None = 0.05
    snapshot_budget_secs: float = 60.0
    snapshot_budget_bytes: int = 1 << 30

    def __post_init__(self) -> None:
        if self.every is not None and self.every < 1:
            raise ValueError(f"every={self.every} is no number of steps; 1 looks at each")
        if self.overhead is not None and not self.overhead > 0:
            raise ValueError(f"overhead={self.overhead} allows no look; 0.05 is 5 % of a step, None looks without limit")
        if self.snapshot_budget_secs < 0:
            raise ValueError(f"snapshot_budget_s={self.snapshot_budget_secs} is negative; 0 keeps no snapshots")
        if self.snapshot_budget_bytes < 0:
            raise ValueError(f"snapshot_budget_bytes={self.snapshot_budget_bytes} is negative; 0 keeps no snapshots")


class AttachedModel:
    """Looks at a model at some of its steps."""

    def __init__(
        self,
        model: nn.Module,
        optimizer: OptimizerLike | Iterable[OptimizerLike] | None,
        *,
        layers: str | nn.Module | Iterable[str | nn.Module] | None,
        looking: Looking,
        prefix: str = "",
        sees_updates: bool = True,
    ) -> None:
        """`prefix` stands before every name, where a run has several models."""
        self._unwrapped = unwrap(model)
        self._model = self._unwrapped.model
        self._layers = choose_layers(self._model, layers)
        self._optimizers = _list_optimizers(optimizer)
        self._looking = looking
        self._prefix = prefix
        self._sees_updates = sees_updates
        overhead = looking.overhead
        self._looks = Purse(None if overhead is None else overhead * _SHARE_OF_LOOKS)
        self._keeps = Purse(None if overhead is None else overhead * _SHARE_OF_SNAPSHOTS)
        self._unit_steps = UnitSteps()
        self._arrays = {name: array for name, array in _arrays_of(self._model).items() if can_hold(array)}
        self._n_unkept = len(_arrays_of(self._model)) - len(self._arrays)
        size = sum(array.numel() * array.element_size() for array in self._arrays.values())
        self._snapshots = SnapshotSteps(
            budget_secs=looking.snapshot_budget_secs, budget_bytes=looking.snapshot_budget_bytes, size_bytes=size
        )
        self._snapshot_size = size
        self._fits_whole = size <= _MOST_COPIES_BYTES
        self._look: Look | None = None
        # Memory for copies of weights. It is kept, because taking it anew at every look costs as much as the copying.
        self._copies: dict[int, Tensor] = {}
        self._waited = 0
        self._n_steps = 0
        self._next_compared = 0
        self._look_secs = 0.0
        # When the training loop was last left to itself; nothing while nothing is watched.
        self._left_at: float | None = None
        self._was_warned = False

    @property
    def kind(self) -> str:
        """The model's class."""
        return type(self._model).__name__

    @property
    def doubt(self) -> str | None:
        """A sentence if no optimizer holds a weight of the model, as when the model was replaced after the optimizer was made."""
        ours = {id(parameter) for parameter in self._model.parameters()}
        optimizers = self._optimizers
        if not optimizers or any(id(parameter) in ours for optimizer in optimizers for parameter in parameters_of(optimizer)):
            return None
        return "the optimizer holds none of the model's weights; make it from the model that is trained, or leave it out"

    def known(self) -> dict[str, str]:
        """What is known before training, as text by name."""
        import torch

        parameters = list(self._model.parameters())
        known = {
            "model": self.kind,
            "parameters": str(sum(p.numel() for p in parameters)),
            "trainable_parameters": str(sum(p.numel() for p in parameters if p.requires_grad)),
            "layers": str(len(self._layers.watched)),
            "dtype": ", ".join(sorted({str(p.dtype).removeprefix("torch.") for p in parameters})),
            "device": ", ".join(sorted({str(p.device) for p in parameters})),
            "framework": f"PyTorch {torch.__version__}",
        }
        if self._unwrapped.wrappers:
            known["wrapped_in"] = ", ".join(self._unwrapped.wrappers)
        for i, optimizer in enumerate(self._optimizers):
            name = "optimizer" if len(self._optimizers) == 1 else f"optimizer.{i}"
            known[name] = type(optimizer).__name__
            for setting, value in optimizer.param_groups[0].items():
                if setting != "params" and isinstance(value, (bool, int, float, str, tuple)):
                    known[f"{name}.{setting}"] = str(cast("object", value))
        for second, first in self._layers.tied.items():
            known[f"tied.{second}"] = first
        return known

    def learning_rates(self) -> dict[str, float]:
        """`learning_rate`, of each parameter group where there are several."""
        groups = [group for optimizer in self._optimizers for group in optimizer.param_groups]
        rates = [group.get("lr") for group in groups]
        names = ["learning_rate"] if len(groups) == 1 else [f"learning_rate/{i}" for i in range(len(groups))]
        return {name: float(cast("float", rate)) for name, rate in zip(names, rates, strict=True) if rate is not None}

    def begin(self, recorder: Recorder, *, step: int = 0) -> None:
        """Before the first step: keeps the weights, and prepares the first look."""
        if isinstance(recorder, NothingRecorded):
            return
        if self._unwrapped.hidden is not None:
            recorder.mark(step, f"activations are not recorded: {self._unwrapped.hidden}")
        if self._looking.snapshot_budget_bytes > 0 and self._looking.snapshot_budget_secs > 0:
            if self._snapshots.is_due_at_first():
                self._keep_weights(recorder, step)
            else:
                recorder.mark(step, self._say_what_is_not_kept())
        if self._n_unkept:
            recorder.mark(step, f"snapshots leave out {self._n_unkept} arrays of a type that safetensors has no name for")
        self._arm()
        self._left_at = time.perf_counter()

    def _say_what_is_not_kept(self) -> str:
        size, allowed = self._snapshot_size, self._looking.snapshot_budget_bytes
        if size > allowed:
            return f"weights are not kept: a snapshot takes {size} bytes, {allowed} are allowed"
        return f"weights are kept at the end alone: two snapshots take {2 * size} bytes, {allowed} are allowed"

    def step_began(self, at: float) -> None:
        """The loop's own part of a step is over, and recording it begins."""
        if self._left_at is None:
            return
        inside = 0.0 if self._look is None else self._look.take_secs()
        self._looks.spend(inside)
        self._look_secs += inside
        training = max(at - self._left_at - inside, 0.0)
        self._looks.earn(training)
        self._keeps.earn(training)
        self._left_at = at

    def step_ended(self, recorder: Recorder, step: int, write_row: Callable[[dict[str, float]], None]) -> None:
        """Records this step, with the look at it if there was one, and decides about the next.

        `write_row` writes the step's row; it gets the numbers of the look, which belong into the same row.
        """
        if self._left_at is None:
            write_row({})
            return
        self._n_steps += 1
        look = self._look
        if look is not None:
            self._waited += 1
        if look is None or (look.waits_for_update and self._waited <= _PATIENCE):
            write_row({})
        else:
            self._collect(recorder, step, look, write_row)
        secs_kept = 0.0
        if self._snapshots.is_due(step) and self._keeps.affords():
            secs_kept = self._keep_weights(recorder, step)
            self._keeps.spend(secs_kept)
        if self._look is None and self._is_look_due():
            self._arm()
        now = time.perf_counter()
        self._looks.spend(now - self._left_at - secs_kept)
        self._left_at = now

    def end(self, recorder: Recorder, step: int) -> None:
        """After the last step: keeps the weights."""
        if self._left_at is not None and self._snapshots.is_due_at_last(step):
            self._keep_weights(recorder, step)

    def detach(self) -> None:
        """Takes everything off the model and its optimizers."""
        if self._look is not None:
            self._look.disarm()
            self._look = None
        self._left_at = None
        self._copies.clear()

    def _is_look_due(self) -> bool:
        every = self._looking.every
        # The next step is the n-th call of `step` from now.
        return (every is None or (self._n_steps + 1) % every == 0) and self._looks.affords()

    def _arm(self) -> None:
        began = time.perf_counter()
        self._look = Look(
            model=self._model,
            layers=self._layers.watched,
            optimizers=self._optimizers,
            sees_activations=self._unwrapped.hidden is None,
            compared=self._choose_compared(),
            copies=self._copies if self._fits_whole else {},
        )
        self._waited = 0
        self._look.arm()
        self._look_secs = time.perf_counter() - began

    def _choose_compared(self) -> list[Layer]:
        """Layers whose copies fit into the limit, beginning where the last look ended."""
        watched = self._layers.watched if self._sees_updates else ()
        chosen: list[Layer] = []
        left = _MOST_COPIES_BYTES
        for i in range(len(watched)):
            layer = watched[(self._next_compared + i) % len(watched)]
            left -= sum(parameter.numel() * parameter.element_size() for parameter in layer.parameters())
            if left < 0 and chosen:
                break
            chosen.append(layer)
        self._next_compared = (self._next_compared + len(chosen)) % max(len(watched), 1)
        return chosen

    def _collect(self, recorder: Recorder, step: int, look: Look, write_row: Callable[[dict[str, float]], None]) -> None:
        began = time.perf_counter()
        if look.waits_for_update:
            self._warn_once(f"the optimizer made no step in {_PATIENCE} steps; is it the one that trains the model?")
        seen = look.collect()
        self._look = None
        write_row({f"{self._prefix}{name}": value for name, value in _floats(seen.scalars).items()})
        if look.trouble is not None:
            self._warn_once(f"the look at step {step} is incomplete: {look.trouble}")
            recorder.mark(step, f"the look at this step is incomplete: {look.trouble}")
        if self._looking.every is not None or self._unit_steps.is_due(step):
            for (layer, series), values in seen.units.items():
                recorder.units(step, f"{self._prefix}{layer}", series, _f32_bytes(values))
            self._unit_steps.record(step)
        self._looks.expect(self._look_secs + time.perf_counter() - began)

    def _keep_weights(self, recorder: Recorder, step: int) -> float:
        """Keeps the weights; returns the seconds that this took."""
        began = time.perf_counter()
        # Looked up anew: a loop may have replaced a parameter.
        arrays = {name: array for name, array in _arrays_of(self._model).items() if name in self._arrays and can_hold(array)}
        metadata = {"step": str(step), "model": self.kind} | {f"tied.{a}": b for a, b in self._layers.tied.items()}
        written = safetensors_bytes(arrays, metadata)
        recorder.snapshot(step, written)
        secs = time.perf_counter() - began
        self._snapshots.record(step, secs=secs, size_bytes=len(written))
        self._keeps.expect(secs)
        return secs

    def _warn_once(self, text: str) -> None:
        if not self._was_warned:
            self._was_warned = True
            warnings.warn(text, RuntimeWarning, stacklevel=5)


def _list_optimizers(optimizer: OptimizerLike | Iterable[OptimizerLike] | None) -> list[OptimizerLike]:
    if optimizer is None:
        return []
    listed = [optimizer] if hasattr(optimizer, "step") else optimizer
    if not isinstance(listed, Iterable):
        raise TypeError(f"the optimizer is of type {type(optimizer).__name__}; give a torch.optim.Optimizer, or a list of them")
    optimizers = list(cast("Iterable[OptimizerLike]", listed))
    for one in optimizers:
        if not hasattr(one, "param_groups") or not hasattr(one, "step"):
            raise TypeError(f"an optimizer is of type {type(one).__name__}, without parameter groups; give a torch.optim.Optimizer")
    return optimizers


def _arrays_of(model: nn.Module) -> dict[str, Tensor]:
    arrays: dict[str, Tensor] = {name.replace("_orig_mod.", ""): array for name, array in model.named_parameters()}
    arrays |= {name.replace("_orig_mod.", ""): array for name, array in model.named_buffers()}
    return arrays


def _floats(scalars: dict[str, Tensor]) -> dict[str, float]:
    """Waits once for each device, not once a number."""
    import torch

    by_device: dict[str, list[str]] = {}
    for name, value in scalars.items():
        by_device.setdefault(str(value.device), []).append(name)
    found: dict[str, float] = {}
    for names in by_device.values():
        values = torch.stack([scalars[name].double().reshape(()) for name in names]).cpu()
        found |= {name: float(value) for name, value in zip(names, values, strict=True)}
    return {name: found[name] for name in scalars}


def _f32_bytes(values: Tensor) -> bytes:
    return numpy_array(values.float()).astype("<f4").tobytes()
