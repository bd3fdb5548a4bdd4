"""`dunwu.widget`: what a notebook is sent. `web/test/widget.mjs` looks at it in a browser."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import anywidget
import dunwu
import pytest

QUICK = {"task": "cyclic:7", "steps": 60, "model": {"width": 16}}


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    return tmp_path / "runs"


def data_of(widget: Any) -> dict[str, Any]:
    return json.loads(widget.data)


def test_a_widget_holds_the_page_and_the_run(runs: Path) -> None:
    answer = dunwu.run("small", QUICK, runs=runs)
    name = Path(answer).name
    widget = dunwu.widget(answer, runs=runs, height=500)
    assert isinstance(widget, anywidget.AnyWidget)
    state = widget.get_state()
    assert {"page", "data", "address", "height", "_esm"} <= set(state)
    assert state["_esm"].count("export default") == 1
    assert state["page"].startswith("<!DOCTYPE html>") and state["page"].count('id="dunwu-data"></script>') == 1
    assert (state["address"], state["height"]) == (f"run?name={name}", 500)
    data = data_of(widget)
    assert list(data["packed"]) == [name] and list(data["answers"]) == [f"show {name}"]
    assert [Path(run["run"]).name for run in data["runs"]["runs"]] == [name]
    assert data["answers"][f"show {name}"]["answers"][0]["headline"] == dunwu.show(answer).headline


def test_the_two_parts_make_the_page_of_dunwu_site(runs: Path, tmp_path: Path) -> None:
    answer = dunwu.run("small", QUICK, runs=runs)
    widget = dunwu.widget(answer, runs=runs)
    dunwu.site(tmp_path / "site", answer, runs=runs)
    site = (tmp_path / "site" / "index.html").read_text()
    before, after = widget.page.split('id="dunwu-data"></script>')
    assert site.startswith(before + 'id="dunwu-data">') and site.endswith("</script>" + after)
    whole = json.loads(site[len(before + 'id="dunwu-data">') : -len("</script>" + after)])
    data = data_of(widget)
    for part in ("about", "runs"):
        assert data[part] == whole[part]
    for part in ("packed", "answers"):
        assert data[part] == {key: whole[part][key] for key in data[part]}
    assert {*whole["packed"]} - {*data["packed"]} == {"story"}
    assert {*whole["answers"]} - {*data["answers"]} == {"race cyclic:23 energy=raw"}


def test_script_and_page_stay_below_one_megabyte(runs: Path) -> None:
    state = dunwu.widget(dunwu.run("small", QUICK, runs=runs), runs=runs).get_state()
    sent = {part: len(state[part].encode()) for part in ("_esm", "page")}
    assert sum(sent.values()) < 1_000_000, sent
    assert len(state["data"].encode()) < 500_000, "the story and the race are 3 MB, and are left out"


def test_what_is_named_in_a_run_does_not_end_the_script_that_holds_it(runs: Path) -> None:
    answer = dunwu.run("small", QUICK, runs=runs)
    dunwu.note(answer, "</script><b>", runs=runs)
    widget = dunwu.widget(answer, runs=runs)
    assert "<" not in widget.data
    assert data_of(widget)["runs"]["runs"][0]["note"] == "</script><b>"


@pytest.mark.parametrize("kind", ["answer", "path", "name", "digits", "run"])
def test_a_run_is_meant_as_elsewhere(runs: Path, kind: str) -> None:
    answer = dunwu.run("small", QUICK, runs=runs)
    path = Path(answer)
    meant = {"answer": answer, "path": path, "name": path.name, "digits": path.name[:8], "run": dunwu.open(answer)}[kind]
    assert list(data_of(dunwu.widget(meant, runs=runs))["packed"]) == [path.name]


def test_several_runs_open_compared_and_an_address_opens_what_it_says(runs: Path) -> None:
    first, second = (dunwu.run("small", QUICK, seed=seed, runs=runs) for seed in (0, 1))
    names = [Path(answer).name for answer in (first, second)]
    widget = dunwu.widget(first, second, runs=runs)
    assert widget.address == f"compare?runs={names[0]}%2C{names[1]}"
    assert sorted(data_of(widget)["packed"]) == sorted(names)
    assert dunwu.widget(first, address="#/runs", runs=runs).address == "runs"
    widget.address = f"#/run?name={names[1]}&step=20"
    assert widget.address == f"run?name={names[1]}&step=20"


def test_the_run_of_another_program_is_shown_too(runs: Path) -> None:
    dunwu.init(project="digits", name="mine", dir=str(runs.parent))
    for step in range(5):
        dunwu.log({"loss": 1.0 / (step + 1)})
    dunwu.finish()
    (path,) = runs.iterdir()
    assert list(data_of(dunwu.widget(path, runs=runs))["packed"]) == [path.name]


def test_a_run_that_trains_is_read_again(tmp_path: Path) -> None:
    code = "import dunwu; dunwu.run('small', task='cyclic:7', steps=2000000, events={'stop_after': 10000000}, quiet=True)"
    process = subprocess.Popen([sys.executable, "-c", code], cwd=tmp_path)
    try:
        deadline = time.monotonic() + 60
        while not (found := [path for path in tmp_path.glob("runs/*/record.jsonl") if path.stat().st_size > 2000]):
            assert time.monotonic() < deadline, "the run does not begin"
            time.sleep(0.05)
        widget = dunwu.widget(found[0].parent, address="runs", runs=tmp_path / "runs")
        (first,) = data_of(widget)["runs"]["runs"]
        now = first
        while now["step"] <= first["step"]:
            assert time.monotonic() < deadline, f"it is still read at step {now['step']}"
            widget.refresh()
            (now,) = data_of(widget)["runs"]["runs"]
        assert now["state"] == "running" and widget.address == "runs"
    finally:
        process.kill()
        process.wait()


def test_an_unknown_run_is_the_error_that_other_functions_give(runs: Path) -> None:
    with pytest.raises((ValueError, RuntimeError, FileNotFoundError), match="nothing") as opened:
        dunwu.open("nothing", runs=runs)
    with pytest.raises(opened.type, match="nothing") as shown:
        dunwu.widget("nothing", runs=runs)
    assert str(shown.value) == str(opened.value)


def test_without_anywidget_the_package_is_there_and_widget_says_what_it_needs(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['anywidget'] = None\n"
        "import dunwu\n"
        "try:\n"
        "    dunwu.widget('any')\n"
        "except ImportError as error:\n"
        "    print(error)\n"
    )
    out = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True, capture_output=True, text=True).stdout
    assert out.startswith("dunwu.widget needs anywidget") and out.strip().endswith("pip install anywidget")
    code = "import sys, dunwu; dunwu.widget; print([name for name in ('anywidget', 'ipywidgets') if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True, capture_output=True, text=True).stdout.strip() == "[]"
