"""The networks of the bench, small enough that one core trains each of them in seconds or minutes.

Here are only shapes and training loops; what is asked of the trained networks is in the part that asks it.
"""

from __future__ import annotations

import math
from typing import Any, cast

import torch
from torch import Tensor, nn

from ..typed_torch import backward


class Mlp(nn.Module):
    """A multilayer perceptron with two ReLU layers, `h1` and `h2`: [b, inputs] → [b, classes]."""

    def __init__(self, inputs: int = 64, width: int = 256, classes: int = 10) -> None:
        super().__init__()
        self.layer1, self.h1 = nn.Linear(inputs, width), nn.ReLU()
        self.layer2, self.h2 = nn.Linear(width, width), nn.ReLU()
        self.output = nn.Linear(width, classes)

    def forward(self, pixels: Tensor) -> Tensor:
        hidden = self.h2(self.layer2(self.h1(self.layer1(pixels))))
        logits: Tensor = self.output(hidden)
        return logits


class Cnn(nn.Module):
    """Two convolutions of 8 and 32 channels, `conv1` and `conv2`, and `fc` of 128 units: [b, 64] → [b, 10]."""

    def __init__(self) -> None:
        super().__init__()
        self.kernel1, self.conv1 = nn.Conv2d(1, 8, 3, padding=1), nn.ReLU()
        self.kernel2, self.conv2 = nn.Conv2d(8, 32, 3, padding=1), nn.ReLU()
        self.pool = nn.MaxPool2d(2)
        self.dense, self.fc = nn.Linear(32 * 16, 128), nn.ReLU()
        self.output = nn.Linear(128, 10)

    def forward(self, pixels: Tensor) -> Tensor:
        image = self.conv1(self.kernel1(pixels.reshape(-1, 1, 8, 8)))
        image = self.pool(self.conv2(self.kernel2(image)))
        logits: Tensor = self.output(self.fc(self.dense(image.flatten(1))))
        return logits


class Attention(nn.Module):
    """Causal self-attention; `heads` sees what the heads say, [b, t, d], before `projection` mixes them."""

    def __init__(self, width: int, n_heads: int) -> None:
        super().__init__()
        self.n_heads = n_heads
        self.query_key_value = nn.Linear(width, 3 * width)
        self.heads = nn.Identity()
        self.projection = nn.Linear(width, width)

    def forward(self, stream: Tensor) -> Tensor:
        b, t, d = stream.shape
        split = self.query_key_value(stream).view(b, t, 3, self.n_heads, d // self.n_heads)
        query, key, value = split.permute(2, 0, 3, 1, 4)
        scores = query @ key.transpose(-1, -2) / math.sqrt(d // self.n_heads)
        future = torch.ones(t, t, dtype=torch.bool, device=stream.device).triu(1)
        mixed = scores.masked_fill(future, -math.inf).softmax(-1) @ value
        projected: Tensor = self.projection(self.heads(mixed.transpose(1, 2).reshape(b, t, d)))
        return projected


class Block(nn.Module):
    """Attention and an MLP of four times the width, `units` after its GELU, both added to the residual stream."""

    def __init__(self, width: int, n_heads: int) -> None:
        super().__init__()
        self.norm1, self.attention = nn.LayerNorm(width), Attention(width, n_heads)
        self.norm2, self.up, self.units = nn.LayerNorm(width), nn.Linear(width, 4 * width), nn.GELU()
        self.down = nn.Linear(4 * width, width)

    def forward(self, stream: Tensor) -> Tensor:
        stream = stream + self.attention(self.norm1(stream))
        added: Tensor = self.down(self.units(self.up(self.norm2(stream))))
        return stream + added


class CharacterTransformer(nn.Module):
    """A decoder over characters: tokens [b, t] → logits [b, t, vocabulary]."""

    def __init__(self, vocabulary: int, width: int = 128, context: int = 128, blocks: int = 2, n_heads: int = 4) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, width)
        self.position = nn.Parameter(torch.randn(context, width) * 0.02)
        self.blocks = nn.ModuleList(Block(width, n_heads) for _ in range(blocks))
        self.norm = nn.LayerNorm(width)
        self.unembedding = nn.Linear(width, vocabulary)

    def forward(self, tokens: Tensor) -> Tensor:
        stream = self.embedding(tokens) + self.position[: tokens.shape[1]]
        for block in self.blocks:
            stream = block(stream)
        logits: Tensor = self.unembedding(self.norm(stream))
        return logits


def train_classifier(
    model: nn.Module, inputs: Tensor, labels: Tensor, *, seed: int, epochs: int = 200, batch: int = 50, rate: float = 1e-3
) -> int:
    """Trains with Adam until every training label is learnt, at most `epochs`; gives the number of epochs that took."""
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam(model.parameters(), lr=rate)
    model.train()
    epoch = 0
    for epoch in range(1, epochs + 1):
        order = torch.randperm(len(labels), generator=generator)
        for rows in (order[start : start + batch] for start in range(0, len(order), batch)):
            optimizer.zero_grad()
            backward(nn.functional.cross_entropy(model(inputs[rows]), labels[rows]))
            optimizer.step()
        if epoch % 5 == 0:
            with torch.no_grad():
                logits = model.eval()(inputs)
                model.train()
            # Ten times the last sample's margin of safety: all right, and with a mean loss that says "for good".
            right = bool((logits.argmax(1) == labels).all())
            if right and float(nn.functional.cross_entropy(logits, labels)) < 0.005:
                break
    model.eval()
    return epoch


def train_on_stream(
    model: nn.Module, stream: Tensor, *, seed: int, steps: int, batch: int = 32, context: int = 128, rate: float = 2e-3
) -> float:
    """Trains a language model on random windows of one long text [tokens]; gives the mean loss of the last tenth."""
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=0.0)
    losses: list[float] = []
    model.train()
    for step in range(steps):
        groups: list[dict[str, Any]] = cast(Any, optimizer).param_groups
        for group in groups:
            warm, cool = min(1.0, (step + 1) / 50), 0.5 * (1 + math.cos(math.pi * step / steps))
            group["lr"] = rate * warm * max(cool, 0.05)
        starts = torch.randint(len(stream) - context - 1, (batch,), generator=generator)
        windows = stream[starts[:, None] + torch.arange(context + 1)]
        logits = model(windows[:, :-1])
        loss = nn.functional.cross_entropy(logits.flatten(0, 1), windows[:, 1:].flatten())
        optimizer.zero_grad()
        backward(loss)
        optimizer.step()
        losses.append(float(loss))
    model.eval()
    last = losses[-max(1, steps // 10) :]
    return sum(last) / len(last)
