"""The layer that is judged: found by name, met by a hook in the forward pass, its output seen as units."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from .errors import UnitsError, nearest
from .trace import CHANNELS_FIRST, Call, out_features
from .typed_torch import named_modules, norms_along_last, pseudo_inverse, rank_of, split_axis


@dataclass(frozen=True)
class Layer:
    """A place in the forward pass: the output (or, `name:input`, the first input) of one call (`name#2`) of a module."""

    name: str
    module: nn.Module = field(repr=False)
    call: int = 0
    takes_input: bool = False


@dataclass
class Met:
    """What the hook saw of the layer in one forward pass."""

    value: Tensor | None = None
    calls: int = 0

    def tensor(self, layer: Layer) -> Tensor:
        """The layer's value; a layer that the pass did not reach is an error."""
        if self.value is None:
            raise UnitsError(f"layer {layer.name!r} is not used in the forward pass, so that no sample has an activation there")
        return self.value


def find_layer(model: nn.Module, wanted: str | nn.Module) -> Layer:
    """The layer of this name, `name:input` for what the module is given, `name#2` for its second call."""
    modules = dict(named_modules(model))
    if isinstance(wanted, nn.Module):
        name = next((name for name, module in modules.items() if module is wanted), None)
        if name is None:
            raise UnitsError(f"the layer, a {type(wanted).__name__}, is no module of this model")
        return Layer(name, wanted)
    if not isinstance(wanted, str):  # pyright: ignore[reportUnnecessaryIsInstance]  # what callers pass is not checked for them
        raise UnitsError(f"layer={wanted!r} is neither a name nor a module of the model{nearest('', modules)}")
    name, takes_input = (wanted[: -len(":input")], True) if wanted.endswith(":input") else (wanted, False)
    name, _, call = name.partition("#")
    if name not in modules or (call and not call.isdigit()):
        raise UnitsError(f"the model has no layer {wanted!r}{nearest(name, modules)}")
    return Layer(wanted, modules[name], int(call or 1) - 1, takes_input)


@contextmanager
def met(layer: Layer, change: Callable[[Tensor], Tensor] | None = None) -> Generator[Met, None, None]:
    """While it is open, forward passes give their value at the layer, and go on with `change` of it."""
    seen = Met()

    def meet(value: Any) -> Tensor | None:
        number, seen.calls = seen.calls, seen.calls + 1
        if number != layer.call:
            return None
        if not isinstance(value, Tensor):
            raise UnitsError(
                f"layer {layer.name!r} gives a {type(value).__name__}, not a tensor: name a module inside it, or the one that reads it as 'NAME:input'"
            )
        if change is None:
            seen.value = value.detach().clone()  # what follows may work in place
            return None
        changed = change(value)
        seen.value = value.detach()
        return changed

    def before(_: nn.Module, inputs: tuple[Any, ...]) -> Any:
        changed = meet(inputs[0] if inputs else None)
        return None if changed is None else (changed, *inputs[1:])

    def after(_: nn.Module, __: tuple[Any, ...], output: Any) -> Any:
        return meet(output)

    module = layer.module
    handle = module.register_forward_pre_hook(before) if layer.takes_input else module.register_forward_hook(after)
    try:
        yield seen
    finally:
        handle.remove()


@dataclass(frozen=True)
class View:
    """How the layer's tensor is read: axis of samples and of features, and which units the features make.

    `width` features become `n_units` units: themselves, `n_units` heads of equal size, or the directions of `basis`,
    f32 [units, width], with `dual` such that a vector in their span is Σ (vector · dual) basis.
    """

    kind: str
    width: int
    n_units: int
    samples_axis: int
    features_axis: int
    basis: Tensor | None = None
    dual: Tensor | None = None

    def spread(self, value: Tensor) -> Tensor:
        """The layer's tensor as [b, positions, width]."""
        return value.movedim((self.samples_axis, self.features_axis), (0, -1)).flatten(1, -2) if value.dim() > 2 else value[:, None, :]

    def fold(self, spread: Tensor, like: Tensor) -> Tensor:
        """The inverse of `spread`."""
        if like.dim() == 2:
            return spread[:, 0, :]
        moved = like.movedim((self.samples_axis, self.features_axis), (0, -1))
        return spread.reshape(moved.shape).movedim((0, -1), (self.samples_axis, self.features_axis))

    def contribution(self, delta: Tensor, gradient: Tensor) -> Tensor:
        """Σ over positions and the unit's features of (a − μ) ∂m/∂a: [b, p, width] twice → [b, units]."""
        if self.basis is not None and self.dual is not None:
            return ((delta @ self.dual.T) * (gradient @ self.basis.T)).sum(1)
        each = (delta * gradient).sum(1)
        return split_axis(each, 1, (self.n_units, -1)).sum(2) if self.kind == "heads" else each

    def coordinates(self, delta: Tensor) -> Tensor:
        """The units' own activations, [b, p, width] → [b, p, units]; of a head, the norm of its features."""
        if self.dual is not None:
            return delta @ self.dual.T
        return norms_along_last(split_axis(delta, 2, (self.n_units, -1))) if self.kind == "heads" else delta

    def without(self, spread: Tensor, mean: Tensor, units: Tensor) -> Tensor:
        """The activations with some units, bool or weights in 0..1 [units] of what is taken, moved to their mean."""
        taken = units.to(spread.dtype)
        if self.basis is not None and self.dual is not None:
            return spread - (((spread - mean) @ self.dual.T) * taken) @ self.basis
        if self.kind == "heads":
            taken = taken.repeat_interleave(self.width // self.n_units)
        return spread + taken * (mean - spread)


def view_of(layer: Layer, calls: list[Call], value: Tensor, n_samples: int, basis: Any, unit_axis: int | None) -> View:
    """Reads shape and kind of the layer from one traced pass; `basis` is "units", "channels", "heads:4" or directions."""
    shape = tuple(value.shape)
    if value.dim() < 2 or not value.is_floating_point():
        raise UnitsError(f"layer {layer.name!r} gives {value.dtype} of the shape {list(shape)}: units need floating numbers with a feature axis")
    samples = 0 if shape[0] == n_samples else 1 if shape[1] == n_samples and value.dim() == 3 else None
    if samples is None:
        raise UnitsError(f"layer {layer.name!r} gives {list(shape)} for {n_samples} samples: no axis is the samples', so name another layer")
    first = value.dim() > 2 and samples == 0 and _has_channels_first(layer, calls, shape)
    axis = unit_axis if unit_axis is not None else (1 if first else value.dim() - 1)
    axis %= value.dim()
    if axis == samples:
        raise UnitsError(f"unit_axis={axis} is the axis of the samples in {list(shape)}")
    width = shape[axis]
    if basis is None or basis in ("units", "channels"):
        kind = basis or ("channels" if first else "units")
        return View(kind, width, width, samples, axis)
    if isinstance(basis, str) and basis.partition(":")[0] == "heads":
        n_heads = _n_heads(layer, calls, basis.partition(":")[2])
        if n_heads < 1 or width % n_heads:
            raise UnitsError(f"{width} features of layer {layer.name!r} do not divide into {n_heads} heads")
        return View("heads", width, n_heads, samples, axis)
    if isinstance(basis, str):
        raise UnitsError(f"basis={basis!r} is neither 'units', 'channels', 'heads:N' nor a tensor of directions [units, {width}]")
    directions = torch.as_tensor(basis, dtype=torch.float32, device=value.device).detach()
    if directions.dim() != 2 or directions.shape[1] != width:
        raise UnitsError(f"basis has the shape {list(directions.shape)}: directions of layer {layer.name!r} need [units, {width}]")
    if not bool(torch.isfinite(directions).all()) or bool((norms_along_last(directions) == 0).any()):
        raise UnitsError("basis holds a direction that is zero or not finite")
    if rank_of(directions) < directions.shape[0]:
        raise UnitsError(f"the {directions.shape[0]} directions of basis depend on each other: give linearly independent ones")
    return View("directions", width, int(directions.shape[0]), samples, axis, directions, pseudo_inverse(directions).T)


def _has_channels_first(layer: Layer, calls: list[Call], shape: tuple[int, ...]) -> bool:
    """Whether axis 1 holds the features: as the last module with weights before the layer says."""
    for call in reversed(_until(layer, calls)):
        if isinstance(call.module, (*CHANNELS_FIRST, nn.Linear, nn.LayerNorm, nn.Embedding)) or out_features(call.module):
            return isinstance(call.module, CHANNELS_FIRST) and (call.output_shape is None or len(call.output_shape) == len(shape))
    return len(shape) == 4


def _until(layer: Layer, calls: list[Call]) -> list[Call]:
    """The calls that ended before the layer's value was there."""
    for index, call in enumerate(calls):
        if call.module is layer.module and call.nth == layer.call:
            return calls[:index] if layer.takes_input else calls[: index + 1]
    return calls


def _n_heads(layer: Layer, calls: list[Call], given: str) -> int:
    if given.isdigit():
        return int(given)
    name = layer.name.partition(":")[0].partition("#")[0]
    modules = {call.name: call.module for call in calls}
    while True:
        for word in ("num_heads", "n_heads", "n_head", "num_attention_heads", "heads"):
            value = getattr(modules.get(name), word, None)
            if isinstance(value, int):
                return value
        if not name:
            raise UnitsError(f"no module above {layer.name!r} says how many heads it has: pass basis='heads:N'")
        name = name.rpartition(".")[0]
