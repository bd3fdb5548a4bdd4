"""Where a watched run is written: the recorder, the folder it stands in, and what happens when writing fails."""

from __future__ import annotations

import importlib
import os
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, cast


class Recorder(Protocol):
    """Writes one run directory. The native class `ForeignRun` is one; tests have another that keeps everything in memory.

    Steps count updates of the weights. Those of one series grow: a second value of a series at one step is refused. A call that is
    refused records nothing, and the recorder can be used further.
    """

    @property
    def id(self) -> str:
        """The run's id: the hash of what was recorded first."""
        ...

    @property
    def path(self) -> str:
        """The run directory."""
        ...

    def scalars(self, step: int, values: dict[str, float]) -> None:
        """Appends one row of numbers, by name. NaN and infinities are recorded as such."""
        ...

    def units(self, step: int, layer: str, series: str, values: bytes) -> None:
        """Appends one number a unit: `values` are little-endian f32, in the order of the layer's units."""
        ...

    def snapshot(self, step: int, arrays: bytes) -> None:
        """Keeps the weights at a step: `arrays` is a whole safetensors file."""
        ...

    def mark(self, step: int, text: str) -> None:
        """Appends a sentence about a step."""
        ...

    def finish(self, how: str) -> None:
        """Ends the record: `finished`, `failed` or `stopped`. Nothing can be recorded afterwards."""
        ...


@dataclass(frozen=True)
class RunPlace:
    """The folder of runs and the name of one run in it."""

    folder: str
    name: str


def run_place(to: str | os.PathLike[str]) -> RunPlace:
    """Reads `to`: its last part is the run's name, what stands before it is the folder of runs.

    `runs/mine` is the run `mine` in the folder `runs`, where `dunwu ls` finds it. A name alone stands in `runs` too.

    Raises:
        ValueError: `to` does not end in a name.
    """
    text = os.fspath(to)
    path = Path(text)
    if path.name in ("", "..") or text.endswith(("/", os.sep)):
        raise ValueError(f'to={text!r} does not name a run: write a folder of runs and a name, such as "runs/mine"')
    folder = str(path.parent)
    is_name_alone = folder == "." and not text.startswith(".")
    return RunPlace(folder="runs" if is_name_alone else folder, name=path.name)


def check_folder(place: RunPlace) -> None:
    """Finds out before training begins whether a run can be written there.

    Raises:
        NotADirectoryError: a part of the folder's path is a file.
        PermissionError: the folder, or the nearest one above it that exists, cannot be written.
    """
    folder = Path(place.folder)
    for existing in (folder, *folder.absolute().parents):
        if not existing.exists():
            continue
        if not existing.is_dir():
            raise NotADirectoryError(f'a run cannot be written to "{folder}": "{existing}" is a file; name a folder of runs')
        if not os.access(existing, os.W_OK):
            raise PermissionError(f'a run cannot be written to "{folder}": "{existing}" is not writable; name another folder')
        return


class _NativeModule(Protocol):
    ForeignRun: Callable[[str, str, dict[str, str]], Recorder]


def open_recorder(place: RunPlace, known: dict[str, str]) -> Recorder:
    """Begins a run directory. `known` is what is known of the run before it trains, as text by name."""
    check_folder(place)
    native = cast(_NativeModule, importlib.import_module("dunwu._native"))
    return native.ForeignRun(place.folder, place.name, {key: shortened(value) for key, value in known.items()})


class NothingRecorded:
    """A recorder that writes nothing: of a process that is not the first of many, or of a run that is switched off."""

    id = ""
    path = ""

    def scalars(self, step: int, values: dict[str, float]) -> None:
        """Records nothing."""

    def units(self, step: int, layer: str, series: str, values: bytes) -> None:
        """Records nothing."""

    def snapshot(self, step: int, arrays: bytes) -> None:
        """Records nothing."""

    def mark(self, step: int, text: str) -> None:
        """Records nothing."""

    def finish(self, how: str) -> None:
        """Records nothing."""


class SteadyRecorder:
    """Passes everything on to a recorder. What goes wrong is warned of, and after an error of the system nothing more is recorded.

    Whoever watches a run never ends it: a full disk costs the record, not the training.
    """

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._failed = False
        self._said: set[str] = set()

    @property
    def id(self) -> str:
        """The run's id."""
        return self._recorder.id

    @property
    def path(self) -> str:
        """The run directory."""
        return self._recorder.path

    def scalars(self, step: int, values: dict[str, float]) -> None:
        """Appends one row of numbers."""
        if values:
            self._try(step, lambda: self._recorder.scalars(step, values))

    def units(self, step: int, layer: str, series: str, values: bytes) -> None:
        """Appends one number a unit."""
        self._try(step, lambda: self._recorder.units(step, layer, series, values))

    def snapshot(self, step: int, arrays: bytes) -> None:
        """Keeps the weights at a step."""
        self._try(step, lambda: self._recorder.snapshot(step, arrays))

    def mark(self, step: int, text: str) -> None:
        """Appends a sentence about a step; a long one is cut."""
        self._try(step, lambda: self._recorder.mark(step, shortened(text)))

    def finish(self, how: str) -> None:
        """Ends the record."""
        self._try(None, lambda: self._recorder.finish(how))

    def _try(self, step: int | None, write: Callable[[], None]) -> None:
        if self._failed:
            return
        try:
            write()
        except Exception as error:  # Whatever it is, the training that is watched must go on.
            when = "at its end" if step is None else f"at step {step}"
            self._failed = isinstance(error, OSError)
            lost = "stops" if self._failed else "lacks what was to be recorded"
            if self._failed or str(error) not in self._said:
                text = f'the record of "{self._recorder.path}" {lost} {when}, training goes on: {error}'
                warnings.warn(text, RuntimeWarning, stacklevel=4)
            self._said.add(str(error))


# Bytes of a sentence, and of a value of what is known. Records refuse a mark of more than 10,000.
_MOST_TEXT = 8_000


def shortened(text: str) -> str:
    """A text of at most 8,000 bytes."""
    written = text.encode()
    return text if len(written) <= _MOST_TEXT else written[:_MOST_TEXT].decode(errors="ignore") + "…"
