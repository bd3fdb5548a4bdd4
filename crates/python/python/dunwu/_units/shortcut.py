"""Skips what comes before a layer when the same batch is run again and again with only the layer, or what follows, changed.

The first pass over a batch records what every module gave that had ended before; later passes give these values instead of
computing them. It holds because in evaluation mode the same inputs give the same values. Code between the modules still runs.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Hashable
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn

from .typed_torch import add_forward_hook, put_first

LIMIT_BYTES = 512 << 20
"""So much is recorded at most; batches beyond it are computed in full."""


class Shortcut:
    """What ends before `target` is given (`before`), or before it gives its own value, is computed once a batch."""

    def __init__(self, model: nn.Module, target: nn.Module, *, before: bool) -> None:
        self.model, self.target, self.before = model, target, before
        self.kept: dict[Hashable, dict[nn.Module, Tensor]] = {}
        self.held: list[Any] = []  # keeps alive what the keys are made of
        self.bytes = 0

    @contextmanager
    def over(self, key: Hashable, holder: Any) -> Generator[None, None, None]:
        """One pass over the batch with this key; `holder` is what the key names, kept alive."""
        if key in self.kept:
            with self._replayed(self.kept[key]):
                yield
        elif self.bytes < LIMIT_BYTES:
            events: list[tuple[str, nn.Module, Any]] = []
            with self._recorded(events):
                yield
            self.kept[key] = self._skippable(events)
            self.held.append(holder)
            self.bytes += sum(value.numel() * value.element_size() for value in self.kept[key].values())
        else:
            yield

    @contextmanager
    def _recorded(self, events: list[tuple[str, nn.Module, Any]]) -> Generator[None, None, None]:
        handles: list[Any] = []

        def entering(module: nn.Module, _: Any) -> None:
            events.append(("in", module, None))

        def leaving(module: nn.Module, _: Any, output: Any) -> None:
            # Copied, for what follows may work in place.
            wanted = isinstance(output, Tensor) and not any(event == "in" and each is self.target for event, each, _ in events[:-1])
            events.append(("out", module, output.detach().clone() if wanted or module is self.target else None))

        try:
            for module in self.model.modules():
                handles.append(module.register_forward_pre_hook(entering))
                hook = add_forward_hook(module, leaving)
                handles.append(hook)
                # First of all hooks: what the module itself gave, before anybody's hook changed it.
                put_first(module, hook)
            yield
        finally:
            for handle in handles:
                handle.remove()

    def _skippable(self, events: list[tuple[str, nn.Module, Any]]) -> dict[nn.Module, Tensor]:
        """Modules called once that end before the target, each without the modules inside it."""
        wanted = "in" if self.before else "out"
        ends = next((place for place, (event, module, _) in enumerate(events) if event == wanted and module is self.target), 0)
        calls = [module for event, module, _ in events if event == "in"]
        ended = {module: value for event, module, value in events[: ends + 1] if event == "out" and isinstance(value, Tensor)}
        ended = {module: value for module, value in ended.items() if calls.count(module) == 1 and "forward" not in module.__dict__}
        if self.before:
            ended.pop(self.target, None)
        inside = {child for module in ended for child in module.modules() if child is not module}
        return {module: value for module, value in ended.items() if module not in inside}

    @contextmanager
    def _replayed(self, kept: dict[nn.Module, Tensor]) -> Generator[None, None, None]:
        def given(value: Tensor) -> Callable[..., Tensor]:
            def forward(*_: object, **__: object) -> Tensor:
                return value.clone()

            return forward

        try:
            for module, value in kept.items():
                module.forward = given(value)
            yield
        finally:
            for module in kept:
                module.__dict__.pop("forward", None)
