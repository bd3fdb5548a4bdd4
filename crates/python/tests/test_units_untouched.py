"""A model that was looked at is as it was, to the bit, whatever happened on the way."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import torch
import units_twin
from dunwu._units import UnitsError, judge, units
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
from units_nets import Net, Pixels, Reader, assert_same, blobs, fitted, state, tokens


@pytest.fixture(autouse=True)
def _judged_by_the_twin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judge, "_judge", units_twin.judge)


def sides() -> dict[str, Any]:
    x, y, _ = blobs(220, 1, wrong=0.1)
    held_x, held_y, _ = blobs(210, 2)
    return {"train": (x, y), "held_out": (held_x, held_y), "budget_s": 20, "quiet": True}


def trained() -> Net:
    torch.manual_seed(3)
    x, y, _ = blobs(220, 1, wrong=0.1)
    return fitted(Net(), x, y, 60)


def test_units_edit_and_ablate_change_no_bit_of_the_model() -> None:
    model = trained()
    model.drop.eval()  # a flag that differs from the rest must come back as it was
    model.unused.weight.requires_grad_(False)
    x, _, _ = blobs(50, 5)
    before, numbers, python = state(model), cast(Any, np.random.get_state())[1].copy(), random.getstate()
    verdict = units(model, "h1", **sides())
    verdict.ablate([0, 1], flagged=[0, 5, 9])
    verdict.ablate(flagged=range(10))
    verdict.edit(flagged=range(10), k=3, steps=4)
    assert_same(before, state(model))
    assert (cast(Any, np.random.get_state())[1] == numbers).all() and random.getstate() == python
    model.eval()
    first = model(x)
    units(model, "h1", **sides())
    assert torch.equal(first, model(x))


def test_a_sequence_model_is_left_as_it_was() -> None:
    torch.manual_seed(0)
    model = Reader()
    before = state(model)
    verdict = units(model, "units", train=tokens(80, 1), held_out=tokens(80, 2), flagged=range(9), budget_s=20, quiet=True)
    verdict.edit(k=2, steps=3)
    assert_same(before, state(model))


class Failing(nn.Module):
    """Fails on the pass that it is told to."""

    def __init__(self, at: int) -> None:
        super().__init__()
        self.at, self.passes = at, 0
        self.net = Net()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.__dict__["passes"] += 1
        if self.passes == self.at:
            raise RuntimeError("the model failed")
        logits: torch.Tensor = self.net(x)
        return logits


@pytest.mark.parametrize("at", [1, 2, 3, 4, 5, 6, 8, 12, 20])
def test_nothing_is_left_hooked_when_the_model_fails_on_a_pass(at: int) -> None:
    torch.manual_seed(0)
    model = Failing(at)
    before = state(model)
    # In the first pass it shows whether the samples fit at all; later the model's own error goes through.
    with pytest.raises(UnitsError if at == 1 else RuntimeError, match="the model failed"):
        units(model, "net.h1", **sides())
    assert_same(before, state(model))


def test_nothing_is_left_hooked_when_an_edit_fails_half_way() -> None:
    torch.manual_seed(0)
    model = Failing(-1)
    verdict = units(model, "net.h1", **sides())
    for ahead in (1, 4, 9, 30):
        model.__dict__["passes"] = 0
        model.at = ahead
        before = state(model)
        with pytest.raises(RuntimeError, match="the model failed"):
            verdict.edit(flagged=range(10), k=3, steps=6)
        model.__dict__["passes"] = 0
        with pytest.raises(RuntimeError, match="the model failed"):
            verdict.ablate(flagged=range(10))
        assert_same(before, state(model))


def test_nothing_is_left_hooked_when_the_judge_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    model = trained()
    before = state(model)

    def refuse(path: Path, *arguments: str) -> dict[str, Any]:
        raise UnitsError("the judge refuses")

    monkeypatch.setattr(judge, "_judge", refuse)
    with pytest.raises(UnitsError, match="the judge refuses"):
        units(model, "h2", **sides())
    assert_same(before, state(model))


def test_users_hooks_stay_and_still_fire() -> None:
    model = trained()
    fired: list[int] = []
    handle = model.h1.register_forward_hook(lambda *_: fired.append(1))
    units(model, "h1", **sides())
    assert fired
    fired.clear()
    model.eval()(blobs(4, 1)[0])
    assert len(fired) == 1
    handle.remove()


def test_a_frozen_model_is_judged_and_stays_frozen() -> None:
    model = trained()
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    before = state(model)
    verdict = units(model, "h1", **sides())
    verdict.edit(flagged=range(8), k=2, steps=3)
    assert_same(before, state(model))


def test_a_shuffling_loader_gives_the_numbers_of_its_data_set() -> None:
    model = trained()
    given = sides()
    x, y = given["train"]
    loader = DataLoader(TensorDataset(x, y), batch_size=32, shuffle=True)
    random_numbers = torch.get_rng_state()
    of_loader = units(model, "h1", **{**given, "train": loader})
    assert torch.equal(random_numbers, torch.get_rng_state())
    of_tensors = units(model, "h1", **given)
    assert of_loader.flagged == of_tensors.flagged
    assert [row["scale"] for row in of_loader.table] == pytest.approx([row["scale"] for row in of_tensors.table], rel=1e-5)


@pytest.mark.parametrize("wrap", [nn.DataParallel, lambda model: model])
def test_a_data_parallel_wrapper_is_looked_through(wrap: Any) -> None:
    model = trained()
    assert len(units(wrap(model), "h1", **sides()).labels) == 12


def test_the_changed_copy_of_a_convolution_and_of_its_activation_agree() -> None:
    torch.manual_seed(1)
    x, y, _ = blobs(220, 1, wrong=0.1)
    model = fitted(Pixels(), x, y, 100)
    by_weights = units(model, "kernel", **sides())
    by_module = units(model, cast(nn.Module, model.kernel), **sides())
    assert by_weights.labels == by_module.labels
    assert by_weights.table[0]["scale"] > 0
