"""Small networks and data for the tests of `dunwu.units`: everything is drawn from a seed, and nothing takes a second."""

from __future__ import annotations

from typing import Any, TypeVar

import torch
from torch import Tensor, nn

M = TypeVar("M", bound=nn.Module)


def blobs(n: int, seed: int, *, classes: int = 3, wrong: float = 0.0) -> tuple[Tensor, Tensor, Tensor]:
    """Overlapping clouds in six dimensions: inputs [n, 6], labels [n] of which a share is wrong, and which are."""
    generator = torch.Generator().manual_seed(seed)
    centres = torch.randn(classes, 6, generator=torch.Generator().manual_seed(99)) * 1.5
    labels = torch.randint(classes, (n,), generator=generator)
    inputs = centres[labels] + torch.randn(n, 6, generator=generator)
    flipped = torch.rand(n, generator=generator) < wrong
    labels = torch.where(flipped, (labels + 1) % classes, labels)
    return inputs, labels, flipped


class Net(nn.Module):
    """Two hidden layers, dropout that must be off, batch norm whose averages must not move."""

    def __init__(self, width: int = 12, classes: int = 3, final: type[nn.Module] = nn.ReLU) -> None:
        super().__init__()
        self.first = nn.Linear(6, width)
        self.norm = nn.BatchNorm1d(width)
        self.h1 = nn.ReLU(inplace=True)
        self.drop = nn.Dropout(0.5)
        self.second = nn.Linear(width, width)
        self.h2 = final()
        self.unused = nn.Linear(2, 2)
        self.output = nn.Linear(width, classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.drop(self.h1(self.norm(self.first(x))))
        logits: Tensor = self.output(self.h2(self.second(x)))
        return logits


class Pixels(nn.Module):
    """A small convolutional net on the same six numbers as 2×3 pixels."""

    def __init__(self) -> None:
        super().__init__()
        self.kernel = nn.Conv2d(1, 5, 2, padding=1)
        self.conv = nn.Tanh()
        self.pool = nn.AvgPool2d(2)
        self.output = nn.Linear(5 * 1 * 2, 3)

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.output(self.pool(self.conv(self.kernel(x.reshape(-1, 1, 2, 3)))).flatten(1))
        return logits


class Reader(nn.Module):
    """A one-block transformer over tokens, with heads that can be seen before they are mixed."""

    def __init__(self, vocabulary: int = 7, width: int = 8, heads: int = 2) -> None:
        super().__init__()
        self.num_heads = heads
        self.embedding = nn.Embedding(vocabulary, width)
        self.mix = nn.Linear(width, 3 * width)
        self.heads = nn.Identity()
        self.projection = nn.Linear(width, width)
        self.up, self.units, self.down = nn.Linear(width, 16), nn.GELU(), nn.Linear(16, width)
        self.unembedding = nn.Linear(width, vocabulary)

    def forward(self, tokens: Tensor) -> Tensor:
        x = self.embedding(tokens)
        b, t, d = x.shape
        query, key, value = self.mix(x).view(b, t, 3, self.num_heads, -1).permute(2, 0, 3, 1, 4)
        scores = (query @ key.transpose(-1, -2)).masked_fill(torch.ones(t, t, dtype=torch.bool).triu(1), -1e9)
        x = x + self.projection(self.heads((scores.softmax(-1) @ value).transpose(1, 2).reshape(b, t, d)))
        x = x + self.down(self.units(self.up(x)))
        logits: Tensor = self.unembedding(x)
        return logits


def tokens(n: int, seed: int, length: int = 5) -> tuple[Tensor, Tensor]:
    """Sequences of tokens and the tokens that follow them; the first position of each is not asked."""
    rows = torch.randint(7, (n, length + 1), generator=torch.Generator().manual_seed(seed))
    labels = rows[:, 1:].clone()
    labels[:, 0] = -100
    return rows[:, :-1], labels


def fitted(model: M, x: Tensor, y: Tensor, steps: int = 300) -> M:
    """The model trained on all samples at once, and left in training mode, as users leave it."""
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    model.train()
    for _ in range(steps):
        optimizer.zero_grad()
        logits = model(x)
        nn.functional.cross_entropy(logits.flatten(0, -2), y.flatten()).backward()
        optimizer.step()
    return model


def state(model: nn.Module) -> dict[str, Any]:
    """Everything of a model that looking at it must not change."""
    return {
        "weights": {name: value.clone() for name, value in model.state_dict().items()},
        "training": {name: module.training for name, module in model.named_modules()},
        "gradients": {name: (id(p.grad), None if p.grad is None else p.grad.clone()) for name, p in model.named_parameters()},
        "requires_grad": {name: p.requires_grad for name, p in model.named_parameters()},
        "hooks": {name: (len(m._forward_hooks), len(m._forward_pre_hooks), len(m._backward_hooks)) for name, m in model.named_modules()},
        "own": {name: sorted(key for key in m.__dict__ if not key.startswith("_")) for name, m in model.named_modules()},
        "random": torch.get_rng_state(),
    }


def assert_same(before: dict[str, Any], after: dict[str, Any]) -> None:
    """No bit of a model's state differs."""
    for name in ("training", "requires_grad", "hooks", "own"):
        assert before[name] == after[name], name
    assert torch.equal(before["random"], after["random"]), "random numbers"
    assert before["weights"].keys() == after["weights"].keys()
    for name, value in before["weights"].items():
        assert torch.equal(value, after["weights"][name]), name
    for name, (number, value) in before["gradients"].items():
        assert after["gradients"][name][0] == number, f"gradient of {name} is another tensor"
        assert value is None or torch.equal(value, after["gradients"][name][1]), name
