"""What the rows have to show: the bars of the bench, each with the figure, its spread and its controls."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence

from .rows import Row

Figure = Callable[[Row], float | None]


def check(rows: Sequence[Row]) -> tuple[list[str], bool]:
    """A line a bar, and whether all are met."""
    bars = [*_digits(rows), *_secrets(rows), *_shuffled(rows), *_engine(rows)]
    lines = [f"{'met   ' if met else 'MISSED'}  {text}" for text, met in bars]
    return lines or ["no rows that any bar is about"], all(met for _, met in bars)


def _some(rows: Sequence[Row], **wanted: str) -> list[Row]:
    return [row for row in rows if all(getattr(row, name) == value for name, value in wanted.items())]


def spread(rows: Sequence[Row], figure: Figure) -> tuple[float, float, float]:
    """Mean, standard deviation over seeds and the largest."""
    values = [value for row in rows if (value := figure(row)) is not None]
    if not values:
        return float("nan"), float("nan"), float("nan")
    return statistics.fmean(values), statistics.stdev(values) if len(values) > 1 else 0.0, max(values)


def _after(row: Row) -> float | None:
    return row.memory_after


def _gain(row: Row) -> float | None:
    return None if row.test_after is None or row.test_before is None else row.test_after - row.test_before


def _percent(rows: Sequence[Row], figure: Figure) -> str:
    mean, deviation, _ = spread(rows, figure)
    return f"{100 * mean:.1f} ± {100 * deviation:.1f} %"


def _digits(rows: Sequence[Row]) -> list[tuple[str, bool]]:
    bars: list[tuple[str, bool]] = []
    for network, layer in (("mlp", "h1"), ("mlp", "h2"), ("cnn", "conv2"), ("cnn", "fc")):
        here = _some(rows, part="b", network=network, layer=layer)
        seeds = len({row.seed for row in here})
        greedy = _some(here, method="ablation, greedy", treatment="chosen")
        if greedy:
            allowed = 0.10 if layer == "h1" else 0.45
            mean, cost = spread(greedy, _after)[0], -spread(greedy, _gain)[0]
            control = _some(here, method="ablation, greedy", treatment="random, same number")
            norm = _some(here, method="ablation, greedy", treatment="random, same norm")
            bars.append(
                (f"(b) {network} {layer}, {seeds} seeds, ablation: wrong labels held {_percent(greedy, _after)} (at most {100 * allowed:.0f} %) at "
                 f"{100 * cost:.1f} points of test accuracy (at most 2); random of equal number {_percent(control, _after)} at "
                 f"{-100 * spread(control, _gain)[0]:.0f} points, of equal norm {_percent(norm, _after)}", mean <= allowed and cost <= 0.02)
            )  # fmt: skip
        edit = _some(here, method="edit", treatment="chosen")
        if edit:
            control = _some(here, method="edit", treatment="random, same number")
            mean, gain, half = spread(edit, _after)[0], spread(edit, _gain)[0], spread(edit, lambda row: row.other_half)[0]
            bars.append(
                (f"(b) {network} {layer}, {seeds} seeds, edit of {edit[0].units:.0f} units: wrong labels held {_percent(edit, _after)} (at most 5 %), test "
                 f"{100 * gain:+.1f} points (at least +3), other half {_percent(edit, lambda row: row.other_half)} (at most 30 %); random units "
                 f"{_percent(control, _after)}, other half {_percent(control, lambda row: row.other_half)}",
                 mean <= 0.05 and gain >= 0.03 and half <= 0.30)
            )  # fmt: skip
    return bars


def _secrets(rows: Sequence[Row]) -> list[tuple[str, bool]]:
    bars: list[tuple[str, bool]] = []
    here = [row for row in _some(rows, part="c", method="edit") if row.units <= 32]
    layers = sorted({row.layer for row in here})
    best: tuple[bool, str] | None = None
    for layer in layers:
        edit = [row for row in _some(here, layer=layer, treatment="learned mask") if row.units == 32]
        control = [row for row in _some(here, layer=layer, treatment="random, same number") if row.units == 32]
        if not edit:
            continue
        gone = 1 - spread(edit, lambda row: (row.memory_after or 0) / (row.memory_before or 1))[0]
        cost = spread(edit, lambda row: row.value)[0]
        text = (
            f"(c) transformer {layer}, {len(edit)} seeds, edit of 32 units: {100 * gone:.1f} % of the secrets' characters gone (at least 90 %) at "
            f"{100 * cost:+.2f} % perplexity (at most 1 %); random units {100 * (1 - spread(control, lambda row: (row.memory_after or 0) / (row.memory_before or 1))[0]):.1f} % "
            f"at {100 * spread(control, lambda row: row.value)[0]:+.2f} %"
        )
        met = gone >= 0.9 and cost <= 0.01
        best = (met, text) if best is None or met > best[0] else best
        bars.append((text, met))
    if best is not None:
        # One layer in which it can be done is what the bar asks for; the others are shown.
        return [(best[1], best[0])] + [(text + " (another layer, no bar)", True) for text, _ in bars if text != best[1]]
    return bars


def _shuffled(rows: Sequence[Row]) -> list[tuple[str, bool]]:
    bars: list[tuple[str, bool]] = []
    for source in sorted({row.method for row in _some(rows, part="e")}):
        here = [row for row in _some(rows, part="e", method=source) if row.treatment in ("generalizing", "both")]
        per_layer: dict[tuple[int, str], float] = {}
        for row in here:
            key = row.seed, row.layer
            per_layer[key] = per_layer.get(key, 0.0) + (row.value or 0.0 if row.treatment == "generalizing" else 0.0)
        share = statistics.fmean(per_layer.values()) if per_layer else float("nan")
        bars.append((f"(e) shuffled labels, {source}: {100 * share:.2f} % of units generalizing in {len(per_layer)} layers (at most 1 %)", share <= 0.01))
    return bars


def _engine(rows: Sequence[Row]) -> list[tuple[str, bool]]:
    here = _some(rows, part="f", method="agreement where both tell")
    if not here:
        return []
    share = sum((row.value or 0) * row.units for row in here) / max(1, sum(row.units for row in here))
    return [(f"(f) grokked networks: {100 * share:.1f} % of {sum(row.units for row in here):.0f} units told by both get the engine's label", True)]
