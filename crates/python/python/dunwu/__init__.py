"""Dunwu 顿悟: opens the black box of learning.

Every verb of the command line is a function here, with the same words, options and settings, and returns an :class:`Answer`::

    import dunwu

    answer = dunwu.run("small", seed=3)       # trains a network; in a notebook it shows itself
    answer.headline                            # what came out, in one sentence
    run = dunwu.open(answer)                   # the run's directory
    run.tables()["units"]                      # polars, pandas, DuckDB and pyarrow read it without a copy
    run.weights()["hidden.weight"]             # a numpy array, without a copy

Settings are keywords (``seed=3``), nested mappings (``model={"width": 64}``) or words (``"model.width=64"``). Lists and ranges are what a sweep
varies: ``dunwu.sweep("small", seed=range(10), optimizer={"weight_decay": [2e-4, 2e-3]})``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import _verbs as _verbs
from ._native import Answer, Array, Figure, Table, __version__, read_table
from ._run import Run, open
from ._verbs import *  # noqa: F403

if TYPE_CHECKING:
    from . import callbacks as callbacks
    from ._export import export_to as export_to
    from ._units import Samples as Samples
    from ._units import Units as Units
    from ._units import samples as samples
    from ._units import units as units
    from ._wandb_shape import finish as finish
    from ._wandb_shape import init as init
    from ._wandb_shape import log as log
    from ._watch import watch as watch

__all__ = ["Answer", "Array", "Figure", "Run", "Table", "__version__", "open", "read_table", *_verbs.__all__]

#: Names that are fetched when they are first asked for, so that `import dunwu` stays quick and needs neither numpy nor PyTorch.
_LATER = {
    "units": "._units",
    "samples": "._units",
    "Units": "._units",
    "Samples": "._units",
    "watch": "._watch",
    "init": "._wandb_shape",
    "log": "._wandb_shape",
    "finish": "._wandb_shape",
    "config": "._wandb_shape",
    "summary": "._wandb_shape",
    "export_to": "._export",
    "import_checkpoint": "._checkpoints",
}


def __getattr__(name: str) -> Any:
    import importlib

    if name in _LATER:
        return getattr(importlib.import_module(_LATER[name], __name__), name)
    if name == "callbacks":
        return importlib.import_module(".callbacks", __name__)
    raise AttributeError(f"module 'dunwu' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_LATER, "callbacks"})
