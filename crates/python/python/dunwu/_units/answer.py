"""What `dunwu.units` gives back: labels and evidence of a layer's units, and changed copies of the model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor

from .batches import Rows
from .change import Change, How
from .errors import UnitsError, nearest
from .measured import Measured

LABELS = ("memorizing", "generalizing", "both", "neither", "cannot tell")
"""What can be said of a unit."""


@dataclass(repr=False)
class Units:
    """Memory or generalization, unit by unit, of one layer.

    - `labels`: a word a unit: memorizing, generalizing, both, neither, cannot tell
    - `table`: a row a unit: `unit`, `label`, `confidence`, `scale` (a), `held_out` (H), `memory` (E), `excess` (X) with their
      errors, `leaning` (numbers of training samples), `ablation_memory`, `ablation_held_out` where the unit was ablated
    - `flagged`: numbers of the training samples that only memory explains
    - `answer`: everything the judge said, as `dunwu units FILE --json` prints it
    - `notes`: what was sampled, moved or left out on the way here
    """

    layer: str
    answer: dict[str, Any]
    labels: list[str]
    table: list[dict[str, Any]]
    flagged: list[int]
    notes: list[str]
    measured: Measured = field(repr=False)
    seed: int = 0

    def __repr__(self) -> str:
        return "\n".join([*self.sentences, *self.notes])

    @property
    def sentences(self) -> list[str]:
        """The judge's headline and story, one sentence each."""
        story = [str(each) for each in cast("Sequence[Any]", self.answer.get("story", []))]
        headline = str(self.answer.get("headline", ""))
        return story if story and story[0] == headline else [headline, *story]

    def which(self, label: str) -> list[int]:
        """The units with this label."""
        if label not in LABELS:
            raise UnitsError(f"label {label!r} is none of those that units get{nearest(label, LABELS)}")
        return [unit for unit, given in enumerate(self.labels) if given == label]

    def ablate(
        self,
        units: str | Sequence[int] | None = None,
        *,
        how: How = "mean",
        flagged: Sequence[int] | None = None,
        cost: float = 0.02,
    ) -> Change:
        """A copy of the model with units at their mean activation (or at zero), and what random units would have done.

        `units` is a list of units or a label. Without it they are chosen greedily: those whose ablation takes the `flagged`
        samples' labels (by default the flagged ones), scored anew after every K/64 units, until held-out accuracy has lost
        `cost`. Chosen on one half of the flagged samples and judged on the other, both ways.
        """
        from .ablating import ablate

        return ablate(self, None if units is None else self._units(units), how, self._rows(flagged), cost)

    def edit(
        self,
        *,
        flagged: Sequence[int] | None = None,
        units: str | Sequence[int] | None = None,
        k: int | None = None,
        outgoing: str | None = None,
        steps: int | None = None,
    ) -> Change:
        """A copy of the model in which the outgoing weights of `k` units (or of `units`) make it give up the flagged labels.

        `k` is 32, or a quarter of the layer where that is fewer.

        Says as well what editing random units does, and what is left on flagged samples that were not edited: this removes
        memory and hardly locates it. `outgoing` names the module that reads the layer where it is not found.
        """
        from .ablating import edit

        return edit(self, None if units is None else self._units(units), self._rows(flagged), k, outgoing, steps)

    def _units(self, units: str | Sequence[int]) -> list[int]:
        n = len(self.labels)
        chosen = self.which(units) if isinstance(units, str) else [int(unit) for unit in units]
        if not chosen:
            raise UnitsError(f"no unit of layer {self.layer!r} is {units!r}" if isinstance(units, str) else "units is empty: name some")
        wrong = next((unit for unit in chosen if not 0 <= unit < n), None)
        if wrong is not None:
            raise UnitsError(f"unit {wrong} is out of range: layer {self.layer!r} has {n} units, 0 to {n - 1}")
        return sorted(set(chosen))

    def _rows(self, flagged: Sequence[int] | None) -> Rows:
        if flagged is None:
            return self.measured.flagged
        return rows_of(self.measured.train.number, flagged_numbers(flagged))

    def mask(self, units: Sequence[int]) -> Tensor:
        """Units as a mask, bool [units]."""
        mask = torch.zeros(len(self.labels), dtype=torch.bool, device=self.measured.mean.device)
        mask[list(units)] = True
        return mask


def flagged_numbers(flagged: Any) -> Rows:
    """Numbers of training samples, from a list, an array, a tensor or a mask over all of them."""
    given = np.asarray(flagged.cpu() if isinstance(flagged, Tensor) else flagged)
    if given.ndim != 1 or (len(given) and given.dtype != bool and not np.issubdtype(given.dtype, np.integer)):
        raise UnitsError(f"flagged has the shape {list(given.shape)} and holds {given.dtype}: give numbers of training samples, or a mask")
    return (np.flatnonzero(given) if given.dtype == bool else given).astype(np.int64)


def rows_of(numbers: Rows, flagged: Rows) -> Rows:
    """Rows of the training samples that have these numbers in the source."""
    known = {int(number): row for row, number in enumerate(numbers)}
    missing = next((int(number) for number in flagged if int(number) not in known), None)
    if missing is not None:
        raise UnitsError(f"flagged sample {missing} is not among the {len(numbers)} training samples that were read")
    return np.array(sorted({known[int(number)] for number in flagged}), dtype=np.int64)


def table_of(answer: dict[str, Any], numbers: Rows) -> tuple[list[str], list[dict[str, Any]]]:
    """Labels and rows from the judge's data; samples are told by their numbers in the source."""

    def estimate(value: Any) -> tuple[float | None, float | None]:
        return (None, None) if value is None else (value["mean"], value["error"])

    labels: list[str] = []
    rows: list[dict[str, Any]] = []
    for unit in cast("list[dict[str, Any]]", answer["units"]):
        labels.append(str(unit["role"]).replace("_", " "))
        row: dict[str, Any] = {"unit": unit["unit"], "label": labels[-1], "confidence": unit["confidence"], "scale": unit["scale"]}
        for key in ("held_out", "memory", "excess"):
            row[key], row[f"{key}_error"] = estimate(unit.get(key))
        row["leaning"] = [int(numbers[sample]) for sample in unit["leaning"]]
        ablation: dict[str, Any] = unit.get("ablation") or {}
        for key in ("memory", "held_out"):
            row[f"ablation_{key}"], row[f"ablation_{key}_error"] = estimate(ablation.get(key))
        row["confirmed"] = ablation.get("confirmed")
        rows.append(row)
    return labels, rows
