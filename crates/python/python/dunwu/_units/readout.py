"""The readout: what the model's last linear map is given, on which flags and the test for a shift are fitted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from .batches import IGNORED, Samples
from .contributions import Scene
from .errors import UnitsError
from .forward import logits_of, where_it_lives
from .layer import Layer, find_layer, met
from .trace import CONVOLUTIONS, Call, in_features
from .typed_torch import Floats

WIDEST = 2048
"""Features that the ridge readout is fitted on at most; more are projected on so many random directions."""


@dataclass(frozen=True)
class Readout:
    """Where the readout is taken, `layer`, which axis holds its features, and the linear map that reads it, if one does."""

    layer: Layer
    features_axis: int
    reader: nn.Module | None
    words: str


def find_readout(model: nn.Module, calls: list[Call], classes: int, wanted: str | nn.Module | None, judged: Layer) -> Readout:
    """The input of the last linear map (or 1×1 convolution) that gives as many features as there are classes."""
    if wanted is not None:
        layer = find_layer(model, wanted)
        return Readout(layer, _axis(layer, calls), None, f"the readout is {layer.name!r}, as asked")
    outs = {1, 2} if classes == 2 else {classes}
    for call in reversed(calls):
        if call.out_features in outs and in_features(call.module) is not None and _called_once(call, calls):
            layer = Layer(f"{call.name}:input", call.module, 0, takes_input=True)
            axis = 1 if isinstance(call.module, CONVOLUTIONS) else -1
            return Readout(layer, axis, call.module, f"the readout is what {call.name!r}, the last linear map, is given")
    return Readout(judged, _axis(judged, calls), None, f"no linear map gives the {classes} classes, so the readout is the judged layer itself")


def _called_once(call: Call, calls: list[Call]) -> bool:
    return sum(other.module is call.module for other in calls) == 1


def _axis(layer: Layer, calls: list[Call]) -> int:
    for call in calls:
        if call.module is layer.module and call.nth == layer.call:
            shape = call.input_shape if layer.takes_input else call.output_shape
            if shape is None:
                raise UnitsError(f"readout {layer.name!r} is not a tensor: name a module that gives one")
            return 1 if len(shape) == 4 else -1
    raise UnitsError(f"readout {layer.name!r} is not used in the forward pass")


def readout_features(scene: Scene, readout: Readout, samples: Samples, seed: int) -> tuple[Floats, list[tuple[Any, Tensor, Tensor]]]:
    """Features [n, D], means over positions, and the logits of the same pass, batch by batch."""
    parts: list[tuple[Any, Tensor]] = []
    given: list[tuple[Any, Tensor, Tensor]] = []
    for rows, batch in samples.batches(scene.batch_size):
        with met(readout.layer) as seen:
            logits = logits_of(scene.model, batch).detach()
        value = seen.tensor(readout.layer).float()
        given.append((rows, logits, batch.labels))
        parts.append((rows, _pooled(value, batch.labels, readout.features_axis, len(rows))))
    width = parts[0][1].shape[1]
    features = np.zeros((len(samples), min(width, WIDEST)), dtype=np.float32)
    device, _ = where_it_lives(scene.model)
    generator = torch.Generator().manual_seed(seed)
    project = torch.randn(width, WIDEST, generator=generator).to(device) / WIDEST**0.5 if width > WIDEST else None
    for rows, part in parts:
        features[rows] = (part if project is None else part @ project).cpu().numpy()
    return features, given


def _pooled(value: Tensor, labels: Tensor, axis: int, n: int) -> Tensor:
    """[b, D]: the mean over positions; of a sequence that is labelled by position, over the labelled ones."""
    if value.dim() == 2 and value.shape[0] == n:
        return value
    if value.shape[0] != n:
        raise UnitsError(f"the readout has the shape {list(value.shape)} for {n} samples: name another with readout=")
    spread = value.movedim(axis, -1).flatten(1, -2)
    if labels.dim() == 2 and spread.shape[1] == labels.shape[1]:
        counted = (labels != IGNORED).to(spread)
        return (spread * counted[..., None]).sum(1) / counted.sum(1, keepdim=True).clamp(min=1)
    return spread.mean(1)
