"""What one call of `log` holds, sorted by what a record can keep."""

from __future__ import annotations

import numbers
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from .._watch.values import number_from, why_no_name
from .errors import warn_once
from .media import Histogram, Media, Table, numbers_of, series_of_values


@dataclass
class Row:
    """Values of one step, by kind."""

    scalars: dict[str, float] = field(default_factory=lambda: {})
    units: dict[tuple[str, str], bytes] = field(default_factory=lambda: {})
    texts: dict[str, str] = field(default_factory=lambda: {})
    unkept: dict[str, str] = field(default_factory=lambda: {})
    marks: list[str] = field(default_factory=lambda: [])

    def merge(self, other: Row) -> None:
        """Takes over what another call logged for the same step: the later value of a name counts."""
        self.scalars |= other.scalars
        self.units |= other.units
        self.texts |= other.texts
        self.unkept |= other.unkept
        self.marks += other.marks

    def is_empty(self) -> bool:
        """Whether nothing is in it."""
        return not (self.scalars or self.units or self.texts or self.unkept or self.marks)


def read_row(data: object) -> Row:
    """Sorts what was logged. Dictionaries in it become names with points.

    Raises:
        ValueError: it is no dictionary, or a name in it is no text.
    """
    if not isinstance(data, Mapping):
        raise ValueError(f"log() was given a {type(data).__name__}; it needs a dictionary of names and values")
    row = Row()
    for key, value in cast("Mapping[object, object]", data).items():
        if not isinstance(key, str):
            raise ValueError(f"log() was given the name {key!r}, which is no text; names are strings")
        _put(row, key, value)
    return row


def _put(row: Row, name: str, value: object) -> None:
    if value is None:
        return
    key = _name_from(name)
    if isinstance(value, numbers.Real):
        row.scalars[key] = float(value)
    elif isinstance(value, str):
        row.texts[key] = value
    elif isinstance(value, Mapping):
        for inner, part in cast("Mapping[object, object]", value).items():
            _put(row, f"{key}.{inner}", part)
    elif isinstance(value, (Histogram, Table)):
        _put_series(row, key, value.series())
        if isinstance(value, Table):
            for column in value.unkept():
                row.unkept[f"{key}.{column}"] = "a column of a Table"
    elif isinstance(value, Media):
        row.unkept[key] = value.describe()
    else:
        _put_array(row, key, value)


def _name_from(name: str) -> str:
    """A name that a record takes: W&B takes any."""
    why = why_no_name(name)
    if why is None:
        return name
    if name == "step":
        taken = "logged_step"
    else:
        plain = "".join(letter if unicodedata.category(letter) != "Cc" else " " for letter in name).strip() or "unnamed"
        taken = plain.encode()[:250].decode(errors="ignore")
    warn_once(f"{name!r} is recorded as {taken!r}: {why}")
    return taken


def _put_array(row: Row, key: str, value: object) -> None:
    size = getattr(value, "shape", None)
    if isinstance(size, tuple):
        n_values = 1
        for length in cast("tuple[int, ...]", size):
            n_values *= length
        if n_values == 1:
            row.scalars[key] = float(number_from(key, value))
            return
    try:
        values = numbers_of(value)
    except TypeError:
        _put_unkept(row, key, value)
        return
    if values:
        _put_series(row, key, series_of_values(values))


def _put_unkept(row: Row, key: str, value: object) -> None:
    parts = cast("Sequence[object]", value) if isinstance(value, (list, tuple)) else [value]
    first: object = parts[0] if parts else None
    what = first.describe() if isinstance(first, Media) else f"a value of type {type(first).__name__}"
    row.unkept[key] = what if len(parts) <= 1 else f"{len(parts)} times {what}"
    if not isinstance(first, Media):
        warn_once(f"values of type {type(first).__name__} are not kept; {key} is one")


def _put_series(row: Row, key: str, series: Mapping[str, Sequence[float]]) -> None:
    import numpy as np

    for name, values in series.items():
        row.units[key, name] = np.asarray(values, dtype="<f4").tobytes()
