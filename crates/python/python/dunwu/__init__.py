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

import importlib
from typing import TYPE_CHECKING, Any

from . import _verbs as _verbs
from ._native import Answer, Array, Figure, Table, __version__, read_table
from ._run import Run, open
from ._run_verb import RunVerb
from ._verbs import *  # noqa: F403
from ._verbs import run as _run_verb

if TYPE_CHECKING:
    from . import _callbacks as _callbacks
    from ._export import export as export
    from ._units import UnitsError as UnitsError
    from ._units import samples as samples
    from ._units import units as units
    from ._wandb_shape import *  # noqa: F403
    from ._wandb_shape import config as config
    from ._wandb_shape import summary as summary
    from ._watch import watch as watch
    from ._widget import widget as widget

    callbacks = _callbacks

#: The verb, which is also the active run for scripts that say `import dunwu as wandb`.
run = RunVerb(_run_verb)

__all__ = ["Answer", "Array", "Figure", "Run", "Table", "__version__", "open", "read_table", "run"]
__all__ += _verbs.__all__

#: What is fetched when it is first asked for, so that `import dunwu` stays quick and needs neither numpy nor PyTorch.
_LATER = {
    "units": "._units",
    "samples": "._units",
    "UnitsError": "._units",
    "watch": "._watch",
    "export": "._export",
    "import_checkpoint": "._checkpoints",
    "widget": "._widget",
}


def __getattr__(name: str) -> Any:
    if name in _LATER:
        return getattr(importlib.import_module(_LATER[name], __name__), name)
    if name == "callbacks":
        return importlib.import_module("._callbacks", __name__)
    wandb_shape = importlib.import_module("._wandb_shape", __name__)
    if name in wandb_shape.NAMES:
        return getattr(wandb_shape, name)
    raise AttributeError(f"module 'dunwu' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_LATER, "callbacks"})
