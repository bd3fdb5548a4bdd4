"""What a model does in one forward pass: which modules are called, in which order, with what shapes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from .batches import Batch
from .errors import UnitsError
from .forward import logits_of
from .typed_torch import add_forward_hook, named_modules, weight_of

CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)
CHANNELS_FIRST = (*CONVOLUTIONS, nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.GroupNorm, nn.InstanceNorm1d, nn.InstanceNorm2d)


@dataclass(frozen=True)
class Call:
    """One call of a module, in the order in which calls end; shapes are `None` where the value is not a tensor."""

    name: str
    module: nn.Module
    nth: int
    input_shape: tuple[int, ...] | None
    output_shape: tuple[int, ...] | None
    output_type: str

    @property
    def out_features(self) -> int | None:
        """How many features a module with weights gives; `None` of modules without."""
        return out_features(self.module)


def in_features(module: nn.Module) -> int | None:
    """Inputs of a linear map or a convolution (Hugging Face's Conv1D among them)."""
    if isinstance(module, nn.Linear):
        return module.in_features
    if isinstance(module, CONVOLUTIONS):
        return module.in_channels
    return int(weight_of(module).shape[0]) if is_transposed_linear(module) else None


def out_features(module: nn.Module) -> int | None:
    """Outputs of a linear map or a convolution."""
    if isinstance(module, nn.Linear):
        return module.out_features
    if isinstance(module, CONVOLUTIONS):
        return module.out_channels
    return int(weight_of(module).shape[1]) if is_transposed_linear(module) else None


def is_transposed_linear(module: nn.Module) -> bool:
    """Hugging Face's Conv1D, which is a linear map with weights [in, out]."""
    weight = getattr(module, "weight", None)
    return type(module).__name__ == "Conv1D" and isinstance(weight, Tensor) and weight.dim() == 2


def shape_of(value: Any) -> tuple[int, ...] | None:
    """The shape of a tensor, `None` of anything else."""
    return tuple(value.shape) if isinstance(value, Tensor) else None


def trace(model: nn.Module, batch: Batch) -> tuple[list[Call], Tensor]:
    """Runs one batch; gives all calls and the logits. Hooks are gone afterwards."""
    calls: list[Call] = []
    counts: dict[str, int] = {}
    handles: list[Any] = []

    def watcher(name: str) -> Callable[[nn.Module, tuple[Any, ...], Any], None]:
        def hook(module: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
            nth = counts.get(name, 0)
            counts[name] = nth + 1
            given = shape_of(inputs[0]) if inputs else None
            calls.append(Call(name, module, nth, given, shape_of(output), type(output).__name__))

        return hook

    try:
        for name, module in named_modules(model):
            handles.append(add_forward_hook(module, watcher(name)))
        with torch.no_grad() if not torch.is_grad_enabled() else torch.enable_grad():
            logits = logits_of(model, batch).detach()
    finally:
        for handle in handles:
            handle.remove()
    return calls, logits


def first_trace(model: nn.Module, batch: Batch) -> tuple[list[Call], Tensor]:
    """The first pass over somebody's samples, in which it shows whether they fit: what the model says against them is one sentence.

    What a model raises in a later pass is its own affair, and goes through as it is.
    """
    try:
        return trace(model, batch)
    except UnitsError:
        raise
    except Exception as error:
        shapes = ", ".join(str(list(part.shape)) for part in [*batch.positional, *batch.named.values()])
        why = next(iter(str(error).splitlines()), "").rstrip(".")
        raise UnitsError(f"the model cannot take inputs of the shape {shapes} ({type(error).__name__}: {why}): pass what it was trained on") from error
