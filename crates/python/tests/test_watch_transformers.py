"""The callback of Hugging Face's Trainer, with the real package."""

from __future__ import annotations

import gc
import os
import warnings
from pathlib import Path
from typing import Any, cast

import pytest

os.environ.setdefault("HF_HUB_OFFLINE", "1")
pytest.importorskip("torch", reason="PyTorch is not installed")
transformers: Any = pytest.importorskip("transformers", reason="the package transformers is not installed")
pytest.importorskip("accelerate", reason="the package accelerate is not installed, which a Trainer needs")

import torch  # noqa: E402
from test_watch_recorder import FakeRecorder, keep_in_memory  # noqa: E402
from test_watch_training import number_of_hooks  # noqa: E402
from torch import Tensor, nn  # noqa: E402

from dunwu import _callbacks as callbacks  # noqa: E402


def tiny_gpt2() -> nn.Module:
    torch.manual_seed(0)
    config = transformers.GPT2Config(vocab_size=32, n_positions=16, n_embd=16, n_layer=2, n_head=2)
    return cast(nn.Module, transformers.GPT2LMHeadModel(config))


def texts(n: int) -> list[dict[str, Tensor]]:
    draw = torch.Generator().manual_seed(1)
    tokens = [torch.randint(32, (16,), generator=draw) for _ in range(n)]
    return [{"input_ids": row, "labels": row} for row in tokens]


class FailingAt(transformers.TrainerCallback):
    def __init__(self, step: int) -> None:
        self.step = step

    def on_step_begin(self, args: Any, state: Any, control: Any, **others: Any) -> None:
        if state.global_step == self.step:
            raise ValueError("a bad batch")


def train(model: nn.Module, listed: list[Any], folder: Path, **options: Any) -> Any:
    arguments = transformers.TrainingArguments(
        output_dir=str(folder), per_device_train_batch_size=4, max_steps=8, logging_steps=2, report_to=[], save_strategy="no",
        evaluation_strategy="steps", eval_steps=4, disable_tqdm=True, learning_rate=1e-3, **options,
    )  # fmt: skip
    trainer = transformers.Trainer(
        model=model, args=arguments, train_dataset=texts(32), eval_dataset=texts(4), callbacks=listed
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        trainer.train()
    return trainer


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[FakeRecorder]:
    return keep_in_memory(monkeypatch)


def test_a_run_of_a_trainer_is_recorded_with_its_logs_and_its_updates(made: list[FakeRecorder], tmp_path: Path) -> None:
    model = tiny_gpt2()
    trainer = train(model, [callbacks.TransformersCallback(to="runs/hf", overhead=None)], tmp_path)
    run = made[0]
    assert (run.name, run.ended, run.known["config.learning_rate"]) == ("hf", "finished", "0.001")
    logged = {(row["step"], name): row[name] for row in trainer.state.log_history for name in ("loss", "eval_loss") if name in row}
    found = {(step, name): value for name in ("loss", "eval_loss") for step, value in run.values_of(name)}
    assert found == pytest.approx(logged) and len(found) == 6
    assert [step for step, _ in run.values_of("transformer.h.0.mlp.c_fc/update_ratio")] == list(range(1, 9))
    assert all(value > 0 for _, value in run.values_of("gradient_norm"))
    assert run.known["tied.lm_head.weight"] == "transformer.wte.weight"
    # Units of transformers' Conv1D are its outputs, although its matrix stands the other way round.
    assert len(run.series["transformer.h.0.mlp.c_fc", "weight_norm"][0][1]) == 64
    assert len(run.values_of("logit_scale")) == 8
    assert number_of_hooks(model) == 0


def test_a_run_of_a_trainer_has_the_same_bits_with_and_without(made: list[FakeRecorder], tmp_path: Path) -> None:
    ends: list[list[Tensor]] = []
    for is_watched in (False, True):
        model = tiny_gpt2()
        train(model, [callbacks.TransformersCallback(to="runs/x", overhead=None)] if is_watched else [], tmp_path)
        ends.append([p.detach() for p in model.parameters()])
    assert all(torch.equal(a, b) for a, b in zip(*ends, strict=True))


def test_accumulated_gradients_are_one_step(made: list[FakeRecorder], tmp_path: Path) -> None:
    callback = callbacks.TransformersCallback(to="runs/x", overhead=None)
    train(tiny_gpt2(), [callback], tmp_path, gradient_accumulation_steps=2)
    assert [step for step, _ in made[0].values_of("weight_norm")] == list(range(1, 9))


def test_a_trainer_that_fails_leaves_nothing_once_it_is_gone(made: list[FakeRecorder], tmp_path: Path) -> None:
    model = tiny_gpt2()
    with pytest.raises(ValueError, match="a bad batch"):
        train(model, [callbacks.TransformersCallback(to="runs/x", overhead=None), FailingAt(5)], tmp_path)
    gc.collect()
    assert made[0].ended == "failed"
    assert made[0].marks[-1] == (5, "RuntimeError: training did not reach its end")
    assert number_of_hooks(model) == 0
