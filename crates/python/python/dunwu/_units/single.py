"""Ablation of single units: what each takes from the margins of flagged samples, of their twins, of held-out samples.

The confirmation of what contributions say: one unit at its mean, nothing else changed. Doubtful units come first, and the
time that is left says how many there are.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from .batches import Rows, Samples
from .contributions import Scene, ablated
from .forward import logits_of, margins
from .layer import met
from .typed_torch import tensor_of

HELD_OUT = 500
"""Held-out samples that a unit's ablation is measured on at most."""


@dataclass
class Ablations:
    """Means and standard errors of the margin that is lost, one row a unit: flagged, flagged less twins in pairs, held-out."""

    units: list[int] = field(default_factory=lambda: list[int]())
    rows: list[tuple[float, float, float, float, float, float]] = field(
        default_factory=lambda: list[tuple[float, float, float, float, float, float]]()
    )

    def arrays(self) -> dict[str, np.ndarray[Any, Any]]:
        """As the judge's file holds them; empty where no unit was ablated."""
        if not self.units:
            return {}
        table = np.array(self.rows, dtype=np.float32)
        names = ("flagged", "flagged_error", "memory", "memory_error", "held_out", "held_out_error")
        given: dict[str, np.ndarray[Any, Any]] = {f"ablation.{name}": table[:, column].copy() for column, name in enumerate(names)}
        return {"ablation.unit": np.array(self.units, dtype=np.int64), **given}


@dataclass(frozen=True)
class Asked:
    """Samples with the labels that they are asked for; twins are asked for the labels of the flagged samples."""

    samples: Samples
    labels: Tensor | None

    def margins(self, scene: Scene, change: Any) -> np.ndarray[Any, Any]:
        """The margin of each, [n], with the layer changed."""
        result = np.zeros(len(self.samples))
        for rows, batch in self.samples.batches(scene.batch_size):
            labels = batch.labels if self.labels is None else self.labels[tensor_of(rows)]
            with scene.over(self.samples, rows):
                if change is None:
                    logits = logits_of(scene.model, batch)
                else:
                    with met(scene.layer, change):
                        logits = logits_of(scene.model, batch)
            result[rows] = margins(logits.detach(), labels).cpu().numpy()
        return result


def ablate_singly(
    scene: Scene, mean: Tensor, order: list[int], flagged: Samples, twins: Asked, twin_of: Rows, held_out: Samples, until: float
) -> Ablations:
    """Ablates the units in this order until the clock, `time.monotonic`, says `until`; `twin_of` are rows of `flagged`."""
    scene = scene.again_and_again()
    some = held_out.some(np.linspace(0, len(held_out) - 1, min(HELD_OUT, len(held_out))).astype(np.int64))
    asked = [Asked(flagged, None), twins, Asked(some, None)]
    before = [each.margins(scene, None) if len(each.samples) else np.zeros(0) for each in asked]
    with_twins = [row for row in range(len(flagged)) if (twin_of == row).any()]
    done = Ablations()
    for unit in order:
        if time.monotonic() > until:
            break
        taken = torch.zeros(scene.view.n_units, dtype=torch.bool, device=mean.device)
        taken[unit] = True
        change = ablated(scene.view, mean, taken)
        lost = [b - each.margins(scene, change) if len(b) else b for each, b in zip(asked, before, strict=True)]
        beyond = np.array([lost[0][row] - lost[1][twin_of == row].mean() for row in with_twins])
        done.units.append(unit)
        numbers = [_mean_and_error(part) for part in (lost[0], beyond, lost[2])]
        done.rows.append((*numbers[0], *numbers[1], *numbers[2]))
    return done


def _mean_and_error(values: np.ndarray[Any, Any]) -> tuple[float, float]:
    if len(values) < 2:
        return (float(values[0]) if len(values) else 0.0), 0.0
    return float(values.mean()), float(values.std(ddof=1) / len(values) ** 0.5)
