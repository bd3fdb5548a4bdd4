"""What goes wrong in the shape of W&B: the same classes of errors, under the same names."""

from __future__ import annotations

import warnings

_SAID: set[str] = set()


class Error(Exception):
    """What `wandb.Error` is: something was asked for that cannot be done."""


class UsageError(Error):
    """What `wandb.errors.UsageError` is: a call was wrong."""


def warn_once(text: str, *, stacklevel: int = 3) -> None:
    """Says what is not supported, once a process."""
    if text not in _SAID:
        _SAID.add(text)
        warnings.warn(text, UserWarning, stacklevel=stacklevel + 1)


def forget_warnings() -> None:
    """Lets every warning be said again. For tests."""
    _SAID.clear()
