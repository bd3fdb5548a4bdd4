"""`wandb.config`: the settings of a run, by item and by attribute."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import cast

from .errors import Error

Changed = Callable[[str, object], None]


class Config:
    """Settings of a run. A setting that has a value keeps it, unless `update(…, allow_val_change=True)` says otherwise."""

    def __init__(self, changed: Changed) -> None:
        """`changed` hears of every setting that gets a value."""
        self.__dict__["_items"] = {}
        self.__dict__["_changed"] = changed

    def _set(self, key: str, value: object, *, may_change: bool) -> None:
        items = cast("dict[str, object]", self.__dict__["_items"])
        value = plain(value)
        if key in items and items[key] != value and not may_change:
            change = f'the setting "{key}" is {items[key]!r} and was to become {value!r}'
            raise Error(f"{change}; pass allow_val_change=True to config.update() if it may")
        is_new = key not in items or items[key] != value
        items[key] = value
        if is_new:
            cast(Changed, self.__dict__["_changed"])(key, value)

    def _known(self) -> dict[str, object]:
        return cast("dict[str, object]", self.__dict__["_items"])

    def __getitem__(self, key: str) -> object:
        return self._known()[key]

    def __setitem__(self, key: str, value: object) -> None:
        self._set(key, value, may_change=False)

    def __getattr__(self, key: str) -> object:
        try:
            return self._known()[key]
        except KeyError:
            raise AttributeError(f"the config has no setting {key!r}; it has {', '.join(self._known()) or 'none'}") from None

    def __setattr__(self, key: str, value: object) -> None:
        self._set(key, value, may_change=False)

    def __contains__(self, key: object) -> bool:
        return key in self._known()

    def __iter__(self) -> Iterator[str]:
        return iter(self._known())

    def __len__(self) -> int:
        return len(self._known())

    def __repr__(self) -> str:
        return repr(self._known())

    def keys(self) -> Iterable[str]:
        """Names of the settings."""
        return self._known().keys()

    def values(self) -> Iterable[object]:
        """Values of the settings."""
        return self._known().values()

    def items(self) -> Iterable[tuple[str, object]]:
        """Names and values of the settings."""
        return self._known().items()

    def get(self, key: str, default: object = None) -> object:
        """The value of a setting, or `default`."""
        return self._known().get(key, default)

    def as_dict(self) -> dict[str, object]:
        """All settings."""
        return dict(self._known())

    def setdefaults(self, settings: object) -> None:
        """Gives values to those settings that have none."""
        for key, value in settings_from(settings).items():
            if key not in self._known():
                self._set(key, value, may_change=False)

    def setdefault(self, key: str, default: object = None) -> object:
        """Gives a value to a setting that has none, and returns the one that it has."""
        self.setdefaults({key: default})
        return self[key]

    def update(self, settings: object, allow_val_change: bool | None = None) -> None:
        """Takes over settings: a mapping, or an object with attributes such as `argparse.Namespace`.

        Raises:
            Error: a setting has another value and `allow_val_change` is not given.
        """
        for key, value in settings_from(settings).items():
            self._set(key, value, may_change=bool(allow_val_change))


def settings_from(settings: object) -> dict[str, object]:
    """Settings by name from whatever a script passes as `config`.

    Raises:
        Error: it is nothing with names and values.
    """
    if settings is None:
        return {}
    if isinstance(settings, Config):
        return settings.as_dict()
    if isinstance(settings, Mapping):
        return {str(key): value for key, value in cast("Mapping[object, object]", settings).items()}
    flags = getattr(settings, "flag_values_dict", None)
    if callable(flags):
        return settings_from(flags())
    if isinstance(settings, str):
        raise Error(f'config="{settings}" names a file, which is not read; load it and pass a dictionary')
    if hasattr(settings, "__dict__"):
        return {key: value for key, value in vars(settings).items() if not key.startswith("_")}
    raise Error(f"config is of type {type(settings).__name__}; pass a dictionary, or an argparse.Namespace")


def plain(value: object) -> object:
    """A value as Python's own: numbers out of numpy and tensors, tuples as lists, mappings as dictionaries."""
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in cast("Mapping[object, object]", value).items()}
    if isinstance(value, (list, tuple)):
        return [plain(inner) for inner in cast("Iterable[object]", value)]
    item = getattr(value, "item", None)
    if callable(item) and not isinstance(value, (bool, int, float, str)) and getattr(value, "size", 1) in (1, ()):
        return item()
    return value
