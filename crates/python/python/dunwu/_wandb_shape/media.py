"""What a script may log besides numbers: histograms and tables, of which the numbers are kept; pictures and sounds, which are not."""

from __future__ import annotations

import math
import numbers
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from torch import Tensor

# An array of up to so many values is kept whole; of a longer one, a histogram of so many bins, as W&B makes it.
MOST_VALUES = 1 << 16
N_BINS = 64


class Histogram:
    """Values, or counts between edges: `Histogram(values)`, `Histogram(np_histogram=np.histogram(values))`."""

    def __init__(
        self, sequence: object = None, np_histogram: tuple[object, object] | None = None, num_bins: int = N_BINS
    ) -> None:
        if (sequence is None) == (np_histogram is None):
            raise ValueError("a Histogram is made of a sequence of values or of np_histogram=(counts, edges); give one of them")
        self._series: dict[str, list[float]] = {}
        if np_histogram is not None:
            counts, edges = (numbers_of(part) for part in np_histogram)
            if len(edges) != len(counts) + 1:
                raise ValueError(f"a histogram with {len(counts)} counts has {len(edges)} edges; it needs one edge more than counts")
            self._series = {"histogram_counts": counts, "histogram_edges": edges}
        else:
            self._series = series_of_values(numbers_of(sequence), n_bins=num_bins)

    def series(self) -> dict[str, list[float]]:
        """Arrays by name, as the record keeps them."""
        return self._series


class Table:
    """Rows under named columns. Columns of numbers are kept as arrays; the others are named as not kept."""

    def __init__(
        self,
        columns: Sequence[object] | None = None,
        data: Iterable[Sequence[object]] | None = None,
        rows: Iterable[Sequence[object]] | None = None,
        dataframe: object = None,
        **of_wandb: object,
    ) -> None:
        self.columns = [str(column) for column in (columns if columns is not None else ("Input", "Output", "Expected"))]
        self.data: list[list[object]] = []
        if dataframe is not None:
            self.columns = [str(column) for column in cast("Iterable[object]", getattr(dataframe, "columns"))]
            data = cast("Iterable[Sequence[object]]", getattr(dataframe, "values"))
        for row in data if data is not None else rows if rows is not None else ():
            self.add_data(*row)

    def add_data(self, *row: object) -> None:
        """Appends a row.

        Raises:
            ValueError: it has not one value a column.
        """
        if len(row) != len(self.columns):
            raise ValueError(f"a row of {len(row)} values does not fit the {len(self.columns)} columns {', '.join(self.columns)}")
        self.data.append(list(row))

    def add_row(self, *row: object) -> None:
        """Appends a row."""
        self.add_data(*row)

    def add_column(self, name: str, data: Iterable[object]) -> None:
        """Appends a column.

        Raises:
            ValueError: it has not one value a row.
        """
        values = list(data)
        if self.data and len(values) != len(self.data):
            raise ValueError(f"the column {name} of {len(values)} values does not fit {len(self.data)} rows")
        if not self.data:
            self.data = [[] for _ in values]
        self.columns.append(name)
        for row, value in zip(self.data, values, strict=True):
            row.append(value)

    def get_column(self, name: str, convert_to: str | None = None) -> object:
        """The values of a column, as a list, or as an array with `convert_to="numpy"`."""
        if name not in self.columns:
            raise KeyError(f"the table has no column {name!r}; it has {', '.join(self.columns)}")
        at = self.columns.index(name)
        values = [row[at] for row in self.data]
        if convert_to == "numpy":
            import numpy as np

            return np.asarray(values)
        return values

    def get_index(self) -> list[int]:
        """The numbers of the rows."""
        return list(range(len(self.data)))

    def iterrows(self) -> Iterable[tuple[int, list[object]]]:
        """Rows with their numbers."""
        return enumerate(self.data)

    def series(self) -> dict[str, list[float]]:
        """The columns that hold numbers alone."""
        found: dict[str, list[float]] = {}
        for at, column in enumerate(self.columns):
            values = [row[at] for row in self.data]
            if values and all(isinstance(value, numbers.Real) for value in values):
                found[column] = [float(cast(float, value)) for value in values]
        return found

    def unkept(self) -> list[str]:
        """The columns that hold something else."""
        kept = self.series()
        return [column for column in self.columns if column not in kept]


class Media:
    """Something that a run directory does not keep. It takes whatever W&B's class takes; that it was logged is recorded."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        data = args[0] if args else None
        shape = getattr(data, "shape", None) or getattr(data, "size", None)
        caption = kwargs.get("caption")
        self._said = "" if not isinstance(shape, tuple) else " of " + " × ".join(map(str, cast("tuple[object, ...]", shape)))
        self._said += f', "{caption}"' if caption else ""

    def describe(self) -> str:
        """What it is, in a few words."""
        return f"{type(self).__name__}{self._said}"


class Image(Media):
    """`wandb.Image`."""


class Video(Media):
    """`wandb.Video`."""


class Audio(Media):
    """`wandb.Audio`."""


class Html(Media):
    """`wandb.Html`."""


class Object3D(Media):
    """`wandb.Object3D`."""


class Molecule(Media):
    """`wandb.Molecule`."""


class Plotly(Media):
    """`wandb.Plotly`."""


class Graph(Media):
    """`wandb.Graph`."""


class Plot(Media):
    """What a function of `wandb.plot` returns."""


def numbers_of(values: object) -> list[float]:
    """All numbers of an array, a tensor or a sequence, however nested.

    Raises:
        TypeError: something in it is no number.
    """
    if hasattr(values, "detach"):
        # A tensor may stand on another device, carry gradients, or be of a type that Python has no numbers for.
        values = cast("Tensor", values).detach().cpu().double()
    tolist = getattr(values, "tolist", None)
    found: list[float] = []
    _append_numbers(tolist() if callable(tolist) else values, found)
    return found


def _append_numbers(values: object, found: list[float]) -> None:
    if isinstance(values, numbers.Real):
        found.append(float(values))
    elif isinstance(values, Iterable) and not isinstance(values, (str, bytes)):
        for value in cast("Iterable[object]", values):
            _append_numbers(value, found)
    else:
        raise TypeError(f"a value is of type {type(values).__name__}; an array that is logged holds numbers")


def series_of_values(values: list[float], *, n_bins: int = N_BINS) -> dict[str, list[float]]:
    """The values themselves, or a histogram of them where they are many."""
    if len(values) <= MOST_VALUES:
        return {"values": values}
    finite = [value for value in values if math.isfinite(value)]
    low, high = (min(finite), max(finite)) if finite else (0.0, 1.0)
    width = (high - low) / n_bins or 1.0
    counts = [0.0] * n_bins
    for value in finite:
        counts[min(int((value - low) / width), n_bins - 1)] += 1.0
    return {"histogram_counts": counts, "histogram_edges": [low + i * width for i in range(n_bins + 1)]}
