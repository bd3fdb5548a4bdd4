"""Numbers from whatever a training loop has at hand: Python's and numpy's numbers, tensors with one element."""

from __future__ import annotations

import numbers
from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol, cast, runtime_checkable

if TYPE_CHECKING:
    from torch import Tensor


@runtime_checkable
class _HoldsOne(Protocol):
    """What arrays of numpy and tensors share."""

    @property
    def shape(self) -> tuple[int, ...]: ...

    def item(self) -> object: ...


def number_from(name: str, value: object) -> float | Tensor:
    """One number of what was given as `name`.

    A tensor on another device comes back as a copy that is still there: whoever reads many of them waits for the device once.

    Raises:
        TypeError: `value` is no real number.
        ValueError: `value` has no element, or several.
    """
    if isinstance(value, numbers.Real):
        return float(value)
    if not isinstance(value, _HoldsOne):
        raise TypeError(f"{name} is of type {type(value).__name__}; record a number, or an array with one element")
    n_values = 1
    for size in value.shape:
        n_values *= size
    if n_values != 1:
        raise ValueError(f"{name} has {n_values} values; record one number, such as their mean")
    device = getattr(value, "device", None)
    if getattr(device, "type", "cpu") != "cpu":
        return cast("Tensor", value).detach().clone()
    return _real(name, value.item())


def _real(name: str, value: object) -> float:
    if isinstance(value, numbers.Real):
        return float(value)
    raise TypeError(f"{name} is of type {type(value).__name__}; record a real number, such as its absolute value")


def numbers_from(values: Mapping[str, object]) -> dict[str, float | Tensor]:
    """One number a name. What is `None` is left out, so that `test_loss=None` can stand where nothing was evaluated."""
    return {name: number_from(name, value) for name, value in values.items() if value is not None}


def text_by_name(values: Mapping[str, object], *, prefix: str = "") -> dict[str, str]:
    """Settings as text by name; nested ones get names with points: `{"optimizer": {"lr": 0.1}}` is `optimizer.lr = 0.1`."""
    texts: dict[str, str] = {}
    for name, value in values.items():
        key = f"{prefix}{name}"
        if isinstance(value, Mapping):
            texts |= text_by_name(cast("Mapping[str, object]", value), prefix=f"{key}.")
        else:
            texts[key] = value if isinstance(value, str) else repr(value)
    return texts
