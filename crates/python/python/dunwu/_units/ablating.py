"""Changed copies with their controls: what was chosen, on one half of the flagged samples judged on the other, and random units.

Random units stand beside every figure, for an edit that removes memory hardly locates it: in an MLP with 10 % wrong labels
random units of equal number can be edited to forget them as well.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from .batches import Rows, Samples
from .change import Change, How, ablate_in_place, copy_of
from .contributions import Scene, ablated
from .editing import ROWS, edit_outgoing
from .errors import UnitsError
from .mask import learned_mask
from .measured import Measured
from .outgoing import Reader, find_reader
from .removal import first_order, greedy_order, right
from .typed_torch import int_list, named_modules, tensor_of, weight_of
from .untouched import untouched

DRAWS = 3
"""Sets of random units that each control averages."""

CHOSEN, SAME_NUMBER, SAME_NORM = "chosen", "random, same number", "random, same norm"


@dataclass(frozen=True)
class Sides:
    """Flagged samples with their two halves, the rest that is to be kept, held-out samples to choose on and to report on."""

    flagged: Samples
    halves: tuple[Samples, Samples]
    rest: Samples
    choose: Samples
    report: Samples

    @staticmethod
    def of(measured: Measured, rows: Rows, seed: int) -> Sides:
        """Halves of flagged samples are drawn; of held-out samples the even ones choose and the odd ones report."""
        if not len(rows):
            raise UnitsError("no training sample is flagged, so there is no memory to remove: name samples with flagged=[…]")
        others = np.setdiff1d(np.arange(len(measured.train)), measured.flagged if len(measured.flagged) else rows)
        others = np.setdiff1d(others, rows)
        per_sample = measured.train.buckets[0].labels[0].numel()
        most = max(32, ROWS * 16 // per_sample) if per_sample > 1 else ROWS
        others = others[np.linspace(0, len(others) - 1, min(most, len(others))).astype(np.int64)] if len(others) else others
        if not len(others):
            raise UnitsError("every training sample is flagged, so there is nothing to keep: flag some and not all")
        mixed = np.random.default_rng(seed).permutation(rows)
        halves = (measured.train.some(np.sort(mixed[::2])), measured.train.some(np.sort(mixed[1::2])))
        held_out = measured.held_out
        parts = [held_out.some(np.arange(start, len(held_out), 2, dtype=np.int64)) for start in (0, 1)]
        report = parts[1] if len(parts[1]) else parts[0]
        return Sides(measured.train.some(rows), halves, measured.train.some(others), parts[0], report)


def unit_norms(measured: Measured, reader: Reader | None) -> Tensor:
    """The size of each unit: the standard deviation of its activation, times the norm of its outgoing weights where they are known."""
    spread = tensor_of(measured.arrays["train.activation"].std(0))
    return spread if reader is None else spread * reader.norms()


def random_units(norms: Tensor, like: Tensor, seed: int, *, same_norm: bool) -> Tensor | None:
    """As many random units, or random ones until their norm is that of the given ones; `None` where there are not enough."""
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(norms), generator=generator)
    chosen = torch.zeros(len(norms), dtype=torch.bool)
    if not same_norm:
        chosen[order[: int(like.sum())]] = True
        return chosen.to(like.device)
    wanted = float((norms[like.cpu()] ** 2).sum())
    total = 0.0
    for unit in int_list(order):
        if like[unit]:
            continue
        square = float(norms[unit] ** 2)
        if total + square / 2 > wanted:
            continue
        chosen[unit] = True
        total += square
    # Past half of the layer there are none of equal norm left beside the chosen ones.
    return chosen.to(like.device) if total > 0.9 * wanted else None


def held(scene: Scene, samples: Samples, change: Callable[[Tensor], Tensor] | None = None) -> float:
    """The share of samples (of sequences: positions) whose label the model gives; NaN of none."""
    return right(scene, samples, change) if len(samples) else float("nan")


def _row(treatment: str, n: float, values: list[tuple[float, float, float]], base: tuple[float, float]) -> dict[str, Any]:
    """A row of the table: means over draws of (flagged, other half, held-out)."""
    flagged, other, held_out = (float(np.mean([value[column] for value in values])) for column in range(3))
    return {
        "treatment": treatment, "units": n, "flagged_before": base[0], "flagged_after": flagged,
        "other_half": None if np.isnan(other) else other, "held_out_before": base[1], "held_out_after": held_out, "draws": len(values),
    }  # fmt: skip


def ablate(self: Any, units: list[int] | None, how: How, rows: Rows, cost: float) -> Change:
    """`Units.ablate`."""
    if how not in ("mean", "zero"):
        raise UnitsError(f'how={how!r} must be "mean" or "zero"')
    if not 0 <= cost < 1:
        raise UnitsError(f"cost={cost!r} must be a share of held-out accuracy from 0 up to 1")
    measured: Measured = self.measured
    scene, mean = measured.scene, measured.mean
    constant = mean if how == "mean" else torch.zeros_like(mean)
    with untouched(scene.model):
        sides = Sides.of(measured, rows if len(rows) or units is None else _any_rows(measured), self.seed)
        base = held(scene, sides.flagged), held(scene, sides.report)

        def judged(chosen: Tensor, other: Samples | None) -> tuple[float, float, float]:
            change = ablated(scene.view, constant, chosen)
            rest = float("nan") if other is None else held(scene, other, change)
            return held(scene, sides.flagged, change), rest, held(scene, sides.report, change)

        if units is None:
            order, n = greedy(scene, sides.flagged, sides, mean, cost)
            chosen = self.mask(order[:n])
            others: list[float] = []
            for a, b in ((0, 1), (1, 0)):
                if len(sides.halves[a]) and len(sides.halves[b]):
                    half_order, half_n = greedy(scene, sides.halves[a], sides, mean, cost)
                    others.append(judged(self.mask(half_order[:half_n]), sides.halves[b])[1])
            other = float(np.mean(others)) if others else float("nan")
            values = judged(chosen, None)
            table = [_row(CHOSEN, float(n), [(values[0], other, values[2])], base)]
        else:
            chosen = self.mask(units)
            table = [_row(CHOSEN, float(len(units)), [judged(chosen, None)], base)]
        table += _controls(measured, chosen, base, lambda each, _: judged(each, None), None, self.seed)
        changed = copy_of(scene)
        ablate_in_place(changed, constant, chosen)
    _restore_modes(scene, changed)
    picked = [int(unit) for unit in chosen.nonzero()[:, 0]]
    where = "zero" if how == "zero" else "their mean"
    return Change(changed.model, scene.layer.name, picked, f"ablated at {where}", table, _sentences(table, f"put at {where}", len(rows)))


def _any_rows(measured: Measured) -> Rows:
    """Where nothing is flagged, a named ablation still reports what it does to training samples: the first half of them."""
    return np.arange(max(1, len(measured.train) // 2), dtype=np.int64)


def greedy(scene: Scene, flagged: Samples, sides: Sides, mean: Tensor, cost: float) -> tuple[list[int], int]:
    """The greedy order and how many of it to ablate: fewest flagged labels held at a cost of held-out accuracy of at most `cost`."""
    best = (held(scene, flagged), 0)
    floor = held(scene, sides.choose) - cost

    def look(order: list[int]) -> bool:
        nonlocal best
        gone = torch.zeros(scene.view.n_units, dtype=torch.bool, device=mean.device)
        gone[order] = True
        change = ablated(scene.view, mean, gone)
        kept = held(scene, sides.choose, change)
        left = held(scene, flagged, change)
        if kept >= floor and left < best[0]:
            best = (left, len(order))
        return kept < floor - 0.15 or left == 0

    order = greedy_order(scene, flagged, sides.rest, mean, stop=look)
    return order, best[1]


def edit(self: Any, units: list[int] | None, rows: Rows, k: int | None, outgoing: str | None, steps: int | None) -> Change:
    """`Units.edit`."""
    measured: Measured = self.measured
    scene, mean = measured.scene, measured.mean
    k = min(32, max(1, scene.view.n_units // 4)) if k is None else k
    if not 1 <= k <= scene.view.n_units:
        raise UnitsError(f"k={k} is out of range: layer {scene.layer.name!r} has {scene.view.n_units} units")
    if steps is not None and steps < 1:
        raise UnitsError(f"steps={steps} edits nothing: pass 1 or more")
    with untouched(scene.model):
        sides = Sides.of(measured, rows, self.seed)
        trial = copy_of(scene)
        reader = find_reader(trial, measured.train.first(8), outgoing)
        base = held(scene, sides.flagged), held(scene, sides.report)

        def choose(flagged: Samples) -> Tensor:
            if units is not None:
                return self.mask(units)
            if measured.is_sequence:
                score = learned_mask(scene, flagged, sides.rest, mean)
            else:
                score = first_order(scene, flagged, sides.rest, mean)
            return self.mask(int_list(score.argsort(descending=True, stable=True)[:k]))

        weight = weight_of(reader.module)
        before = weight.detach().clone()

        def judged(pick: Callable[[Samples], Tensor]) -> tuple[float, float, float]:
            """Edits for both halves and for all, in this order, so that the copy is left with the edit for all."""
            others: list[float] = []
            for a, b in ((0, 1), (1, 0)):
                if len(sides.halves[a]) and len(sides.halves[b]):
                    _reset(weight, before)
                    edit_outgoing(trial, reader, pick(sides.halves[a]), sides.halves[a], sides.rest, steps=steps)
                    others.append(held(trial, sides.halves[b]))
            _reset(weight, before)
            edit_outgoing(trial, reader, pick(sides.flagged), sides.flagged, sides.rest, steps=steps)
            other = float(np.mean(others)) if others else float("nan")
            return held(trial, sides.flagged), other, held(trial, sides.report)

        chosen = choose(sides.flagged)
        controls = _controls(measured, chosen, base, lambda each, _: judged(lambda _: each), reader, self.seed)
        table = [_row(CHOSEN, float(int(chosen.sum())), [judged(choose)], base), *controls]
    _restore_modes(scene, trial)
    picked = [int(unit) for unit in chosen.nonzero()[:, 0]]
    how = f"outgoing weights in {reader.name!r} edited"
    return Change(trial.model, scene.layer.name, picked, how, table, _sentences(table, "given edited outgoing weights", len(rows)))


def _reset(weight: Tensor, before: Tensor) -> None:
    with torch.no_grad():
        weight.copy_(before)


def _controls(
    measured: Measured, chosen: Tensor, base: tuple[float, float], judged: Callable[[Tensor, int], tuple[float, float, float]],
    reader: Reader | None, seed: int,
) -> list[dict[str, Any]]:  # fmt: skip
    """Random units of equal number and of equal norm."""
    norms = unit_norms(measured, reader)
    rows: list[dict[str, Any]] = []
    for words, same_norm in ((SAME_NUMBER, False), (SAME_NORM, True)):
        values: list[tuple[float, float, float]] = []
        counts: list[int] = []
        for draw in range(DRAWS):
            units = random_units(norms, chosen, seed * 1000 + draw, same_norm=same_norm)
            if units is not None and bool(units.any()):
                values.append(judged(units, draw))
                counts.append(int(units.sum()))
        if values:
            rows.append(_row(words, float(np.mean(counts)), values, base))
    return rows


def _restore_modes(scene: Scene, changed: Scene) -> None:
    """The copy was made in evaluation mode and takes the training flags of the original."""
    flags = {name: module.training for name, module in named_modules(scene.model)}
    for name, module in named_modules(changed.model):
        module.training = flags.get(name, flags.get(name.removesuffix(".module"), scene.model.training))
    wanted = dict(scene.model.named_parameters())
    for name, parameter in changed.model.named_parameters():
        original = wanted.get(name, wanted.get(name.replace(".module.", ".")))
        parameter.requires_grad_(original.requires_grad if original is not None else parameter.requires_grad)
        parameter.grad = None


def _sentences(table: list[dict[str, Any]], done: str, n_flagged: int) -> list[str]:
    """What was done and what it cost, then what random units would have done."""
    first = table[0]
    sentences = [
        f"{first['units']:.0f} units {done}: labels of flagged samples that are still given fall from {first['flagged_before']:.1%} "
        f"to {first['flagged_after']:.1%}, held-out accuracy goes from {first['held_out_before']:.1%} to {first['held_out_after']:.1%}."
    ]
    if first["other_half"] is not None:
        sentences.append(
            f"Chosen on one half of the {n_flagged} flagged samples, {first['other_half']:.1%} of the other half's labels are still given."
        )
    for row in table[1:]:
        words = "random units of equal number" if row["treatment"] == SAME_NUMBER else "random units of equal norm"
        half = "" if row["other_half"] is None else f" (other half {row['other_half']:.1%})"
        sentences.append(
            f"{row['units']:.0f} {words}: {row['flagged_after']:.1%}{half} at {row['held_out_after']:.1%} held-out accuracy, mean of {row['draws']} draws."
        )
    if len(table) == 1:
        sentences.append("There are no other units of equal number or norm to compare with.")
    return sentences
