"""Seconds and bytes: how many samples a budget allows, measured on a first batch."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from .batches import Rows, Samples
from .contributions import POINTS, Scene, contributions, mean_activations, outputs
from .errors import UnitsError

FEWEST = 200
"""Held-out samples below which nothing is told, and so the fewest that a budget must allow of either kind."""

SHARE = 0.6
"""Share of the budget that contributions may take; single ablations take what is left."""

MOST_NUMBERS = 50_000_000
"""Contributions of a side, samples × units, that are kept at most: 200 MB."""

MOST_BY_CLASS = 20_000_000
"""Held-out samples × classes × units up to which contributions under every label are measured."""


def check(budget_s: object) -> None:
    """Refuses a budget that is no number of seconds above 0."""
    if isinstance(budget_s, bool) or not isinstance(budget_s, (int, float)) or not budget_s > 0:
        raise UnitsError(f"budget_s={budget_s!r} is no time: pass seconds above 0")


@dataclass(frozen=True)
class Speed:
    """Seconds a sample takes, forward alone and forward with backward."""

    forward_secs: float
    backward_secs: float


def measure_speed(scene: Scene, samples: Samples) -> Speed:
    """Times one batch after a warm-up on a few samples."""
    few = samples.some(np.arange(min(len(samples), scene.batch_size), dtype=np.int64))
    mean = mean_activations(scene, few.some(np.arange(min(len(few), 4), dtype=np.int64))).feature
    start = time.monotonic()
    outputs(scene, few)
    middle = time.monotonic()
    contributions(scene, few, mean, integrated=False)
    end = time.monotonic()
    return Speed((middle - start) / len(few), (end - middle) / len(few))


def within_budget(
    train: Samples, held_out: Samples, speed: Speed, *, budget_s: float, spent_s: float, n_units: int, classes: int, keep: Rows, maybe_integrated: bool
) -> tuple[Samples, Samples, list[str]]:
    """As many samples as the budget allows, thinned evenly, with a sentence for each side that lost some; `keep` are rows of train that stay."""
    by_class = by_class_fits(len(held_out), classes, n_units)
    points = POINTS if maybe_integrated else 1
    per_held_out = 3 * speed.forward_secs + points * speed.backward_secs * (1 + (classes if by_class else 0))
    per_train = 2 * speed.forward_secs + points * speed.backward_secs * (1.4 if not by_class else 1.0)
    least = min(len(held_out), FEWEST) * per_held_out + min(len(train), FEWEST) * per_train
    allowed = (budget_s - spent_s) * SHARE
    if least > allowed:
        # With one gradient a sample instead of the way from the mean, and twins instead of every class.
        cheap = min(len(held_out), FEWEST) * (3 * speed.forward_secs + speed.backward_secs)
        cheap += min(len(train), FEWEST) * (2 * speed.forward_secs + 1.4 * speed.backward_secs)
        if cheap > allowed:
            raise UnitsError(
                f"budget_s={budget_s:g} is too small: {FEWEST} training and {FEWEST} held-out samples take about "
                f"{max(cheap / SHARE, 0.1):.1f} s, so pass budget_s={np.ceil(1.5 * max(cheap / SHARE, 0.1) + spent_s):g} or more"
            )
    share = min(1.0, allowed / max(len(held_out) * per_held_out + len(train) * per_train, 1e-12))
    counts: list[int] = []
    for side in (train, held_out):
        n = min(len(side), max(FEWEST, int(share * len(side))), max(FEWEST, MOST_NUMBERS // n_units))
        counts.append(n)
    notes: list[str] = []
    thinned: list[Samples] = []
    for side, n, kept, word in zip((train, held_out), counts, (keep, np.zeros(0, np.int64)), ("training", "held-out"), strict=True):
        if n < len(side):
            rows = np.union1d(np.linspace(0, len(side) - 1, n).astype(np.int64), kept)
            notes.append(f"{len(rows):,} of {len(side):,} {word} samples were judged, which is what budget_s={budget_s:g} allows")
            side = side.some(rows)
        thinned.append(side)
    return thinned[0], thinned[1], notes


def by_class_fits(n_held_out: int, classes: int, n_units: int) -> bool:
    """Whether held-out samples are asked under every label; otherwise twins are, under the labels of what they stand for."""
    return classes <= 64 and n_held_out * classes * n_units <= MOST_BY_CLASS
