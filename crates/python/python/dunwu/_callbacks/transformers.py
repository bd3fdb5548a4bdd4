"""The callback of the Trainer of Hugging Face's transformers."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol, cast

from .._watch.look import OptimizerLike
from .recording import Records

if TYPE_CHECKING:
    from torch import nn


class _State(Protocol):
    @property
    def global_step(self) -> int: ...

    @property
    def max_steps(self) -> int: ...


# What is said of a run before it begins; a Trainer has a hundred more.
_SETTINGS = (
    "learning_rate",
    "per_device_train_batch_size",
    "gradient_accumulation_steps",
    "weight_decay",
    "num_train_epochs",
    "warmup_steps",
    "lr_scheduler_type",
    "seed",
)


class RecordsTransformers(Records):
    """Records a run of a Trainer: `Trainer(…, callbacks=[dunwu.callbacks.TransformersCallback(to="runs/mine")])`.

    It takes the options of `dunwu.watch`. Steps are the Trainer's `global_step`. Recorded are its logs (`loss` every `logging_steps`,
    `eval_loss` at each evaluation) and what `dunwu.watch` records. A Trainer does not tell its callbacks of an exception: the run then
    ends as failed when the callback goes, when training begins anew, or with the program.
    """

    def on_train_begin(
        self,
        args: object,
        state: _State,
        control: object,
        model: nn.Module | None = None,
        optimizer: OptimizerLike | None = None,
        **others: object,
    ) -> None:
        """Begins the run."""
        if model is None:
            return
        settings = {name: getattr(args, name) for name in _SETTINGS if hasattr(args, name)}
        optimizers = [] if optimizer is None else [optimizer]
        self.begin_run(model, optimizers, {"trainer": "transformers", "max_steps": state.max_steps, **settings})

    def on_step_end(self, args: object, state: _State, control: object, **others: object) -> None:
        """Records a step."""
        self.record_step({}, state.global_step)

    def on_log(
        self, args: object, state: _State, control: object, logs: Mapping[str, object] | None = None, **others: object
    ) -> None:
        """Records what the Trainer logs."""
        self.record_more(logs or {})

    def on_train_end(self, args: object, state: _State, control: object, **others: object) -> None:
        """Ends the run."""
        self.end_run()


def make_callback() -> type[RecordsTransformers]:
    """The class above as a `TrainerCallback`.

    Raises:
        ImportError: transformers is not installed.
    """
    try:
        base = cast(type, importlib.import_module("transformers").TrainerCallback)
    except ImportError as error:
        raise ImportError("dunwu.callbacks.TransformersCallback needs transformers; pip install transformers") from error
    return cast("type[RecordsTransformers]", type("TransformersCallback", (RecordsTransformers, base), {"__module__": __name__}))
