"""Calls of PyTorch and numpy to which these packages give no types, with the types that their documentation states.

Everything that is untyped is crossed here and nowhere else in `_units`; PyTorch 1.13 as Debian has it decides what is among it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol, cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

Array = np.ndarray[Any, np.dtype[Any]]
Floats = np.ndarray[Any, np.dtype[np.float32]]
ForwardHook = Callable[[nn.Module, tuple[Any, ...], Any], object]
"""What PyTorch calls with a module, its positional inputs and its output; a tensor that it gives takes the output's place."""

_torch: Any = torch
_functional: Any = functional
_legendre: Any = np.polynomial.legendre


class Handle(Protocol):
    """A hook that is on a module."""

    @property
    def id(self) -> int:
        """Its key among the module's hooks."""
        ...

    def remove(self) -> None:
        """Takes the hook off."""
        ...


def tensor_of(array: Array) -> Tensor:
    """A tensor over the memory of an array."""
    return cast(Tensor, _torch.from_numpy(array))


def int_list(numbers: Tensor) -> list[int]:
    """Whole numbers [n] as a list."""
    return cast("list[int]", cast(Any, numbers).tolist())


def named_modules(model: nn.Module) -> list[tuple[str, nn.Module]]:
    """Every module with its name, the model itself first, under the name ""."""
    return [(name, module) for name, module in cast(Any, model).named_modules()]


def add_forward_hook(module: nn.Module, hook: ForwardHook) -> Handle:
    """Calls `hook` after each forward pass of a module."""
    return cast(Handle, cast(Any, module).register_forward_hook(hook))


def put_first(module: nn.Module, hook: Handle) -> None:
    """Has this forward hook of a module called before all others."""
    cast(Any, module)._forward_hooks.move_to_end(hook.id, last=False)


def weight_of(module: nn.Module) -> Tensor:
    """The weights of a linear map or a convolution."""
    return cast(Tensor, module.weight)


def is_script(model: nn.Module) -> bool:
    """Whether this is a TorchScript module, of which PyTorch runs a compiled form."""
    return isinstance(model, cast("type[nn.Module]", _torch.jit.ScriptModule))


def softplus(value: Tensor) -> Tensor:
    """log(1 + exp(value))."""
    return cast(Tensor, _functional.softplus(value))


def one_hot(labels: Tensor, classes: int) -> Tensor:
    """Labels [n] as rows of zeros with a one, int64 [n, classes]."""
    return cast(Tensor, _functional.one_hot(labels, classes))


def split_axis(value: Tensor, axis: int, sizes: tuple[int, int]) -> Tensor:
    """One axis as two; -1 stands for the size that follows from the other."""
    return cast(Tensor, cast(Any, value).unflatten(axis, sizes))


def norms_along_last(value: Tensor) -> Tensor:
    """Euclidean norms along the last axis, [..., n] → [...]."""
    return cast(Tensor, cast(Any, value).norm(dim=-1))


def ascending(values: Tensor) -> Tensor:
    """The values [n] in ascending order."""
    return cast(Tensor, cast(Any, values).sort().values)


def rank_of(matrix: Tensor) -> int:
    """How many rows of a matrix do not depend on the others, within rounding."""
    return int(_torch.linalg.matrix_rank(matrix))


def pseudo_inverse(matrix: Tensor) -> Tensor:
    """The Moore–Penrose inverse, [n, m] → [m, n]."""
    return cast(Tensor, _torch.linalg.pinv(matrix))


def singular_values(matrix: Tensor) -> Tensor:
    """The singular values of a matrix, in descending order."""
    return cast(Tensor, _torch.linalg.svdvals(matrix))


def gauss_legendre(points: int) -> list[tuple[float, float]]:
    """Nodes and weights of Gauss–Legendre quadrature over −1 to 1."""
    nodes, weights = cast("tuple[Array, Array]", _legendre.leggauss(points))
    return [(float(node), float(weight)) for node, weight in zip(nodes, weights, strict=True)]


def backward(loss: Tensor) -> None:
    """Adds the gradient of a loss to every parameter that it depends on."""
    cast(Any, loss).backward()


def seed_everything(seed: int) -> None:
    """Seeds PyTorch's own generators."""
    _torch.manual_seed(seed)


def load_weights(path: Path) -> Mapping[str, Tensor]:
    """A state dict that `save_weights` wrote."""
    return cast("Mapping[str, Tensor]", _torch.load(path))


def save_weights(model: nn.Module, path: Path) -> None:
    """Writes the state dict of a model, in a folder that is made where it is missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    _torch.save(model.state_dict(), path)
