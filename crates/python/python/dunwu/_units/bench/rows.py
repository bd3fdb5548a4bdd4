"""The bench's rows: one a figure, written as they come, in CSV with the same columns for every part."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path


@dataclass(frozen=True)
class Row:
    """One measured figure.

    `memory_before` and `memory_after`: the share of wrong labels (of secrets' characters) that the network gives; `other_half`:
    the same on those that were not used for choosing; `test_before` and `test_after`: accuracy, or perplexity of a text, on
    samples that chose nothing.
    """

    part: str
    network: str
    layer: str
    seed: int
    method: str
    treatment: str
    units: float
    memory_before: float | None = None
    memory_after: float | None = None
    other_half: float | None = None
    test_before: float | None = None
    test_after: float | None = None
    value: float | None = None
    words: str = ""


def write(path: Path, rows: Sequence[Row]) -> None:
    """Writes rows as CSV, numbers with six digits."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([field.name for field in fields(Row)])
        for row in rows:
            writer.writerow([f"{value:.6g}" if isinstance(value, float) else "" if value is None else value for value in asdict(row).values()])


def read(path: Path) -> list[Row]:
    """Reads what `write` wrote."""
    rows: list[Row] = []
    with path.open(newline="", encoding="utf-8") as file:
        for given in csv.DictReader(file):
            numbers = {
                name: float(given[name]) if given[name] else None
                for name in ("memory_before", "memory_after", "other_half", "test_before", "test_after", "value")
            }
            rows.append(
                Row(given["part"], given["network"], given["layer"], int(given["seed"]), given["method"], given["treatment"],
                    float(given["units"]), **numbers, words=given["words"])
            )  # fmt: skip
    return rows


def as_json(rows: Sequence[Row]) -> str:
    """Rows as one JSON list."""
    return json.dumps([asdict(row) for row in rows], indent=1)
