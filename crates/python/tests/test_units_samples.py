"""How much each sample is memorized: the tangent kernel against its definition, and wrong labels among the most memorized."""

from __future__ import annotations

import pytest
import torch
from dunwu._units import UnitsError, memorization, samples
from dunwu._units.batches import read_samples
from torch import nn
from units_nets import blobs


def net(*, classes: int = 3) -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(6, 10), nn.Tanh(), nn.Linear(10, classes))


def tangent_kernel(model: nn.Module, x: torch.Tensor) -> torch.Tensor:
    """Σ_c ⟨∂z_c(x)/∂θ, ∂z_c(x')/∂θ⟩, by one backward pass an output."""
    parameters = list(model.parameters())
    rows = [
        torch.cat([torch.cat([part.flatten() for part in torch.autograd.grad(model(each[None])[0, c], parameters)]) for c in range(3)])
        for each in x
    ]
    gradients = torch.stack(rows)
    return gradients @ gradients.T


def test_the_sketched_tangent_kernel_is_that_of_the_definition(monkeypatch: pytest.MonkeyPatch) -> None:
    n_probes = 400
    monkeypatch.setattr(memorization, "PROBES", n_probes)
    x, y, _ = blobs(12, 1)
    model = net()
    with torch.no_grad():  # as under `untouched`
        sketched = memorization._sketches(model, read_samples((x, y), "train"), 3, float("inf"), 0)
    exact = tangent_kernel(model, x)
    # A mean over 400 Gaussian probes has a relative error of √(2/400) = 7 %, and 113 weights in 4,096 cells meet in two pairs or so; four times that.
    assert float((torch.from_numpy(sketched @ sketched.T) - exact).abs().max()) < 0.28 * float(exact.max())


@pytest.mark.parametrize("kernel", [False, True])
def test_wrong_labels_are_the_most_memorized(kernel: bool) -> None:
    x, y, wrong = blobs(120, 1, wrong=0.1)
    model = net()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    for _ in range(300):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
    told = samples(model, (x, y), kernel=kernel, quiet=True)
    scores = torch.tensor(told.memorization)
    # The share of pairs, one of a wrong and one of a right label, in the right order. Scores without any sense give 0.5, with a
    # standard error of √((n + m + 1) / 12nm), 0.09 for some 12 wrong labels of 120.
    order = (scores[wrong][:, None] > scores[~wrong]).float().mean()
    assert float(order) > 0.8


def test_what_the_judge_refuses_names_no_file_that_nobody_asked_for() -> None:
    x, y, _ = blobs(60, 1)
    with pytest.raises(UnitsError, match="^all 1 training samples have label"):
        samples(net(), (x[:1], y[:1]), quiet=True)
