"""Runs given to other trackers, and read back from them."""

from __future__ import annotations

import importlib
import json
import math
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from dunwu._export import export
from dunwu._export.record import how_it_ended, read_head, scalars_of

ROWS: list[tuple[int, dict[str, float]]] = [
    (0, {"loss": 2.5, "train/accuracy": 0.25}),
    (1, {"loss": math.nan}),
    (2, {"loss": 1.25, "val.loss": math.inf}),
    (10, {"loss": 0.1 + 0.2, "layers.0/update ratio": -1e-30}),
]


def spelled(value: float) -> object:
    return "NaN" if math.isnan(value) else str(value) if math.isinf(value) else value


def write_record(folder: Path, *lines: dict[str, object], name: str = "mine") -> Path:
    """A run of another program's, as its record holds it."""
    folder.mkdir(parents=True, exist_ok=True)
    known = {"model": "Net", "config.lr": "0.1"}
    head = {"format": 2, "foreign": 1, "dunwu": "0.1.0", "id": "0123456789abcdef", "name": name, "known": known}
    text = "".join(json.dumps({**line, "check": "0" * 16}) + "\n" for line in (head, *lines))
    (folder / "record.jsonl").write_text(text)
    return folder


def entry(step: int, row: dict[str, float]) -> dict[str, object]:
    return {"kind": "scalars", "step": step, "values": {name: spelled(value) for name, value in row.items()}}


END: dict[str, object] = {"kind": "finished", "how": "finished", "step": 10, "seconds": 1.5}


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return write_record(tmp_path / "runs" / "0123456789abcdef-mine", *(entry(*row) for row in ROWS), END)


def same(found: list[tuple[int, dict[str, float]]], expected: list[tuple[int, dict[str, float]]]) -> bool:
    return repr(found) == repr(expected)  # NaN is not NaN


def test_numbers_of_a_record_come_back_by_step(run: Path) -> None:
    assert same(list(scalars_of(run)), ROWS)
    assert same(list(scalars_of(run, follow=True)), ROWS)
    head = read_head(run)
    assert (head.name, head.id, head.settings["config.lr"]) == ("mine", "0123456789abcdef", "0.1")
    assert how_it_ended(run) == "finished"


def test_numbers_of_our_own_runs_stand_beside_their_step(tmp_path: Path) -> None:
    line = {"kind": "scalars", "step": 3, "train_loss": 0.5, "train_accuracy": 1.0, "test_loss": None, "test_accuracy": "NaN"}
    folder = write_record(tmp_path / "own", line)
    assert same(list(scalars_of(folder)), [(3, {"train_loss": 0.5, "train_accuracy": 1.0, "test_accuracy": math.nan})])


def test_several_lines_of_a_step_are_one_row_and_what_was_taken_back_is_left_out(tmp_path: Path) -> None:
    lines = [entry(1, {"a": 1.0}), entry(1, {"b": 2.0}), entry(2, {"a": 3.0, "c": 5.0}), entry(3, {"a": 9.0})]
    resumed: dict[str, object] = {"kind": "resumed", "at": 2, "dunwu": "0.1.0"}
    folder = write_record(tmp_path / "r", *lines, resumed, entry(2, {"a": 4.0}))
    assert list(scalars_of(folder)) == [(1, {"a": 1.0, "b": 2.0}), (2, {"a": 4.0})]
    assert how_it_ended(folder) is None


def test_a_torn_last_line_is_no_row(run: Path) -> None:
    with (run / "record.jsonl").open("a") as record:
        record.write('{"kind":"scalars","step":11,"values":{"lo')
    assert same(list(scalars_of(run)), ROWS)


def test_something_else_than_a_record_is_refused(tmp_path: Path) -> None:
    (tmp_path / "record.jsonl").write_text("hello\n")
    with pytest.raises(ValueError, match="does not begin as a record does"):
        read_head(tmp_path)


def test_a_tracker_that_does_not_exist_is_refused_with_the_nearest(run: Path) -> None:
    with pytest.raises(ValueError, match='no tracker "wanbd"; the nearest is "wandb"'):
        export(run, to="wanbd")  # pyright: ignore
    with pytest.raises(ValueError, match="there are wandb, mlflow, trackio, tensorboard, jsonl"):
        export(run, to="comet")  # pyright: ignore


@pytest.mark.parametrize("name", ["wandb", "mlflow", "trackio"])
def test_a_tracker_without_its_package_names_it(run: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.delitem(sys.modules, f"dunwu._export.to_{name}", raising=False)
    with pytest.raises(ImportError, match=f"pip install {name}"):
        export(run, to=name)  # pyright: ignore


def append_slowly(folder: Path) -> threading.Thread:
    """Lets the record grow, with a line that comes in two parts."""

    def write() -> None:
        with (folder / "record.jsonl").open("a") as record:
            for line in [*(entry(*row) for row in ROWS), END]:
                text = json.dumps(line) + "\n"
                for part in (text[:20], text[20:]):
                    record.write(part)
                    record.flush()
                    time.sleep(0.05)

    writer = threading.Thread(target=write)
    writer.start()
    return writer


def test_a_run_that_grows_is_followed_until_its_end(tmp_path: Path) -> None:
    folder = write_record(tmp_path / "live")
    writer = append_slowly(folder)
    assert same(list(scalars_of(folder, follow=True)), ROWS)
    writer.join()


def test_a_run_arrives_in_wandb(run: Path, tmp_path: Path) -> None:
    pytest.importorskip("wandb", reason="the package wandb is not installed")
    from test_export_wandb import config_of, history_of

    place = export(run, to="wandb", output=tmp_path, project="out")
    assert Path(place).is_dir()
    rows = [(row.pop("_step"), {name: float(row[name]) for name in sorted(row) if name != "_step"}) for row in history_of(tmp_path)]
    assert same(rows, [(step, dict(sorted(row.items()))) for step, row in ROWS])
    settings = config_of(tmp_path)
    assert settings["config.lr"] == "0.1" and settings["dunwu_run"] == "0123456789abcdef"


def test_a_run_that_grows_arrives_in_wandb(tmp_path: Path) -> None:
    pytest.importorskip("wandb", reason="the package wandb is not installed")
    from test_export_wandb import history_of

    folder = write_record(tmp_path / "live")
    writer = append_slowly(folder)
    export(folder, to="wandb", output=tmp_path / "out", follow=True)
    writer.join()
    assert [row["_step"] for row in history_of(tmp_path / "out")] == [0, 1, 2, 10]


@pytest.mark.parametrize("follow", [False, True])
def test_a_run_arrives_in_mlflow(tmp_path: Path, follow: bool) -> None:
    pytest.importorskip("mlflow", reason="the package mlflow or mlflow-skinny is not installed")
    pytest.importorskip("sqlalchemy", reason="the package sqlalchemy is not installed, which MLflow's database needs")
    folder = write_record(tmp_path / "run") if follow else write_record(tmp_path / "run", *(entry(*r) for r in ROWS), END)
    writer = append_slowly(folder) if follow else None
    database = tmp_path / "mlflow.db"
    export(folder, to="mlflow", output=database, project="out", follow=follow)
    if writer is not None:
        writer.join()
    client: Any = importlib.import_module("mlflow.tracking").MlflowClient(tracking_uri=f"sqlite:///{database}")
    (found,) = client.search_runs([client.get_experiment_by_name("out").experiment_id])
    assert found.info.run_name == "mine" and found.info.status == "FINISHED"
    assert found.data.params["config.lr"] == "0.1" and found.data.tags["dunwu_run"] == "0123456789abcdef"
    for name in {name for _, row in ROWS for name in row}:
        points = [(metric.step, metric.value) for metric in client.get_metric_history(found.info.run_id, name)]
        expected = [(step, row[name]) for step, row in ROWS if name in row]
        # Its database holds an infinity as the largest double.
        expected = [(step, sys.float_info.max if value == math.inf else value) for step, value in expected]
        assert repr(sorted(points)) == repr(expected)


def test_names_that_mlflow_does_not_take_are_changed() -> None:
    pytest.importorskip("mlflow", reason="the package mlflow or mlflow-skinny is not installed")
    from dunwu._export.to_mlflow import metric_name

    assert [metric_name(name) for name in ("a/b.c-d e_1", "准确率", "f(x)=1", "/a/")] == ["a/b.c-d e_1", "___", "f_x__1", "a"]


def test_a_run_arrives_in_trackio(run: Path, tmp_path: Path) -> None:
    pytest.importorskip("trackio", reason="the package trackio is not installed")
    # Trackio reads the name of its folder once, when it is imported.
    code = f"""
import dunwu, json
from dunwu._export import export
export({str(run)!r}, to="trackio", output={str(tmp_path / "trackio")!r}, project="out")
from trackio.sqlite_storage import SQLiteStorage
(record,) = SQLiteStorage.get_run_records("out")
print(record["name"], json.dumps(SQLiteStorage.get_logs("out", record["name"])))
print(json.dumps(SQLiteStorage.get_run_config("out", record["name"])))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    *_, logs, config = done.stdout.strip().splitlines()
    name, _, text = logs.partition(" ")
    assert name == "mine-012345"
    rows: list[tuple[int, dict[str, float]]] = []
    for row in json.loads(text):
        rows.append((row.pop("step"), {key: float(value) for key, value in row.items() if key != "timestamp"}))
    assert same(rows, ROWS)
    assert json.loads(config)["config.lr"] == "0.1"
    assert list((tmp_path / "trackio").glob("*.db"))
