"""Parts of W&B that a run directory has no place for. A script that uses them goes on, and one warning names each."""

from __future__ import annotations

from collections.abc import Iterator
from types import TracebackType

from .errors import Error, warn_once
from .media import Plot


class NotKept:
    """Stands for something that is not kept, such as an artifact: whatever is called on it does nothing and gives it back."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        pass

    def __call__(self, *args: object, **kwargs: object) -> NotKept:
        return self

    def __getattr__(self, name: str) -> NotKept:
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __enter__(self) -> NotKept:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        pass

    def __iter__(self) -> Iterator[object]:
        return iter(())


class Artifact(NotKept):
    """`wandb.Artifact`: files are not copied into a run directory."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__()
        name = args[0] if args else kwargs.get("name")
        warn_once(f'artifacts are not kept: the files of "{name}" stay where they are')


class Settings:
    """`wandb.Settings`: taken and not used."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        self.__dict__.update(kwargs)


class Plots:
    """`wandb.plot`: its functions return something that is recorded as not kept."""

    def __getattr__(self, name: str) -> type[Plot]:
        if name.startswith("__"):
            raise AttributeError(name)
        return Plot


def refuse(what: str, instead: str) -> Error:
    """An error for what would have to give something back and cannot."""
    return Error(f"{what} is not supported: {instead}")
