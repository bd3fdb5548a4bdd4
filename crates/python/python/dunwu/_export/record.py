"""What a tracker is given of a run: its name, what is known of it, and its numbers by step, read from `record.jsonl`."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

# How often a record that grows is looked at.
_POLL_SECS = 0.5


@dataclass(frozen=True)
class RunHead:
    """A run as its record's first line describes it."""

    folder: Path
    id: str
    name: str
    settings: dict[str, str]


def read_head(folder: Path) -> RunHead:
    """The first line of a run's record.

    Raises:
        ValueError: it is no record.
    """
    with (folder / "record.jsonl").open(encoding="utf-8") as lines:
        first = _parse(lines.readline())
    if first is None or "id" not in first:
        raise ValueError(f'"{folder}/record.jsonl" does not begin as a record does; is it a run directory?')
    found = {**_texts(first.get("known")), **_texts(first.get("settings"))}
    return RunHead(folder=folder, id=str(first["id"]), name=str(first.get("name") or folder.name), settings=found)


def scalars_of(folder: Path, *, follow: bool = False) -> Iterator[tuple[int, dict[str, float]]]:
    """Numbers by step, in the order of steps; with `follow`, as they come until the run ends.

    What a run that was resumed took back is left out. While a run is followed it cannot be taken back, and what comes for an earlier
    step then is left out instead.
    """
    if follow:
        yield from _growing(folder)
        return
    rows: dict[int, dict[str, float]] = {}
    for line in _whole_lines(folder):
        if line.get("kind") == "resumed" and isinstance(line.get("at"), int):
            at = cast(int, line["at"])
            rows = {step: row for step, row in rows.items() if step < at}
        for step, row in _row(line):
            rows.setdefault(step, {}).update(row)
    yield from sorted(rows.items())


def how_it_ended(folder: Path) -> str | None:
    """`finished`, `failed`, `stopped` and what else the last line says; nothing while the run goes on."""
    last: Mapping[str, object] = {}
    for last in _whole_lines(folder):
        pass
    if last.get("kind") != "finished":
        return None
    return str(last.get("how", "finished"))


def _whole_lines(folder: Path) -> Iterator[dict[str, object]]:
    with (folder / "record.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            entry = _parse(line)
            if entry is not None:
                yield entry


def _growing(folder: Path) -> Iterator[tuple[int, dict[str, float]]]:
    last, held = -1, ""
    with (folder / "record.jsonl").open(encoding="utf-8") as lines:
        while True:
            held += lines.readline()
            if not held.endswith("\n"):  # the writer has not come to its end
                time.sleep(_POLL_SECS)
                continue
            entry, held = _parse(held), ""
            if entry is None:
                continue
            for step, row in _row(entry):
                if step >= last:
                    last = step
                    yield step, row
            if entry.get("kind") == "finished":
                return


def _parse(line: str) -> dict[str, object] | None:
    """A line that is whole; the last one of a run that was killed may not be."""
    try:
        entry: object = json.loads(line)
    except ValueError:
        return None
    return cast("dict[str, object]", entry) if isinstance(entry, dict) else None


def _row(line: Mapping[str, object]) -> Iterator[tuple[int, dict[str, float]]]:
    """The numbers of a line: under `values` in the record of another program's run, beside the step in one of ours."""
    if line.get("kind") != "scalars":
        return
    values = cast("Mapping[str, object]", line.get("values", line))
    row = {name: number for name, value in values.items() if (number := _number(name, value)) is not None}
    yield cast(int, line["step"]), row


def _number(name: str, value: object) -> float | None:
    if isinstance(value, float):
        return value
    # JSON has no number for these. The checksum of a line is a text too, and no series.
    if isinstance(value, str) and value in ("NaN", "inf", "-inf") and name not in ("kind", "check"):
        return float(value)
    return None


def _texts(values: object) -> dict[str, str]:
    return {str(k): str(v) for k, v in cast("Mapping[str, object]", values).items()} if isinstance(values, Mapping) else {}
