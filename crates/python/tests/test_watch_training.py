"""`dunwu.watch` on training loops: what it records, and that it changes nothing."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator
from typing import cast

import pytest

pytest.importorskip("torch", reason="PyTorch is not installed")

import torch  # noqa: E402
from test_watch_recorder import FakeRecorder, keep_in_memory  # noqa: E402
from torch import Tensor, nn  # noqa: E402

from dunwu._watch.watching import Watch, watch  # noqa: E402

OptimizerOf = Callable[[nn.Module], torch.optim.Optimizer]


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[FakeRecorder]]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield keep_in_memory(monkeypatch)


def small_model() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Dropout(0.2), nn.Linear(6, 3))


def adam(model: nn.Module) -> torch.optim.Optimizer:
    return torch.optim.AdamW(model.parameters(), lr=1e-2)


def batches(n: int, *, seed: int = 1) -> list[tuple[Tensor, Tensor]]:
    draw = torch.Generator().manual_seed(seed)
    return [(torch.randn(16, 4, generator=draw), torch.randint(3, (16,), generator=draw)) for _ in range(n)]


def train_step(model: nn.Module, optimizer: torch.optim.Optimizer, batch: tuple[Tensor, Tensor]) -> Tensor:
    inputs, labels = batch
    loss = nn.functional.cross_entropy(cast(Tensor, model(inputs)), labels)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss


def watched(model: nn.Module, optimizer: object, **options: object) -> Watch:
    options = {"overhead": None, "to": "runs/test", **options}
    return cast(Watch, watch(model, optimizer, **options))  # pyright: ignore[reportArgumentType]


def number_of_hooks(model: nn.Module) -> int:
    """Hooks on any module, and those for all modules."""
    kinds = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_full_backward_hooks")
    own = sum(len(getattr(module, kind, ()) or ()) for module in model.modules() for kind in kinds)
    everywhere = vars(torch.nn.modules.module)
    return own + sum(len(everywhere[f"_global{kind}"]) for kind in ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks"))


def nothing_hangs_on(model: nn.Module, optimizer: torch.optim.Optimizer) -> bool:
    return number_of_hooks(model) == 0 and "step" not in vars(optimizer)


def test_numbers_of_a_look_follow_their_formulas(made: list[FakeRecorder]) -> None:
    model = small_model().eval()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    (inputs, labels) = batches(1)[0]
    with watched(model, optimizer) as w:
        before = [p.detach().clone() for p in model.parameters()]
        with torch.no_grad():
            hidden = cast(Tensor, model[0](inputs))
            logits = cast(Tensor, model(inputs))
        loss = train_step(model, optimizer, (inputs, labels))
        gradients = [cast(Tensor, p.grad).clone() for p in model.parameters()]
        w.step(loss=loss)
    run = made[0]
    row = run.rows[0][1]

    def same(layer: str, series: str, expected: Tensor) -> None:
        (step, values), *more = run.series[layer, series]
        assert step == 1 and not more
        # Sums of at most 16 terms in f32, in any order, differ by less than 16 ε = 2e-6 of their size.
        assert values == pytest.approx(expected.tolist(), rel=1e-5, abs=1e-6)

    after = [p.detach() for p in model.parameters()]
    same("0", "weight_norm", after[0].pow(2).sum(1).sqrt())
    same("0", "gradient_norm", gradients[0].pow(2).sum(1).sqrt())
    same("0", "update_ratio", (after[0] - before[0]).pow(2).sum(1).sqrt() / after[0].pow(2).sum(1).sqrt())
    same("0", "activation_mean", hidden.mean(0))
    same("0", "activation_std", hidden.std(0, unbiased=False))
    same("0", "activation_positive_share", (hidden > 0).double().mean(0))
    whole = math.sqrt(sum(float(p.double().pow(2).sum()) for p in after))
    moved = math.sqrt(sum(float((a - b).double().pow(2).sum()) for a, b in zip(after, before, strict=True)))
    assert row["weight_norm"] == pytest.approx(whole, rel=1e-5)
    assert row["update_ratio"] == pytest.approx(moved / whole, rel=1e-5)
    slope = math.sqrt(sum(float(g.double().pow(2).sum()) for g in gradients))
    assert row["gradient_norm"] == pytest.approx(slope, rel=1e-5)
    assert row["3/weight_norm"] == pytest.approx(float(torch.cat([after[2].flatten(), after[3]]).norm()), rel=1e-5)
    centred = logits - logits.mean(1, keepdim=True)
    assert row["logit_scale"] == pytest.approx(float(centred.pow(2).mean().sqrt()), rel=1e-5)
    assert row["learning_rate"] == 0.5 and row["loss"] == pytest.approx(loss.item())


@pytest.mark.parametrize("order", ["step, zero_grad", "zero_grad, step"])
def test_gradients_are_those_of_the_update_wherever_they_are_cleared(made: list[FakeRecorder], order: str) -> None:
    model = small_model().eval()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    expected: list[float] = []
    with watched(model, optimizer) as w:
        for inputs, labels in batches(5):
            if order == "zero_grad, step":
                optimizer.zero_grad(set_to_none=True)
            nn.functional.cross_entropy(cast(Tensor, model(inputs)), labels).backward()
            expected.append(math.sqrt(sum(float(cast(Tensor, p.grad).double().pow(2).sum()) for p in model.parameters())))
            optimizer.step()
            if order == "step, zero_grad":
                optimizer.zero_grad(set_to_none=True)
            w.step()
    found = [value for _, value in made[0].values_of("gradient_norm")]
    assert found == pytest.approx(expected, rel=1e-5)


def test_accumulated_gradients_are_looked_at_when_the_update_comes(made: list[FakeRecorder]) -> None:
    model = small_model()
    optimizer = adam(model)
    with watched(model, optimizer) as w:
        for i, (inputs, labels) in enumerate(batches(8)):
            nn.functional.cross_entropy(cast(Tensor, model(inputs)), labels).backward()
            if i % 4 == 3:
                optimizer.step()
                optimizer.zero_grad()
            w.step(loss=0.0)
    assert [step for step, _ in made[0].values_of("update_ratio")] == [4, 8]


def test_an_optimizer_with_a_closure_is_looked_at(made: list[FakeRecorder]) -> None:
    model = small_model().eval()
    optimizer = torch.optim.LBFGS(model.parameters(), max_iter=2)
    with watched(model, optimizer) as w:
        for inputs, labels in batches(3):

            def closure(inputs: Tensor = inputs, labels: Tensor = labels) -> Tensor:
                optimizer.zero_grad()
                loss = nn.functional.cross_entropy(cast(Tensor, model(inputs)), labels)
                loss.backward()
                return loss

            w.step(loss=optimizer.step(closure))  # pyright: ignore[reportArgumentType, reportUnknownMemberType, reportUnknownArgumentType]
    assert len(made[0].values_of("gradient_norm")) == 3
    assert all(ratio > 0 for _, ratio in made[0].values_of("update_ratio"))
    assert nothing_hangs_on(model, optimizer)


def test_without_an_optimizer_updates_are_read_between_two_steps(made: list[FakeRecorder]) -> None:
    model = small_model()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with watched(model, None) as w:
        for batch in batches(3):
            train_step(model, optimizer, batch)
            w.step()
    assert all(0 < ratio < 1 for _, ratio in made[0].values_of("update_ratio"))
    assert len(made[0].values_of("gradient_norm")) == 3


def test_two_optimizers_each_have_their_update_seen(made: list[FakeRecorder]) -> None:
    model = small_model()
    first = torch.optim.SGD(model[0].parameters(), lr=0.1)
    second = torch.optim.SGD(model[3].parameters(), lr=0.2)
    with watched(model, [first, second]) as w:
        for batch in batches(3):
            first.zero_grad()
            train_step(model, second, batch)
            first.step()
            w.step()
    run = made[0]
    assert len(run.values_of("0/update_ratio")) == len(run.values_of("3/update_ratio")) == 3
    assert run.rows[0][1]["learning_rate/0"] == 0.1 and run.rows[0][1]["learning_rate/1"] == 0.2


def test_a_scheduler_made_during_a_look_keeps_working_and_its_rates_are_recorded(made: list[FakeRecorder]) -> None:
    model = small_model()
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    with watched(model, optimizer) as w:
        scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 2, gamma=0.5)
        for batch in batches(6):
            train_step(model, optimizer, batch)
            w.step()
            scheduler.step()
    assert made[0].values_of("learning_rate") == [(1, 1.0), (3, 0.5), (5, 0.25)]
    assert len(made[0].values_of("update_ratio")) == 6
    train_step(model, optimizer, batches(1)[0])
    assert number_of_hooks(model) == 0


def test_evaluation_is_not_taken_for_training(made: list[FakeRecorder]) -> None:
    model = small_model().eval()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    (inputs, labels) = batches(1)[0]
    with watched(model, optimizer) as w:
        with torch.no_grad():
            model(1000 * inputs)
            hidden = cast(Tensor, model[0](inputs))
        train_step(model, optimizer, (inputs, labels))
        w.step()
    assert made[0].series["0", "activation_mean"][0][1] == pytest.approx(hidden.mean(0).tolist(), rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("error", [ValueError("a bad batch"), KeyboardInterrupt(), SystemExit(3)])
def test_after_an_exception_nothing_hangs_on_the_model_and_the_record_says_how_it_ended(
    made: list[FakeRecorder], error: BaseException
) -> None:
    model = small_model()
    optimizer = adam(model)
    with pytest.raises(type(error)), watched(model, optimizer) as w:
        train_step(model, optimizer, batches(1)[0])
        w.step(loss=1.0)
        assert not nothing_hangs_on(model, optimizer)
        raise error
    assert nothing_hangs_on(model, optimizer)
    assert made[0].ended == ("stopped" if isinstance(error, KeyboardInterrupt) else "failed")
    assert made[0].marks[-1][1].startswith(type(error).__name__)


def test_an_exception_inside_the_forward_pass_leaves_nothing_hanging(made: list[FakeRecorder]) -> None:
    model = small_model()
    optimizer = adam(model)
    with pytest.raises(RuntimeError), watched(model, optimizer):
        model(torch.zeros(2, 5))
    assert nothing_hangs_on(model, optimizer)
    assert made[0].ended == "failed"


def test_weights_that_are_not_finite_are_recorded_as_such(made: list[FakeRecorder]) -> None:
    model = small_model()
    optimizer = adam(model)
    with torch.no_grad():
        next(model.parameters())[1, 2] = float("nan")
    with watched(model, optimizer) as w:
        train_step(model, optimizer, batches(1)[0])
        w.step(loss=0.0)
    norms = made[0].series["0", "weight_norm"][0][1]
    assert math.isnan(norms[1]) and math.isnan(made[0].rows[0][1]["weight_norm"])


def test_frozen_weights_have_norms_and_neither_gradients_nor_updates(made: list[FakeRecorder]) -> None:
    model = small_model()
    for parameter in model[0].parameters():
        parameter.requires_grad_(False)
    optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=0.1)
    with watched(model, optimizer) as w:
        for batch in batches(2):
            train_step(model, optimizer, batch)
            w.step()
    run = made[0]
    assert len(run.values_of("0/weight_norm")) == 2
    assert not run.values_of("0/gradient_norm") and not run.values_of("0/update_ratio")
    assert len(run.values_of("3/update_ratio")) == 2


def test_a_shared_weight_is_recorded_once_and_the_record_says_where(made: list[FakeRecorder]) -> None:
    class Tied(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embed = nn.Embedding(5, 4)
            self.head = nn.Linear(4, 5, bias=False)
            self.head.weight = self.embed.weight

        def forward(self, tokens: Tensor) -> Tensor:
            return cast(Tensor, self.head(self.embed(tokens)))

    model = Tied()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with watched(model, optimizer) as w:
        nn.functional.cross_entropy(cast(Tensor, model(torch.tensor([0, 3]))), torch.tensor([1, 2])).backward()
        optimizer.step()
        w.step()
    run = made[0]
    assert run.known["tied.head.weight"] == "embed.weight" and run.known["parameters"] == "20"
    assert run.rows[0][1]["weight_norm"] == pytest.approx(float(model.embed.weight.detach().norm()), rel=1e-5)
    assert ("head", "weight_norm") not in run.series and ("head", "activation_mean") in run.series
    # Units of an embedding are its dimensions, one a column.
    assert run.series["embed", "weight_norm"][0][1] == pytest.approx(model.embed.weight.detach().norm(dim=0).tolist(), rel=1e-5)


def test_sparse_gradients_have_the_norms_of_the_dense_ones(made: list[FakeRecorder]) -> None:
    norms: list[list[float]] = []
    for sparse in (False, True):
        torch.manual_seed(0)
        model = nn.Embedding(50, 4, sparse=sparse)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        with watched(model, optimizer) as w:
            cast(Tensor, model(torch.tensor([3, 7, 7, 9]))).pow(3).sum().backward()
            optimizer.step()
            w.step()
        norms.append([*made[-1].series["model", "gradient_norm"][0][1], made[-1].rows[0][1]["gradient_norm"]])
    assert norms[0] == pytest.approx(norms[1], rel=1e-6)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float64])
def test_other_precisions_are_summed_without_overflow(made: list[FakeRecorder], dtype: torch.dtype) -> None:
    model = nn.Linear(1000, 2, bias=False).to(dtype)
    with torch.no_grad():
        model.weight.fill_(30.0)  # the sum of squares is 900,000: past the largest half
    with watched(model, None) as w:
        w.step()
    assert made[0].series["model", "weight_norm"][0][1] == pytest.approx([30 * math.sqrt(1000)] * 2, rel=1e-5)


def test_a_module_that_returns_odd_things_costs_its_activations_and_nothing_else(made: list[FakeRecorder]) -> None:
    class Odd(nn.Linear):
        def forward(self, input: Tensor) -> Tensor:
            out = super().forward(input)
            return cast(Tensor, {"first": ["nothing", None], "out": (out,), "n": 3})

    model = nn.Sequential(Odd(4, 2))
    with watched(model, None) as w:
        model(torch.zeros(3, 4))
        w.step()
    assert made[0].series["0", "activation_mean"][0][0] == 1


def test_trouble_inside_a_look_is_warned_of_and_training_goes_on(
    made: list[FakeRecorder], monkeypatch: pytest.MonkeyPatch
) -> None:
    from dunwu._watch import look

    def fail(output: Tensor, unit_dim: int) -> dict[str, Tensor]:
        raise RuntimeError("out of memory")

    monkeypatch.setattr(look, "activation_statistics", fail)
    model = small_model()
    optimizer = adam(model)
    with watched(model, optimizer) as w:
        for i, batch in enumerate(batches(3)):
            train_step(model, optimizer, batch)
            if i == 0:
                with pytest.warns(RuntimeWarning, match="the look at step 1 is incomplete: RuntimeError: out of memory"):
                    w.step(loss=0.0)
            else:
                w.step(loss=0.0)
    assert nothing_hangs_on(model, optimizer) and made[0].ended == "finished"
    assert [step for step, _ in made[0].values_of("loss")] == [1, 2, 3]
