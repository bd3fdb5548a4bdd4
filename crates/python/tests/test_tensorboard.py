"""Event files both ways, with the real package `tensorboard`.

The command is `python -m dunwu`, or the program that the variable DUNWU names.
"""

from __future__ import annotations

import json
import math
import os
import struct
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.compat.proto import event_pb2, summary_pb2
from tensorboard.summary.writer.event_file_writer import EventFileWriter

#: Classes that protobuf makes while it runs, so that no checker of types knows them.
Event: Any = getattr(event_pb2, "Event")
Summary: Any = getattr(summary_pb2, "Summary")

COMMAND = [os.environ["DUNWU"]] if "DUNWU" in os.environ else [sys.executable, "-m", "dunwu"]


def dunwu(*words: str | Path, cwd: Path) -> dict[str, Any]:
    """What a command answers as JSON."""
    done = subprocess.run([*COMMAND, *map(str, words), "--json"], cwd=cwd, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def f32(value: float) -> float:
    """The value as an event file holds it."""
    return struct.unpack("<f", struct.pack("<f", value))[0]


def accumulated(folder: Path) -> EventAccumulator:
    events = EventAccumulator(str(folder), size_guidance={"scalars": 0, "histograms": 0})
    events.Reload()
    return events


def points(events: EventAccumulator, tag: str) -> list[tuple[int, float]]:
    return [(event.step, event.value) for event in events.Scalars(tag)]


def log(folder: Path, steps: range) -> dict[str, list[tuple[int, float]]]:
    """An event file that the package writes, and what is in it."""
    logged: dict[str, list[tuple[int, float]]] = {"train/loss": [], "val/accuracy": []}
    writer = EventFileWriter(str(folder))
    for step in steps:
        values = {"train/loss": 2.0 / (1 + step) if step != 7 else math.inf}
        if step % 5 == 0:
            values["val/accuracy"] = 1 - 1 / (1 + step)
        for tag, value in values.items():
            summary = Summary(value=[Summary.Value(tag=tag, simple_value=value)])
            writer.add_event(Event(wall_time=1.7e9 + step, step=step, summary=summary))
            logged[tag].append((step, f32(value)))
    writer.close()
    return logged


def test_what_the_package_wrote_comes_back_from_a_round_trip_as_it_was(tmp_path: Path) -> None:
    logged = log(tmp_path / "logs", range(200))
    imported = dunwu("import", "logs", cwd=tmp_path)
    [run] = imported["runs"]
    assert (run["recorder"], run["novelty"], run["new_values"]) == ("TensorBoard", "new", 240)
    written = dunwu("export", run["run"], "--to", "tensorboard", "--output", "out", cwd=tmp_path)
    events = accumulated(tmp_path / Path(written["file"]).parent)
    assert set(events.Tags()["scalars"]) == set(logged)
    for tag, wanted in logged.items():
        assert points(events, tag) == wanted
    again = dunwu("import", "logs", cwd=tmp_path)
    assert [one["novelty"] for one in again["runs"]] == ["same"]


def test_a_log_that_grew_adds_what_is_new_and_its_event_file_grows_at_its_end(tmp_path: Path) -> None:
    log(tmp_path / "logs", range(50))
    [run] = dunwu("import", "logs", cwd=tmp_path)["runs"]
    file = tmp_path / dunwu("export", run["run"], "--to", "tensorboard", cwd=tmp_path)["file"]
    before = file.read_bytes()
    time.sleep(1.1)  # the package names its files after the second
    more = log(tmp_path / "logs", range(50, 80))
    [grown] = dunwu("import", "logs", cwd=tmp_path)["runs"]
    assert (grown["run"], grown["novelty"], grown["new_values"]) == (run["run"], "grown", 36)
    again = tmp_path / dunwu("export", run["run"], "--to", "tensorboard", cwd=tmp_path)["file"]
    assert again == file
    assert file.read_bytes().startswith(before)
    assert points(accumulated(file.parent), "train/loss")[50:] == more["train/loss"]


def test_a_run_of_our_own_has_its_evaluations_measures_and_distributions(tmp_path: Path) -> None:
    run = dunwu("run", "small", "task=cyclic:7", "steps=60", "model.width=16", "--quiet", cwd=tmp_path)["run"]
    written = dunwu("export", run, "--to", "tensorboard", cwd=tmp_path)
    events = accumulated(tmp_path / Path(written["file"]).parent)
    scalars = dunwu("export", run, "--to", "jsonl", "--output", "out", cwd=tmp_path)
    lines = [json.loads(line) for line in (tmp_path / scalars["file"]).read_text().splitlines()]
    assert len(lines) == scalars["entries"]
    for name in ["train_loss", "train_accuracy", "test_loss", "test_accuracy"]:
        wanted = [(line["step"], f32(float(line[name]))) for line in lines if name in line]
        assert points(events, name) == wanted, name
    assert any(tag.startswith("measures/") for tag in events.Tags()["scalars"])
    histograms = [tag for tag in events.Tags()["histograms"] if tag.startswith("units/")]
    assert histograms
    for event in events.Histograms(histograms[0]):
        value = event.histogram_value
        assert 0 < value.num <= 16
        assert sum(value.bucket) == value.num
        assert value.min <= value.sum / value.num <= value.max


def test_a_run_is_followed_while_it_trains(tmp_path: Path) -> None:
    words = ["run", "small", "threads=1", "record.snapshots_per_decade=1", "steps=400", "--quiet"]
    running = subprocess.Popen([*COMMAND, *words], cwd=tmp_path, stdout=subprocess.DEVNULL)
    try:
        runs = tmp_path / "runs"
        deadline = time.monotonic() + 60
        while not (records := list(runs.glob("*/record.jsonl"))) or len(records[0].read_text().splitlines()) < 20:
            assert time.monotonic() < deadline, "the run does not begin"
            time.sleep(0.02)
        run = records[0].parent
        follow = subprocess.Popen(
            [*COMMAND, "export", str(run), "--to", "tensorboard", "--follow"], cwd=tmp_path, stdout=subprocess.DEVNULL
        )
        seen = 0
        while follow.poll() is None:
            files = list((tmp_path / "tensorboard").glob("*/events*"))
            if files and running.poll() is None:
                events = accumulated(files[0].parent)
                seen = max(seen, len(points(events, "train_loss")) if "train_loss" in events.Tags()["scalars"] else 0)
            time.sleep(0.05)
            assert time.monotonic() < deadline + 120, "following does not end with the run"
        assert follow.returncode == 0
    finally:
        running.terminate()
        running.wait()
    assert seen > 0, "nothing was there while the run trained"
    n_lines = sum('"kind":"scalars"' in line for line in (run / "record.jsonl").read_text().splitlines())
    [file] = (tmp_path / "tensorboard").glob("*/events*")
    assert len(points(accumulated(file.parent), "train_loss")) == n_lines >= seen


@pytest.mark.parametrize("n", [0, 1, 11, 12, 100, 1000])
def test_an_event_file_that_is_cut_is_refused_by_its_place(tmp_path: Path, n: int) -> None:
    log(tmp_path / "logs", range(50))
    [file] = (tmp_path / "logs").iterdir()
    file.write_bytes(file.read_bytes()[:n])
    done = subprocess.run([*COMMAND, "import", str(file)], cwd=tmp_path, text=True, capture_output=True, check=False)
    assert done.returncode == 2
    assert "byte" in done.stderr or "no number" in done.stderr or "nothing in it" in done.stderr
