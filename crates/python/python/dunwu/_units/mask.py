"""A learned mask: which units to choose where a mean over flagged samples says little, as in transformers with secrets.

```text
minimize  mean over flagged of softplus(m + 1)  +  5 · KL(old ‖ new) on the rest  +  Σ_j g_j / 32       g = σ(θ): how far unit j is moved to its mean
```

60 steps of Adam on θ, [units]; units are ranked by g. The last term asks for few units: 32 of them cost as much as one nat.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from .batches import IGNORED, Batch, Rows, Samples
from .contributions import Scene, ablated
from .editing import KEEP, STEPS
from .forward import labelled, logits_of, rival_margins
from .layer import met
from .typed_torch import softplus

START, RATE, PRICE = -2.0, 0.1, 1 / 32


def learned_mask(scene: Scene, flagged: Samples, rest: Samples, mean: Tensor, *, steps: int = STEPS) -> Tensor:
    """How far each unit is moved to its mean, 0..1 [units]."""
    scene = scene.again_and_again()
    theta = torch.full((scene.view.n_units,), START, device=mean.device)
    first, second = torch.zeros_like(theta), torch.zeros_like(theta)
    held = list(flagged.batches(scene.batch_size))
    kept: list[tuple[Rows, Batch, Tensor]] = []
    for rows, batch in rest.batches(scene.batch_size):
        logits = logits_of(scene.model, batch).detach()
        kept.append((rows, batch, labelled(logits, batch.labels)[0].log_softmax(-1)))
    n_held = sum(int((batch.labels != IGNORED).sum()) for _, batch in held)
    n_kept = max(1, sum(len(old) for _, _, old in kept))
    for step in range(1, steps + 1):
        gradient = PRICE * torch.sigmoid(theta) * torch.sigmoid(-theta)
        for rows, batch in held:
            gradient = gradient + _gradient(
                scene, flagged, rows, batch, mean, theta, lambda logits, batch=batch: softplus(rival_margins(logits, batch.labels) + 1).sum() / n_held
            )
        for rows, batch, old in kept:
            gradient = gradient + _gradient(
                scene, rest, rows, batch, mean, theta,
                lambda logits, batch=batch, old=old: KEEP
                * functional.kl_div(labelled(logits, batch.labels)[0].log_softmax(-1), old, log_target=True, reduction="sum") / n_kept,
            )  # fmt: skip
        first = 0.9 * first + 0.1 * gradient
        second = 0.999 * second + 0.001 * gradient**2
        theta = theta - RATE * (first / (1 - 0.9**step)) / ((second / (1 - 0.999**step)).sqrt() + 1e-8)
    return torch.sigmoid(theta).cpu()


def _gradient(
    scene: Scene, samples: Samples, rows: Rows, batch: Batch, mean: Tensor, theta: Tensor, loss: Callable[[Tensor], Tensor]
) -> Tensor:
    """The gradient of one batch's part of the objective."""
    with torch.enable_grad(), scene.over(samples, rows):
        leaf = theta.detach().requires_grad_()
        with met(scene.layer, ablated(scene.view, mean, torch.sigmoid(leaf))):
            value = loss(logits_of(scene.model, batch))
        (gradient,) = torch.autograd.grad(value, leaf)
    return gradient.detach()
