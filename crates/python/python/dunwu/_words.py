"""From Python's arguments to the words of a command, and from there to an answer."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any, Union, cast

from ._native import Answer, ask
from ._progress import listener

__all__ = ["Setting", "Value", "Word", "ask_command", "words_of_settings"]

#: A value of an option.
Value = Union[str, int, float, "os.PathLike[str]"]
#: The value of a setting; a list or a range is what a sweep varies, a mapping holds the settings below a name.
Setting = Any
#: A positional word: a preset, a file, ``key=value``, or a mapping of settings.
Word = Union[str, "os.PathLike[str]", Mapping[str, Any]]


def ask_command(
    command: tuple[str, ...],
    positional: Iterable[Word | None],
    options: Mapping[str, Any],
    settings: Mapping[str, Setting],
    *,
    quiet: bool,
) -> Answer:
    """Run a command with its positional words, its options by their long names, and settings as ``key=value``."""
    words = list(command)
    for name, value in options.items():
        words += _words_of_option(name, value)
    plain: list[str] = []
    for word in positional:
        if isinstance(word, Mapping):
            plain += words_of_settings(word)
        elif word is not None:
            plain.append(_plain_word(word))
    plain += words_of_settings(settings)
    if any(word.startswith("-") for word in plain):
        words.append("--")
    with listener(quiet=quiet) as tell:
        return ask(words + plain, tell)


def _plain_word(word: object) -> str:
    if not isinstance(word, (str, os.PathLike)):
        raise TypeError(f"{word!r} is neither a word nor a mapping of settings; a setting is a keyword with its name, such as seed=3")
    return os.fspath(cast("str | os.PathLike[str]", word))


def words_of_settings(settings: Mapping[str, Setting], below: str = "") -> list[str]:
    """``{"model": {"width": 64}, "seed": range(3)}`` as ``["model.width=64", "seed=0..2"]``."""
    words: list[str] = []
    for key, value in settings.items():
        name = f"{below}.{key}" if below else str(key)
        if isinstance(value, Mapping):
            words += words_of_settings(cast("Mapping[str, Setting]", value), name)
        else:
            words.append(f"{name}={_spelled(value)}")
    return words


def _words_of_option(name: str, value: Any) -> list[str]:
    option = "--" + name.replace("_", "-")
    if value is None or value is False:
        return []
    if value is True:
        return [option]
    is_single = isinstance(value, (str, os.PathLike)) or not isinstance(value, Iterable)
    values: list[Any] = [value] if is_single else list(cast("Iterable[Any]", value))
    return [f"{option}={_spelled(value)}" for value in values]


def _spelled(value: Any) -> str:
    """A value as the command line spells it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, range):
        return _range(value)
    if isinstance(value, (str, os.PathLike)):
        return os.fspath(value)
    if isinstance(value, Iterable):
        return ",".join(_member(member) for member in cast("Iterable[Any]", value))
    scalar = getattr(value, "item", None)  # of numpy and torch
    return str(scalar() if callable(scalar) else value)


def _member(value: Any) -> str:
    text = _spelled(value)
    return f"[{text}]" if "," in text else text


def _range(values: range) -> str:
    if len(values) == 0:
        raise ValueError(f"{values} is empty; a sweep needs at least one value")
    if values.step == 1 and len(values) > 1:
        return f"{values[0]}..{values[-1]}"
    return ",".join(map(str, values))
