"""The Lightning callback, with the real package."""

from __future__ import annotations

import dataclasses
import importlib
import importlib.util
import sys
import warnings
from typing import Any, cast

import pytest

pytest.importorskip("torch", reason="PyTorch is not installed")


def mend_torch_1_13() -> None:
    """Lets Python 3.11 import `torch.distributed.fsdp` of PyTorch 1.13, whose data classes have defaults that it takes for mutable."""
    original = dataclasses.dataclass

    def lenient(kind: Any = None, /, **options: Any) -> Any:
        def wrap(kind: Any) -> Any:
            return original(**{"unsafe_hash": vars(kind).get("__hash__") is None, **options})(kind)

        return wrap if kind is None else wrap(kind)

    dataclasses.dataclass = lenient
    try:
        importlib.import_module("torch.distributed.fsdp")
        # Debian calls its build 1.13.0a0, which Lightning takes for an older one.
        torch_itself = importlib.import_module("torch")
        setattr(torch_itself, "__version__", torch_itself.__version__.replace("a0", ""))
    finally:
        dataclasses.dataclass = original


def lightning_in_use() -> Any:
    """The newest Lightning that is installed."""
    if importlib.import_module("torch").__version__.startswith("1.") and sys.version_info >= (3, 11):
        mend_torch_1_13()
    names = [name for name in ("lightning", "pytorch_lightning") if importlib.util.find_spec(name) is not None]
    if not names:
        pytest.skip("neither lightning nor pytorch-lightning is installed", allow_module_level=True)
    return importlib.import_module("lightning.pytorch" if names[0] == "lightning" else names[0])


pl: Any = lightning_in_use()

import torch  # noqa: E402
from test_watch_recorder import FakeRecorder, keep_in_memory  # noqa: E402
from test_watch_training import number_of_hooks  # noqa: E402
from torch import Tensor, nn  # noqa: E402
from torch.utils.data import DataLoader, TensorDataset  # noqa: E402

from dunwu import _callbacks as callbacks  # noqa: E402


class Net(pl.LightningModule):
    def __init__(self, width: int = 6, fails_at: int | None = None) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.layers = nn.Sequential(nn.Linear(4, width), nn.ReLU(), nn.Linear(width, 3))
        self.fails_at = fails_at
        self.losses: list[float] = []

    def training_step(self, batch: list[Tensor], index: int) -> Tensor:
        if self.global_step == self.fails_at:
            raise ValueError("a bad batch")
        loss = nn.functional.cross_entropy(cast(Tensor, self.layers(batch[0])), batch[1])
        self.losses.append(float(loss.detach()))
        self.log("train/half", loss / 2)
        return loss

    def validation_step(self, batch: list[Tensor], index: int) -> None:
        self.log("val_loss", nn.functional.cross_entropy(cast(Tensor, self.layers(batch[0])), batch[1]))

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=0.1)


def fit(net: Net, callback: Any, **options: Any) -> Any:
    draw = torch.Generator().manual_seed(0)
    data = TensorDataset(torch.randn(32, 4, generator=draw), torch.randint(3, (32,), generator=draw))
    loader: Any = DataLoader(data, batch_size=8)
    quiet = {"enable_progress_bar": False, "enable_model_summary": False, "enable_checkpointing": False, "logger": False}
    trainer = pl.Trainer(max_epochs=2, accelerator="cpu", callbacks=[callback] if callback else [], **quiet, **options)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        trainer.fit(net, loader, loader)
    return trainer


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[FakeRecorder]:
    return keep_in_memory(monkeypatch)


def test_a_lightning_run_is_recorded_with_its_losses_and_its_updates(made: list[FakeRecorder]) -> None:
    net = Net()
    fit(net, callbacks.LightningCallback(to="runs/lightning", overhead=None))
    run = made[0]
    assert (run.name, run.ended, run.known["config.width"]) == ("lightning", "finished", "6")
    assert [step for step, _ in run.values_of("loss")] == list(range(1, 9))
    assert [value for _, value in run.values_of("loss")] == pytest.approx(net.losses)
    assert [step for step, _ in run.values_of("val_loss")] == [4, 8]
    assert len(run.values_of("layers.0/update_ratio")) == 8 and len(run.values_of("layers.2/gradient_norm")) == 8
    # Lightning calls `training_step`, never the module itself, and activations are seen all the same.
    assert len(run.series["layers.0", "activation_mean"]) == 8
    assert number_of_hooks(net) == 0


def test_a_lightning_run_has_the_same_bits_with_and_without(made: list[FakeRecorder]) -> None:
    ends: list[list[Tensor]] = []
    for is_watched in (False, True):
        torch.manual_seed(0)
        net = Net()
        fit(net, callbacks.LightningCallback(to="runs/x", overhead=None) if is_watched else None)
        ends.append([p.detach() for p in net.parameters()])
    assert all(torch.equal(a, b) for a, b in zip(*ends, strict=True))


def test_accumulated_batches_are_one_step(made: list[FakeRecorder]) -> None:
    fit(Net(), callbacks.LightningCallback(to="runs/x", overhead=None), accumulate_grad_batches=2)
    assert [step for step, _ in made[0].values_of("weight_norm")] == [1, 2, 3, 4]


def test_an_exception_ends_the_record_as_failed_and_takes_the_hooks_off(made: list[FakeRecorder]) -> None:
    net = Net(fails_at=3)
    with pytest.raises(ValueError, match="a bad batch"):
        fit(net, callbacks.LightningCallback(to="runs/x", overhead=None))
    assert made[0].ended == "failed" and made[0].marks[-1] == (3, "ValueError: a bad batch")
    assert number_of_hooks(net) == 0


def test_the_callback_is_a_callback_of_lightning_and_made_once() -> None:
    assert issubclass(callbacks.LightningCallback, pl.Callback)
    assert callbacks.LightningCallback is callbacks.LightningCallback


def test_callbacks_without_their_package_name_it(monkeypatch: pytest.MonkeyPatch) -> None:
    from dunwu._callbacks import lightning, transformers

    for name in ("lightning.pytorch", "pytorch_lightning", "transformers"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ImportError, match="pip install lightning"):
        lightning.make_callback()
    with pytest.raises(ImportError, match="pip install transformers"):
        transformers.make_callback()
    with pytest.raises(AttributeError, match="it has LightningCallback, TransformersCallback"):
        _ = callbacks.KerasCallback  # pyright: ignore
