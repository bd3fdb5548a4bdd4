"""What a look reads of weights, gradients and activations: cheap reductions to one number a unit.

Each is a pass or two over memory. For a weight of a million numbers on one core of a desktop, a norm of every row takes 0.5 ms and a
copy 0.8 ms, `torch.var_mean` over rows 20 ms: hence sums instead of the latter.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from torch import Tensor

# Rows of activations that are read. A mean of so many has an error of std / 22, and a layer of 1,536 units costs some 3 ms.
_MOST_ROWS = 512
# Numbers of activations that are read. Rows are fewer where they are wider: 16 of a vocabulary of 32,000.
_MOST_NUMBERS = 1 << 19
_FEWEST_ROWS = 16


def unit_norms(array: Tensor, unit_dim: int) -> Tensor:
    """How large each unit's part of an array is.

    ```text
    n_j = √ Σᵢ |x_ji|²        i runs over everything but the unit's dimension
    ```

    - Shape: `[…, unit, …] → [unit]`; a scalar counts as one unit, a vector as one number a unit
    - Halves are summed as f32
    """
    if array.is_sparse:
        array = _dense_values(array, unit_dim)
    array = _real(array)
    if array.ndim <= 1:
        return array.abs().reshape(-1)
    if unit_dim == 0:
        return _norm(array.flatten(1), 1)
    # Six times as fast as a norm over the first dimension of a matrix.
    rows = array.movedim(unit_dim, -1).flatten(0, -2)
    return (rows * rows).sum(0).sqrt()


def _dense_values(array: Tensor, unit_dim: int) -> Tensor:
    """A sparse gradient's numbers: the rows that are there, where units are columns; the whole array otherwise."""
    gradient = array.coalesce()
    return gradient.values() if gradient.sparse_dim() == 1 and unit_dim == 1 else gradient.to_dense()


def _real(array: Tensor) -> Tensor:
    import torch

    array = array.detach()
    if array.is_complex():
        return array.abs()
    return array.float() if array.dtype in (torch.float16, torch.bfloat16) else array


def squared_norm(array: Tensor) -> Tensor:
    """Σ x², as f64 if the array has it and as f32 otherwise."""
    norm = _norm(_real(array.coalesce().values() if array.is_sparse else array), None)
    return norm * norm


def _norm(array: Tensor, dim: int | None) -> Tensor:
    import torch

    linalg: Any = torch.linalg  # PyTorch declares no types for what it builds in here
    return cast("Tensor", linalg.vector_norm(array, dim=dim))


def sampled_rows(output: Tensor, unit_dim: int) -> Tensor:
    """Activations as `[row, unit]`, thinned evenly to at most 512 rows.

    A row is a sample, a token or a pixel. The stride shares no divisor with any length, or it would read the same token of every
    sequence.
    """
    output = _real(output)
    if output.ndim <= 1:
        return output.reshape(1, -1)
    n_units = output.shape[unit_dim]
    most = min(_MOST_ROWS, max(_FEWEST_ROWS, _MOST_NUMBERS // max(n_units, 1)))
    lengths = [size for dim, size in enumerate(output.shape) if dim != unit_dim % output.ndim]
    n_rows = math.prod(lengths)
    stride = even_stride(n_rows, most, lengths)
    if unit_dim % output.ndim == output.ndim - 1:
        return output.reshape(n_rows, n_units)[::stride]
    # Only the rows that are kept are copied: a batch of images is large.
    import torch

    kept = torch.arange(0, n_rows, stride, device=output.device)
    inner = math.prod(output.shape[2:])
    return output.flatten(2)[kept // inner, :, kept % inner] if output.ndim > 2 else output[kept]


def even_stride(n_rows: int, most: int, lengths: Sequence[int]) -> int:
    """The smallest stride that leaves at most so many rows and has no divisor in common with any of these lengths."""
    stride = max(1, -(-n_rows // most))
    while stride > 1 and any(math.gcd(stride, length) > 1 for length in lengths if length > 1):
        stride += 1
    return stride


def activation_statistics(output: Tensor, unit_dim: int) -> dict[str, Tensor]:
    """What each unit did on the samples of one batch.

    ```text
    activation_mean_j           = meanᵢ x_ij
    activation_std_j            = √ meanᵢ (x_ij − mean_j)²
    activation_positive_share_j = share of i with x_ij > 0
    ```

    - Shape: `[…, unit, …] → [unit]` each
    - The share tells a dead unit of a ReLU before it and after it: 0 in both
    """
    rows = sampled_rows(output, unit_dim)
    mean = rows.mean(0)
    apart = rows - mean
    return {
        "activation_mean": mean,
        "activation_std": (apart * apart).mean(0).sqrt(),
        "activation_positive_share": (rows > 0).to(rows.dtype).mean(0),
    }


def logit_scale(output: Tensor) -> Tensor:
    """How far the outputs for one sample stand apart, which cross-entropy drives up when everything is answered rightly.

    ```text
    s = √ mean_ic (z_ic − mean_c z_ic)²        of outputs without classes: √ mean z²
    ```

    - Shape: `[…, class] → scalar`; unit: that of the outputs
    - A shift of all outputs of a sample, which no softmax sees, leaves it as it is
    """
    rows = sampled_rows(output, -1)
    if rows.shape[1] > 1:
        rows = rows - rows.mean(1, keepdim=True)
    return (rows * rows).mean().sqrt()


def first_tensor(output: object, *, preferred: str | None = None) -> Tensor | None:
    """The first floating-point tensor in what a module returned: a tensor, a tuple, a dictionary, or these in each other."""
    import torch

    if isinstance(output, torch.Tensor):
        return output if output.is_floating_point() or output.is_complex() else None
    if isinstance(output, Mapping):
        by_name = cast("Mapping[str, object]", output)
        if preferred is not None and preferred in by_name:
            return first_tensor(by_name[preferred])
        return _first_of(list(by_name.values()))
    if isinstance(output, (tuple, list)):
        return _first_of(cast("Sequence[object]", output))
    return None


def _first_of(parts: Sequence[object]) -> Tensor | None:
    found = (first_tensor(part) for part in parts)
    return next((tensor for tensor in found if tensor is not None), None)
