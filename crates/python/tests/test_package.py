"""The package as a user meets it: verbs, answers, tables, weights, mistakes, Ctrl-C."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import dunwu
import pytest
from dunwu import _words

QUICK = {"task": "cyclic:7", "steps": 60, "model": {"width": 16}}


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    return tmp_path / "runs"


def python(code: str, *, cwd: Path, **kwargs: object) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", code], cwd=cwd, text=True, stderr=subprocess.PIPE, stdout=subprocess.PIPE)


def test_a_run_answers_with_a_headline_and_data(runs: Path) -> None:
    answer = dunwu.run("small", QUICK, seed=3, runs=runs)
    assert answer.verb == "run"
    assert answer.headline and answer.data["headline"] == answer.headline
    assert Path(answer.data["run"]).is_dir()
    assert answer.exit_code == 0
    assert answer.headline.split(",")[0].split()[:4] == str(answer).split()[:4]


def test_the_command_line_and_python_write_the_same_bits(runs: Path, tmp_path: Path) -> None:
    here = Path(dunwu.run("small", QUICK, seed=3, runs=runs).data["run"])
    words = ["small", "task=cyclic:7", "steps=60", "model.width=16", "seed=3"]
    command = [sys.executable, "-m", "dunwu", "run", *words, "--runs", "there", "--json"]
    there = json.loads(subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True).stdout)
    there = tmp_path / there["run"]
    assert here.name == there.name
    for name in ["spec.toml", *(f"snapshots/{file.name}" for file in (here / "snapshots").iterdir())]:
        assert (here / name).read_bytes() == (there / name).read_bytes(), name
    # The last line says how many seconds it took.
    lines = [(run / "record.jsonl").read_text().splitlines()[:-1] for run in (here, there)]
    assert len(lines[0]) > 10 and lines[0] == lines[1]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"seed": 3}, ["seed=3"]),
        ({"model": {"width": 64, "activation": "relu"}}, ["model.width=64", "model.activation=relu"]),
        ({"optimizer.weight_decay": [2e-4, 2e-3]}, ["optimizer.weight_decay=0.0002,0.002"]),
        ({"seed": range(10)}, ["seed=0..9"]),
        ({"steps": range(0, 30, 10)}, ["steps=0,10,20"]),
        ({"task": ["cyclic:7", "product:cyclic:2,cyclic:3"]}, ["task=cyclic:7,[product:cyclic:2,cyclic:3]"]),
        ({"record": {"snapshots": False}}, ["record.snapshots=false"]),
    ],
)
def test_settings_become_the_words_of_the_command_line(settings: dict[str, object], words: list[str]) -> None:
    assert _words.words_of_settings(settings) == words


def test_a_sweep_gives_its_table(runs: Path, tmp_path: Path) -> None:
    table = tmp_path / "decay.parquet"
    answer = dunwu.sweep("small", QUICK, seed=range(3), runs=runs, table=table)
    assert answer.data["table"] == str(table)
    rows = dunwu.read_table(table)
    assert len(rows) == 3
    assert rows["seed"] == [0, 1, 2]


@pytest.mark.parametrize("reader", ["polars", "pandas", "pyarrow", "duckdb"])
def test_data_frames_read_the_tables_of_a_run(runs: Path, reader: str) -> None:
    frames = pytest.importorskip(reader)
    run = dunwu.open(dunwu.run("small", QUICK, runs=runs))
    scalars = run.tables()["scalars"]
    steps = scalars["step"]
    if reader == "polars":
        frame = frames.DataFrame(scalars)
        assert frame["step"].to_list() == steps
    elif reader == "pandas":
        frame = frames.DataFrame.from_arrow(scalars)
        assert frame["step"].tolist() == steps
    elif reader == "pyarrow":
        frame = frames.table(scalars)
        assert frame["step"].to_pylist() == steps
    else:
        found = frames.sql("SELECT step FROM scalars ORDER BY step").fetchall()
        assert [step for (step,) in found] == steps


def test_arrow_columns_are_not_copied(runs: Path) -> None:
    arrow = pytest.importorskip("pyarrow")
    scalars = dunwu.open(dunwu.run("small", QUICK, runs=runs)).tables()["scalars"]
    addresses = [arrow.table(scalars)["step"].chunk(0).buffers()[1].address for _ in range(2)]
    assert addresses[0] == addresses[1]


def test_weights_are_numpy_arrays_over_the_file(runs: Path) -> None:
    numpy = pytest.importorskip("numpy")
    run = dunwu.open(dunwu.run("small", QUICK, runs=runs))
    weights = run.weights()
    assert weights["hidden.weight"].shape == (16, 14)
    assert weights["hidden.weight"].dtype == numpy.float32
    assert not weights["hidden.weight"].flags.owndata
    assert not weights["hidden.weight"].flags.writeable
    first = run.weights(run.steps[0])["hidden.weight"]
    assert first.shape == (16, 14) and not numpy.array_equal(first, weights["hidden.weight"])
    with pytest.raises(KeyError, match="there are 0"):
        run.weights(61)


def test_an_opened_run_stands_wherever_a_path_may(runs: Path) -> None:
    run = dunwu.open(dunwu.run("small", QUICK, runs=runs))
    assert Path(run) == run.path and (Path(os.fspath(run)) / "record.jsonl").is_file()
    assert dunwu.show(run).headline == dunwu.show(run.path).headline
    assert dunwu.open(run).id == run.id


def test_an_answer_shows_itself_in_a_notebook_with_its_figures(runs: Path) -> None:
    answer = dunwu.run("small", QUICK, runs=runs)
    shown = answer._repr_html_()
    assert shown is not None
    assert answer.headline.split(",")[0] in shown
    assert shown.count("<img") >= 3 and "<script" not in shown
    assert len(shown) < 8_000_000
    figure = next(iter(answer.figures.values()))
    assert figure.svg.startswith("<svg") and figure._repr_svg_() == figure.svg
    assert answer.page().startswith("<!DOCTYPE html>")


@pytest.mark.parametrize(
    ("ask", "says"),
    [
        (lambda runs: dunwu.run("small", {"model": {"wdith": 3}}, runs=runs), "model.width"),
        (lambda runs: dunwu.run("smal", runs=runs), "small"),
        (lambda runs: dunwu.open("nothing", runs=runs), "nothing"),
        (lambda runs: dunwu.peaks("cyclic:x"), "cyclic"),
        (lambda runs: dunwu.verdict("nothing", runs=runs), "nothing"),
        (lambda runs: dunwu.run("small", seed=range(0), runs=runs), "empty"),
        (lambda runs: dunwu.read_table("nothing.parquet"), "nothing.parquet"),
    ],
)
def test_a_mistake_is_an_error_that_names_it(runs: Path, ask: Callable[[Path], object], says: str) -> None:
    with pytest.raises((ValueError, RuntimeError, FileNotFoundError), match=says):
        ask(runs)


def test_a_judgement_is_an_exit_code_and_no_error(runs: Path) -> None:
    answer = dunwu.run("small", QUICK, runs=runs, doctor=True)
    assert answer.verb == "doctor" and answer.exit_code in (0, 3, 4)
    assert answer.earlier[0].verb == "run"


def test_a_verb_in_a_thread_leaves_the_others_running(runs: Path) -> None:
    ticks: list[float] = []
    worker = threading.Thread(target=lambda: dunwu.run("small", steps=1500, seed=1, runs=runs, quiet=True))
    worker.start()
    while worker.is_alive():
        ticks.append(time.perf_counter())
        time.sleep(0.005)
    longest = max(b - a for a, b in zip(ticks, ticks[1:]))
    assert longest < 0.5, longest


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_control_c_ends_a_run_with_a_checkpoint_within_a_tenth_of_a_second(tmp_path: Path) -> None:
    code = (
        "import dunwu, time\n"
        "try:\n"
        "    dunwu.run('small', steps=2000000, quiet=True)\n"
        "except KeyboardInterrupt:\n"
        "    print(time.time(), flush=True)\n"
    )
    process = python(code, cwd=tmp_path)
    deadline = time.time() + 60
    while not list(tmp_path.glob("runs/*/record.jsonl")) and time.time() < deadline:
        time.sleep(0.05)
    time.sleep(1.0)
    sent = time.time()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert float(out) - sent < 0.25, (float(out) - sent, "a hundred milliseconds, and what a loaded machine adds")
    assert list(tmp_path.glob("runs/*/checkpoint.safetensors"))


def test_importing_needs_neither_numpy_nor_torch(tmp_path: Path) -> None:
    code = "import sys, dunwu; print([name for name in ('numpy', 'torch', 'pandas') if name in sys.modules])"
    out, err = python(code, cwd=tmp_path).communicate(timeout=60)
    assert out.strip() == "[]", err


def test_importing_takes_at_most_fifty_milliseconds(tmp_path: Path) -> None:
    code = "import time; a = time.process_time(); import dunwu; print(time.process_time() - a)"
    seconds = sorted(float(python(code, cwd=tmp_path).communicate(timeout=60)[0]) for _ in range(7))
    assert seconds[0] < 0.05, seconds


@pytest.mark.parametrize("place", ["ray", "slurm"])
def test_a_sweep_elsewhere_is_what_the_launch_submits(runs: Path, place: Literal["ray", "slurm"]) -> None:
    launch = {"ray": dunwu.launch_ray, "slurm": dunwu.launch_slurm}[place]
    elsewhere = dunwu.sweep("small", seed=range(3), on=place, tasks=2, dry_run=True, runs=runs, quiet=True)
    assert elsewhere.headline.startswith("3 of 3 runs remain")
    launched = launch("small", seed=range(3), tasks=2, dry_run=True, runs=runs, quiet=True)
    # How long a run takes is measured each time.
    assert [re.sub(r"about \d+ s", "", str(answer)) for answer in (elsewhere, launched)] == [re.sub(r"about \d+ s", "", str(launched))] * 2
    with pytest.raises(ValueError, match="--tasks"):
        dunwu.sweep("small", seed=range(3), tasks=2, runs=runs, quiet=True)
