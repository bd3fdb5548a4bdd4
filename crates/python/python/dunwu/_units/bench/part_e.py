"""(e) Labels dealt at random: nothing can be understood, so no unit may be called generalizing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import torch

from .digits import load, split, trained
from .rows import Row


def rows_of(seed: int, cache: Path | None, *, budget_s: float = 120) -> Iterator[Row]:
    """An MLP that has learnt random labels by heart, judged with held-out labels from the same source and with the true ones."""
    from .. import units

    data = split(seed, shuffled=True)
    model = trained("mlp", data, seed, cache, "shuffled")
    _, digits = load()
    order = torch.randperm(len(digits), generator=torch.Generator().manual_seed(seed))
    true = digits[order[1000:1397]]
    for layer in ("h1", "h2"):
        for source, labels in (("held-out labels from the same source", data.held_out[1]), ("true held-out labels", true)):
            verdict = units(model, layer, train=data.train, held_out=(data.held_out[0], labels), budget_s=budget_s, seed=seed, quiet=True)
            counts = Counter(verdict.labels)
            for label in ("generalizing", "both", "memorizing", "neither", "cannot tell"):
                share = counts[label] / len(verdict.labels)
                yield Row("e", "mlp", layer, seed, source, label, float(counts[label]), value=share, words="; ".join(kinds(verdict.answer)))


def kinds(answer: dict[str, object]) -> list[str]:
    """For what reasons the layer is refused."""
    refusals = cast("list[dict[str, str]]", answer.get("refusals", []))
    return [refusal["kind"] for refusal in refusals]
