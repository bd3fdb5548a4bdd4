"""Handwritten digits, 8×8 (scikit-learn's), with a tenth of the training labels wrong; and the trained networks of the bench."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ..typed_torch import ascending, load_weights, save_weights, seed_everything
from .networks import Cnn, Mlp, train_classifier

TRAIN, HELD_OUT, TEST = 1000, 397, 400
NETWORKS: dict[str, tuple[type[nn.Module], tuple[str, ...]]] = {"mlp": (Mlp, ("h1", "h2")), "cnn": (Cnn, ("conv2", "fc"))}
"""Each network with the layers of it that are judged."""


@dataclass(frozen=True)
class Digits:
    """One split: training samples with labels as the network is given them, `wrong` of which are wrong; held-out and test samples."""

    train: tuple[Tensor, Tensor]
    wrong: Tensor
    held_out: tuple[Tensor, Tensor]
    test: tuple[Tensor, Tensor]


def load() -> tuple[Tensor, Tensor]:
    """Pixels 0..1 [1797, 64] and digits [1797]."""
    try:
        datasets: Any = importlib.import_module("sklearn.datasets")
    except ImportError as missing:
        raise SystemExit("the bench needs scikit-learn for its digits: pip install scikit-learn") from missing
    data = datasets.load_digits()
    return torch.tensor(data.data / 16, dtype=torch.float32), torch.tensor(data.target, dtype=torch.long)


def split(seed: int, *, wrong: int = 100, shuffled: bool = False) -> Digits:
    """The split of a seed; `shuffled` deals all labels anew, those of held-out and test samples too."""
    pixels, digits = load()
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(digits), generator=generator)
    train, held_out, test = order[:TRAIN], order[TRAIN : TRAIN + HELD_OUT], order[TRAIN + HELD_OUT :]
    labels = digits.clone()
    rows = torch.randperm(TRAIN, generator=generator)[:wrong]
    if shuffled:
        labels = labels[torch.randperm(len(labels), generator=generator)]
    else:
        places = train[rows]
        labels[places] = (labels[places] + torch.randint(1, 10, (wrong,), generator=generator)) % 10
    rest = labels if shuffled else digits
    return Digits((pixels[train], labels[train]), ascending(rows), (pixels[held_out], rest[held_out]), (pixels[test], rest[test]))


def trained(network: str, data: Digits, seed: int, cache: Path | None, kind: str = "wrong") -> nn.Module:
    """The network trained until it holds every training label; kept in the folder `cache` where one is given."""
    seed_everything(seed)
    model = NETWORKS[network][0]()
    path = cache / f"{network}-{kind}-{seed}.pt" if cache else None
    if path and path.exists():
        model.load_state_dict(load_weights(path))
        return model.eval()
    train_classifier(model, *data.train, seed=seed, epochs=600)
    if path:
        save_weights(model, path)
    return model.eval()


@torch.no_grad()
def right(model: nn.Module, samples: tuple[Tensor, Tensor]) -> float:
    """The share of samples whose label the model gives."""
    return float((model(samples[0]).argmax(1) == samples[1]).float().mean())
