"""Bad input: one sentence that names the offender and the remedy, and nothing left hooked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import pytest
import torch
import units_twin
from dunwu._units import UnitsError, judge, samples, units
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset
from units_nets import Net, Reader, assert_same, blobs, state, tokens


@pytest.fixture(autouse=True)
def _judged_by_the_twin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judge, "_judge", units_twin.judge)


def sides(**other: Any) -> dict[str, Any]:
    x, y, _ = blobs(220, 1, wrong=0.1)
    held_x, held_y, _ = blobs(210, 2)
    return {"train": (x, y), "held_out": (held_x, held_y), "budget_s": 20, "quiet": True, **other}


def refused(says: str, model: nn.Module, layer: Any = "h1", **other: Any) -> None:
    """The call fails with one sentence, and the model is as before."""
    before = state(model)
    with pytest.raises(UnitsError) as failure:
        units(model, layer, **sides(**other))
    message = str(failure.value)
    assert says in message, message
    assert "\n" not in message and not message.endswith(".")
    assert_same(before, state(model))


def net() -> Net:
    torch.manual_seed(0)
    return Net()


def test_a_layer_that_does_not_exist_is_named_with_its_nearest() -> None:
    refused("the model has no layer 'secnd'; did you mean 'second'", net(), "secnd")
    refused("is no module of this model", net(), nn.ReLU())
    refused("layer=1 is neither a name nor a module of the model", net(), 1)
    with pytest.raises(UnitsError, match=r"units are those of a layer: name it, such as units\(model, 'fc', …\)"):
        units(cast(Any, net()), **sides())


def test_a_layer_that_is_not_called_is_named() -> None:
    refused("layer 'unused' is not called in the forward pass", net(), "unused")


def test_a_layer_that_is_called_twice_needs_a_number() -> None:
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.relu, self.second, self.output = nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 8), nn.Linear(8, 3)

        def forward(self, x: Tensor) -> Tensor:
            logits: Tensor = self.output(self.relu(self.second(self.relu(self.first(x)))))
            return logits

    refused("'relu#1' to 'relu#2'", Twice(), "relu")
    assert len(units(Twice(), "relu#2", **sides()).labels) == 8
    refused("asks for call 3, and a forward pass makes 2", Twice(), "relu#3")


def test_a_layer_that_gives_no_tensor_is_named() -> None:
    class Recurrent(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.cells, self.output = nn.LSTM(1, 8, batch_first=True), nn.Linear(8, 3)

        def forward(self, x: Tensor) -> Tensor:
            logits: Tensor = self.output(self.cells(x[..., None])[0][:, -1])
            return logits

    refused("layer 'cells' gives a tuple, not a tensor", Recurrent(), "cells")
    assert len(units(Recurrent(), "output:input", **sides()).labels) == 8


def test_data_without_labels_are_named() -> None:
    x, _, _ = blobs(220, 1)
    refused("train gives batches without labels", net(), train=DataLoader(TensorDataset(x), batch_size=20))
    refused("held_out holds no labels", net(), held_out=x)
    refused("train gives dictionaries without labels: they hold 'x'; add 'labels'", net(), train=[{"x": x}])
    refused("train is a int, which gives no batches", net(), train=3)
    refused("train is a str, which gives no batches", net(), train="data/train")
    refused("held_out is missing: pass held_out= a DataLoader", net(), held_out=None)
    refused("train holds values of the type str32, such as 'a'", net(), train=[(x, ["a"] * 220)])


def test_an_exhausted_iterator_is_named() -> None:
    x, y, _ = blobs(220, 1)

    def once() -> Iterator[tuple[Tensor, Tensor]]:
        yield x, y

    used = once()
    list(used)
    refused("train gives no samples: an iterator can be read only once", net(), train=used)
    refused("held_out gives no samples", net(), held_out=[])


def test_values_that_are_not_finite_are_named_with_their_sample() -> None:
    x, y, _ = blobs(220, 1)
    x[17, 2] = float("nan")
    refused("layer 'h1' is not finite (NaN or infinite) for sample 17 of train", net(), train=(x, y))
    model = net()
    with torch.no_grad():
        model.output.weight[1, 1] = float("inf")
    refused("the output is not finite", model)


def test_labels_out_of_range_are_named() -> None:
    x, y, _ = blobs(220, 1)
    y[5] = 3
    refused("label 3 of sample 5 in train is out of range: the model has 3 classes, 0 to 2", net(), train=(x, y))
    y[5] = -1
    refused("label -1 of sample 5 in train is out of range", net(), train=(x, y))
    refused("labels of train are not whole numbers", net(), train=(x, x[:, 0]))
    refused("classes=4, and the model gives 3", net(), classes=4)


def test_a_budget_too_small_names_one_that_is_enough() -> None:
    refused("budget_s=0 is no time", net(), budget_s=0)
    refused("budget_s='60' is no time: pass seconds above 0", net(), budget_s="60")
    refused("budget_s=1e-06 is too small: 200 training and 200 held-out samples take about", net(), budget_s=1e-6)


def test_shapes_that_do_not_fit_are_named() -> None:
    x, y, _ = blobs(220, 1)
    refused("a batch of train has 220 labels and an input of the shape [219, 6]", net(), train=[(x[:219], y)])
    refused("the model cannot take inputs of the shape [8, 5] (RuntimeError: mat1 and mat2 shapes cannot be multiplied", net(), train=(x[:, :5], y))
    refused("the model gives [8, 3] for labels [8, 2]", net(), train=(x, torch.stack([y, y], 1)), held_out=(x, torch.stack([y, y], 1)))
    refused("train has labels by position and held_out has not", net(), train=(x, torch.stack([y, y], 1)))
    refused("flagged sample 220 is not among the 220 training samples", net(), flagged=[220])
    refused("flagged has the shape [1] and holds float", net(), flagged=[0.5])
    refused("basis has the shape [2, 5]: directions of layer 'h1' need [units, 12]", net(), basis=torch.ones(2, 5))
    refused("the 2 directions of basis depend on each other", net(), basis=torch.ones(2, 12))
    refused("12 features of layer 'h1' do not divide into 5 heads", net(), basis="heads:5")
    refused("no module above 'h1' says how many heads it has: pass basis='heads:N'", net(), basis="heads")
    refused("basis='chanels' is neither 'units', 'channels', 'heads:N' nor a tensor of directions [units, 12]", net(), basis="chanels")
    refused("readout", net(), readout="unused")
    refused("unit_axis=0 is the axis of the samples", net(), unit_axis=0)


def test_a_layer_that_the_output_ignores_is_named() -> None:
    class Ignored(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.side, self.output = nn.Linear(6, 4), nn.Linear(6, 3)

        def forward(self, x: Tensor) -> Tensor:
            self.side(x)
            logits: Tensor = self.output(x)
            return logits

    refused("the output does not depend on layer 'side'", Ignored(), "side")


def scripted(model: nn.Module, x: Tensor) -> nn.Module:
    """The model in TorchScript, for which PyTorch has no types."""
    return cast(Any, torch).jit.trace(model, x)


def test_models_that_hooks_cannot_reach_are_named() -> None:
    x, _, _ = blobs(8, 1)
    with pytest.raises(UnitsError, match="a TorchScript module runs without hooks"):
        units(scripted(net().eval(), x), "h1", **sides())
    with pytest.raises(UnitsError, match="the model is a function, not a torch.nn.Module"):
        units(cast(Any, lambda x: x), "h1", **sides())
    class Attending(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embed, self.attention, self.output = nn.Linear(1, 8), nn.MultiheadAttention(8, 2, batch_first=True), nn.Linear(8, 3)

        def forward(self, x: Tensor) -> Tensor:
            stream = self.embed(x[..., None])
            logits: Tensor = self.output(self.attention(stream, stream, stream)[0].mean(1))
            return logits

    refused("nn.MultiheadAttention works with its weights alone", Attending(), "attention.out_proj")
    refused("layer 'attention' gives a tuple, not a tensor", Attending(), "attention")


def test_a_model_on_several_devices_is_named_and_data_move_to_the_model() -> None:
    model = net()
    model.unused.to("meta")
    with pytest.raises(UnitsError, match=r"the model is spread over cpu and meta: move it to one device with model.to\('cpu'\)"):
        units(model, "h1", **sides())
    with pytest.raises(UnitsError, match="the model is on the device meta, where weights have shapes and no numbers"):
        units(net().to("meta"), "h1", **sides())
    double = net().double()  # data in another precision are converted, as data on another device are moved
    assert len(units(double, "h1", **sides()).labels) == 12


def test_sequences_without_labels_or_readers_are_named() -> None:
    torch.manual_seed(0)
    x, y = tokens(60, 1)
    y[4] = -100
    with pytest.raises(UnitsError, match="sequence 4 in train has no labelled position: every label is -100"):
        units(Reader(), "units", train=(x, y), held_out=tokens(60, 2), quiet=True)


def test_edits_and_ablations_say_what_is_wrong() -> None:
    model = net()
    verdict = units(model, "h1", **sides())
    for call, says in (
        (lambda: verdict.ablate([12]), "unit 12 is out of range: layer 'h1' has 12 units, 0 to 11"),
        (lambda: verdict.ablate([]), "units is empty"),
        (lambda: verdict.ablate("memorising", flagged=[0]), "label 'memorising' is none of those that units get; did you mean 'memorizing'"),
        (lambda: verdict.ablate([0], how=cast(Any, "median")), 'how=\'median\' must be "mean" or "zero"'),
        (lambda: verdict.edit(flagged=[], k=3), "no training sample is flagged"),
        (lambda: verdict.edit(flagged=[1, 2], k=0), "k=0 is out of range"),
        (lambda: verdict.edit(flagged=[1, 2], outgoing="thrid"), "the model has no layer 'thrid'"),
        (lambda: verdict.edit(flagged=[1, 2], outgoing="first"), "no module reads the units of layer 'h1' one by one, 'first' neither"),
        (lambda: verdict.edit(flagged=range(220)), "every training sample is flagged"),
    ):
        before = state(model)
        with pytest.raises(UnitsError) as failure:
            call()
        assert says in str(failure.value), str(failure.value)
        assert_same(before, state(model))


class Together(Net):
    """Gives its logits and something else."""

    def forward(self, x: Tensor) -> Any:
        return super().forward(x), x


def test_a_model_in_training_mode_or_that_gives_several_things_is_judged_and_stays_so() -> None:
    plain, training, together = net().eval(), net().train(), Together()
    together.load_state_dict(plain.state_dict())
    before = state(training)
    told = [units(model, "h1", **sides()) for model in (plain, training, together)]
    assert_same(before, state(training))
    assert [verdict.labels for verdict in told] == [told[0].labels] * 3


def test_samples_say_what_is_wrong() -> None:
    x, y, _ = blobs(60, 1)
    for says, train, options in (
        ("train is missing", None, {}),
        ("train gives batches without labels", DataLoader(TensorDataset(x)), {}),
        ("the model has no layer 'h9'; did you mean 'h2' or 'h1'", (x, y), {"layer": "h9", "held_out": (x, y)}),
        ("are judged with samples that were not trained on: pass held_out=", (x, y), {"layer": "h1"}),
        ("budget_s=0 is no time", (x, y), {"budget_s": 0}),
    ):
        model = net()
        before = state(model)
        with pytest.raises(UnitsError) as failure:
            samples(model, train, quiet=True, **cast(Any, options))
        message = str(failure.value)
        assert says in message and "\n" not in message and "/tmp" not in message, message
        assert_same(before, state(model))
    with pytest.raises(UnitsError, match="the model is on the device meta"):
        samples(net().to("meta"), (x, y), quiet=True)
