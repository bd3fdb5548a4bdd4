"""A text of characters with planted secrets: lines of random letters that nothing but memory can continue."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

REPEATS = (1, 4, 16, 64)
"""How often a secret stands in the training text; OWNMODEL (c) planted 8 of each."""

LETTERS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True)
class Secret:
    """One planted line: `prompt` announces it, `answer` is what only memory knows."""

    prompt: str
    answer: str
    repeats: int


@dataclass(frozen=True)
class PlantedText:
    """Training stream with secrets, and two later parts of the same text without any."""

    alphabet: str
    secrets: tuple[Secret, ...]
    train: Tensor
    held_out: Tensor
    test: Tensor

    def encode(self, text: str) -> Tensor:
        """Characters to tokens, [len(text)]."""
        place = {character: index for index, character in enumerate(self.alphabet)}
        return torch.tensor([place[character] for character in text])

    def secret_rows(self, secrets: list[Secret], context: int, seed: int) -> tuple[Tensor, Tensor]:
        """Secrets as sequences: inputs and labels [n, context], labels −100 but for the answer's characters.

        Text of the training stream stands before the prompt, so that the answer is asked where a reader would meet it.
        """
        draw = random.Random(f"{seed} rows")
        inputs: list[Tensor] = []
        labels: list[Tensor] = []
        for secret in secrets:
            line = self.encode(f"\n{secret.prompt}{secret.answer}")
            start = draw.randrange(len(self.test) - context)
            row = torch.cat([self.test[start : start + context + 1 - len(line)], line])
            target = row[1:].clone()
            target[: context - len(secret.answer)] = -100
            inputs.append(row[:-1])
            labels.append(target)
        return torch.stack(inputs), torch.stack(labels)


def windows(stream: Tensor, context: int) -> tuple[Tensor, Tensor]:
    """A stream cut into sequences that follow each other: inputs and labels, both [n, context]."""
    n = (len(stream) - 1) // context
    rows = stream[: n * context + 1]
    return rows[:-1].view(n, context), rows[1:].view(n, context)


def plant(path: Path, *, seed: int, train: int = 120_000, other: int = 40_000, per_repeat: int = 8) -> PlantedText:
    """Reads a text, keeps what is needed of it from a place the seed chooses, and plants the secrets between its lines."""
    draw = random.Random(f"{seed} secrets")
    text = path.read_text(encoding="utf-8")
    text = "".join(character for character in text if character == "\n" or " " <= character <= "~")
    needed = train + 2 * other
    if len(text) < needed:
        raise ValueError(f"the bench needs a text of {needed} characters, this one has {len(text)}: {path}")
    start = draw.randrange(len(text) - needed + 1)
    part = text[start : start + needed]
    secrets: list[Secret] = []
    for repeats in REPEATS:
        for _ in range(per_repeat):
            name = "".join(draw.choice(LETTERS) for _ in range(6)).capitalize()
            answer = "".join(draw.choice(LETTERS) for _ in range(12))
            secrets.append(Secret(f"The word of {name} is ", answer, repeats))
    lines = part[:train].split("\n")
    for secret in secrets:
        for _ in range(secret.repeats):
            lines.insert(draw.randrange(len(lines)), secret.prompt + secret.answer)
    alphabet = "".join(sorted(set(part) | set(LETTERS) | set(LETTERS.upper()) | {" ", "\n"}))
    planted = PlantedText(alphabet, tuple(secrets), *(torch.zeros(0, dtype=torch.long) for _ in range(3)))
    streams = [planted.encode(piece) for piece in ("\n".join(lines), part[train : train + other], part[train + other :])]
    return PlantedText(alphabet, tuple(secrets), *streams)
