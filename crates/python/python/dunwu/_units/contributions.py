"""Contributions of units to margins, by backward passes.

```text
c_ij = Σ_p (a_ijp − μ_j) ∂m_i/∂a_ijp          p: positions (pixels, tokens), μ: mean activation on training samples
```

One backward pass of Σ_i m_i gives those of a whole batch, since samples do not meet in evaluation mode. Integrated: the
gradient is averaged over points μ + t(a − μ) of the whole layer (Gauss–Legendre), and then Σ_j c_ij = m(a_i) − m(μ).
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from .batches import Rows, Samples
from .errors import UnitsError
from .forward import logits_of, margins
from .layer import Layer, View, met
from .shortcut import Shortcut
from .typed_torch import Floats, gauss_legendre, tensor_of

POINTS = 8
"""Points on the way from the mean to the activation: OWNMODEL §1 found 6 to 8 enough."""


@dataclass(frozen=True)
class Scene:
    """A model, the layer of it that is judged, and how its output is read."""

    model: nn.Module
    layer: Layer
    view: View
    batch_size: int
    shortcut: Shortcut | None = None

    def over(self, samples: Samples, rows: Rows) -> AbstractContextManager[None]:
        """A pass over these rows: what comes before the layer is computed once, where the scene was asked for that."""
        return nullcontext() if self.shortcut is None else self.shortcut.over((id(samples), int(rows[0]), len(rows)), samples)

    def again_and_again(self) -> Scene:
        """The same scene for many passes over the same samples with only the layer, or what follows it, changed."""
        return replace(self, shortcut=Shortcut(self.model, self.layer.module, before=self.layer.takes_input))


@dataclass(frozen=True)
class Means:
    """What is known of activations: the mean of every feature [width], and per sample and unit the mean over positions [n, units]."""

    feature: Tensor
    unit: Floats


def mean_activations(scene: Scene, samples: Samples, about: Tensor | None = None) -> Means:
    """One forward pass over samples; `about` is the mean that units are measured from, their own without it."""
    total, count = None, 0
    spread: list[tuple[Rows, Tensor]] = []
    for rows, batch in samples.batches(scene.batch_size):
        with met(scene.layer) as seen:
            logits = logits_of(scene.model, batch)
        value = seen.tensor(scene.layer).float()
        _finite(value, rows, samples, f"layer {scene.layer.name!r}", scene.view.samples_axis)
        _finite(logits, rows, samples, "the output", 0)
        each = scene.view.spread(value)
        summed = each.double().sum((0, 1))
        total = summed if total is None else total + summed
        count += each.shape[0] * each.shape[1]
        spread.append((rows, each.mean(1) if scene.view.kind != "heads" else scene.view.coordinates(each).mean(1)))
    assert total is not None, "samples are not empty"
    feature = (total / count).float()
    unit = np.zeros((len(samples), scene.view.n_units), dtype=np.float32)
    centre = about if about is not None else feature
    for rows, each in spread:
        unit[rows] = (each if scene.view.dual is None else (each - centre) @ scene.view.dual.T).cpu().numpy()
    return Means(feature, unit)


def _finite(value: Tensor, rows: Rows, samples: Samples, what: str, axis: int) -> None:
    if bool(torch.isfinite(value).all()):
        return
    bad = (~torch.isfinite(value.movedim(axis, 0).flatten(1))).any(1)
    number = int(samples.number[rows[int(bad.nonzero()[0])]])
    raise UnitsError(f"{what} is not finite (NaN or infinite) for sample {number} of {samples.role}: check the weights and that input")


def outputs(scene: Scene, samples: Samples, change: Callable[[Tensor], Tensor] | None = None) -> list[tuple[Rows, Tensor, Tensor]]:
    """Logits of every batch with its rows and labels; `change` acts on the layer."""
    given: list[tuple[Rows, Tensor, Tensor]] = []
    for rows, batch in samples.batches(scene.batch_size):
        with scene.over(samples, rows):
            if change is None:
                logits = logits_of(scene.model, batch)
            else:
                with met(scene.layer, change):
                    logits = logits_of(scene.model, batch)
        given.append((rows, logits.detach(), batch.labels))
    return given


def ablated(view: View, mean: Tensor, units: Tensor) -> Callable[[Tensor], Tensor]:
    """A change of the layer's output that puts units, [units] bool or 0..1, at their mean."""

    def change(value: Tensor) -> Tensor:
        spread = view.spread(value)
        return view.fold(view.without(spread, mean.to(spread), units), value)

    return change


def contributions(
    scene: Scene,
    samples: Samples,
    mean: Tensor,
    *,
    integrated: bool,
    labels: Tensor | None = None,
    taken: Tensor | None = None,
    margin: Callable[[Tensor, Tensor], Tensor] = margins,
) -> Floats:
    """c of every sample under its own label, or under `labels` [n], [n, units]; with the units `taken` at their mean."""
    result = np.zeros((len(samples), scene.view.n_units), dtype=np.float32)
    for rows, batch in samples.batches(scene.batch_size):
        asked = batch.labels if labels is None else labels[tensor_of(rows)]
        with scene.over(samples, rows):
            given = _one_batch(scene, batch, mean, integrated, lambda logits, asked=asked: [margin(logits, asked)], taken)
        result[rows] = given[:, 0].cpu().numpy()
    return result


def contributions_by_class(scene: Scene, samples: Samples, mean: Tensor, classes: int, *, integrated: bool) -> Floats:
    """c of every sample under every label, [n, classes, units]."""
    result = np.zeros((len(samples), classes, scene.view.n_units), dtype=np.float32)

    def every(logits: Tensor) -> list[Tensor]:
        return [logits[:, label] - logits.mean(1) for label in range(classes)]

    for rows, batch in samples.batches(scene.batch_size):
        result[rows] = _one_batch(scene, batch, mean, integrated, every, None).cpu().numpy()
    return result


def _one_batch(
    scene: Scene, batch: Any, mean: Tensor, integrated: bool, wanted: Callable[[Tensor], list[Tensor]], taken: Tensor | None
) -> Tensor:
    """c of one batch for each of the margins that `wanted` makes of the logits, [b, margins, units]."""
    view = scene.view
    points = [(1.0, 1.0)]
    if integrated:
        points = [((1 + node) / 2, weight / 2) for node, weight in gauss_legendre(POINTS)]
    total: Tensor | None = None
    for point, weight in points:
        leaf: list[Tensor] = []
        delta: list[Tensor] = []

        def change(value: Tensor, point: float = point, leaf: list[Tensor] = leaf, delta: list[Tensor] = delta) -> Tensor:
            spread = view.spread(value.detach())
            centre = mean.to(spread)
            if taken is not None:
                spread = view.without(spread, centre, taken)
            delta.append((spread - centre).float())
            at = spread if point == 1.0 else centre + point * (spread - centre)
            leaf.append(view.fold(at, value).detach().requires_grad_())
            return leaf[0].clone()  # what follows may work in place

        with torch.enable_grad(), met(scene.layer, change) as seen:
            sums = [margin.sum() for margin in wanted(logits_of(scene.model, batch))]
        seen.tensor(scene.layer)
        parts: list[Tensor] = []
        for number, each in enumerate(sums):
            (gradient,) = torch.autograd.grad(each, leaf[0], retain_graph=number + 1 < len(sums), allow_unused=True)
            if gradient is None:  # pyright: ignore[reportUnnecessaryComparison]  # allow_unused gives None, which PyTorch's types leave out
                raise UnitsError(f"the output does not depend on layer {scene.layer.name!r}: nothing flows back to it")
            parts.append(view.contribution(delta[0], view.spread(gradient).float()))
        stacked = torch.stack(parts, dim=1) * weight
        total = stacked if total is None else total + stacked
    assert total is not None, "there is at least one point"
    return total
