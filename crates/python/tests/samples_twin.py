"""The score of `dunwu samples` once more in numpy: leave-one-out kernel ridge regression by dropping one row at a time.

The judge takes the kernel's eigenvectors and a closed form; here each sample is left out of the linear system in turn.
"""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


def relu_tangent_kernel(x: Array) -> Array:
    """The tangent kernel of a wide two-layer network of rectified units on inputs with a constant one beside them.

    ```text
    Θ(x, x') = ⟨x, x'⟩ κ₀(ρ) + ‖x‖‖x'‖ κ₁(ρ)      κ₀ = (π − θ)/π, κ₁ = (sin θ + (π − θ) cos θ)/π, ρ = cos θ
    ```
    """
    extended = np.concatenate([x.astype(np.float64), np.ones((len(x), 1))], axis=1)
    norms = np.linalg.norm(extended, axis=1)
    inner = extended @ extended.T
    scale = np.outer(norms, norms)
    theta = np.arccos(np.clip(inner / scale, -1, 1))
    return inner * (np.pi - theta) / np.pi + scale * (np.sin(theta) + (np.pi - theta) * np.cos(theta)) / np.pi


def left_out(kernel: Array, labels: Array, penalty: float) -> Array:
    """What ridge regression without each sample says of it, [n, classes]; targets keep the means of all."""
    targets = np.eye(int(labels.max()) + 1)[labels]
    offsets = targets.mean(0)
    centred = targets - offsets
    ridge = penalty * np.trace(kernel) / len(kernel)
    result = np.zeros_like(targets)
    for i in range(len(kernel)):
        rest = np.arange(len(kernel)) != i
        solved = np.linalg.solve(kernel[np.ix_(rest, rest)] + ridge * np.eye(len(kernel) - 1), centred[rest])
        result[i] = kernel[i, rest] @ solved + offsets
    return result


def samples(arrays: dict[str, Array]) -> dict[str, Any]:
    """A score a sample: 1 less what the regression without it says of its label, at the penalty with the least error left out."""
    labels = arrays["train.label"]
    kernel = arrays["train.kernel"].astype(np.float64) if "train.kernel" in arrays else relu_tangent_kernel(arrays["train.input"])
    targets = np.eye(int(labels.max()) + 1)[labels]
    best = min((left_out(kernel, labels, 10 ** (-4 + step / 2)) for step in range(0, 9, 2)), key=lambda scores: ((targets - scores) ** 2).sum())
    scores = 1 - best[np.arange(len(labels)), labels]
    return {"samples": [{"sample": i, "label": int(label), "memorization": float(score)} for i, (label, score) in enumerate(zip(labels, scores, strict=True))],
            "headline": f"{int((scores > 0.5).sum())} of {len(labels)} samples are memorized", "story": []}  # fmt: skip
