"""A changed copy of a model: some units at their mean, or their outgoing weights edited, with what that cost."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any, Literal, cast

import torch
from torch import Tensor, nn

from .contributions import Scene, ablated
from .layer import Layer, View
from .trace import is_transposed_linear
from .typed_torch import named_modules

How = Literal["mean", "zero"]


class Ablated(nn.Module):
    """A module whose output has some units at a constant: what `ablate` puts in the place of a layer without weights."""

    def __init__(self, module: nn.Module, view: View, constant: Tensor, units: Tensor, takes_input: bool) -> None:
        super().__init__()
        self.module, self.view, self.takes_input = module, view, takes_input
        self.register_buffer("constant", constant.detach().clone())
        self.register_buffer("units", units.detach().clone())

    def forward(self, *inputs: Any, **named: Any) -> Any:
        """The module's output with the units at their constant; or, of a layer that is an input, the module on such an input."""
        change = ablated(self.view, cast(Tensor, self.constant), cast(Tensor, self.units))
        if self.takes_input:
            return self.module(change(inputs[0]), *inputs[1:], **named)
        return change(self.module(*inputs, **named))


@dataclass(frozen=True)
class Change:
    """A changed copy, `model`, and what was measured of it; the model that it was copied from keeps its bits.

    `table` has one row a treatment: the chosen units, as many random ones, random ones of the same norm. Each says which share
    of the flagged samples' labels is still given, on the flagged samples that were used for choosing and on those that were
    not (`other_half`), and the accuracy on held-out samples before and after.
    """

    model: nn.Module
    layer: str
    units: list[int]
    how: str
    table: list[dict[str, Any]]
    sentences: list[str]

    def __repr__(self) -> str:
        return "\n".join(self.sentences)


def copy_of(scene: Scene) -> Scene:
    """The scene on a deep copy of the model, without the hooks of anybody who watches the original."""
    memo: dict[int, Any] = {}
    model = copy.deepcopy(scene.model, memo)
    for (_, old), (_, new) in zip(named_modules(scene.model), named_modules(model), strict=True):
        if old is scene.layer.module:
            layer = Layer(scene.layer.name, new, scene.layer.call, scene.layer.takes_input)
            return Scene(model, layer, scene.view, scene.batch_size)
    raise AssertionError("the layer is a module of the model")


def ablate_in_place(scene: Scene, constant: Tensor, units: Tensor) -> None:
    """Puts units, bool [units], of the scene's model at a constant [width] for good.

    In the weights where the layer is linear or a convolution; else by a module around it.
    """
    module, view = scene.layer.module, scene.view
    weight = getattr(module, "weight", None)
    plain = isinstance(module, (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)) and view.dual is None and not scene.layer.takes_input
    if plain and isinstance(weight, Tensor) and not is_transposed_linear(module):
        rows = units.repeat_interleave(view.width // view.n_units).to(weight.device)
        with torch.no_grad():
            weight[rows] = 0
            bias = cast("nn.Parameter | None", module.bias)
            if bias is None:
                bias = nn.Parameter(torch.zeros(view.width, dtype=weight.dtype, device=weight.device))
                module.bias = bias
            bias[rows] = constant.to(bias)[rows]
        return
    around = Ablated(module, view, constant, units, scene.layer.takes_input)
    around.training = module.training
    if module is scene.model:
        raise AssertionError("a whole model is no layer of its own")
    for parent in list(scene.model.modules()):
        if isinstance(parent, Ablated):
            continue
        for name, child in list(parent.named_children()):
            if child is module:
                setattr(parent, name, around)
