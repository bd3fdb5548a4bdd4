"""`dunwu.samples`: how much each training sample is memorized, and by which units, if by any.

The judge scores a sample by what a kernel regression on all other samples says of it. Here are the arrays for it: the inputs,
or the model's own tangent kernel, sketched.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from . import budget, judge
from .answer import Units
from .batches import Samples as Read
from .batches import read_samples
from .errors import UnitsError
from .forward import check_labels, logits_of
from .trace import first_trace
from .typed_torch import Floats
from .untouched import plain, untouched
from .verb import TRACED, judge_units

MOST = 2_000
"""Samples between all pairs of which a kernel is solved; more are thinned evenly."""

SKETCH = 4_096
"""Gradients are added up in so many cells with random signs: kernels keep their value within 1/√4096 of its scale."""

PROBES = 3
"""Random combinations of the outputs whose gradients make the tangent kernel."""


@dataclass(repr=False)
class Samples:
    """Every training sample with how much it is memorized.

    - `memorization`: a score a sample; large where the other samples contradict the label that the model gives
    - `table`: a row a sample: `sample` (its number in the source), `label`, `memorization`, `leans_on` (units)
    - `answer`: everything the judge said; `units`: what was found of the layer, if one was named
    """

    answer: dict[str, Any]
    memorization: list[float]
    table: list[dict[str, Any]]
    notes: list[str]
    units: Units | None = field(default=None, repr=False)

    def __repr__(self) -> str:
        return "\n".join([*(str(each) for each in self.answer.get("story", [self.answer.get("headline", "")])), *self.notes])

    def most(self, n: int = 10) -> list[dict[str, Any]]:
        """The rows of the most memorized samples."""
        return sorted(self.table, key=lambda row: -float(row["memorization"]))[:n]


def judge_samples(
    model: Any, train: Any, *, held_out: Any, layer: str | nn.Module | None, kernel: bool, budget_s: float, seed: int, quiet: bool
) -> Samples:
    """The work behind `dunwu.samples`, which documents the options."""
    started = time.monotonic()
    budget.check(budget_s)
    if layer is not None and held_out is None:
        raise UnitsError(f"units of layer {layer!r} are judged with samples that were not trained on: pass held_out=")
    original = plain(model)
    with untouched(original):
        samples = read_samples(train, "train")
        if samples.is_sequence:
            raise UnitsError("samples() scores samples with one label each, and train has labels by position: use units(…, flagged=…)")
        notes = list(samples.notes)
        if len(samples) > MOST:
            notes.append(f"{MOST:,} of {len(samples):,} training samples were scored, evenly chosen: a kernel between all pairs is solved")
            samples = samples.some(np.linspace(0, len(samples) - 1, MOST).astype(np.int64))
        arrays = _arrays(original, samples, kernel, started + budget_s, seed)
    answer = judge.ask("samples", arrays, {})
    verdict = None
    if layer is not None:
        left = max(1.0, budget_s - (time.monotonic() - started))
        verdict = judge_units(
            model, layer, train=samples, held_out=held_out, budget_s=left, basis=None, classes=None, flagged=None, integrated="auto",
            seed=seed, quiet=True, readout=None, unit_axis=None, arrays=None,
        )  # fmt: skip
    result = _result(answer, samples, verdict, notes)
    if not quiet:
        print(result, file=sys.stderr)
    return result


def _result(answer: dict[str, Any], samples: Read, verdict: Units | None, notes: list[str]) -> Samples:
    leans: dict[int, list[int]] = {}
    for row in verdict.table if verdict else []:
        for sample in row["leaning"]:
            leans.setdefault(int(sample), []).append(int(row["unit"]))
    labels = samples.labels()
    scores = [0.0] * len(samples)
    for row in cast("list[dict[str, Any]]", answer["samples"]):
        scores[int(row["sample"])] = float(row["memorization"])
    table = [
        {"sample": int(number), "label": int(label), "memorization": score, "leans_on": leans.get(int(number), [])}
        for number, label, score in zip(samples.number, labels, scores, strict=True)
    ]
    return Samples(answer, scores, table, notes, verdict)


def _arrays(model: nn.Module, samples: Read, kernel: bool, until: float, seed: int) -> judge.Arrays:
    """Labels and outputs, and inputs or the tangent kernel."""
    _, logits = first_trace(model, samples.first(TRACED))
    classes = int(logits.shape[-1])
    outputs = np.zeros((len(samples), classes), dtype=np.float32)
    inputs: Floats | None = None
    for rows, batch in samples.batches(1024):
        check_labels(batch.labels, classes, samples.number[rows], samples.role)
        outputs[rows] = logits_of(model, batch).detach().cpu().numpy()
        if kernel:
            continue
        parts = [*batch.positional, *batch.named.values()]
        if not all(part.is_floating_point() for part in parts):
            raise UnitsError("the inputs are whole numbers, between which no distance is known: pass kernel=True")
        flat = torch.cat([part.flatten(1) for part in parts], dim=1).cpu().float().numpy()
        inputs = np.zeros((len(samples), flat.shape[1]), dtype=np.float32) if inputs is None else inputs
        inputs[rows] = flat
    if not np.isfinite(outputs).all() or (inputs is not None and not np.isfinite(inputs).all()):
        bad = ~np.isfinite(outputs).all(1) if inputs is None else ~(np.isfinite(outputs).all(1) & np.isfinite(inputs).all(1))
        raise UnitsError(f"sample {int(samples.number[int(np.flatnonzero(bad)[0])])} of train has values that are not finite")
    arrays: judge.Arrays = {"train.label": samples.labels(), "train.output": outputs}
    if inputs is not None:
        arrays["train.input"] = inputs
    else:
        sketched = _sketches(model, samples, classes, until, seed)
        arrays["train.kernel"] = (sketched @ sketched.T).astype(np.float32)
    return arrays


def _sketches(model: nn.Module, samples: Read, classes: int, until: float, seed: int) -> Floats:
    """Each sample's gradients of a few random combinations of outputs, sketched: [n, PROBES · SKETCH]."""
    parameters = [parameter for parameter in model.parameters() if parameter.is_floating_point()]
    generator = torch.Generator().manual_seed(seed)
    total = sum(parameter.numel() for parameter in parameters)
    device = parameters[0].device
    cells = torch.randint(SKETCH, (total,), generator=generator).to(device)
    signs = (torch.randint(2, (total,), generator=generator) * 2 - 1).to(device, torch.float32)
    probes = torch.randn(PROBES, classes, generator=generator).to(device) / PROBES**0.5
    result = np.zeros((len(samples), PROBES * SKETCH), dtype=np.float32)
    wanted = [parameter.requires_grad for parameter in parameters]
    started = time.monotonic()
    for parameter in parameters:
        parameter.requires_grad_(True)
    for done, (rows, batch) in enumerate(samples.batches(1)):
        if done == 20 and started + (time.monotonic() - started) * len(samples) / 20 > until:
            needed = (time.monotonic() - started) * len(samples) / 20
            raise UnitsError(f"the tangent kernel of {len(samples)} samples takes about {needed:.0f} s: raise budget_s, or use kernel=False")
        with torch.enable_grad():
            logits = logits_of(model, batch)[0]
            asked = [(logits * probe).sum() for probe in probes]
        for number, each in enumerate(asked):
            gradients = torch.autograd.grad(each, parameters, retain_graph=number + 1 < PROBES, allow_unused=True)
            flat = torch.cat([_flat(gradient, parameter) for gradient, parameter in zip(gradients, parameters, strict=True)])
            cell = torch.zeros(SKETCH, device=device).index_add_(0, cells, signs * flat)
            result[rows[0], number * SKETCH : (number + 1) * SKETCH] = cell.cpu().numpy()
    for parameter, flag in zip(parameters, wanted, strict=True):
        parameter.requires_grad_(flag)
    return result


def _flat(gradient: Tensor | None, parameter: Tensor) -> Tensor:
    return torch.zeros(parameter.numel(), device=parameter.device) if gradient is None else gradient.detach().flatten().float()
