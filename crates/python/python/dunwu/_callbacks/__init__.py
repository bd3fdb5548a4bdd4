"""Callbacks of trainers: `dunwu.callbacks.LightningCallback` and `dunwu.callbacks.TransformersCallback`.

Each is made when it is first asked for, because its base class belongs to a package that may not be there.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .lightning import RecordsLightning as LightningCallback
    from .transformers import RecordsTransformers as TransformersCallback

_MODULES = {"LightningCallback": ".lightning", "TransformersCallback": ".transformers"}


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module 'dunwu.callbacks' has no attribute {name!r}; it has {', '.join(_MODULES)}")
    made = importlib.import_module(_MODULES[name], __name__).make_callback()
    # The class is made once: `isinstance` and pickles count on it.
    globals()[name] = made
    return made


__all__ = ["LightningCallback", "TransformersCallback"]
