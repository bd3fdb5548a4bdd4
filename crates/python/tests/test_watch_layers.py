"""Which layers are watched, and which models are refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import pytest

pytest.importorskip("torch", reason="PyTorch is not installed")

import torch  # noqa: E402
from test_watch_recorder import FakeRecorder, keep_in_memory  # noqa: E402
from test_watch_training import adam, batches, number_of_hooks, small_model, train_step, watched  # noqa: E402
from torch import Tensor, nn  # noqa: E402

from dunwu._watch.layers import choose_layers, unwrap  # noqa: E402
from dunwu._watch.watching import watch  # noqa: E402


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[FakeRecorder]:
    return keep_in_memory(monkeypatch)


def names(model: nn.Module, layers: object = None) -> list[str]:
    chosen = choose_layers(model, layers)  # pyright: ignore[reportArgumentType]
    return [layer.name for layer in chosen.watched]


def test_every_module_with_weights_of_its_own_is_a_layer() -> None:
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.MultiheadAttention(8, 2), nn.LSTM(4, 5))
    assert names(model) == ["0", "1", "3", "3.out_proj", "4"]


def test_layers_are_chosen_by_name_pattern_or_module() -> None:
    model = nn.ModuleDict({"encoder": nn.ModuleList([nn.Linear(2, 2), nn.ReLU()]), "head": nn.Linear(2, 2)})
    assert names(model, "head") == ["head"]
    assert names(model, ["encoder.*"]) == ["encoder.0", "encoder.1"]
    assert names(model, [model["head"], "encoder"]) == ["encoder", "head"]


def test_a_weight_belongs_to_the_nearest_watched_module_around_it() -> None:
    model = nn.Sequential(nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 3)), nn.Linear(3, 1))
    chosen = choose_layers(model, ["0", "0.1"])
    counts = {layer.name: sum(p.numel() for p in layer.parameters()) for layer in chosen.watched}
    assert counts == {"0": 6, "0.1": 9}


def test_a_model_whose_weights_hang_on_it_directly_is_one_layer_called_model(made: list[FakeRecorder]) -> None:
    class Direct(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.scale = nn.Parameter(torch.ones(()))
            self.matrix = nn.Parameter(torch.eye(3))

        def forward(self, inputs: Tensor) -> Tensor:
            return self.scale * inputs @ self.matrix

    model = Direct()
    with watched(model, None) as w:
        model(torch.ones(2, 3)).sum().backward()
        w.step()
    run = made[0]
    assert run.series["model", "weight_norm"][0][1] == [1.0, 1.0, 1.0]
    assert run.rows[0][1]["model/weight_norm"] == pytest.approx(2.0)
    assert run.rows[0][1]["weight_norm"] == pytest.approx(2.0)


def test_a_layer_that_does_not_exist_is_refused_with_the_nearest_names() -> None:
    model = nn.ModuleDict({"encoder": nn.Linear(2, 2), "decoder": nn.Linear(2, 2)})
    with pytest.raises(ValueError, match='no layer "encodr"; the nearest are "encoder", "decoder"'):
        choose_layers(model, ["encodr"])
    with pytest.raises(ValueError, match='no layer "qqq"; it has "model", "encoder", "decoder"'):
        choose_layers(model, "qqq")
    with pytest.raises(ValueError, match=r'no layer "x\.\*"'):
        choose_layers(model, "x.*")


def test_a_module_of_another_model_is_refused() -> None:
    with pytest.raises(ValueError, match="a Linear that is no part of the model"):
        choose_layers(nn.Linear(2, 2), [nn.Linear(2, 2)])


def test_no_layer_at_all_is_refused() -> None:
    with pytest.raises(ValueError, match="ReLU has no floating-point weights; there is nothing to watch"):
        choose_layers(nn.ReLU(), None)
    with pytest.raises(ValueError, match=r"layers=\[\] names no layer"):
        choose_layers(nn.Linear(2, 2), [])


@pytest.mark.parametrize(
    ("module", "n_units", "input"),
    [
        (nn.Linear(4, 6), 6, torch.randn(5, 4)),
        (nn.Conv2d(3, 7, 3), 7, torch.randn(2, 3, 8, 8)),
        (nn.ConvTranspose2d(3, 5, 3), 5, torch.randn(2, 3, 8, 8)),
        (nn.BatchNorm1d(4), 4, torch.randn(5, 4)),
        (nn.LayerNorm(4), 4, torch.randn(5, 2, 4)),
        (nn.Embedding(9, 4), 4, torch.tensor([[1, 2], [3, 4]])),
    ],
)
def test_a_unit_is_one_output_of_a_layer(made: list[FakeRecorder], module: nn.Module, n_units: int, input: Tensor) -> None:
    with watched(module, None) as w:
        output = cast(Tensor, module(input))
        output.sum().backward()
        w.step()
    series = made[0].series
    lengths = {name: len(values[0][1]) for (_, name), values in series.items()}
    assert lengths == dict.fromkeys(
        ("activation_mean", "activation_std", "activation_positive_share", "gradient_norm", "weight_norm", "update_ratio"),
        n_units,
    )
    unit_dim = 1 if "Conv" in type(module).__name__ else -1
    rows = output.detach().movedim(unit_dim, -1).reshape(-1, n_units)
    assert series["model", "activation_mean"][0][1] == pytest.approx(rows.mean(0).tolist(), rel=1e-4, abs=1e-6)


def test_data_parallel_is_looked_through(made: list[FakeRecorder]) -> None:
    model = small_model()
    optimizer = adam(model)
    with watched(nn.DataParallel(model), optimizer) as w:
        train_step(nn.DataParallel(model), optimizer, batches(1)[0])
        w.step()
    run = made[0]
    assert run.known["wrapped_in"] == "DataParallel" and run.known["model"] == "Sequential"
    assert ("0", "activation_mean") in run.series and run.rows[0][1]["logit_scale"] > 0


def test_distributed_data_parallel_is_looked_through(made: list[FakeRecorder], tmp_path: object) -> None:
    from torch import distributed

    if not distributed.is_available():
        pytest.skip("this PyTorch was built without torch.distributed")
    distributed.init_process_group("gloo", init_method=f"file://{tmp_path}/meet", rank=0, world_size=1)
    try:
        model = nn.parallel.DistributedDataParallel(small_model())
        optimizer = adam(model)
        with watched(model, optimizer) as w:
            for batch in batches(3):
                train_step(model, optimizer, batch)
                w.step()
    finally:
        distributed.destroy_process_group()
    run = made[0]
    assert run.known["wrapped_in"] == "DistributedDataParallel"
    assert len(run.values_of("0/update_ratio")) == 3 and ("0", "activation_mean") in run.series


def test_models_that_hold_shards_are_refused_by_name() -> None:
    class FullyShardedDataParallel(nn.Module):
        pass

    with pytest.raises(TypeError, match="wrapped in FullyShardedDataParallel, which holds shards"):
        unwrap(FullyShardedDataParallel())


def test_something_that_is_no_module_is_refused() -> None:
    with pytest.raises(TypeError, match=r"the model is of type list; watch a torch\.nn\.Module"):
        unwrap([nn.Linear(2, 2)])


def test_a_model_without_numbers_is_refused() -> None:
    with pytest.raises(ValueError, match="the parameter 0.weight is on the device meta, where weights have no numbers"):
        unwrap(nn.Sequential(nn.Linear(2, 2)).to("meta"))


def test_a_weight_without_a_shape_yet_is_refused() -> None:
    with pytest.raises(ValueError, match="weight has no shape yet; run the model on one batch"):
        unwrap(nn.LazyLinear(3))


def test_an_optimizer_that_is_none_is_refused(made: list[FakeRecorder]) -> None:
    with pytest.raises(TypeError, match="the optimizer is of type int"):
        watch(small_model(), 3, to="runs/x")
    with pytest.raises(TypeError, match="an optimizer is of type StepLR, without parameter groups"):
        watch(small_model(), torch.optim.lr_scheduler.StepLR(adam(small_model()), 1), to="runs/x")


def test_an_optimizer_of_another_model_is_warned_of(made: list[FakeRecorder]) -> None:
    with pytest.warns(RuntimeWarning, match="the optimizer holds none of the model's weights"):
        watch(small_model(), adam(small_model()), to="runs/x")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"every": 0}, "every=0 is no number of steps"),
        ({"overhead": 0.0}, "overhead=0.0 allows no look"),
        ({"snapshot_budget_s": -1.0}, "snapshot_budget_s=-1.0 is negative"),
        ({"snapshot_budget_bytes": -1}, "snapshot_budget_bytes=-1 is negative"),
        ({"to": "runs/"}, "does not name a run"),
    ],
)
def test_options_that_make_no_sense_are_refused(made: list[FakeRecorder], options: dict[str, object], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        watched(small_model(), None, **options)


def test_an_option_that_does_not_exist_is_refused(made: list[FakeRecorder]) -> None:
    with pytest.raises(TypeError, match="no option 'evry'"):
        watched(small_model(), None, evry=3)


def test_a_script_has_series_of_weights_and_the_record_says_why_none_of_activations(made: list[FakeRecorder]) -> None:
    script = cast(nn.Module, torch.jit.script(nn.Sequential(nn.Linear(4, 2))))  # pyright: ignore[reportPrivateImportUsage]
    with watched(script, None) as w:
        w.step()
    assert made[0].marks == [(0, "activations are not recorded: the model is a script, and a script does not call its modules")]
    assert ("0", "weight_norm") in made[0].series


@pytest.mark.skipif(not hasattr(torch, "compile"), reason="torch.compile came with PyTorch 2.0")
def test_a_compiled_model_is_looked_through_and_has_no_activations(made: list[FakeRecorder]) -> None:
    model = small_model()
    compiled = cast(nn.Module, torch.compile(model, backend="eager"))  # pyright: ignore
    optimizer = adam(model)
    with watched(compiled, optimizer) as w:
        for batch in batches(3):
            train_step(compiled, optimizer, batch)
            w.step()
    run = made[0]
    assert run.known["wrapped_in"] == "OptimizedModule"
    assert "the model is compiled" in run.marks[0][1]
    assert len(run.values_of("0/update_ratio")) == 3 and ("0", "activation_mean") not in run.series
    assert number_of_hooks(model) == 0


@pytest.mark.skipif(not hasattr(torch, "compile"), reason="torch.compile came with PyTorch 2.0")
def test_a_compiled_part_of_a_model_is_named_without_the_compiler(made: list[FakeRecorder]) -> None:
    model = nn.Sequential(nn.Linear(4, 6), cast(nn.Module, torch.compile(nn.Linear(6, 3), backend="eager")))  # pyright: ignore
    optimizer = adam(model)
    with watched(model, optimizer) as w:
        train_step(model, optimizer, batches(1)[0])
        w.step()
    assert ("1", "weight_norm") in made[0].series
    assert "a part of the model is compiled" in made[0].marks[0][1]


@pytest.mark.skipif(not hasattr(torch, "compile"), reason="torch.compile came with PyTorch 2.0")
def test_a_compiled_function_around_the_model_has_the_same_bits(made: list[FakeRecorder]) -> None:
    ends: list[list[Tensor]] = []
    for is_watched in (False, True):
        model = small_model()
        optimizer = adam(model)

        def loss_of(inputs: Tensor, labels: Tensor, model: nn.Module = model) -> Tensor:
            return nn.functional.cross_entropy(cast(Tensor, model(inputs)), labels)

        compiled = cast("Callable[[Tensor, Tensor], Tensor]", torch.compile(loss_of, backend="eager"))  # pyright: ignore
        torch.manual_seed(3)
        w = watched(model, optimizer if is_watched else None)
        if is_watched:
            w.start()
        for batch in batches(4):
            optimizer.zero_grad()
            compiled(*batch).backward()
            optimizer.step()
            if is_watched:
                w.step()
        w.finish()
        ends.append(list(model.parameters()))
    assert all(torch.equal(a, b) for a, b in zip(*ends, strict=True))
    assert len(made[0].values_of("0/gradient_norm")) == 4
