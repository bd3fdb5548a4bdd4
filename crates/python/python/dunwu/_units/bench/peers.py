"""What others would remove: scores of units that need no twins, ranked and ablated by the same rule as ours.

Each score says which units to ablate first; how many is chosen on one half of the held-out samples, at a cost of two points.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor

from ..ablating import Sides, held
from ..batches import Samples
from ..contributions import Scene, ablated, contributions
from ..measured import Measured
from ..removal import ROUNDS
from ..typed_torch import Array, Floats, ascending, backward, norms_along_last, one_hot, singular_values, tensor_of

EXAMPLES = 25
"""Flagged samples that the greedy search per example is tried on."""


def scores(measured: Measured, sides: Sides) -> dict[str, Tensor]:
    """A score a peer, [units]: the larger, the sooner the unit is ablated."""
    activation = measured.arrays["train.activation"]
    labels = measured.arrays["train.label"]
    flagged = np.isin(np.arange(len(labels)), measured.flagged)
    train, held_out = measured.arrays["train.contribution"], _own(measured)
    given: dict[str, Floats] = {
        "activation sparsity (kurtosis)": _kurtosis(activation),
        "class signal (lowest first)": -_class_signal(activation, labels),
        "gradient-norm weighting": _gradient_norm_weighting(measured),
        "gap of contributions, train − held-out": train.mean(0) - held_out.mean(0),
        "memory E alone": train[flagged].mean(0) - _twins(measured).mean(0) if len(measured.twin_of) else train[flagged].mean(0),
    }
    if "ablation.unit" in measured.arrays:
        effect = np.full(measured.scene.view.n_units, -np.inf, dtype=np.float32)
        effect[measured.arrays["ablation.unit"]] = measured.arrays["ablation.flagged"] - measured.arrays["ablation.held_out"]
        given["single ablations, flagged − held-out"] = effect
    return {name: tensor_of(np.ascontiguousarray(score, dtype=np.float32)) for name, score in given.items()}


def _own(measured: Measured) -> Floats:
    arrays = measured.arrays
    if "held_out.contribution" in arrays:
        return arrays["held_out.contribution"]
    labels = arrays["held_out.label"]
    return arrays["held_out.contribution_by_class"][np.arange(len(labels)), labels]


def _twins(measured: Measured) -> Floats:
    arrays = measured.arrays
    if "twin.contribution" in arrays:
        return arrays["twin.contribution"]
    return arrays["held_out.contribution_by_class"][measured.twin_sample, arrays["train.label"][measured.twin_of]]


def _kurtosis(activation: Floats) -> Floats:
    centred = activation - activation.mean(0)
    variance = np.maximum((centred**2).mean(0), 1e-12)
    return (centred**4).mean(0) / variance**2


def _class_signal(activation: Floats, labels: Array) -> Floats:
    """The share of an activation's variance that lies between classes."""
    total = np.maximum(activation.var(0), 1e-12)
    between = np.zeros_like(total)
    for label in np.unique(labels):
        rows = labels == label
        between += rows.mean() * (activation[rows].mean(0) - activation.mean(0)) ** 2
    return between / total


def _gradient_norm_weighting(measured: Measured) -> Floats:
    """|c| averaged with each sample's gradient norm as weight over |c| averaged plainly: units of samples that are hard to keep."""
    logits = tensor_of(measured.arrays["train.output"])
    labels = tensor_of(measured.arrays["train.label"])
    error = logits.softmax(1) - one_hot(labels, logits.shape[1])
    norms = norms_along_last(error).numpy() * np.linalg.norm(measured.arrays["train.readout"], axis=1)
    size = np.abs(measured.arrays["train.contribution"])
    return (norms[:, None] * size).sum(0) / np.maximum(norms.sum() * size.mean(0), 1e-12)


def ranked_ablation(scene: Scene, score: Tensor, flagged: Samples, sides: Sides, mean: Tensor, cost: float) -> Tensor:
    """The units that a ranking ablates: fewest flagged labels held at this cost on the choosing half of held-out samples."""
    scene = scene.again_and_again()
    order = score.argsort(descending=True, stable=True)
    floor = held(scene, sides.choose) - cost
    step = max(1, len(order) // ROUNDS)
    best = (held(scene, flagged), torch.zeros(len(order), dtype=torch.bool))
    for n in range(step, len(order) + 1, step):
        gone = torch.zeros(len(order), dtype=torch.bool)
        gone[order[:n]] = True
        change = ablated(scene.view, mean, gone)
        kept = held(scene, sides.choose, change)
        if kept < floor - 0.15:
            break
        left = held(scene, flagged, change)
        if kept >= floor and left < best[0]:
            best = (left, gone)
    return best[1]


def per_example(scene: Scene, flagged: Samples, rest: Samples, mean: Tensor) -> tuple[list[int], Tensor]:
    """Maini et al. 2023, arXiv:2307.09542: for each example the units, one after another, whose ablation costs it most beyond a batch of others.

    Gives how many units each of the first examples took until its label was gone, and all of them together.
    """
    scene = scene.again_and_again()
    none = torch.zeros(scene.view.n_units, dtype=torch.bool)
    batch = rest.some(np.arange(0, len(rest), max(1, len(rest) // 128), dtype=np.int64))
    counts: list[int] = []
    together = none.clone()
    for row in range(min(EXAMPLES, len(flagged))):
        example = flagged.some(np.array([row], dtype=np.int64))
        gone = none.clone()
        while int(gone.sum()) < scene.view.n_units // 2:
            own = tensor_of(contributions(scene, example, mean, integrated=False, taken=gone))[0]
            others = tensor_of(contributions(scene, batch, mean, integrated=False, taken=gone)).mean(0)
            gone[int((own - others).masked_fill(gone, -torch.inf).argmax())] = True
            if held(scene, example, ablated(scene.view, mean, gone)) == 0:
                break
        counts.append(int(gone.sum()))
        together |= gone
    return counts, together


def alpha(weight: Tensor) -> tuple[float, str]:
    """The exponent of a power law through the eigenvalues of WᵀW, and WeightWatcher's word for it; it speaks of layers, not of units.

    Maximum likelihood from the eigenvalue at which the Kolmogorov–Smirnov distance is least (Clauset et al. 2009).
    """
    values = ascending(singular_values(weight.detach().float().flatten(1)).square()).double()
    values = values[values > 1e-10 * values[-1]]
    best = (float("inf"), float("nan"))
    for start in range(max(1, len(values) - 2)):
        tail = values[start:]
        if len(tail) < 8:
            break
        exponent = 1 + len(tail) / float((tail / tail[0]).log().sum().clamp(min=1e-12))
        fitted = 1 - (tail / tail[0]) ** (1 - exponent)
        distance = float((fitted - torch.arange(len(tail)) / len(tail)).abs().amax())
        if distance < best[0]:
            best = (distance, exponent)
    word = "over-trained" if best[1] < 2 else "well trained" if best[1] <= 6 else "under-trained"
    return best[1], word


def refit_readout(scene: Scene, features: Floats, labels: Floats, flagged: Array) -> Callable[[Floats], Array]:
    """The trivial rival: a readout fitted anew on the last hidden activations of the training samples that are not flagged."""
    keep = ~np.isin(np.arange(len(labels)), flagged)
    x, y = tensor_of(features[keep]), tensor_of(labels[keep])
    mean, deviation = x.mean(0), x.std(0).clamp(min=1e-6)
    layer = torch.nn.Linear(x.shape[1], int(labels.max()) + 1)
    with torch.enable_grad():
        optimizer = torch.optim.LBFGS(layer.parameters(), max_iter=100, line_search_fn="strong_wolfe")

        def closure() -> Tensor:
            optimizer.zero_grad()
            loss = torch.nn.functional.cross_entropy(layer((x - mean) / deviation), y) + 1e-3 * layer.weight.square().sum()
            backward(loss)
            return loss

        cast(Any, optimizer).step(closure)
    return lambda given: layer((tensor_of(given) - mean) / deviation).argmax(1).detach().numpy()


