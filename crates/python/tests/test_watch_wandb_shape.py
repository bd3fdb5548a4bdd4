"""`import dunwu as wandb`: what is recorded, what is not, and what it says about that."""

from __future__ import annotations

import argparse
import math
import warnings
from collections.abc import Iterator

import numpy as np
import pytest
from test_watch_recorder import FakeRecorder, keep_in_memory

from dunwu import _wandb_shape as wandb
from dunwu._wandb_shape.errors import forget_warnings
from dunwu._wandb_shape.session import active_config


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[FakeRecorder]]:
    for name in ("MODE", "PROJECT", "NAME", "NOTES", "TAGS", "DIR", "RUN_ID", "DISABLED"):
        monkeypatch.delenv(f"WANDB_{name}", raising=False)
    forget_warnings()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield keep_in_memory(monkeypatch)
    wandb.finish()


def test_init_says_what_is_known(made: list[FakeRecorder]) -> None:
    run = wandb.init(
        project="digits", name="first try", config={"lr": 0.1, "model": {"width": 8}}, tags=["a", "b"], notes="n", group="g", id="x7"
    )
    run.config.update({"late": True})
    wandb.log({"loss": 1})
    assert (made[0].path, made[0].known) == (
        "runs/first-try",
        {
            "recorded_by": "dunwu.init", "name": "first try", "project": "digits", "group": "g", "notes": "n", "tags": "a, b",
            "wandb_id": "x7", "config.lr": "0.1", "config.model.width": "8", "config.late": "True",
        },
    )  # fmt: skip
    assert run.id == "x7" and run.project == "digits" and run.group == "g"


def test_a_setting_that_comes_late_is_recorded_as_a_sentence(made: list[FakeRecorder]) -> None:
    run = wandb.init(config={"lr": 0.1})
    run.log({"loss": 1})
    run.config.update({"lr": 0.2, "opt": {"name": "sgd"}}, allow_val_change=True)
    run.finish()
    assert made[0].marks == [(1, "config.lr = 0.2"), (1, "config.opt.name = sgd")]


def test_arguments_of_a_program_are_settings(made: list[FakeRecorder]) -> None:
    wandb.init(config=argparse.Namespace(lr=0.1, layers=(1, 2)))
    assert active_config().as_dict() == {"lr": 0.1, "layers": [1, 2]}


def test_variables_of_wandb_stand_in_for_what_is_not_given(made: list[FakeRecorder], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"PROJECT": "p", "NAME": "n", "TAGS": "a,b", "DIR": "/elsewhere", "RUN_ID": "q"}.items():
        monkeypatch.setenv(f"WANDB_{name}", value)
    wandb.init().log({"a": 1})
    assert made[0].path == "/elsewhere/runs/n"
    assert {key: made[0].known[key] for key in ("project", "tags", "wandb_id")} == {"project": "p", "tags": "a, b", "wandb_id": "q"}


@pytest.mark.parametrize("call", ["log", "define_metric", "alert", "unwatch"])
def test_a_call_before_init_is_refused_as_wandb_refuses_it(made: list[FakeRecorder], call: str) -> None:
    with pytest.raises(wandb.Error, match=rf"You must call dunwu\.init\(\) before dunwu\.{call}\(\)"):
        getattr(wandb, call)({"a": 1})


def test_config_and_summary_before_init_are_refused(made: list[FakeRecorder]) -> None:
    for name in ("config", "summary"):
        with pytest.raises(wandb.Error, match=rf"You must call dunwu\.init\(\) before dunwu\.{name}"):
            getattr(wandb, name)


def test_a_step_that_comes_too_late_is_left_out_with_a_warning(made: list[FakeRecorder]) -> None:
    run = wandb.init()
    run.log({"a": 1}, step=10)
    with pytest.warns(UserWarning, match="step 3 comes before step 10"):
        run.log({"a": 2}, step=3)
    run.finish()
    assert made[0].values_of("a") == [(10, 1.0)]


def test_numbers_of_every_kind_are_recorded(made: list[FakeRecorder]) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    run = wandb.init()
    run.log({"a": 1, "b": True, "c": np.float32(0.5), "d": np.array([2]), "e": torch.tensor(3.0, requires_grad=True), "f": None})
    run.log({"nan": math.nan, "inf": np.inf})
    assert made[0].row_of(0) == {"a": 1.0, "b": 1.0, "c": 0.5, "d": 2.0, "e": 3.0}
    assert math.isnan(made[0].row_of(1)["nan"]) and made[0].row_of(1)["inf"] == math.inf


def test_arrays_and_histograms_become_series(made: list[FakeRecorder]) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    counts, edges = np.histogram([1.0, 2.0, 2.5, 9.0], bins=4)
    run = wandb.init()
    run.log({
        "array": np.arange(3), "list": [0.5, 1.5], "half": torch.ones(2, 2, dtype=torch.bfloat16),
        "hist": wandb.Histogram([3, 1, 2]), "bins": wandb.Histogram(np_histogram=(counts, edges)),
    })  # fmt: skip
    series = {key: values[0][1] for key, values in made[0].series.items()}
    assert series == {
        ("array", "values"): [0.0, 1.0, 2.0], ("list", "values"): [0.5, 1.5], ("half", "values"): [1.0] * 4,
        ("hist", "values"): [3.0, 1.0, 2.0],
        ("bins", "histogram_counts"): [3.0, 0.0, 0.0, 1.0], ("bins", "histogram_edges"): [1.0, 3.0, 5.0, 7.0, 9.0],
    }  # fmt: skip


def test_a_long_array_becomes_a_histogram_that_counts_as_numpy_does(made: list[FakeRecorder]) -> None:
    values = np.random.default_rng(0).normal(size=70_000).astype(np.float32)
    wandb.init().log({"weights": values})
    counts, edges = np.histogram(values.astype(float), bins=64)
    found = np.array(made[0].series["weights", "histogram_counts"][0][1])
    # A value on an edge may fall to either side of it, by rounding.
    assert np.abs(found - counts).max() <= 1 and found.sum() == 70_000
    assert made[0].series["weights", "histogram_edges"][0][1] == pytest.approx(edges.tolist(), rel=1e-5)


def test_columns_of_numbers_of_a_table_are_kept_and_the_others_named(made: list[FakeRecorder]) -> None:
    table = wandb.Table(columns=["word", "score"])
    table.add_data("cat", 0.5)
    table.add_data("dog", 0.25)
    table.add_column("rank", [1, 2])
    assert table.get_column("rank") == [1, 2]
    with pytest.raises(ValueError, match="a row of 1 values does not fit the 3 columns word, score, rank"):
        table.add_data("owl")
    run = wandb.init()
    run.log({"words": table})
    run.finish()
    assert made[0].series["words", "score"][0][1] == [0.5, 0.25] and made[0].series["words", "rank"][0][1] == [1.0, 2.0]
    assert made[0].marks == [(0, "words.word: a column of a Table was not kept")]


def test_pictures_are_named_once_and_counted(made: list[FakeRecorder]) -> None:
    run = wandb.init()
    for _ in range(3):
        run.log({"samples": [wandb.Image(np.zeros((28, 28)), caption="seven")] * 2, "video": wandb.Video("a.mp4")})
    run.finish()
    texts = [text for _, text in made[0].marks]
    assert texts == [
        'samples: 2 times Image of 28 × 28, "seven" was not kept',
        "video: Video was not kept",
        "samples was logged 3 times and not kept",
        "video was logged 3 times and not kept",
    ]


def test_values_that_are_not_kept_are_warned_of_once_by_type(made: list[FakeRecorder]) -> None:
    class Figure:
        pass

    run = wandb.init()
    with pytest.warns(UserWarning, match="values of type Figure are not kept; plot is one"):
        run.log({"plot": Figure()})
    run.log({"plot": Figure()})


def test_texts_are_sentences_when_they_change(made: list[FakeRecorder]) -> None:
    run = wandb.init()
    for phase in ("warm", "warm", "main"):
        run.log({"phase": phase})
    assert made[0].marks == [(0, "phase: warm"), (2, "phase: main")]


def test_names_that_a_record_cannot_have_are_changed_and_warned_of(made: list[FakeRecorder]) -> None:
    run = wandb.init()
    with pytest.warns(UserWarning, match="'step' is recorded as 'logged_step'"):
        run.log({"step": 7})
    with pytest.warns(UserWarning, match="control character"):
        run.log({"a\nb": 7})
    assert made[0].rows == [(0, {"logged_step": 7.0}), (1, {"a b": 7.0})]


def test_summaries_follow_define_metric(made: list[FakeRecorder]) -> None:
    run = wandb.init()
    run.define_metric("epoch")
    run.define_metric("val/*", step_metric="epoch", summary="max")
    run.define_metric("loss", summary="min,mean,first,last")
    for i, value in enumerate([3.0, 1.0, 2.0]):
        run.log({"loss": value, "val/acc": value, "epoch": i})
    assert run.summary["loss"] == {"min": 1.0, "mean": 2.0, "first": 3.0, "last": 2.0}
    assert run.summary["val/acc"] == {"max": 3.0} and run.summary.epoch == 2.0
    with pytest.raises(wandb.Error, match='no summary "median"'):
        run.define_metric("x", summary="median")
    run.summary["best"] = np.float64(3.0)
    run.finish()
    assert made[0].values_of("summary/best") == [(2, 3.0)]
    assert (0, "val/* is drawn over epoch") in made[0].marks


def test_what_is_no_dictionary_of_texts_is_refused(made: list[FakeRecorder]) -> None:
    run = wandb.init()
    with pytest.raises(ValueError, match="needs a dictionary"):
        run.log(3)
    with pytest.raises(ValueError, match="the name 1, which is no text"):
        run.log({1: 2})


def test_modes_and_resuming_that_cannot_be_are_refused(made: list[FakeRecorder]) -> None:
    with pytest.raises(wandb.UsageError, match='mode="onlin" is none of online'):
        wandb.init(mode="onlin")
    with pytest.raises(wandb.UsageError, match='resume="must" cannot be met'):
        wandb.init(resume="must")
    with pytest.warns(UserWarning, match=r"init\(resume=…\) is not supported"):
        wandb.init(resume="allow")


def test_a_run_that_is_switched_off_records_nothing(made: list[FakeRecorder]) -> None:
    run = wandb.init(mode="disabled")
    run.log({"a": 1})
    run.finish()
    assert made == [] and run.disabled


def test_init_during_a_run_returns_it_unless_it_is_to_end(made: list[FakeRecorder]) -> None:
    first = wandb.init()
    assert wandb.init() is first
    second = wandb.init(reinit=True)
    assert second is not first and made[0].ended == "finished" and wandb.active_run() is second


@pytest.mark.parametrize(("error", "how"), [(None, "finished"), (ValueError("bad"), "failed"), (KeyboardInterrupt(), "stopped")])
def test_a_run_in_a_with_block_says_how_it_ended(made: list[FakeRecorder], error: BaseException | None, how: str) -> None:
    run = wandb.init()
    try:
        with run:
            run.log({"a": 1})
            if error is not None:
                raise error
    except type(error) if error is not None else ():
        pass
    assert made[0].ended == how and wandb.active_run() is None
    with pytest.raises(wandb.UsageError, match="the run has ended"):
        run.log({"a": 2})


def test_artifacts_are_warned_of_and_their_methods_do_nothing(made: list[FakeRecorder]) -> None:
    wandb.init()
    with pytest.warns(UserWarning, match='artifacts are not kept: the files of "weights" stay'):
        artifact = wandb.Artifact("weights", type="model")
    artifact.add_file("model.pt")
    with artifact.new_file("x") as file:
        file.write("text")
    with pytest.warns(UserWarning, match=r"log_artifact\(\) does not keep files"):
        wandb.log_artifact(artifact).wait()
    with pytest.warns(UserWarning, match=r"save\(\) does not copy files"):
        wandb.save("model.pt")
    with pytest.raises(wandb.Error, match=r"use_artifact\(\) is not supported: there is no server"):
        wandb.use_artifact("weights:latest")
    with pytest.raises(wandb.Error, match=r"Api\(\) is not supported"):
        wandb.Api()


def test_a_verb_called_run_passes_attributes_on_to_the_active_run(made: list[FakeRecorder]) -> None:
    def verb(preset: str, *, seed: int = 0) -> str:
        """Trains."""
        return f"{preset} {seed}"

    run = wandb.RunVerb(verb)
    assert run("small", seed=3) == "small 3" and run.__doc__ == "Trains." and not run
    with pytest.raises(wandb.Error, match=r"You must call dunwu\.init\(\) before dunwu\.run\.summary"):
        _ = run.summary
    active = wandb.init(name="n")
    assert run and run.name == "n" and run.summary is active.summary


def test_watching_a_model_records_its_gradients_at_complete_rows(made: list[FakeRecorder]) -> None:
    pytest.importorskip("torch", reason="PyTorch is not installed")
    from test_watch_training import adam, batches, number_of_hooks, small_model, train_step

    from dunwu._watch import watch

    model = small_model()
    optimizer = adam(model)
    run = wandb.init()
    watch(model, log="all", log_freq=10, overhead=None)  # as wandb.watch is called
    for batch in batches(3):
        run.log({"loss": train_step(model, optimizer, batch).detach()})
    run.unwatch()
    assert number_of_hooks(model) == 0
    run.finish()
    assert [step for step, _ in made[0].values_of("0/gradient_norm")] == [0, 1, 2]
    # Nobody knows how many updates there are between two rows.
    assert not made[0].values_of("0/update_ratio") and not made[0].snapshots
    with pytest.raises(TypeError, match="no option 'lag'"):
        wandb.init().watch(model, lag=3)
