"""Scripts that were written for W&B, run as they stand with `import dunwu as wandb`."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

SCRIPTS = {
    "a classifier of digits": """
        import argparse, torch, torch.nn as nn, torch.nn.functional as F
        import dunwu as wandb

        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.conv1 = nn.Conv2d(1, 4, 3)
                self.fc = nn.Linear(4 * 13 * 13, 10)
            def forward(self, x):
                return F.log_softmax(self.fc(F.max_pool2d(F.relu(self.conv1(x)), 2).flatten(1)), dim=1)

        parser = argparse.ArgumentParser()
        parser.add_argument("--epochs", type=int, default=2)
        parser.add_argument("--lr", type=float, default=0.01)
        args = parser.parse_args([])
        wandb.init(project="pytorch-mnist", config=args)
        torch.manual_seed(0)
        data, target = torch.randn(64, 1, 28, 28), torch.randint(10, (64,))
        model = Net()
        wandb.watch(model, log_freq=100)
        optimizer = torch.optim.SGD(model.parameters(), lr=wandb.config.lr, momentum=0.5)
        for epoch in range(1, wandb.config.epochs + 1):
            model.train()
            for i in range(0, 64, 16):
                optimizer.zero_grad()
                loss = F.nll_loss(model(data[i:i + 16]), target[i:i + 16])
                loss.backward()
                optimizer.step()
                wandb.log({"loss": loss})
            model.eval()
            with torch.no_grad():
                output = model(data)
                correct = (output.argmax(1) == target).float().mean()
            examples = [wandb.Image(x, caption=f"Pred: {p}") for x, p in zip(data[:3], output.argmax(1))]
            wandb.log({"Examples": examples, "Test Accuracy": 100.0 * correct, "Test Loss": F.nll_loss(output, target)})
        assert wandb.run.summary["Test Loss"] > 0
        wandb.finish()
    """,
    "a character model with explicit steps": """
        import math, numpy as np
        import dunwu as wandb

        config = dict(n_layer=2, learning_rate=6e-4, model={"n_embd": 16})
        run = wandb.init(project="owt", name="gpt2-124M/try 1", config=config, mode="offline")
        wandb.define_metric("iter")
        wandb.define_metric("val/*", step_metric="iter", summary="min")
        rng = np.random.default_rng(0)
        for it in range(0, 50, 10):
            losses = {"train": np.float32(4 - it / 20), "val": np.float32(4.1 - it / 25)}
            wandb.log({"iter": it, "train/loss": losses["train"], "val/loss": losses["val"], "mfu": 0.3 * 100,
                       "grads": wandb.Histogram(rng.normal(size=100))}, step=it)
            wandb.log({"lr": config["learning_rate"] * math.cos(it / 50)}, step=it)
        run.config.update({"final_iter": 40})
        artifact = wandb.Artifact("ckpt", type="model", metadata={"iter": 40})
        artifact.add_file("out/ckpt.pt")
        run.log_artifact(artifact)
        wandb.run.summary["best_val_loss"] = float(losses["val"])
        wandb.finish()
    """,
    "a loop that trains in a with block": """
        import random
        import dunwu as wandb

        random.seed(1)
        def train(seed):
            with wandb.init(project="bandit", group="seeds", job_type="train", config={"seed": seed}, reinit=True) as run:
                rewards = []
                table = wandb.Table(columns=["episode", "reward", "comment"])
                for episode in range(20):
                    rewards.append(random.random() + episode / 20)
                    run.log({"episode": {"reward": rewards[-1], "length": episode}}, commit=False)
                    run.log({"mean_reward": sum(rewards) / len(rewards)})
                    table.add_data(episode, rewards[-1], "fine")
                run.log({"episodes": table, "plot": wandb.plot.line(table, "episode", "reward")})
                run.alert(title="done", text=f"seed {seed}")
        for seed in range(2):
            train(seed)
        try:
            wandb.log({"late": 1})
        except wandb.Error as error:
            print("refused:", error)
    """,
}


HARNESS = """
import importlib, json, sys, warnings
sys.path[:0] = {paths!r}
import dunwu
from dunwu import _wandb_shape as shape
from dunwu._watch import watching
from test_watch_recorder import FakeRecorder
made = []
def open_fake(place, known):
    made.append(FakeRecorder(place.folder, place.name, known))
    return made[-1]
watching.open_recorder = open_fake
# The package's own `__init__` does the same.
for name in shape.NAMES:
    if name not in ("config", "summary"):
        setattr(dunwu, name, getattr(shape, name))
sys.modules["dunwu"].__class__ = type("Module", (type(sys),), {{
    "config": property(lambda self: shape.config), "summary": property(lambda self: shape.summary)}})
for name in ("config", "summary"):
    vars(dunwu).pop(name, None)
dunwu.run = shape.RunVerb(lambda: None)
from dunwu._watch import watch
dunwu.watch = watch
exec(compile(sys.stdin.read(), "script.py", "exec"), {{"__name__": "__main__"}})
print(json.dumps([[r.name, r.ended, len(r.rows), sorted({{n for _, row in r.rows for n in row}}),
                   sorted(map("/".join, r.series)), [t for _, t in r.marks]] for r in made]))
"""


def run_script(name: str, tmp_path: Path) -> tuple[list[list[Any]], list[str], str]:
    code = HARNESS.format(paths=[str(Path(__file__).parent)])
    script = textwrap.dedent(SCRIPTS[name])
    done = subprocess.run([sys.executable, "-c", code], input=script, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stderr
    *said, found = done.stdout.strip().splitlines()
    return json.loads(found), said, done.stderr


def test_a_script_that_classifies_digits_is_recorded(tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="PyTorch is not installed")
    ((name, ended, n_rows, names, series, marks),), _, _ = run_script("a classifier of digits", tmp_path)
    assert (name, ended, n_rows) == ("pytorch-mnist", "finished", 10)
    assert {"loss", "Test Accuracy", "Test Loss", "conv1/gradient_norm", "logit_scale"} <= set(names)
    assert "conv1/activation_mean" in series
    assert marks[0].startswith("Examples: 3 times Image of 1 × 28 × 28")


def test_a_script_with_explicit_steps_is_recorded(tmp_path: Path) -> None:
    ((name, ended, n_rows, names, series, marks),), _, said = run_script("a character model with explicit steps", tmp_path)
    assert (name, ended, n_rows) == ("gpt2-124M-try-1", "finished", 6)
    assert names == ["iter", "lr", "mfu", "summary/best_val_loss", "train/loss", "val/loss"]
    assert series == ["grads/values"] and "val/* is drawn over iter" in marks and "config.final_iter = 40" in marks
    assert 'the files of "ckpt" stay where they are' in said


def test_a_script_that_trains_in_with_blocks_is_recorded(tmp_path: Path) -> None:
    runs, said, _ = run_script("a loop that trains in a with block", tmp_path)
    assert [(run[0], run[1], run[2]) for run in runs] == [("bandit", "finished", 20)] * 2
    assert runs[0][3] == ["episode.length", "episode.reward", "mean_reward"]
    assert runs[0][4] == ["episodes/episode", "episodes/reward"]
    assert runs[1][5] == [
        "episodes.comment: a column of a Table was not kept", "plot: Plot was not kept", "alert: done: seed 1",
    ]  # fmt: skip
    assert said == ["refused: You must call dunwu.init() before dunwu.log()"]


@pytest.mark.parametrize(("last", "how"), [("pass", "finished"), ("1 / 0", "failed"), ("raise KeyboardInterrupt", "stopped")])
def test_a_program_that_ends_without_finish_says_how(tmp_path: Path, last: str, how: str) -> None:
    code = f"""
import sys
sys.path[:0] = [{str(Path(__file__).parent)!r}]
from dunwu import _wandb_shape as wandb
from dunwu._watch import watching
from test_watch_recorder import FakeRecorder
class Saying(FakeRecorder):
    def finish(self, how):
        super().finish(how)
        print(how)
watching.open_recorder = lambda place, known: Saying()
wandb.init().log({{"a": 1}})
{last}
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.stdout == f"{how}\n", done.stderr
