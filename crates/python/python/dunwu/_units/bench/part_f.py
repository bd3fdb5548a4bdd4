"""(f) The engine's own grokked networks through PyTorch: its labels beside ours, and the two definitions held against each other.

The engine's `unit_fit_train` and `unit_fit_held_out` are means of contributions of the last hidden layer, so that they must come
out the same; its labels ask whether a unit's fit carries over, ours whether it memorizes and whether it generalizes, each for itself.
"""

from __future__ import annotations

import csv
import random
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ..typed_torch import one_hot, tensor_of
from .. import judge
from .rows import Row

ORDER = 23
SEEDS = (10, 11, 12, 13, 14)
SAME = {
    "generalizing": ("generalizing", "both"), "memorizing": ("memorizing",), "dead": ("neither",), "undecided": ("neither", "cannot tell"),
}  # fmt: skip
"""Which of our labels say what the engine's label says."""


class Square(nn.Module):
    """The engine's two-layer network with squared activations: pairs of tokens [b, 2·order] → [b, order]."""

    def __init__(self, hidden: Tensor, output: Tensor) -> None:
        super().__init__()
        self.weights, self.square = nn.Linear(hidden.shape[1], hidden.shape[0], bias=False), Squared()
        self.output = nn.Linear(output.shape[1], output.shape[0], bias=False)
        with torch.no_grad():
            self.weights.weight.copy_(hidden)
            self.output.weight.copy_(output)

    def forward(self, pairs: Tensor) -> Tensor:
        logits: Tensor = self.output(self.square(self.weights(pairs)))
        return logits


class Squared(nn.Module):
    """a ↦ a²."""

    def forward(self, value: Tensor) -> Tensor:
        return value * value


def pairs() -> tuple[Tensor, Tensor]:
    """Every pair (a, b) as two one-hot vectors, and a + b modulo the order."""
    a, b = torch.meshgrid(torch.arange(ORDER), torch.arange(ORDER), indexing="ij")
    inputs = torch.cat([one_hot(a.flatten(), ORDER), one_hot(b.flatten(), ORDER)], dim=1).float()
    return inputs, ((a + b) % ORDER).flatten()


def rows_of(runs: Path | None, seeds: tuple[int, ...] = SEEDS) -> Iterator[Row]:
    """Runs the engine, opens its snapshots in PyTorch, and judges them."""
    with tempfile.TemporaryDirectory(prefix="dunwu-") as folder:
        for seed in seeds:
            yield from _of_run(seed, runs or Path(folder))


def _of_run(seed: int, folder: Path) -> Iterator[Row]:
    folder.mkdir(parents=True, exist_ok=True)
    draw = random.Random(seed)
    train = np.array(sorted(draw.sample(range(ORDER * ORDER), ORDER * ORDER // 2)))
    split = folder / f"split-{seed}.csv"
    split.write_text("".join(f"{place // ORDER},{place % ORDER}\n" for place in train), encoding="utf-8")
    answer = judge.command("run", "small", f"task=cyclic:{ORDER}", f"data.split={split}", f"seed={seed}", "--runs", str(folder), "--quiet")
    tables = folder / f"tables-{seed}"
    judge.command("export", str(answer["run"]), "--tables", "csv", "--output", str(tables))
    with (tables / "units.csv").open(newline="", encoding="utf-8") as file:
        told = list(csv.DictReader(file))
    steps = sorted({int(row["step"]) for row in told})
    memorized = min(steps, key=lambda step: abs(step - 100))
    for name, step in (("memorized", memorized), ("grokked", steps[-1])):
        yield from _of_snapshot(seed, name, Path(str(answer["run"])) / "snapshots" / f"{step:010}.safetensors", [row for row in told if int(row["step"]) == step], train)


def _of_snapshot(seed: int, name: str, snapshot: Path, told: list[dict[str, str]], train: np.ndarray[Any, Any]) -> Iterator[Row]:
    from .. import units

    weights = judge.read_arrays(snapshot)
    model = Square(tensor_of(weights["hidden.weight"]), tensor_of(weights["output.weight"])).eval()
    inputs, labels = pairs()
    own, rest = tensor_of(train), tensor_of(np.setdiff1d(np.arange(len(labels)), train))
    with torch.no_grad():
        accuracy = float((model(inputs[rest]).argmax(1) == labels[rest]).float().mean())
    verdict = units(model, "square", train=(inputs[own], labels[own]), held_out=(inputs[rest], labels[rest]), budget_s=120, seed=seed, quiet=True)
    measured = verdict.measured.arrays
    means = {"train": measured["train.contribution"].mean(0), "held_out": _held_out(measured).mean(0)}
    for side, values in means.items():
        engine = np.array([float(row[f"unit_fit_{side}"]) for row in told])
        difference = float(np.abs(values - engine).max() / max(np.abs(engine).max(), 1e-12))
        yield Row("f", name, "square", seed, f"unit_fit_{side}", "largest difference over largest value", len(told), test_after=accuracy, value=difference)
    table = Counter((row["label"], label) for row, label in zip(told, verdict.labels, strict=True))
    refusals: list[dict[str, Any]] = verdict.answer.get("refusals", [])
    words = "; ".join(str(refusal["kind"]) for refusal in refusals)
    for (engine_label, label), count in sorted(table.items()):
        yield Row("f", name, "square", seed, f"engine says {engine_label}", f"we say {label}", count, test_after=accuracy, words=words)
    both = [(mine, ours) for (mine, ours), count in table.items() for _ in range(count) if mine != "undecided" and ours != "cannot tell"]
    if both:
        agreed = sum(ours in SAME[mine] for mine, ours in both) / len(both)
        yield Row("f", name, "square", seed, "agreement where both tell", "same", len(both), test_after=accuracy, value=agreed, words=words)


def _held_out(arrays: judge.Arrays) -> np.ndarray[Any, Any]:
    if "held_out.contribution" in arrays:
        return arrays["held_out.contribution"]
    labels = arrays["held_out.label"]
    return arrays["held_out.contribution_by_class"][np.arange(len(labels)), labels]
