"""(b) Digits with a tenth of the labels wrong: are the wrong labels gone, what did it cost, and what would random units have done?

Units are chosen with the samples that the judge flags, not with those that are known to be wrong; what is counted is the
labels that are wrong. Test samples choose nothing. `other_half`: chosen on one half of the flagged samples, counted on the other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ..ablating import DRAWS, Sides, greedy, random_units, unit_norms
from ..answer import Units
from ..batches import Rows, Samples, read_samples
from ..change import ablate_in_place, copy_of
from ..contributions import Scene
from ..editing import edit_outgoing
from ..outgoing import Reader, find_reader
from ..removal import first_order, greedy_order
from ..typed_torch import Floats, add_forward_hook, int_list, tensor_of, weight_of
from ..untouched import untouched
from . import peers
from .digits import NETWORKS, Digits, right, split, trained
from .rows import Row

COST = 0.02
"""Accuracy that a removal may cost, by the held-out samples that choose."""

EDITED = {"conv2": 8}
"""Units whose outgoing weights are edited: 32, of the 32 channels of conv2 8."""


def layers(seed: int, cache: Path | None, only: Callable[[str, str], bool], budget_s: float) -> Iterator[tuple[str, str, nn.Module, Digits, Units]]:
    """Every network and layer of a seed, judged."""
    from .. import units

    data = split(seed)
    for network, (_, names) in NETWORKS.items():
        if not any(only(network, name) for name in names):
            continue
        model = trained(network, data, seed, cache)
        for name in names:
            if only(network, name):
                yield network, name, model, data, units(model, name, train=data.train, held_out=data.held_out, budget_s=budget_s, seed=seed, quiet=True)


def rows_of(seed: int, cache: Path | None, *, only: Callable[[str, str], bool], budget_s: float = 120, quick: bool = False) -> Iterator[Row]:
    """All rows of a seed."""
    for network, name, model, data, verdict in layers(seed, cache, only, budget_s):
        judge = Counted(network, name, seed, model, data, verdict)
        with untouched(model):
            yield from labels(judge)
            yield from judge.ablations()
            yield from judge.edits()
            if not quick:
                yield from judge.rivals()


def labels(judge: Counted) -> Iterator[Row]:
    """How many units got which label, which flags were right, and what single ablations confirm."""
    verdict, data = judge.verdict, judge.data
    wrong = set(int_list(data.wrong))
    found = set(verdict.flagged)
    yield judge.row("flags", "precision", len(found), value=len(found & wrong) / max(1, len(found)))
    yield judge.row("flags", "recall", len(found), value=len(found & wrong) / max(1, len(wrong)))
    counts = Counter(verdict.labels)
    for label in ("memorizing", "generalizing", "both", "neither", "cannot tell"):
        yield judge.row("labels", label, counts[label], value=counts[label] / len(verdict.labels))
    told = [row for row in verdict.table if row["ablation_memory"] is not None]
    for label in ("memorizing", "generalizing", "both", "neither"):
        some = [row for row in told if row["label"] == label]
        for what in ("memory", "held_out"):
            sure = [row for row in some if row[f"ablation_{what}"] > 2 * (row[f"ablation_{what}_error"] or 0)]
            if some:
                yield judge.row("single ablation above 2 errors", f"{label}: {what}", len(some), value=len(sure) / len(some))


class Counted:
    """One layer of one network, and how a treatment of it is counted: on wrong labels and on test samples."""

    def __init__(self, network: str, name: str, seed: int, model: nn.Module, data: Digits, verdict: Units) -> None:
        self.network, self.name, self.seed, self.model, self.data, self.verdict = network, name, seed, model, data, verdict
        self.scene, self.mean = verdict.measured.scene, verdict.measured.mean
        self.sides = Sides.of(verdict.measured, verdict.measured.flagged, seed)
        self.train = read_samples(data.train, "train")
        wrong = data.wrong.numpy()
        flagged = verdict.measured.flagged
        order = np.random.default_rng(seed).permutation(flagged)
        self.halves = (np.sort(order[::2]), np.sort(order[1::2]))
        self.wrong: Rows = wrong
        self.base = self.count(model, wrong)

    def row(self, method: str, treatment: str, n: float, **numbers: Any) -> Row:
        """A row of this layer."""
        return Row("b", self.network, self.name, self.seed, method, treatment, float(n), **numbers)

    def count(self, model: nn.Module, wrong: Rows) -> tuple[float, float]:
        """The share of these wrong labels that the model gives, and its test accuracy."""
        x, y = self.data.train
        rows = tensor_of(wrong)
        held = right(model, (x[rows], y[rows])) if len(wrong) else float("nan")
        return held, right(model, self.data.test)

    def counted(self, method: str, treatment: str, n: float, values: list[tuple[float, float]], other: float | None, words: str = "") -> Row:
        """A row from (wrong labels, test accuracy) of each draw."""
        memory, test = (float(np.mean([value[column] for value in values])) for column in (0, 1))
        return self.row(
            method, treatment, n, memory_before=self.base[0], memory_after=memory, other_half=other,
            test_before=self.base[1], test_after=test, words=words,
        )  # fmt: skip

    def without(self, units: Tensor, wrong: Rows) -> tuple[float, float]:
        """Counts with these units at their mean."""
        changed = copy_of(self.scene)
        ablate_in_place(changed, self.mean, units)
        return self.count(changed.model, wrong)

    def others_wrong(self, half: int) -> Rows:
        """Wrong labels among the flagged samples of the other half."""
        return np.intersect1d(self.halves[1 - half], self.wrong)

    def controls(self, chosen: Tensor, reader: Reader | None = None) -> Iterator[tuple[str, Tensor]]:
        """Random units of equal number and of equal norm, a few draws each."""
        norms = unit_norms(self.verdict.measured, reader)
        for words, same_norm in (("random, same number", False), ("random, same norm", True)):
            for draw in range(DRAWS):
                units = random_units(norms, chosen, 7919 * self.seed + draw, same_norm=same_norm)
                if units is not None:
                    yield words, units

    def ablations(self) -> Iterator[Row]:
        """The greedy removal, the same ranking without scoring anew, and random units."""
        flagged = self.sides.flagged
        order, n = greedy(self.scene, flagged, self.sides, self.mean, COST)
        chosen = self.verdict.mask(order[:n])
        others: list[float] = []
        for half in (0, 1):
            own = self.verdict.measured.train.some(self.halves[half])
            half_order, half_n = greedy(self.scene, own, self.sides, self.mean, COST)
            others.append(self.without(self.verdict.mask(half_order[:half_n]), self.others_wrong(half))[0])
        yield self.counted("ablation, greedy", "chosen", n, [self.without(chosen, self.wrong)], float(np.mean(others)))
        yield self.best_of_curve(flagged)
        drawn: dict[str, list[tuple[float, float, int]]] = {}
        for words, units in self.controls(chosen):
            drawn.setdefault(words, []).append((*self.without(units, self.wrong), int(units.sum())))
        for words, values in drawn.items():
            yield self.counted("ablation, greedy", words, float(np.mean([v[2] for v in values])), [v[:2] for v in values], None)
        score = first_order(self.scene, flagged, self.sides.rest, self.mean)
        units = peers.ranked_ablation(self.scene, score, flagged, self.sides, self.mean, COST)
        yield self.counted("ablation, ranked once", "chosen", int(units.sum()), [self.without(units, self.wrong)], None)

    def best_of_curve(self, flagged: Samples) -> Row:
        """As the prototype reported it: the point of the greedy curve that is best on test samples at two points of cost."""
        best: tuple[float, float, int] = (*self.base, 0)

        def look(order: list[int]) -> bool:
            nonlocal best
            held, test = self.without(self.verdict.mask(order), self.wrong)
            if test >= self.base[1] - COST and held < best[0]:
                best = (held, test, len(order))
            return test < self.base[1] - 0.2 or held == 0

        greedy_order(self.scene, flagged, self.sides.rest, self.mean, stop=look)
        return self.counted("ablation, greedy", "point chosen on test samples", best[2], [best[:2]], None)

    def edits(self) -> Iterator[Row]:
        """Outgoing weights of the chosen units edited, and of random ones."""
        trial: Scene = copy_of(self.scene)
        reader = find_reader(trial, self.train.first(8))
        weight = weight_of(reader.module)
        before = weight.detach().clone()
        k = EDITED.get(self.name, 32)

        def edited(pick: Callable[[Samples], Tensor], wrong: Rows, flagged: Rows) -> tuple[float, float]:
            samples = self.verdict.measured.train.some(flagged)
            with torch.no_grad():
                weight.copy_(before)
            edit_outgoing(trial, reader, pick(samples), samples, self.sides.rest)
            return self.count(trial.model, wrong)

        def halves(pick: Callable[[Samples], Tensor]) -> float:
            return float(np.mean([edited(pick, self.others_wrong(half), self.halves[half])[0] for half in (0, 1)]))

        def choose(flagged: Samples) -> Tensor:
            score = first_order(self.scene, flagged, self.sides.rest, self.mean)
            return self.verdict.mask(int_list(score.argsort(descending=True, stable=True)[:k]))

        flagged = self.verdict.measured.flagged
        yield self.counted("edit", "chosen", k, [edited(choose, self.wrong, flagged)], halves(choose))
        drawn: dict[str, list[tuple[float, float, float, int]]] = {}
        for words, units in self.controls(choose(self.sides.flagged), reader):
            if words in drawn and len(drawn[words]) == 2:
                continue  # edits are dear, and two draws show what there is to see

            def pick(_: Samples, units: Tensor = units) -> Tensor:
                return units

            drawn.setdefault(words, []).append((*edited(pick, self.wrong, flagged), halves(pick), int(units.sum())))
        for words, values in drawn.items():
            yield self.counted(
                "edit", words, float(np.mean([v[3] for v in values])), [v[:2] for v in values], float(np.mean([v[2] for v in values]))
            )

    def rivals(self) -> Iterator[Row]:
        """Peers, and the readout refitted without the flagged samples."""
        measured = self.verdict.measured
        for name, score in peers.scores(measured, self.sides).items():
            units = peers.ranked_ablation(self.scene, score, self.sides.flagged, self.sides, self.mean, COST)
            yield self.counted("ablation by a peer's score", name, int(units.sum()), [self.without(units, self.wrong)], None)
        counts, together = peers.per_example(self.scene, self.sides.flagged, self.sides.rest, self.mean)
        yield self.counted(
            "Maini et al., greedy per example", f"units of {len(counts)} examples together", int(together.sum()),
            [self.without(together, self.wrong)], None, words=f"{np.mean(counts):.2f} units an example",
        )  # fmt: skip
        exponent, word = peers.alpha(_incoming(self.model, self.name))
        yield self.row("WeightWatcher's words", "layer", len(self.verdict.labels), value=exponent, words=word)
        if self.name in ("h2", "fc"):
            x, y = measured.arrays["train.readout"], measured.arrays["train.label"]
            predict = peers.refit_readout(self.scene, x, y, measured.flagged)
            arrays = {"wrong": self.data.train[0][tensor_of(self.wrong)], "test": self.data.test[0]}
            given = {name: predict(_features(self.model, self.name, pixels)) for name, pixels in arrays.items()}
            held = float((given["wrong"] == y[self.wrong]).mean())
            test = float((given["test"] == self.data.test[1].numpy()).mean())
            yield self.counted("readout refitted without flagged samples", "trivial rival", len(self.verdict.labels), [(held, test)], None)


def _incoming(model: nn.Module, layer: str) -> Tensor:
    return weight_of(model.get_submodule({"h1": "layer1", "h2": "layer2", "conv2": "kernel2", "fc": "dense"}[layer]))


@torch.no_grad()
def _features(model: nn.Module, layer: str, pixels: Tensor) -> Floats:
    caught: list[Tensor] = []

    def catch(_: nn.Module, __: tuple[Any, ...], output: Tensor) -> None:
        caught.append(output)

    handle = add_forward_hook(model.get_submodule(layer), catch)
    try:
        model(pixels)
    finally:
        handle.remove()
    return caught[0].numpy()
