"""The judge against its twin in numpy: given the same twins, the same numbers and the same label for every unit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
import units_twin
from dunwu._units import judge, units
from units_nets import Net, blobs, fitted


@pytest.mark.parametrize("layer", ["h1", "h2"])
def test_the_judge_and_its_twin_agree_on_every_unit(layer: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    x, y, _ = blobs(300, 1, wrong=0.12)
    held_out = blobs(260, 2)[:2]
    path = tmp_path / "layer.safetensors"
    told = units(fitted(Net(width=48), x, y, 400), layer, train=(x, y), held_out=held_out, budget_s=60, quiet=True, arrays=path)
    arrays, _ = units_twin.read_arrays(path)
    flags = judge._judge(path, "units", "--flags")
    twin = units_twin.units(arrays, np.array(flags["twin_of"], dtype=int), np.array(flags["twin_sample"], dtype=int))
    assert told.answer["flagged"] == twin["flagged"] and len(twin["flagged"]) >= 8
    refused = told.answer["is_refused"]
    for ours, other in zip(told.answer["units"], twin["units"], strict=True):
        assert ours["leaning"] == other["leaning"] and ours["is_dead"] == other["is_dead"]
        assert ours["scale"] == pytest.approx(other["scale"], rel=1e-9)
        for name in ("memory", "held_out", "excess"):
            for key in ("mean", "error"):
                # Sums of a few hundred f32 in f64, in another order.
                assert ours[name][key] == pytest.approx(other[name][key], rel=1e-9, abs=1e-12)
        assert refused or ours["role"] == other["role"]
