"""Writes run.wandb beside this file: the offline file of a run that logs a loss and an accuracy, as the package wandb writes it.

    pip install wandb==0.31.0 && python testdata/wandb/make.py

Machine, user and program have made-up names; a long note makes a record that spans blocks.
"""

import pathlib
import shutil
import tempfile

import wandb

with tempfile.TemporaryDirectory() as folder:
    settings = wandb.Settings(
        mode="offline",
        host="host",
        username="nobody",
        email="nobody@example.org",
        program="train.py",
        root_dir=folder,
        disable_git=True,
        disable_code=True,
        console="off",
        silent=True,
        x_disable_meta=True,
        x_disable_stats=True,
    )
    run = wandb.init(dir=folder, project="curves", settings=settings)
    for i in range(40):
        note = "long " * 8000 if i == 20 else "short"
        run.log({"train/loss": 1 / (1 + i), "val": {"acc": i / 40}, "note": note, "lists": [1, 2]}, step=10 * i)
    run.log({"train/loss": float("nan")}, step=400)
    run.log({"train/loss": float("inf")}, step=410)
    run.finish()
    (file,) = pathlib.Path(folder).glob("**/*.wandb")
    shutil.copy(file, pathlib.Path(__file__).with_name("run.wandb"))
