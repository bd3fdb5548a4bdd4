"""`dunwu.watch` and `dunwu.init` over the real recorder: the run directory opens as any other."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="PyTorch is not installed")
dunwu = pytest.importorskip("dunwu", reason="the package is not installed")
if not hasattr(dunwu, "show"):
    pytest.skip("the native module is not built", allow_module_level=True)

from test_watch_training import adam, batches, small_model, train_step, watched  # noqa: E402

from dunwu._export.record import how_it_ended, read_head, scalars_of  # noqa: E402


def test_a_watched_run_opens_as_any_other(tmp_path: Path) -> None:
    model = small_model()
    optimizer = adam(model)
    with watched(model, optimizer, to=tmp_path / "runs" / "mine") as w:
        for batch in batches(5):
            w.step(train_loss=train_step(model, optimizer, batch).detach(), test_loss=math.nan)
        w.mark("done")
    folder = Path(w.path)
    assert read_head(folder).name == "mine" and read_head(folder).settings["model"] == "Sequential"
    rows = dict(scalars_of(folder))
    assert list(rows) == [1, 2, 3, 4, 5] and rows[1]["train_loss"] > 0 and math.isnan(rows[1]["test_loss"])
    assert how_it_ended(folder) == "finished"
    assert len(list((folder / "snapshots").glob("*.safetensors"))) == 5
    assert "mine finished at step 5" in dunwu.show(w.path).headline


def test_a_run_that_fails_says_so_in_its_record(tmp_path: Path) -> None:
    with pytest.raises(ValueError), watched(small_model(), None, to=tmp_path / "runs" / "mine") as w:
        w.step(loss=1.0)
        raise ValueError("a bad batch")
    assert how_it_ended(Path(w.path)) == "failed"


def test_a_script_for_wandb_opens_as_any_other(tmp_path: Path) -> None:
    run = dunwu.init(project="digits", dir=tmp_path, config={"lr": 0.1})
    for i in range(3):
        dunwu.log({"loss": 1.0 / (i + 1), "weights": dunwu.Histogram([1, 2])})
    dunwu.finish()
    assert [row["loss"] for _, row in scalars_of(Path(run.path))] == [1.0, 0.5, 1 / 3]
    assert "digits finished at step 2" in dunwu.show(run.path).headline
