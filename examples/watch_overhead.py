"""What watching costs: a transformer of 10 million parameters, trained with and without `dunwu.watch`, in turns.

    python examples/watch_overhead.py [steps of each]

Two copies of the network train on the same batches, a step of one and a step of the other in turns. It prints the time of a step of each,
the share that watching adds, and whether the two networks are still equal to the last bit. CPU time is that of this process, whatever else
the machine does.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time

import dunwu
import torch
from torch import Tensor, nn

BATCH, LENGTH, VOCABULARY, WIDTH, BLOCKS = 8, 128, 256, 384, 6


class Transformer(nn.Module):
    """Predicts the next token; 10 million parameters, as GPT-2 arranges them."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(VOCABULARY, WIDTH)
        self.position = nn.Embedding(LENGTH, WIDTH)
        block = nn.TransformerEncoderLayer(WIDTH, 6, 4 * WIDTH, dropout=0.0, activation="gelu", batch_first=True, norm_first=True)
        self.blocks = nn.TransformerEncoder(block, BLOCKS, enable_nested_tensor=False)
        self.norm = nn.LayerNorm(WIDTH)
        self.head = nn.Linear(WIDTH, VOCABULARY, bias=False)

    def forward(self, tokens: Tensor) -> Tensor:
        length = tokens.shape[1]
        later = torch.full((length, length), float("-inf")).triu(1)
        return self.head(self.norm(self.blocks(self.embed(tokens) + self.position(torch.arange(length)), mask=later)))


def make() -> tuple[nn.Module, torch.optim.Optimizer]:
    torch.manual_seed(0)  # pyright: ignore[reportUnknownMemberType]  # PyTorch 1.13 gives it no types
    model = Transformer()
    return model, torch.optim.AdamW(model.parameters(), lr=3e-4)


def train_step(model: nn.Module, optimizer: torch.optim.Optimizer, tokens: Tensor) -> Tensor:
    logits = model(tokens[:, :-1])
    loss = nn.functional.cross_entropy(logits.reshape(-1, VOCABULARY), tokens[:, 1:].reshape(-1))
    optimizer.zero_grad()
    loss.backward()  # pyright: ignore[reportUnknownMemberType]  # PyTorch 1.13 gives it no types
    optimizer.step()
    return loss


def now() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def since(began: tuple[float, float]) -> tuple[float, float]:
    ended = now()
    return ended[0] - began[0], ended[1] - began[1]


def main(n_steps: int) -> None:
    model, optimizer = make()
    watched, its_optimizer = make()
    n_parameters = sum(p.numel() for p in model.parameters())
    draw = torch.Generator().manual_seed(1)
    batches = [torch.randint(VOCABULARY, (BATCH, LENGTH), generator=draw) for _ in range(n_steps)]
    # Wall time and CPU time of each step.
    plain_secs: list[tuple[float, float]] = []
    watched_secs: list[tuple[float, float]] = []
    with tempfile.TemporaryDirectory() as folder:
        # Half of the usual 5 %: between two steps of the watched network there is one of the other, which is no training of its own.
        with dunwu.watch(watched, its_optimizer, to=f"{folder}/runs/overhead", overhead=0.025) as w:
            for tokens in batches:
                began = now()
                train_step(model, optimizer, tokens)
                plain_secs.append(since(began))
                began = now()
                loss = train_step(watched, its_optimizer, tokens)
                w.step(loss=loss)
                watched_secs.append(since(began))
    same = all(torch.equal(a, b) for a, b in zip(model.parameters(), watched.parameters(), strict=True))
    print(f"{n_parameters:,} parameters, {n_steps} steps each, {torch.get_num_threads()} thread(s), torch {torch.__version__}")
    for i, clock in enumerate(("wall", "CPU")):
        plain, ours = [secs[i] for secs in plain_secs], [secs[i] for secs in watched_secs]
        medians = statistics.median(plain), statistics.median(ours)
        print(f"median step, {clock}: {medians[0] * 1e3:.1f} ms without, {medians[1] * 1e3:.1f} ms watched: {medians[1] / medians[0] - 1:+.1%}")
        print(f"all steps, {clock}: {sum(plain):.1f} s without, {sum(ours):.1f} s watched: {sum(ours) / sum(plain) - 1:+.1%}")
    print("the two networks are equal to the last bit" if same else "the two networks differ")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
