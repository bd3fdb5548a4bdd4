"""Watches a small transformer while it learns to add modulo 97, and asks dunwu what it saw.

    python examples/watch_transformer.py
"""

from __future__ import annotations

import dunwu
import torch
from torch import Tensor, nn

MODULUS, WIDTH = 97, 64


class Adder(nn.Module):
    """Reads `a b =` and answers with the sum."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(MODULUS + 1, WIDTH)
        self.position = nn.Parameter(torch.randn(3, WIDTH) / WIDTH**0.5)
        self.block = nn.TransformerEncoderLayer(WIDTH, 4, 4 * WIDTH, dropout=0.0, batch_first=True)
        self.head = nn.Linear(WIDTH, MODULUS, bias=False)

    def forward(self, tokens: Tensor) -> Tensor:
        return self.head(self.block(self.embed(tokens) + self.position)[:, -1])


def main(n_steps: int = 200) -> None:
    torch.manual_seed(0)  # pyright: ignore[reportUnknownMemberType]  # PyTorch 1.13 gives it no types
    pairs = torch.cartesian_prod(torch.arange(MODULUS), torch.arange(MODULUS))
    inputs = torch.cat([pairs, torch.full((len(pairs), 1), MODULUS)], dim=1)
    labels = pairs.sum(1) % MODULUS
    order = torch.randperm(len(pairs))
    train, test = order[: len(order) // 2], order[len(order) // 2 :][:512]

    model = Adder()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=1.0)
    with dunwu.watch(model, optimizer, to="runs/adder", config={"modulus": MODULUS, "batch_size": 512}) as w:
        for step in range(1, n_steps + 1):
            batch = train[torch.randint(len(train), (512,))]
            loss = nn.functional.cross_entropy(model(inputs[batch]), labels[batch])
            optimizer.zero_grad()
            loss.backward()  # pyright: ignore[reportUnknownMemberType]  # PyTorch 1.13 gives it no types
            optimizer.step()
            test_loss: float | None = None
            if step % 20 == 0:
                with torch.no_grad():
                    test_loss = nn.functional.cross_entropy(model(inputs[test]), labels[test]).item()
            w.step(train_loss=loss, test_loss=test_loss)
    print(dunwu.show(w.path).headline)


if __name__ == "__main__":
    main()
