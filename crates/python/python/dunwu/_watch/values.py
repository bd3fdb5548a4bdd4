"""Numbers from whatever a training loop has at hand: Python's and numpy's numbers, tensors with one element."""

from __future__ import annotations

import numbers
import unicodedata
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


# Bytes of a name in a record.
_MOST_NAME = 300


def why_no_name(name: str) -> str | None:
    """Why a series cannot have this name, if so: tables have a column `step` of their own, and lines end at line feeds."""
    if name == "step":
        return "tables have a column of that name; call it something else, such as epoch"
    if not name.strip():
        return "it is empty; write at least a letter"
    if len(name.encode()) > _MOST_NAME:
        return f"it is longer than {_MOST_NAME} bytes; shorten it"
    if any(unicodedata.category(letter) == "Cc" for letter in name):
        return "it holds a line feed or another control character; leave it out"
    return None


def numbers_from(values: Mapping[str, object]) -> dict[str, float | Tensor]:
    """One number a name. What is `None` is left out, so that `test_loss=None` can stand where nothing was evaluated.

    Raises:
        TypeError: a value is no real number.
        ValueError: a value has no element or several, or a series cannot have the name.
    """
    for name in values:
        why = why_no_name(name)
        if why is not None:
            raise ValueError(f"a series cannot be called {name!r}: {why}")
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
