"""`run.summary`: one value a quantity, the last one unless `define_metric` says otherwise."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Iterator, Mapping
from typing import cast

from .settings import plain
from .errors import Error

AGGREGATES = ("min", "max", "mean", "last", "first", "best", "copy", "none")


class Metric:
    """What `define_metric` returns: how one quantity is summarized."""

    def __init__(self, name: str, step_metric: str | None, aggregates: tuple[str, ...], goal: str | None) -> None:
        self.name = name
        self.step_metric = step_metric
        self.aggregates = aggregates
        self.goal = goal

    def fits(self, key: str) -> bool:
        """Whether it speaks of this quantity; names may be patterns such as `val/*`."""
        return fnmatch.fnmatchcase(key, self.name)


def aggregates_of(summary: str | None) -> tuple[str, ...]:
    """Reads `summary="min,last"`.

    Raises:
        Error: an aggregate has another name.
    """
    names = tuple(name.strip() for name in (summary or "").split(",") if name.strip())
    for name in names:
        if name not in AGGREGATES:
            raise Error(f'define_metric has no summary "{name}"; it has {", ".join(AGGREGATES)}')
    return names


class Summary:
    """One value a quantity. What a script puts in itself stays, and is recorded when the run ends."""

    def __init__(self) -> None:
        self.__dict__["_values"] = {}
        self.__dict__["_given"] = {}
        self.__dict__["_counts"] = {}

    def _known(self) -> dict[str, object]:
        return cast("dict[str, object]", self.__dict__["_values"])

    def given(self) -> dict[str, object]:
        """What the script put in itself."""
        return dict(cast("dict[str, object]", self.__dict__["_given"]))

    def take(self, row: Mapping[str, float], metrics: Iterable[Metric]) -> None:
        """Takes over a row that was logged."""
        listed = list(metrics)
        for key, value in row.items():
            # The definition that was made last counts.
            metric = next((metric for metric in reversed(listed) if metric.fits(key) and metric.aggregates), None)
            if metric is None:
                self._known()[key] = value
            elif "none" not in metric.aggregates:
                self._known()[key] = self._aggregate(key, value, metric)

    def _aggregate(self, key: str, value: float, metric: Metric) -> dict[str, float]:
        counts = cast("dict[str, int]", self.__dict__["_counts"])
        counts[key] = n = counts.get(key, 0) + 1
        known = self._known().get(key)
        old = cast("dict[str, float]", known) if isinstance(known, dict) else {}
        larger_is_better = metric.goal == "maximize"
        new = {
            "min": min(old.get("min", value), value),
            "max": max(old.get("max", value), value),
            "mean": old.get("mean", 0.0) + (value - old.get("mean", 0.0)) / n,
            "last": value,
            "copy": value,
            "first": old.get("first", value),
            "best": max(old.get("best", value), value) if larger_is_better else min(old.get("best", value), value),
        }
        return {name: new[name] for name in metric.aggregates}

    def update(self, values: Mapping[str, object]) -> None:
        """Puts in several values."""
        for key, value in values.items():
            self[key] = value

    def __setitem__(self, key: str, value: object) -> None:
        self._known()[key] = plain(value)
        cast("dict[str, object]", self.__dict__["_given"])[key] = plain(value)

    def __getitem__(self, key: str) -> object:
        return self._known()[key]

    def __setattr__(self, key: str, value: object) -> None:
        self[key] = value

    def __getattr__(self, key: str) -> object:
        try:
            return self._known()[key]
        except KeyError:
            raise AttributeError(f"the summary has no {key!r}; it has {', '.join(self._known()) or 'nothing'}") from None

    def __contains__(self, key: object) -> bool:
        return key in self._known()

    def __iter__(self) -> Iterator[str]:
        return iter(self._known())

    def __len__(self) -> int:
        return len(self._known())

    def get(self, key: str, default: object = None) -> object:
        """The value of a quantity, or `default`."""
        return self._known().get(key, default)

    def keys(self) -> Iterable[str]:
        """Names of the quantities."""
        return self._known().keys()

    def items(self) -> Iterable[tuple[str, object]]:
        """Names and values."""
        return self._known().items()
