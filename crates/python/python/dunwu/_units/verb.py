"""`dunwu.units`: from a model, a layer and samples to what every unit of the layer does."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from torch import nn

from . import budget, judge
from .answer import Units, flagged_numbers, rows_of, table_of
from .batches import Samples, read_samples
from .contributions import Scene
from .errors import UnitsError
from .forward import check_labels, logits_of, where_it_lives
from .layer import Layer, find_layer, met, view_of
from .measured import Measured, confirm, measure
from .readout import find_readout
from .trace import Call, first_trace
from .untouched import plain, untouched

TRACED = 8
"""Samples of the pass in which shapes are learned."""

BATCH_BYTES = 64 << 20
"""A batch is so large that the layer's output takes at most this much."""


def judge_units(
    model: Any, layer: str | nn.Module, *, train: Any, held_out: Any, budget_s: float, basis: Any, classes: int | None,
    flagged: Any, integrated: bool | str, seed: int, quiet: bool, readout: str | nn.Module | None, unit_axis: int | None,
    arrays: str | Path | None,
) -> Units:  # fmt: skip
    """The work behind `dunwu.units`, which documents the options."""
    started = time.monotonic()
    budget.check(budget_s)
    if integrated not in (True, False, "auto"):
        raise UnitsError(f'integrated={integrated!r} must be True, False or "auto"')
    original = plain(model)
    say = _quiet if quiet else _say
    with untouched(original):
        named = None if flagged is None else flagged_numbers(flagged)
        # What is flagged has to survive thinning, whatever the loader's size.
        keep = frozenset(int(each) for each in named) if named is not None else frozenset[int]()
        sides = [read_samples(train, "train", keep=keep), read_samples(held_out, "held_out")]
        if sides[0].is_sequence != sides[1].is_sequence:
            raise UnitsError("train has labels by position and held_out has not, or the other way round: give both of one kind")
        say(f"{len(sides[0]):,} training and {len(sides[1]):,} held-out samples")
        scene, calls, n_classes = look(original, layer, sides[0], basis, classes, unit_axis)
        for side in sides:
            _check(side, n_classes)
        readout_place = find_readout(original, calls, n_classes, readout, scene.layer)
        rows = None if named is None else rows_of(sides[0].number, named)
        speed = budget.measure_speed(scene, sides[0])
        train_side, held_side, notes = budget.within_budget(
            sides[0], sides[1], speed, budget_s=budget_s, spent_s=time.monotonic() - started, n_units=scene.view.n_units, classes=n_classes,
            keep=np.zeros(0, np.int64) if rows is None else rows, maybe_integrated=integrated is not False,
        )  # fmt: skip
        if rows is not None:
            rows = rows_of(train_side.number, sides[0].number[rows])
        measured = measure(
            scene, readout_place, train_side, held_side, n_classes, flagged=rows, integrated=integrated, seed=seed,
            until=started + budget_s * budget.SHARE,
        )  # fmt: skip
        measured.notes[:0] = [readout_place.words, *train_side.notes, *held_side.notes, *notes]
        answer = _judged(measured, started + budget_s, say, Path(arrays) if arrays else None)
    labels, table = table_of(answer, measured.train.number)
    found = [int(measured.train.number[row]) for row in measured.flagged]
    result = Units(scene.layer.name, answer, labels, table, found, measured.notes, measured, seed)
    for sentence in [*result.sentences, *result.notes]:
        say(sentence)
    return result


def look(
    model: nn.Module, layer: str | nn.Module, samples: Samples, basis: Any, classes: int | None, unit_axis: int | None
) -> tuple[Scene, list[Call], int]:
    """Finds the layer and learns shapes from one pass over a few samples."""
    found = find_layer(model, layer)
    first = samples.first(TRACED)
    where_it_lives(model)
    calls, logits = first_trace(model, first)
    n_classes = int(logits.shape[-1])
    if classes is not None and classes != n_classes:
        raise UnitsError(f"classes={classes}, and the model gives {n_classes}")
    _reachable(found, calls)
    with met(found) as seen:
        logits_of(model, first)
    value = seen.tensor(found)
    view = view_of(found, calls, value, len(first), basis, unit_axis)
    bytes_a_sample = max(1, value.numel() * value.element_size() // len(first))
    largest = max((_numel(call.output_shape) for call in calls), default=1) * 4 // len(first)
    size = int(min(1024, max(1, BATCH_BYTES // max(bytes_a_sample, largest))))
    return Scene(model, found, view, size), calls, n_classes


def _numel(shape: tuple[int, ...] | None) -> int:
    return int(np.prod(shape)) if shape else 1


def _reachable(layer: Layer, calls: list[Call]) -> None:
    """A layer that the pass does not call, calls more often than its name says, or that gives no tensor, is named."""
    n_calls = sum(call.module is layer.module for call in calls)
    if n_calls == 0:
        raise UnitsError(
            f"layer {layer.name!r} is not called in the forward pass"
            + ("; nn.MultiheadAttention works with its weights alone, so name a layer around it" if _inside_attention(layer, calls) else "")
            + ": name one that is"
        )
    if layer.call >= n_calls:
        raise UnitsError(f"layer {layer.name!r} asks for call {layer.call + 1}, and a forward pass makes {n_calls}")
    if n_calls > 1 and "#" not in layer.name:
        name = layer.name.partition(":")[0]
        raise UnitsError(f"layer {layer.name!r} is called {n_calls} times in a forward pass: say which, '{name}#1' to '{name}#{n_calls}'")
    call = next(call for call in calls if call.module is layer.module and call.nth == layer.call)
    if not layer.takes_input and call.output_shape is None:
        raise UnitsError(
            f"layer {layer.name!r} gives a {call.output_type}, not a tensor: name a module inside it, or the one that reads it as 'NAME:input'"
        )


def _inside_attention(layer: Layer, calls: list[Call]) -> bool:
    return any(isinstance(call.module, nn.MultiheadAttention) and layer.name.startswith(call.name + ".") for call in calls)


def _check(samples: Samples, classes: int) -> None:
    for rows, batch in samples.batches(4096):
        check_labels(batch.labels, classes, samples.number[rows], samples.role)


def _judged(measured: Measured, until: float, say: Any, keep: Path | None) -> dict[str, Any]:
    """Asks the judge, ablates single units in the time that is left, doubtful ones first, and asks again."""
    answer = judge.ask("units", measured.arrays, measured.metadata, keep=keep)
    order = _doubtful_first(answer)
    done = confirm(measured, order, until)
    total = measured.scene.view.n_units
    if len(done.units) < total:
        measured.notes.append(f"{len(done.units):,} of {total:,} units were ablated one by one before the budget was spent, doubtful ones first")
    if not done.units:
        return answer
    measured.arrays |= done.arrays()
    say(f"{len(done.units):,} units ablated one by one")
    return judge.ask("units", measured.arrays, measured.metadata, keep=keep)


def _doubtful_first(answer: dict[str, Any]) -> list[int]:
    """Units that are alive by how sure their label is, the least sure first; dead ones last."""
    units: list[dict[str, Any]] = answer["units"]
    ranked = sorted(units, key=lambda unit: (bool(unit["is_dead"]), float(unit["confidence"]), int(unit["unit"])))
    return [int(unit["unit"]) for unit in ranked]


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr)


def _quiet(_: str) -> None:
    return None


