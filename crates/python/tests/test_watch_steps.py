"""What `w.step` takes: numbers, names and steps; and where nothing is recorded."""

from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="PyTorch is not installed")

import torch  # noqa: E402
from test_watch_recorder import FakeRecorder, keep_in_memory  # noqa: E402
from test_watch_training import adam, batches, nothing_hangs_on, small_model, train_step, watched  # noqa: E402


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[FakeRecorder]:
    return keep_in_memory(monkeypatch)


def test_losses_that_are_not_finite_are_recorded_as_such(made: list[FakeRecorder]) -> None:
    model = small_model()
    with watched(model, None) as w:
        w.step(loss=float("nan"), test_loss=torch.tensor(float("inf")))
        w.step(loss=torch.tensor([[-math.inf]]), test_loss=None)
    first, second = made[0].rows[0][1], made[0].rows[1][1]
    assert math.isnan(first["loss"]) and first["test_loss"] == math.inf
    assert second["loss"] == -math.inf and "test_loss" not in second


def test_steps_are_counted_from_one_or_given(made: list[FakeRecorder]) -> None:
    with watched(small_model(), None) as w:
        assert [w.step(loss=0.0), w.step(loss=0.0, step=10), w.step({"val/loss": 0.0})] == [1, 10, 11]
        with pytest.raises(ValueError, match="step 11 does not come after step 11"):
            w.step(step=11)
        w.log(test_accuracy=0.5)
        with pytest.raises(ValueError, match="test_accuracy was recorded at step 11 already"):
            w.log(test_accuracy=0.6)
        w.mark("now evaluated")
    assert made[0].rows[-1] == (11, {"test_accuracy": 0.5}) and made[0].marks == [(11, "now evaluated")]


def test_the_first_step_may_be_given_as_zero(made: list[FakeRecorder]) -> None:
    with watched(small_model(), None) as w:
        assert w.step(loss=0.0, step=0) == 0
        with pytest.raises(ValueError, match="does not come after step 0"):
            w.step(step=0)
        with pytest.raises(ValueError, match="step -1"):
            w.step(step=-1)


def test_a_step_outside_of_with_is_refused(made: list[FakeRecorder]) -> None:
    w = watched(small_model(), None)
    with pytest.raises(RuntimeError, match=r"w\.step was used before the run began; write `with dunwu\.watch"):
        w.step(loss=0.0)
    with w:
        pass
    with pytest.raises(RuntimeError, match=r"w\.step was used after the run had ended"):
        w.step(loss=0.0)
    with pytest.raises(RuntimeError, match="begun already"):
        w.start()
    assert w.path == "runs/test"


@pytest.mark.parametrize(
    ("value", "error", "says"),
    [
        ("0.3", TypeError, "loss is of type str"),
        (torch.zeros(32), ValueError, "loss has 32 values; record one number, such as their mean"),
        (torch.zeros(0), ValueError, "loss has 0 values"),
        (torch.tensor(1j), TypeError, "loss is of type complex"),
        ({"a": 1}, TypeError, "loss is of type dict"),
    ],
)
def test_what_is_no_number_is_refused_by_name(
    made: list[FakeRecorder], value: object, error: type[Exception], says: str
) -> None:
    with watched(small_model(), None) as w:
        with pytest.raises(error, match=says):
            w.step(loss=value)


@pytest.mark.parametrize("name", ["step", "", "  ", "a\nb", "x" * 301])
def test_a_name_that_no_series_can_have_is_refused(made: list[FakeRecorder], name: str) -> None:
    with watched(small_model(), None) as w:
        with pytest.raises(ValueError, match="a series cannot be called"):
            w.step({name: 1.0})
    assert made[0].rows == []


def test_numbers_of_numpy_and_python_are_taken(made: list[FakeRecorder]) -> None:
    import fractions

    import numpy as np

    with watched(small_model(), None, snapshot_budget_bytes=0) as w:
        w.step(a=np.float32(0.5), b=np.array([[2]]), c=fractions.Fraction(1, 4), d=True, e=torch.tensor([3], dtype=torch.int8))
    assert {name: made[0].rows[0][1][name] for name in "abcde"} == {"a": 0.5, "b": 2.0, "c": 0.25, "d": 1.0, "e": 3.0}


def test_a_process_that_follows_another_records_nothing(
    made: list[FakeRecorder], monkeypatch: pytest.MonkeyPatch
) -> None:
    from torch import distributed

    if not distributed.is_available():
        pytest.skip("this PyTorch was built without torch.distributed")
    for name, value in (("is_initialized", True), ("get_rank", 1)):
        monkeypatch.setattr(distributed, name, lambda value=value: value)
    model = small_model()
    optimizer = adam(model)
    with watched(model, optimizer) as w:
        assert nothing_hangs_on(model, optimizer)
        assert w.step(loss=train_step(model, optimizer, batches(1)[0])) == 1
    assert made == [] and w.path == ""


def test_importing_the_watcher_does_not_import_torch() -> None:
    code = "import dunwu._watch, sys; assert 'torch' not in sys.modules and 'numpy' not in sys.modules"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_folder_that_cannot_be_written_is_refused_before_anything_hangs_on_the_model(
    made: list[FakeRecorder], tmp_path: Path
) -> None:
    (tmp_path / "runs").write_text("a file")
    model = small_model()
    optimizer = adam(model)
    with pytest.raises(NotADirectoryError, match="is a file; name a folder of runs"):
        watched(model, optimizer, to=tmp_path / "runs" / "mine")
    assert nothing_hangs_on(model, optimizer)
