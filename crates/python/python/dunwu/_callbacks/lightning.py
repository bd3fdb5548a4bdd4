"""The callback of PyTorch Lightning, under either of its names."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol, cast

from .._watch.look import OptimizerLike
from .recording import Records

if TYPE_CHECKING:
    from torch import nn


class _Trainer(Protocol):
    @property
    def optimizers(self) -> Sequence[OptimizerLike]: ...

    @property
    def global_step(self) -> int: ...

    @property
    def current_epoch(self) -> int: ...

    @property
    def sanity_checking(self) -> bool: ...

    @property
    def callback_metrics(self) -> Mapping[str, object]: ...

    @property
    def max_epochs(self) -> int | None: ...

    @property
    def max_steps(self) -> int: ...


class RecordsLightning(Records):
    """Records a run of a Lightning trainer: `Trainer(callbacks=[dunwu.callbacks.LightningCallback(to="runs/mine")])`.

    It takes the options of `dunwu.watch`. Steps are Lightning's `global_step`. Recorded are the loss of each step, whatever the module
    logs with `self.log`, when it changes, and what `dunwu.watch` records.
    """

    def on_train_start(self, trainer: _Trainer, pl_module: nn.Module) -> None:
        """Begins the run."""
        config: dict[str, object] = {"trainer": "Lightning", "max_epochs": trainer.max_epochs, "max_steps": trainer.max_steps}
        hyperparameters = getattr(pl_module, "hparams", None)
        if isinstance(hyperparameters, Mapping):
            config |= cast("Mapping[str, object]", hyperparameters)
        self.begin_run(pl_module, trainer.optimizers, config)

    def on_train_batch_end(self, trainer: _Trainer, pl_module: nn.Module, outputs: object, *batch: object) -> None:
        """Records a step."""
        loss = cast("Mapping[str, object]", outputs).get("loss") if isinstance(outputs, Mapping) else outputs
        values = {name: value for name, value in trainer.callback_metrics.items() if name != "loss"}
        self.record_step({"loss": loss, "epoch": trainer.current_epoch, **values}, trainer.global_step)

    def on_validation_end(self, trainer: _Trainer, pl_module: nn.Module) -> None:
        """Records what validation logged."""
        if not trainer.sanity_checking:
            self.record_more(trainer.callback_metrics)

    def on_train_epoch_end(self, trainer: _Trainer, pl_module: nn.Module) -> None:
        """Records what was logged for the epoch."""
        self.record_more(trainer.callback_metrics)

    def on_train_end(self, trainer: _Trainer, pl_module: nn.Module) -> None:
        """Ends the run."""
        self.end_run()

    def on_exception(self, trainer: _Trainer, pl_module: nn.Module, exception: BaseException) -> None:
        """Ends the run, and says why."""
        self.end_run(exception)


def make_callback() -> type[RecordsLightning]:
    """The class above as a `Callback` of the Lightning that is in use, or else of the one that is installed.

    Raises:
        ImportError: there is none.
    """
    names = ("lightning.pytorch", "pytorch_lightning")
    for name in [*(name for name in names if name in sys.modules), *names]:
        try:
            base = cast(type, importlib.import_module(name).Callback)
        except ImportError:
            continue
        return cast("type[RecordsLightning]", type("LightningCallback", (RecordsLightning, base), {"__module__": __name__}))
    raise ImportError("dunwu.callbacks.LightningCallback needs PyTorch Lightning; pip install lightning")
