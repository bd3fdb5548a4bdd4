"""`dunwu.run` is a verb, and `wandb.run` is the active run. Under `import dunwu as wandb` one name has to be both."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any, Generic, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


class RunVerb(Generic[P, R]):
    """Calls the verb when it is called, and passes attributes on to the active run: `dunwu.run("small")`, `dunwu.run.summary`.

    It is true while a run is active, as in `if wandb.run:`. It is never `None`, so that `wandb.run is None` is always false.
    """

    def __init__(self, verb: Callable[P, R]) -> None:
        functools.update_wrapper(self, verb)
        self._verb = verb

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        return self._verb(*args, **kwargs)

    def __bool__(self) -> bool:
        return _active_run() is not None

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        active = _active_run()
        if active is None:
            from ._wandb_shape.errors import Error

            raise Error(f"You must call dunwu.init() before dunwu.run.{name}")
        return getattr(active, name)


def _active_run() -> object | None:
    """The run that `dunwu.init` began. Without the module that has `init` there is none, and it need not be imported to know that."""
    session: Any = sys.modules.get("dunwu._wandb_shape.session")
    return None if session is None else session.active_run()
