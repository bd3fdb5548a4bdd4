"""The recorder that keeps everything in memory, for tests; and where a run is written."""

from __future__ import annotations

import struct
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

from dunwu._watch import recorder as recording
from dunwu._watch.recorder import SteadyRecorder, check_folder, run_place


class FakeRecorder:
    """Keeps what it is given, and holds its callers to the recorder's contract."""

    def __init__(self, folder: str = "runs", name: str = "fake", known: dict[str, str] | None = None) -> None:
        self.id = "0" * 16
        self.path = f"{folder}/{name}"
        self.name = name
        self.known = dict(known or {})
        self.rows: list[tuple[int, dict[str, float]]] = []
        self.series: dict[tuple[str, str], list[tuple[int, list[float]]]] = {}
        self.snapshots: list[tuple[int, bytes]] = []
        self.marks: list[tuple[int, str]] = []
        self.ended: str | None = None
        self.last: dict[tuple[str, ...], int] = {}

    def _at(self, step: int) -> None:
        assert self.ended is None, "something was recorded after the end"
        assert step >= 0

    def _grows(self, series: tuple[str, ...], step: int) -> None:
        last = self.last.get(series, -1)
        if step <= last:
            raise ValueError(f"{'/'.join(series)} was recorded at step {last}; step {step} comes too late")
        self.last[series] = step

    def scalars(self, step: int, values: dict[str, float]) -> None:
        self._at(step)
        for name in values:
            assert name != "step" and name.strip() and len(name.encode()) <= 300 and "\n" not in name
            self._grows(("scalars", name), step)
        assert all(type(value) is float for value in values.values()), values
        self.rows.append((step, values))

    def units(self, step: int, layer: str, series: str, values: bytes) -> None:
        self._at(step)
        self._grows(("units", layer, series), step)
        numbers = list(struct.unpack(f"<{len(values) // 4}f", values))
        self.series.setdefault((layer, series), []).append((step, numbers))

    def snapshot(self, step: int, arrays: bytes) -> None:
        self._at(step)
        self._grows(("snapshots",), step)
        self.snapshots.append((step, arrays))

    def mark(self, step: int, text: str) -> None:
        self._at(step)
        assert len(text.encode()) <= 10_000
        self.marks.append((step, text))

    def finish(self, how: str) -> None:
        assert self.ended is None, "ended twice"
        assert how in ("finished", "failed", "stopped")
        self.ended = how

    def row_of(self, step: int) -> dict[str, float]:
        """All numbers of one step."""
        return {name: value for at, row in self.rows for name, value in row.items() if at == step}

    def values_of(self, name: str) -> list[tuple[int, float]]:
        """One series of numbers, as steps and values."""
        return [(step, row[name]) for step, row in self.rows if name in row]


def keep_in_memory(monkeypatch: pytest.MonkeyPatch) -> list[FakeRecorder]:
    """Lets every run that begins be recorded in memory; the list grows with them."""
    made: list[FakeRecorder] = []

    def open_fake(place: recording.RunPlace, known: dict[str, str]) -> FakeRecorder:
        made.append(FakeRecorder(place.folder, place.name, known))
        return made[-1]

    from dunwu._watch import watching

    monkeypatch.setattr(watching, "open_recorder", open_fake)
    return made


@pytest.mark.parametrize(
    ("to", "folder", "name"),
    [("runs/mine", "runs", "mine"), ("a/b/c", "a/b", "c"), ("mine", "runs", "mine"), ("./mine", ".", "mine"), ("/x/y", "/x", "y")],
)
def test_to_names_a_folder_of_runs_and_a_run_in_it(to: str, folder: str, name: str) -> None:
    place = run_place(Path(to) if to != "./mine" else to)
    assert (place.folder, place.name) == (folder, name)


@pytest.mark.parametrize("to", ["", "runs/", "/", "..", "runs/.."])
def test_a_place_without_a_name_is_refused_with_an_example(to: str) -> None:
    with pytest.raises(ValueError, match="runs/mine"):
        run_place(to)


def test_a_file_in_the_way_of_the_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(NotADirectoryError, match="taken"):
        check_folder(run_place(tmp_path / "taken" / "runs" / "mine"))


def _refuses(path: object, mode: int) -> bool:
    return False


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dunwu._watch.recorder.os.access", _refuses)  # root may write everywhere
    with pytest.raises(PermissionError, match="not writable"):
        check_folder(run_place(tmp_path / "runs" / "mine"))


def test_a_recorder_that_fails_is_warned_of_once_and_never_called_again() -> None:
    class Full(FakeRecorder):
        def scalars(self, step: int, values: dict[str, float]) -> None:
            raise OSError("no space left on device")

    full = Full()
    steady = SteadyRecorder(full)
    with pytest.warns(RuntimeWarning, match="stops at step 3, training goes on: no space left"):
        steady.scalars(3, {"loss": 1.0})
    calls: list[Callable[[], None]] = [
        lambda: steady.scalars(4, {}),
        lambda: steady.mark(4, ""),
        lambda: steady.units(4, "", "", b""),
        lambda: steady.snapshot(4, b""),
        lambda: steady.finish("finished"),
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for call in calls:
            call()
    assert full.marks == [] and full.ended is None


def test_a_call_that_is_refused_is_warned_of_once_and_the_record_goes_on() -> None:
    fake = FakeRecorder()
    steady = SteadyRecorder(fake)
    steady.scalars(3, {"loss": 1.0})
    with pytest.warns(RuntimeWarning, match="lacks what was to be recorded at step 3, training goes on: scalars/loss was"):
        steady.scalars(3, {"loss": 2.0})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        steady.scalars(3, {"loss": 2.0})
        steady.scalars(4, {"loss": 2.0})
    assert fake.values_of("loss") == [(3, 1.0), (4, 2.0)]


def test_a_long_sentence_is_cut_to_what_a_record_takes() -> None:
    fake = FakeRecorder()
    SteadyRecorder(fake).mark(1, "悟" * 9000)
    assert fake.marks[0][1].startswith("悟悟") and fake.marks[0][1].endswith("悟…")
