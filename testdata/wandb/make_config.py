"""Writes config.wandb beside this file: the offline file of a run with a name and a configuration, as the package wandb writes it.

    pip install wandb==0.31.0 && python testdata/wandb/make_config.py

Machine, user and program have made-up names.
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
    config = {"lr": 1e-3, "optimizer": {"name": "AdamW", "betas": [0.9, 0.99]}, "seed": 3}
    run = wandb.init(dir=folder, project="curves", name="first try", config=config, settings=settings)
    for i in range(3):
        run.log({"train_loss": 1 / (1 + i)}, step=i)
    run.config.update({"seed": 4, "late": True}, allow_val_change=True)
    run.finish()
    (file,) = pathlib.Path(folder).glob("**/*.wandb")
    shutil.copy(file, pathlib.Path(__file__).with_name("config.wandb"))
