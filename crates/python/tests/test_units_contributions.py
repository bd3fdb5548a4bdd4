"""Contributions against their formulas: exact on the last hidden layer, complete when integrated, by hand for channels and heads."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from dunwu._units.batches import read_samples
from dunwu._units.contributions import Scene, ablated, contributions, contributions_by_class, mean_activations, outputs
from dunwu._units.forward import margins
from dunwu._units.typed_torch import Array, add_forward_hook
from dunwu._units.untouched import untouched
from dunwu._units.verb import look
from torch import Tensor, nn
from units_nets import Net, Pixels, Reader, blobs, tokens


def scene_of(model: nn.Module, layer: str, samples: Any, basis: Any = None) -> Scene:
    scene, _, _ = look(model, layer, samples, basis, None, None)
    return Scene(scene.model, scene.layer, scene.view, 37)  # a size that divides no sample count


def of(model: nn.Module, layer: str, x: Tensor, y: Tensor, *, basis: Any = None, integrated: bool = False) -> tuple[Array, Scene, Tensor, Any]:
    samples = read_samples((x, y), "train")
    with untouched(model):
        scene = scene_of(model, layer, samples, basis)
        mean = mean_activations(scene, samples).feature
        return contributions(scene, samples, mean, integrated=integrated), scene, mean, samples


def mean_margins(scene: Scene, samples: Any, change: Any = None) -> Tensor:
    result = torch.zeros(len(samples))
    for rows, logits, labels in outputs(scene, samples, change):
        result[torch.from_numpy(rows)] = margins(logits, labels)
    return result


def test_the_last_hidden_layer_follows_the_closed_form() -> None:
    torch.manual_seed(0)
    model = Net().eval()
    x, y, _ = blobs(100, 4)
    c, scene, mean, samples = of(model, "h2", x, y)
    with torch.no_grad():
        a = model.h2(model.second(model.h1(model.norm(model.first(x)))))
        weight = model.output.weight
        exact = (a - a.mean(0)) * (weight[y] - weight.mean(0))
    assert np.allclose(c, exact.numpy(), atol=1e-5)
    with untouched(model):
        whole = ablated(scene.view, mean, torch.ones(12, dtype=torch.bool))
        lost = mean_margins(scene, samples) - mean_margins(scene, samples, whole)
    assert np.allclose(c.sum(1), lost.numpy(), atol=1e-4)


@pytest.mark.parametrize("final", [nn.Tanh, nn.Softplus, nn.GELU])
def test_integrated_contributions_add_up_to_the_difference_of_margins(final: type[nn.Module]) -> None:
    torch.manual_seed(1)
    model = Net(final=final).eval()
    x, y, _ = blobs(60, 4)
    c, scene, mean, samples = of(model, "second", 3 * x, y, integrated=True)
    with untouched(model):
        whole = ablated(scene.view, mean, torch.ones(12, dtype=torch.bool))
        lost = (mean_margins(scene, samples) - mean_margins(scene, samples, whole)).numpy()
    # Eight points of Gauss–Legendre are exact to order 15 where the path is smooth.
    assert np.allclose(c.sum(1), lost, atol=1e-4)
    first, *_ = of(model, "second", 3 * x, y)
    assert np.abs(first.sum(1) - lost).max() > 100 * np.abs(c.sum(1) - lost).max()


def test_a_first_order_contribution_is_the_slope_of_the_margin() -> None:
    torch.manual_seed(2)
    model = Net(final=nn.Tanh).double().eval()
    x, y, _ = blobs(20, 4)
    c, scene, mean, samples = of(model, "h1", x.double(), y)
    with untouched(model):
        for unit in (0, 5, 11):
            value: list[Tensor] = []

            def nudge(size: float, unit: int = unit, value: list[Tensor] = value) -> Any:
                def change(a: Tensor) -> Tensor:
                    value.append(a.clone())
                    a = a.clone()
                    a[:, unit] += size
                    return a

                return change

            slope = (mean_margins(scene, samples, nudge(1e-3)) - mean_margins(scene, samples, nudge(-1e-3))) / 2e-3
            activation = torch.cat(value)[:20, unit]
            expected = (activation - mean[unit]) * slope
            assert np.allclose(c[:, unit], expected.numpy(), atol=2e-3)


def test_channels_sum_over_pixels() -> None:
    torch.manual_seed(3)
    model = Pixels().eval()
    x, y, _ = blobs(50, 4)
    c, scene, mean, _ = of(model, "conv", x, y)
    assert (scene.view.kind, scene.view.n_units) == ("channels", 5)
    a = model.conv(model.kernel(x.reshape(-1, 1, 2, 3))).detach().requires_grad_()
    logits = model.output(model.pool(a).flatten(1))
    gradient = torch.autograd.grad((logits.gather(1, y[:, None])[:, 0] - logits.mean(1)).sum(), a)[0]
    centre = a.detach().mean((0, 2, 3), keepdim=True)
    assert np.allclose(mean.numpy(), centre.flatten().numpy(), atol=1e-6)
    assert np.allclose(c, ((a.detach() - centre) * gradient).sum((2, 3)).numpy(), atol=1e-5)


def test_heads_are_the_sums_of_their_features() -> None:
    torch.manual_seed(4)
    model = Reader().eval()
    x, y = tokens(40, 3)
    features, *_ = of(model, "heads", x, y)
    heads, scene, *_ = of(model, "heads", x, y, basis="heads:2")
    found, *_ = of(model, "projection:input", x, y, basis="heads")
    assert scene.view.n_units == 2
    assert np.allclose(heads, features.reshape(40, 2, 4).sum(2), atol=1e-6)
    assert np.allclose(heads, found, atol=1e-6)


def test_a_sequence_counts_the_mean_over_its_labelled_positions() -> None:
    torch.manual_seed(4)
    model = Reader().eval()
    x, y = tokens(30, 3)
    y[:, 1::2] = -100
    c, _, mean, _ = of(model, "units", x, y)
    caught: list[Tensor] = []

    def leaf(_: nn.Module, __: Any, output: Tensor) -> Tensor:
        caught.append(output.detach().requires_grad_())
        return caught[0]

    handle = add_forward_hook(model.units, leaf)
    logits = model(x)
    handle.remove()
    asked = y != -100
    own = logits.gather(2, y.clamp(min=0)[..., None])[..., 0] - logits.mean(2)
    margin = (own * asked).sum(1) / asked.sum(1)
    gradient = torch.autograd.grad(margin.sum(), caught[0])[0]
    assert np.allclose(c, ((caught[0].detach() - mean) * gradient).sum(1).numpy(), atol=1e-6)


def test_directions_of_any_basis_say_the_same_sum() -> None:
    torch.manual_seed(5)
    model = Net().eval()
    x, y, _ = blobs(80, 4)
    plain, *_ = of(model, "h1", x, y)
    same, *_ = of(model, "h1", x, y, basis=torch.eye(12))
    assert np.allclose(plain, same, atol=1e-5)
    skewed = torch.randn(12, 12)
    turned, *_ = of(model, "h1", x, y, basis=skewed)
    assert np.allclose(turned.sum(1), plain.sum(1), atol=1e-3)
    some = torch.linalg.qr(torch.randn(12, 12))[0][:3]
    c, scene, mean, samples = of(model, "h1", x, y, basis=some)
    assert c.shape == (80, 3)
    with untouched(model):
        taken = ablated(scene.view, mean, torch.ones(3, dtype=torch.bool))
        seen: list[Tensor] = []

        def look_at(a: Tensor) -> Tensor:
            seen.append(taken(a))
            return seen[-1]

        outputs(scene, samples, look_at)
    left = (torch.cat(seen) - mean) @ some.T
    assert left.abs().max() < 1e-5


@pytest.mark.parametrize("integrated", [False, True])
def test_contributions_under_every_label_hold_those_under_any(integrated: bool) -> None:
    torch.manual_seed(6)
    model = Net(final=nn.Tanh).eval()
    x, y, _ = blobs(41, 4)
    samples = read_samples((x, y), "train")
    with untouched(model):
        scene = scene_of(model, "h1", samples)
        mean = mean_activations(scene, samples).feature
        by_class = contributions_by_class(scene, samples, mean, 3, integrated=integrated)
        for label in range(3):
            labels = torch.full((41,), label)
            alone = contributions(scene, samples, mean, integrated=integrated, labels=labels)
            assert np.allclose(by_class[:, label], alone, atol=1e-6)
    # Margins under all labels add up to nothing, and so do contributions.
    assert np.abs(by_class.sum(1)).max() < 1e-4


def test_the_shortcut_changes_no_number() -> None:
    torch.manual_seed(7)
    for model, layer in ((Net(), "h2"), (Pixels(), "conv"), (Pixels(), "output:input")):
        x, y, _ = blobs(90, 4)
        samples = read_samples((x, y), "train")
        with untouched(model):
            scene = scene_of(model, layer, samples)
            mean = mean_activations(scene, samples).feature
            again = scene.again_and_again()
            for units in ([0], [1, 3], [2]):
                gone = torch.zeros(scene.view.n_units, dtype=torch.bool)
                gone[units] = True
                plain = contributions(scene, samples, mean, integrated=False, taken=gone)
                assert np.array_equal(plain, contributions(again, samples, mean, integrated=False, taken=gone))
                change = ablated(scene.view, mean, gone)
                assert torch.equal(mean_margins(scene, samples, change), mean_margins(again, samples, change))


def test_a_transformer_layer_of_pytorch_is_met_on_its_slow_path() -> None:
    class Encoder(nn.Module):
        def __init__(self, batch_first: bool) -> None:
            super().__init__()
            self.batch_first = batch_first
            self.embed = nn.Linear(1, 8)
            self.block = nn.TransformerEncoderLayer(8, 2, 16, batch_first=batch_first)
            self.output = nn.Linear(8, 3)

        def forward(self, x: Tensor) -> Tensor:
            stream = self.embed(x[..., None])
            stream = self.block(stream if self.batch_first else stream.transpose(0, 1))
            logits: Tensor = self.output(stream.mean(1 if self.batch_first else 0))
            return logits

    x, y, _ = blobs(40, 4)
    torch.manual_seed(8)
    first = Encoder(batch_first=True)
    second = Encoder(batch_first=False)
    second.load_state_dict(first.state_dict())
    a, scene, *_ = of(first, "block.linear1", x, y)
    b, *_ = of(second, "block.linear1", x, y)
    assert scene.view.n_units == 16 and np.abs(a).max() > 0
    assert np.allclose(a, b, atol=1e-5)
