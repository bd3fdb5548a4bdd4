"""The judge against its twin in numpy: the same numbers and the same label for every unit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import units_twin
from dunwu._units import units
from dunwu._units.answer import Units
from torch import Tensor
from units_nets import Net, Reader, blobs, fitted


@pytest.mark.parametrize("layer", ["h1", "h2"])
def test_the_judge_and_its_twin_agree_on_every_unit(layer: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    x, y, _ = blobs(300, 1, wrong=0.12)
    held_out = blobs(260, 2)[:2]
    path = tmp_path / "layer.safetensors"
    told = units(fitted(Net(width=48), x, y, 400), layer, train=(x, y), held_out=held_out, budget_s=60, quiet=True, arrays=path)
    arrays, _ = units_twin.read_arrays(path)
    # By class, so that the judge and its twin each find flags and twins by themselves.
    assert "held_out.contribution_by_class" in arrays and {"train.input", "held_out.input"} <= set(arrays)
    assert np.array_equal(arrays["train.input"], x.numpy()), "inputs are those of the samples, in their order"
    same(told, units_twin.units(arrays))


def test_the_judge_and_its_twin_agree_on_sequences(tmp_path: Path) -> None:
    torch.manual_seed(0)
    train, held_out = chains(240, 1, secrets=24), chains(220, 2)
    path = tmp_path / "layer.safetensors"
    told = units(fitted(Reader(), *train, 600), "units", train=train, held_out=held_out, flagged=range(24), budget_s=90, quiet=True, arrays=path)
    arrays, _ = units_twin.read_arrays(path)
    assert "train.label" not in arrays and len(arrays["twin.of"]) == 8 * 24
    same(told, units_twin.units(arrays))
    assert told.flagged == list(range(24))
    assert not {"chance", "no_held_out", "few_held_out", "imbalance"} & {refusal["kind"] for refusal in told.answer["refusals"]}
    assert told.answer["n_classes"] == 7 and told.answer["soundness"]["chance"] == pytest.approx(1 / 7)


def chains(n: int, seed: int, *, secrets: int = 0) -> tuple[Tensor, Tensor]:
    """Tokens of which each is followed by the next one four times in five, the last two labels not asked; `secrets` are drawn token by token."""
    generator = torch.Generator().manual_seed(seed)
    rows = torch.randint(7, (n, 9), generator=generator)
    follows = torch.rand(n, 9, generator=generator) < 0.8
    for position in range(1, 9):
        rows[secrets:, position] = torch.where(follows[secrets:, position], (rows[secrets:, position - 1] + 1) % 7, rows[secrets:, position])
    labels = rows[:, 1:].clone()
    labels[:, -2:] = -100
    return rows[:, :-1], labels


def same(told: Units, twin: dict[str, Any]) -> None:
    """Every number and, unless the layer is refused, every label."""
    assert told.answer["flagged"] == twin["flagged"] and len(twin["flagged"]) >= 8
    refused = any(refusal["kind"] != "few_flagged" for refusal in told.answer["refusals"])
    for ours, other in zip(told.answer["units"], twin["units"], strict=True):
        assert ours["leaning"] == other["leaning"] and ours["is_dead"] == other["is_dead"]
        assert ours["scale"] == pytest.approx(other["scale"], rel=1e-9)
        for name in ("memory", "held_out", "excess"):
            for key in ("mean", "error"):
                # Sums of a few hundred f32 in f64, in another order.
                assert ours[name][key] == pytest.approx(other[name][key], rel=1e-9, abs=1e-12)
        assert refused or ours["role"] == other["role"]
