"""One layer measured: everything that the judge is given of it, gathered within the budget."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from . import budget, judge
from .batches import Rows, Samples
from .contributions import Scene, ablated, contributions, contributions_by_class, mean_activations, outputs
from .errors import UnitsError
from .forward import margins, share_right
from .readout import Readout, readout_features
from .single import Ablations, Asked, ablate_singly
from .typed_torch import Floats, tensor_of

INCOMPLETE = 0.2
"""A layer whose held-out contributions miss the effect of ablating it by more than this share is integrated."""

WIDEST_INPUT, INPUT_BYTES = 4096, 256 << 20
"""Inputs of at most so many numbers, and of so many bytes on both sides together, go to the judge."""

TWINS = 8
"""A sequence's twins are the nearest held-out sequences, so many of them."""


@dataclass
class Measured:
    """The arrays of a layer, and what later steps need of it."""

    scene: Scene
    train: Samples
    held_out: Samples
    mean: Tensor
    classes: int
    integrated: bool
    arrays: judge.Arrays
    metadata: dict[str, str]
    notes: list[str]
    flagged: Rows = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    twin_of: Rows = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    twin_sample: Rows = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    @property
    def is_sequence(self) -> bool:
        """Whether samples are sequences with a label at every position."""
        return self.train.is_sequence

    def rows(self, samples: Samples, rows: Rows) -> Samples:
        """Some samples by their rows."""
        return samples.some(rows.astype(np.int64))

    def twin_labels(self) -> Tensor:
        """The labels under which twins are asked, [t] or [t, positions]."""
        flagged = self.train.some(self.twin_of)
        labels: list[tuple[Rows, Tensor]] = [(rows, batch.labels) for rows, batch in flagged.batches(4096)]
        result = torch.zeros((len(flagged), *labels[0][1].shape[1:]), dtype=torch.long) if labels else torch.zeros(0, dtype=torch.long)
        for rows, each in labels:
            result[tensor_of(rows)] = each.cpu()
        return result


def _as_given(logits: Tensor, _: Tensor) -> Tensor:
    return logits


def _stack(given: list[tuple[Rows, Tensor, Tensor]], n: int, of: Callable[[Tensor, Tensor], Tensor]) -> Floats:
    """Joins what `of` makes of logits and labels of every batch, in the order of the samples."""
    first = of(given[0][1], given[0][2])
    result = np.zeros((n, *first.shape[1:]), dtype=np.float32)
    for rows, logits, labels in given:
        result[rows] = of(logits, labels).cpu().numpy()
    return result


def measure(
    scene: Scene, readout: Readout, train: Samples, held_out: Samples, classes: int, *,
    flagged: Rows | None, integrated: bool | str, seed: int, until: float,
) -> Measured:  # fmt: skip
    """Activations, outputs and contributions of both sides; flags and twins as the judge names them."""
    means = mean_activations(scene, train)
    mean = means.feature
    arrays: judge.Arrays = {"train.activation": means.unit, "held_out.activation": mean_activations(scene, held_out, mean).unit}
    n, m = len(train), len(held_out)
    whole = torch.ones(scene.view.n_units, dtype=torch.bool, device=mean.device)
    without = outputs(scene, held_out, ablated(scene.view, mean, whole))
    sequence = train.is_sequence
    with_layer: Floats = np.zeros(0, dtype=np.float32)
    for name, side, count in (("train", train, n), ("held_out", held_out, m)):
        arrays[f"{name}.readout"], given = readout_features(scene, readout, side, seed)
        with_layer = _stack(given, count, margins)
        if sequence:
            arrays[f"{name}.margin"] = with_layer
            arrays[f"{name}.accuracy"] = _stack(given, count, share_right)
        else:
            arrays[f"{name}.output"] = _stack(given, count, _as_given)
            arrays[f"{name}.label"] = side.labels()
    if sequence:
        arrays["chance"] = np.array([1 / classes], dtype=np.float32)
        arrays["layer.ablated_margin"] = _stack(without, m, margins)
    else:
        arrays["layer.ablated_output"] = _stack(without, m, _as_given)
    arrays |= _inputs(train, held_out)
    if flagged is not None:
        arrays["train.flagged"] = np.isin(np.arange(n), flagged).astype(np.uint8)
    effect = float((with_layer - _stack(without, m, margins)).mean())
    own = contributions(scene, held_out, mean, integrated=integrated is True)
    use = integrated is True
    notes: list[str] = []
    missing = abs(float(own.sum(1).mean()) - effect) / max(abs(effect), 1e-9)
    if integrated == "auto" and missing > INCOMPLETE:
        if time.monotonic() < until:
            use = True
            own = contributions(scene, held_out, mean, integrated=True)
            notes.append(f"contributions by one gradient miss the layer's effect by {missing:.0%}, so they are integrated")
        else:
            notes.append(f"contributions by one gradient miss the layer's effect by {missing:.0%}, and the budget left no time to integrate them")
    arrays["integrated"] = np.array([use], dtype=np.uint8)
    arrays["train.contribution"] = contributions(scene, train, mean, integrated=use)
    if not sequence and budget.by_class_fits(m, classes, scene.view.n_units):
        arrays["held_out.contribution_by_class"] = contributions_by_class(scene, held_out, mean, classes, integrated=use)
    else:
        arrays["held_out.contribution"] = own
    metadata = {"layer": scene.layer.name, "basis": scene.view.kind}
    measured = Measured(scene, train, held_out, mean, classes, use, arrays, metadata, notes)
    _find_flags(measured, flagged)
    return measured


def _inputs(train: Samples, held_out: Samples) -> judge.Arrays:
    """Inputs of both sides where they are small: whether both come from one source is best seen there."""
    widest = min(WIDEST_INPUT, INPUT_BYTES // (4 * max(1, len(train) + len(held_out))))
    sides = {"train.input": train.inputs(widest), "held_out.input": held_out.inputs(widest)}
    given = {name: side for name, side in sides.items() if side is not None and np.isfinite(side).all()}
    alike = len(given) == 2 and given["train.input"].shape[1] == given["held_out.input"].shape[1]
    return given if alike else {}


def _find_flags(measured: Measured, flagged: Rows | None) -> None:
    """Flags and twins: from the judge, of sequences from the nearest readouts; then the twins' contributions where they are needed."""
    if measured.is_sequence:
        measured.flagged = np.zeros(0, dtype=np.int64) if flagged is None else flagged
        measured.twin_of, measured.twin_sample = _sequence_twins(measured)
    else:
        answer = judge.ask("units", measured.arrays, measured.metadata, "--flags")
        measured.flagged = np.array([row["sample"] for row in answer["flagged"]], dtype=np.int64)
        measured.twin_of = np.array(answer["twin_of"], dtype=np.int64)
        measured.twin_sample = np.array(answer["twin_sample"], dtype=np.int64)
    if "held_out.contribution_by_class" in measured.arrays or not len(measured.twin_of):
        return
    twins = measured.held_out.some(measured.twin_sample)
    of_twins = contributions(measured.scene, twins, measured.mean, integrated=measured.integrated, labels=measured.twin_labels())
    measured.arrays |= {"twin.of": measured.twin_of, "twin.sample": measured.twin_sample, "twin.contribution": of_twins}


def _sequence_twins(measured: Measured) -> tuple[Rows, Rows]:
    """Held-out sequences of the same length whose mean readout is nearest; a sequence without any gets none."""
    train, held_out = measured.arrays["train.readout"], measured.arrays["held_out.readout"]
    lengths = [_lengths(measured.train), _lengths(measured.held_out)]
    of: list[int] = []
    sample: list[int] = []
    for row in measured.flagged:
        alike = np.flatnonzero(lengths[1] == lengths[0][row])
        nearest = alike[np.argsort(((held_out[alike] - train[row]) ** 2).sum(1), kind="stable")[:TWINS]]
        of.extend([int(row)] * len(nearest))
        sample.extend(int(each) for each in nearest)
    return np.array(of, dtype=np.int64), np.array(sample, dtype=np.int64)


def _lengths(samples: Samples) -> Rows:
    by_bucket = np.array([bucket.labels.shape[1] for bucket in samples.buckets])
    return by_bucket[samples.place[:, 0]]


def confirm(measured: Measured, order: list[int], until: float) -> Ablations:
    """Ablates single units in this order while there is time."""
    scene = measured.scene
    flagged = measured.train.some(measured.flagged)
    twins = Asked(measured.held_out.some(measured.twin_sample), measured.twin_labels() if len(measured.twin_of) else None)
    place = {int(row): number for number, row in enumerate(measured.flagged)}
    of = np.array([place[int(row)] for row in measured.twin_of], dtype=np.int64)
    if not len(measured.held_out):
        raise UnitsError("held_out gives no samples, and without them no unit can be said to generalize")
    return ablate_singly(scene, measured.mean, order, flagged, twins, of, measured.held_out, until)
