"""The weights that read a unit: columns of the next linear map or kernels of the next convolution.

They are found by trying: a unit is moved, and the module with weights that is called next must see a change in the columns
that belong to the unit and in no other. Normalization between the layer and its reader mixes units and fails this.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from .batches import Batch
from .contributions import Scene
from .errors import UnitsError
from .forward import logits_of
from .layer import find_layer, met
from .trace import CONVOLUTIONS, Call, in_features, is_transposed_linear, trace
from .typed_torch import norms_along_last, split_axis, weight_of


@dataclass(frozen=True)
class Reader:
    """The module that reads the layer: `per_unit` inputs of it in a row belong to each unit."""

    name: str
    module: nn.Module
    per_unit: int

    def weight(self) -> Tensor:
        """Its weights as [inputs, outputs, …], a view that can be written to."""
        weight = weight_of(self.module)
        return weight if is_transposed_linear(self.module) or _is_transposed(self.module) else weight.transpose(0, 1)

    def mask(self, units: Tensor) -> Tensor:
        """Which weights belong to some units, bool [units]: the shape of the module's own weight, 0 or 1."""
        weight = weight_of(self.module)
        inputs = units.repeat_interleave(self.per_unit).to(weight)
        axis = 0 if is_transposed_linear(self.module) or _is_transposed(self.module) else 1
        return inputs.reshape([-1 if each == axis else 1 for each in range(weight.dim())]).expand_as(weight)

    def norms(self) -> Tensor:
        """The norm of each unit's outgoing weights, [units]."""
        return norms_along_last(split_axis(self.weight().detach().flatten(1), 0, (-1, self.per_unit)).flatten(1)).cpu()


def _is_transposed(module: nn.Module) -> bool:
    return isinstance(module, (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d))


def find_reader(scene: Scene, batch: Batch, name: str | None = None) -> Reader:
    """The reader of the layer's units; the one named, or else the first called after the layer that passes the trial."""
    view = scene.view
    if view.kind == "directions":
        raise UnitsError("directions of a basis have no outgoing weights of their own: edit units, channels or heads, or use ablate()")
    calls, _ = trace(scene.model, batch)
    candidates = _after(scene, calls) if name is None else [call for call in calls if call.name == name]
    if name is not None and not candidates:
        find_layer(scene.model, name)  # says which names there are
        raise UnitsError(f"outgoing module {name!r} is not used in the forward pass")
    for call in candidates:
        module = call.module
        inputs = in_features(module)
        weight = getattr(module, "weight", None)
        if inputs is None or not isinstance(weight, Tensor) or not weight.is_floating_point() or getattr(module, "groups", 1) != 1:
            continue
        if inputs % view.n_units == 0 and _reads(scene, batch, call, inputs // view.n_units):
            return Reader(call.name, module, inputs // view.n_units)
        if name is None and inputs % view.n_units == 0:
            break  # what comes later reads mixtures
    raise UnitsError(
        f"no module reads the units of layer {scene.layer.name!r} one by one"
        + (f", {name!r} neither" if name else "")
        + ": edit a layer that a linear map or a convolution follows (with nothing but activations, pooling, dropout between), or use ablate()"
    )


def _after(scene: Scene, calls: list[Call]) -> list[Call]:
    """Calls with weights after the layer, and the layer's own module where its input is judged."""
    layer = scene.layer
    place = next(index for index, call in enumerate(calls) if call.module is layer.module and call.nth == layer.call)
    later = calls[place if layer.takes_input else place + 1 :]
    counts = {call.name: sum(other.name == call.name for other in calls) for call in later}
    return [call for call in later if in_features(call.module) is not None and counts[call.name] == 1]


def _reads(scene: Scene, batch: Batch, call: Call, per_unit: int) -> bool:
    """Moves two units, one at a time: the reader's input must change at theirs and nowhere else."""
    n_units = scene.view.n_units
    plain = _input_of(scene, batch, call, None)
    axis = 1 if isinstance(call.module, CONVOLUTIONS) and plain.dim() > 2 else plain.dim() - 1
    seen = False
    for unit in {0, n_units // 2, n_units - 1}:
        moved = _input_of(scene, batch, call, unit)
        changed = (moved - plain).abs().movedim(axis, -1).flatten(0, -2).amax(0) > 0
        own = changed[unit * per_unit : (unit + 1) * per_unit]
        if bool(changed.sum() > own.sum()):
            return False
        seen |= bool(own.any())
    return seen


def _input_of(scene: Scene, batch: Batch, call: Call, unit: int | None) -> Tensor:
    """What the candidate is given, with one unit of the layer moved up and down where it says so."""
    caught: list[Tensor] = []

    def catch(_: nn.Module, inputs: tuple[Any, ...]) -> None:
        caught.append(inputs[0].detach().clone())

    def move(value: Tensor) -> Tensor:
        spread = scene.view.spread(value).clone()
        size = scene.view.width // scene.view.n_units
        if unit is not None:
            # Ten standard deviations of the layer, so that a pool or a ReLU in between lets it through.
            spread[..., unit * size : (unit + 1) * size] += 10 * (spread.std() + spread.abs().mean()) + 1
        return scene.view.fold(spread, value)

    # The layer's hook comes first where both stand on the same module.
    change: Callable[[Tensor], Tensor] | None = move
    with met(scene.layer, change):
        handle = call.module.register_forward_pre_hook(catch)
        try:
            logits_of(scene.model, batch)
        finally:
            handle.remove()
    return caught[0]
