"""Against the real package of W&B, offline: steps mean the same, and what is exported arrives."""

from __future__ import annotations

import importlib
import json
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest

wandb: Any = pytest.importorskip("wandb", reason="the package wandb is not installed")

from test_watch_recorder import FakeRecorder, keep_in_memory  # noqa: E402

from dunwu import _wandb_shape as shape  # noqa: E402
from dunwu._wandb_shape.errors import forget_warnings  # noqa: E402


def records_of(path: Path) -> Iterator[bytes]:
    """The records of an offline file: LevelDB's log, blocks of 32 KiB, after a header of seven bytes."""
    written = path.read_bytes()
    assert written[:4] == b":W&B"
    at, whole = 7, b""
    while at + 7 <= len(written):
        left = 32768 - at % 32768
        if left < 7:
            at += left
            continue
        length, kind = int.from_bytes(written[at + 4 : at + 6], "little"), written[at + 6]
        whole += written[at + 7 : at + 7 + length]
        at += 7 + length
        if kind in (1, 4):  # a record that is whole, or its last part
            yield whole
            whole = b""


def history_of(folder: Path) -> list[dict[str, Any]]:
    """Rows of the one offline run below a folder, without W&B's own columns but for the step."""
    (path,) = folder.glob("**/run-*.wandb")
    protocol = importlib.import_module("wandb.proto.wandb_internal_pb2")
    rows: list[dict[str, Any]] = []
    for record in records_of(path):
        message = protocol.Record()
        message.ParseFromString(record)
        if message.WhichOneof("record_type") != "history":
            continue
        row = {(item.key or ".".join(item.nested_key)): json.loads(item.value_json) for item in message.history.item}
        step = row.pop("_step", None)
        row = {name: value for name, value in row.items() if not name.startswith("_")}
        rows.append({"_step": message.history.step.num if step is None else step, **row})
    return rows


def config_of(folder: Path) -> dict[str, Any]:
    """Settings of the one offline run below a folder."""
    (path,) = folder.glob("**/run-*.wandb")
    protocol = importlib.import_module("wandb.proto.wandb_internal_pb2")
    settings: dict[str, Any] = {}
    for record in records_of(path):
        message = protocol.Record()
        message.ParseFromString(record)
        updates = message.run.config.update if message.WhichOneof("record_type") == "run" else message.config.update
        for item in updates:
            settings[item.key or ".".join(item.nested_key)] = json.loads(item.value_json)
    return settings


def flat(row: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in row.items():
        if isinstance(value, dict):
            found |= flat(cast("dict[str, Any]", value), f"{prefix}{name}.")
        else:
            found[f"{prefix}{name}"] = value
    return found


Script = Callable[[Any], None]


def counted(wb: Any) -> None:
    for i in range(4):
        wb.log({"loss": 1.0 / (i + 1), "accuracy": i / 4})


def explicit_steps(wb: Any) -> None:
    wb.log({"a": 1}, step=3)
    wb.log({"b": 2}, step=3)
    wb.log({"a": 3}, step=10)
    wb.log({"a": 4}, step=5)  # comes too late
    wb.log({"c": 5}, step=10)


def open_rows(wb: Any) -> None:
    wb.log({"a": 1}, commit=False)
    wb.log({"b": 2}, commit=False)
    wb.log({"a": 3})
    wb.log({"a": 4}, step=7, commit=True)
    wb.log({"a": 5})
    wb.log({"left": 6}, commit=False)


def mixed(wb: Any) -> None:
    wb.log({"a": 1})
    wb.log({"a": 2}, step=1)
    wb.log({"b": 3})
    wb.log({"c": 4})
    wb.log({"d": 5}, step=2)
    wb.log({"d": 6}, step=4, commit=False)
    wb.log({}, step=4)
    wb.log({"e": 7})


def nested(wb: Any) -> None:
    wb.log({"train": {"loss": 0.5, "top": {"1": 0.25}}, "lr": True})
    wb.log({"train": {"loss": 0.25}})


@pytest.mark.parametrize("script", [counted, explicit_steps, open_rows, mixed, nested])
def test_rows_and_steps_are_those_of_wandb(script: Script, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_SILENT", "true")
    wandb.init(mode="offline", dir=str(tmp_path), project="same")
    script(wandb)
    wandb.finish()
    wandb.teardown()  # waits until the file is written
    theirs = [flat(row) for row in history_of(tmp_path)]
    theirs = [row for row in theirs if len(row) > 1]

    made = keep_in_memory(monkeypatch)
    forget_warnings()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        run = shape.init(project="same")
        script(shape)
        run.finish()
    ours = [{"_step": step, **row} for step, row in made[0].rows]
    assert ours == theirs


def test_the_step_of_a_run_is_that_of_wandb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_SILENT", "true")
    keep_in_memory(monkeypatch)
    runs = [wandb.init(mode="offline", dir=str(tmp_path), project="same"), shape.init(project="same")]
    steps: list[list[int]] = []
    for run in runs:
        seen: list[int] = [run.step]
        for call in ({"step": None}, {"commit": False}, {}, {"step": 9}, {"step": 9, "commit": True}, {"step": 20}, {}):
            run.log({"a": 1}, **call)
            seen.append(run.step)
        steps.append(seen)
        run.finish()
    assert steps[0] == steps[1]


def test_settings_behave_as_those_of_wandb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_SILENT", "true")
    keep_in_memory(monkeypatch)

    def use(run: Any) -> list[object]:
        config = run.config
        seen: list[object] = [config.lr, config["lr"], config.get("no", 3), "lr" in config, sorted(config.keys())]
        config.lr = 0.1  # the value that it has
        for change in (lambda: setattr(config, "lr", 0.2), lambda: config.update({"lr": 0.3})):
            try:
                change()
            except Exception as error:
                seen.append("allow_val_change" in str(error))
        config.update({"lr": 0.4, "new": [1, 2]}, allow_val_change=True)
        config.setdefaults({"new": 5, "other": 6})
        seen += [config.lr, config.new, config.other]
        try:
            seen.append(config.missing)
        except AttributeError:
            seen.append("no attribute")
        run.finish()
        return seen

    settings = {"lr": 0.1, "width": 8}
    theirs = use(wandb.init(mode="offline", dir=str(tmp_path), project="same", config=settings))
    assert use(shape.init(project="same", config=settings)) == theirs


def test_the_summary_is_that_of_wandb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_SILENT", "true")
    keep_in_memory(monkeypatch)

    def use(run: Any) -> list[object]:
        run.log({"loss": 3.0, "accuracy": 0.1})
        run.log({"loss": 2.0})
        run.summary["best"] = 0.75
        run.summary.update({"other": 4})
        seen = [run.summary["best"], run.summary["other"], run.summary.get("none", 1), "best" in run.summary.keys()]
        run.finish()
        return seen

    theirs = use(wandb.init(mode="offline", dir=str(tmp_path), project="same"))
    assert use(shape.init(project="same")) == theirs


def test_names_of_the_module_are_those_of_wandb() -> None:
    # Some are classes of other modules of theirs, or methods of a run alone.
    missing = [name for name in shape.NAMES if not hasattr(wandb, name) and name not in ("Config", "CommError", "UsageError")]
    missing = [name for name in missing if not hasattr(wandb.Run, name)]
    assert missing == []


def test_a_fake_recorder_is_what_these_tests_record_into(monkeypatch: pytest.MonkeyPatch) -> None:
    made = keep_in_memory(monkeypatch)
    shape.init().finish()
    assert isinstance(made[0], FakeRecorder)
