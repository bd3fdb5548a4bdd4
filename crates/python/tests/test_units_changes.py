"""Changed copies: what is changed is what was asked, the original keeps its bits, and controls stand beside every figure."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
import units_twin
from dunwu._units import ablating, judge, units
from dunwu._units.ablating import random_units
from torch import Tensor, nn
from units_nets import Net, Pixels, Reader, blobs, fitted, tokens


@pytest.fixture(autouse=True)
def _judged_by_the_twin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judge, "_judge", units_twin.judge)


X, Y, WRONG = blobs(240, 1, wrong=0.12)
HELD_X, HELD_Y, _ = blobs(220, 2)


def verdict_of(model: nn.Module, layer: str, **other: Any) -> Any:
    return units(model, layer, train=(X, Y), held_out=(HELD_X, HELD_Y), budget_s=30, quiet=True, **other)


@pytest.fixture(scope="module")
def memorized() -> Net:
    """A net wide enough to learn its wrong labels."""
    torch.manual_seed(0)
    return fitted(Net(width=64), X, Y, 400).eval()


@pytest.mark.parametrize("layer", ["first", "norm", "h1", "second", "h2"])
@pytest.mark.parametrize("how", ["mean", "zero"])
def test_an_ablated_copy_has_its_units_at_the_constant(memorized: nn.Module, layer: str, how: str) -> None:
    change = verdict_of(memorized, layer).ablate([3, 7], how=how, flagged=range(20))
    seen: dict[str, Tensor] = {}

    def run(model: nn.Module, name: str) -> Tensor:
        handle = model.get_submodule(layer).register_forward_hook(lambda _, __, output: seen.__setitem__(name, output.clone()))
        with torch.no_grad():
            logits: Tensor = model(X)
        handle.remove()
        return logits

    run(memorized, "before")
    run(change.model, "after")
    constant = seen["before"].mean(0) if how == "mean" else torch.zeros(64)
    others = [unit for unit in range(64) if unit not in (3, 7)]
    assert torch.allclose(seen["after"][:, [3, 7]], constant[[3, 7]].expand(240, 2), atol=1e-5)
    assert torch.equal(seen["after"][:, others], seen["before"][:, others])
    assert change.units == [3, 7]


def test_an_ablated_copy_pickles_copies_and_trains(memorized: nn.Module) -> None:
    change = verdict_of(memorized, "h1").ablate([3], flagged=range(20))
    again = copy.deepcopy(change.model)
    assert torch.equal(again(X), change.model(X))
    fitted(again, X, Y, 2)
    assert not torch.equal(again.eval()(X), change.model(X))


def test_an_edit_touches_the_outgoing_weights_of_its_units_alone(memorized: nn.Module) -> None:
    for layer, reader in (("h1", "second"), ("h2", "output"), ("first", "second")):
        change = verdict_of(memorized, layer).edit(units=[2, 5], flagged=WRONG, steps=5) if layer != "first" else None
        if change is None:
            continue
        before, after = memorized.state_dict(), change.model.state_dict()
        assert before.keys() == after.keys()
        for name, value in before.items():
            if name == f"{reader}.weight":
                changed = (value != after[name]).any(0).nonzero()[:, 0].tolist()
                assert changed == [2, 5]
            else:
                assert torch.equal(value, after[name]), name


def test_the_reader_is_found_through_pooling_and_flattening() -> None:
    torch.manual_seed(1)
    model = fitted(Pixels(), X, Y, 200)
    change = verdict_of(model, "conv").edit(units=[4], flagged=WRONG, steps=3)
    columns = (model.output.weight != change.model.output.weight).any(0).nonzero()[:, 0].tolist()
    assert columns == [8, 9]  # channel 4 has the last two of ten inputs


def test_normalization_between_a_layer_and_its_reader_is_refused() -> None:
    class Mixed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.h1, self.norm, self.output = nn.Linear(6, 8), nn.ReLU(), nn.LayerNorm(8), nn.Linear(8, 3)

        def forward(self, x: Tensor) -> Tensor:
            logits: Tensor = self.output(self.norm(self.h1(self.first(x))))
            return logits

    with pytest.raises(ValueError, match="no module reads the units of layer 'h1' one by one"):
        verdict_of(Mixed(), "h1").edit(flagged=WRONG, k=2)


def test_an_edit_makes_wrong_labels_go_and_says_what_random_units_do(memorized: nn.Module) -> None:
    verdict = verdict_of(memorized, "h1")
    with torch.no_grad():
        held = float((memorized(X[WRONG]).argmax(1) == Y[WRONG]).float().mean())
    assert held > 0.9, "the net has learnt its wrong labels"
    change = verdict.edit(flagged=WRONG, k=16)
    with torch.no_grad():
        left = float((change.model(X[WRONG]).argmax(1) == Y[WRONG]).float().mean())
    chosen, *controls = change.table
    assert left == pytest.approx(chosen["flagged_after"]) and left < 0.3
    assert chosen["flagged_before"] == pytest.approx(held)
    assert [row["treatment"] for row in controls] == ["random, same number", "random, same norm"]
    assert controls[0]["units"] == 16
    assert chosen["flagged_after"] <= chosen["other_half"] <= 1
    assert len(change.sentences) == 4 and "random units of equal number" in change.sentences[2]


def test_greedy_removal_takes_flagged_labels_before_held_out_accuracy(memorized: nn.Module) -> None:
    change = verdict_of(memorized, "h1").ablate(flagged=WRONG, cost=0.05)
    chosen, control = change.table[0], change.table[1]
    assert chosen["flagged_after"] < chosen["flagged_before"] - 0.15
    drop = chosen["held_out_before"] - chosen["held_out_after"]
    # The halves of 110 held-out samples each differ by a standard error of some 4 points.
    assert drop < 0.05 + 0.12
    with torch.no_grad():
        gone = float((change.model(X[WRONG]).argmax(1) == Y[WRONG]).float().mean())
    assert gone == pytest.approx(chosen["flagged_after"], abs=1e-6)
    assert control["treatment"] == "random, same number" and control["units"] == chosen["units"]


def test_random_units_of_equal_norm_have_that_norm_and_are_others() -> None:
    norms = torch.rand(200, generator=torch.Generator().manual_seed(0)) + 0.1
    chosen = torch.zeros(200, dtype=torch.bool)
    chosen[norms.argsort(descending=True)[:20]] = True
    for seed in range(20):
        same = random_units(norms, chosen, seed, same_norm=True)
        assert same is not None and not bool((same & chosen).any())
        ratio = float((norms[same] ** 2).sum() / (norms[chosen] ** 2).sum())
        assert 0.9 < ratio < 1.1
        number = random_units(norms, chosen, seed, same_norm=False)
        assert number is not None and int(number.sum()) == 20
    assert random_units(norms, norms > 0.2, 0, same_norm=True) is None


def test_a_copy_takes_the_training_flags_of_the_original(memorized: Net) -> None:
    memorized.train()
    memorized.drop.eval()
    try:
        verdict = verdict_of(memorized, "h1")
        for change in (verdict.ablate([1], flagged=WRONG), verdict.edit(flagged=WRONG, k=2, steps=2)):
            assert change.model.training and not change.model.drop.training and change.model.norm.training
            assert all(parameter.grad is None and parameter.requires_grad for parameter in change.model.parameters())
    finally:
        memorized.eval()


def test_secrets_of_a_sequence_model_are_edited_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ablating, "DRAWS", 1)  # controls are counted elsewhere; each draw edits six times
    torch.manual_seed(0)
    x, y = tokens(90, 1)
    model = fitted(Reader(), x[:12], y[:12].clamp(min=0), 400)
    secrets = (x[:12], y[:12])
    train = (torch.cat([secrets[0], x[12:]]), torch.cat([secrets[1], y[12:]]))
    verdict = units(model, "units", train=train, held_out=tokens(210, 2), flagged=range(12), budget_s=30, quiet=True)
    change = verdict.edit(k=16, steps=200)
    assert change.table[0]["flagged_before"] > 0.6
    assert change.table[0]["flagged_after"] < change.table[0]["flagged_before"] - 0.15
