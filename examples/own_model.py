"""Train a small convolutional network with some wrong labels, see which units memorize them, and remove them.

Needs torch and scikit-learn (for its digits): `python examples/own_model.py`. It takes about a minute on one core.
"""

from __future__ import annotations

from typing import Any, cast

import dunwu
import torch
from sklearn.datasets import load_digits  # pyright: ignore[reportMissingTypeStubs]  # scikit-learn has none
from torch import nn

torch.manual_seed(0)  # pyright: ignore[reportUnknownMemberType]  # PyTorch 1.13 gives it no types

# 1,000 digits to train on, a tenth of them with a wrong label; 397 held out for the judge, 400 to test with.
digits = cast(Any, load_digits())
pixels = torch.tensor(digits.data / 16, dtype=torch.float32).view(-1, 1, 8, 8)
labels = torch.tensor(digits.target)
order = torch.randperm(len(labels))
train, held_out, test = order[:1000], order[1000:1397], order[1397:]
given = labels[train].clone()
wrong = torch.randperm(1000)[:100]
given[wrong] = (given[wrong] + torch.randint(1, 10, (100,))) % 10

model = nn.Sequential()
model.add_module("kernel1", nn.Conv2d(1, 8, 3, padding=1))
model.add_module("conv1", nn.ReLU())
model.add_module("kernel2", nn.Conv2d(8, 32, 3, padding=1))
model.add_module("conv2", nn.ReLU())
model.add_module("pool", nn.MaxPool2d(2))
model.add_module("flat", nn.Flatten())
model.add_module("dense", nn.Linear(512, 128))
model.add_module("fc", nn.ReLU())
model.add_module("output", nn.Linear(128, 10))

optimizer = torch.optim.Adam(model.parameters())
for epoch in range(120):
    for rows in torch.split(torch.randperm(1000), 50):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(pixels[train[rows]]), given[rows])
        loss.backward()  # pyright: ignore[reportUnknownMemberType]  # PyTorch 1.13 gives it no types
        optimizer.step()
model.eval()


def say(network: nn.Module, words: str) -> None:
    """Prints which share of the wrong labels a network gives, and how often it is right about the test digits."""
    with torch.no_grad():
        held = (network(pixels[train[wrong]]).argmax(1) == given[wrong]).float().mean()
        right = (network(pixels[test]).argmax(1) == labels[test]).float().mean()
    print(f"{words}: {held:.0%} of the wrong labels, {right:.1%} of the test digits")


say(model, "as trained")

# Which units of the last hidden layer memorize, which generalize?
layer = dunwu.units(model, "fc", train=(pixels[train], given), held_out=(pixels[held_out], labels[held_out]), budget_s=60, quiet=True)
print("\n".join(layer.sentences))
for label in ("memorizing", "generalizing", "both", "neither", "cannot tell"):
    print(f"{label:12} {len(layer.which(label)):3} units")
found, planted = set(layer.flagged), {int(row) for row in wrong}
print(f"{len(found)} samples flagged, {len(found & planted)} of the 100 wrong ones among them")

# Put the units at their mean whose ablation costs the flagged labels most and the rest least.
ablated = layer.ablate()
print(ablated)
say(ablated.model, f"{len(ablated.units)} units ablated")

# Or change the outgoing weights of 32 units alone. Random units can be edited to do much the same: memory is gone, not located.
edited = layer.edit(k=32)
print(edited)
say(edited.model, "32 units edited")

# Sample by sample: what do all the others say of each label?
scored = dunwu.samples(model, (pixels[train], given), quiet=True)
first = [row["sample"] for row in scored.most(100)]
print(f"{len(set(first) & planted)} of the 100 most memorized samples have a wrong label")
