"""When a run is looked at and when its weights are kept."""

from __future__ import annotations

import json
import math
import struct
from typing import cast

import pytest

from dunwu._watch.cadence import Purse, SnapshotSteps, UnitSteps


@pytest.mark.parametrize("cost", [0.01, 0.3, 7.0])
def test_looks_cost_no_more_than_their_share(cost: float) -> None:
    purse = Purse(0.05)
    spent, n_looks, n_steps = 0.0, 0, 20_000
    for _ in range(n_steps):
        purse.earn(1.0)
        if purse.affords():
            purse.spend(cost)
            purse.expect(cost)
            spent += cost
            n_looks += 1
    # The first look is made at once, on credit, and all that is earned is spent but for one look.
    expected = min(0.05 * n_steps / cost, n_steps)
    assert expected - 1 <= n_looks <= expected + 1
    assert spent <= 0.05 * n_steps + cost


def test_a_long_evaluation_does_not_pay_for_a_burst_of_looks() -> None:
    purse = Purse(0.05)
    looks: list[int] = []
    for step in range(100):
        purse.earn(10_000.0 if step == 50 else 1.0)
        if purse.affords():
            purse.spend(1.0)
            purse.expect(1.0)
            looks.append(step)
    # A look costs what 20 steps earn. The first is made on credit, and the long step earned what two steps do.
    assert looks == [0, 39, 58, 78, 98]


def test_without_a_limit_every_step_is_looked_at() -> None:
    purse = Purse(None)
    for _ in range(3):
        assert purse.affords()
        purse.spend(5.0)
        purse.expect(5.0)


def test_units_are_recorded_64_times_an_e_fold_of_steps() -> None:
    due = UnitSteps()
    steps: list[int] = []
    for step in range(1, 1_000_001):
        if due.is_due(step):
            due.record(step)
            steps.append(step)
    assert steps[:64] == list(range(1, 65))
    # Rounding down the stride makes it a little more.
    assert 64 + 64 * math.log(1e6 / 64) <= len(steps) <= 1.1 * (64 + 64 * math.log(1e6 / 64))


@pytest.mark.parametrize("n_fit", [3, 5, 25, 1000])
def test_snapshots_fit_their_bytes_and_one_is_left_for_the_end(n_fit: int) -> None:
    budget = SnapshotSteps(budget_secs=1e9, budget_bytes=100 * n_fit + 50, size_bytes=100)
    kept: list[int] = []

    def keep(step: int) -> None:
        budget.record(step, secs=0.0, size_bytes=100)
        kept.append(step)

    assert budget.is_due_at_first()
    keep(0)
    for step in range(1, 1_000_001):
        if budget.is_due(step):
            keep(step)
    if budget.is_due_at_last(1_000_000):
        keep(1_000_000)
    assert len(kept) <= n_fit and kept[0] == 0 and kept[-1] == 1_000_000
    # The budget lasts: at least the second half of the time, in logarithms, has some.
    assert n_fit < 5 or kept[-2] >= 1000
    assert len(kept) >= min(n_fit - 1, 20)


def test_without_bytes_or_seconds_nothing_is_kept() -> None:
    for secs, size in ((1e9, 150), (0.0, 10_000)):
        budget = SnapshotSteps(budget_secs=secs, budget_bytes=size, size_bytes=100)
        assert not budget.is_due_at_first() and not budget.is_due(1)
    tight = SnapshotSteps(budget_secs=10.0, budget_bytes=10_000, size_bytes=100)
    tight.record(0, secs=6.0, size_bytes=100)
    assert not tight.is_due(1), "the next one would cost 6 s, and 4 are left"


pytest.importorskip("torch", reason="PyTorch is not installed")

import torch  # noqa: E402
from test_watch_recorder import keep_in_memory  # noqa: E402
from test_watch_training import adam, batches, small_model, train_step, watched  # noqa: E402

from dunwu._watch.reductions import even_stride, sampled_rows  # noqa: E402
from dunwu._watch.safetensors import can_hold, safetensors_bytes  # noqa: E402


def test_every_looks_at_each_so_many_th_step(monkeypatch: pytest.MonkeyPatch) -> None:
    made = keep_in_memory(monkeypatch)
    model = small_model()
    optimizer = adam(model)
    with watched(model, optimizer, every=4) as w:
        for batch in batches(10):
            train_step(model, optimizer, batch)
            w.step()
    assert [step for step, _ in made[0].values_of("weight_norm")] == [1, 4, 8]


def test_snapshots_of_a_run_open_with_the_reader_of_safetensors(monkeypatch: pytest.MonkeyPatch) -> None:
    load = pytest.importorskip("safetensors.torch", reason="the package safetensors is not installed").load
    made = keep_in_memory(monkeypatch)
    model = small_model()
    optimizer = adam(model)
    with watched(model, optimizer) as w:
        for batch in batches(6):
            train_step(model, optimizer, batch)
            w.step()
    assert [step for step, _ in made[0].snapshots] == [0, 1, 2, 3, 5, 6]
    last = load(made[0].snapshots[-1][1])
    assert last.keys() == model.state_dict().keys()
    assert all(torch.equal(last[name], array) for name, array in model.state_dict().items())


def test_every_type_of_number_comes_back_from_safetensors() -> None:
    load = pytest.importorskip("safetensors.torch", reason="the package safetensors is not installed").load
    types = [torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.int64, torch.int32, torch.int16, torch.int8]
    arrays = {str(kind): torch.arange(-6, 6).reshape(3, 4).to(kind) for kind in types}
    arrays |= {"uint8": torch.arange(5, dtype=torch.uint8), "bool": torch.tensor([True, False])}
    arrays |= {"scalar": torch.tensor(2.5), "empty": torch.zeros(0, 3), "turned": torch.randn(3, 4).t(), "part": torch.randn(9)[2:5]}
    back = load(safetensors_bytes(arrays, {"step": "3"}))
    assert back.keys() == arrays.keys()
    for name, array in arrays.items():
        assert back[name].dtype == array.dtype and torch.equal(back[name], array), name


def test_safetensors_hold_their_metadata_and_begin_at_a_multiple_of_eight() -> None:
    written = safetensors_bytes({"a": torch.ones(3)}, {"step": "3", "tied.b": "a"})
    length = cast(int, struct.unpack("<Q", written[:8])[0])
    header = json.loads(written[8 : 8 + length])
    assert length % 8 == 0 and header["__metadata__"] == {"step": "3", "tied.b": "a"}
    assert header["a"] == {"dtype": "F32", "shape": [3], "data_offsets": [0, 12]}


def test_types_that_safetensors_lacks_are_left_out_of_snapshots(monkeypatch: pytest.MonkeyPatch) -> None:
    made = keep_in_memory(monkeypatch)
    model = small_model()
    model.register_buffer("phases", torch.ones(2, dtype=torch.complex64))
    with watched(model, None):
        pass
    assert not can_hold(torch.ones(2, dtype=torch.complex64))
    assert "snapshots leave out 1 arrays" in made[0].marks[0][1] and made[0].snapshots


@pytest.mark.parametrize(
    ("allowed", "says", "kept"),
    [
        (300, "weights are kept at the end alone: two snapshots take 408 bytes, 300 are allowed", [1]),
        (203, "weights are not kept: a snapshot takes 204 bytes, 203 are allowed", []),
    ],
)
def test_a_model_too_large_for_its_budget_says_what_is_not_kept(
    monkeypatch: pytest.MonkeyPatch, allowed: int, says: str, kept: list[int]
) -> None:
    made = keep_in_memory(monkeypatch)
    with watched(small_model(), None, snapshot_budget_bytes=allowed) as w:
        w.step()
    assert [step for step, _ in made[0].snapshots] == kept
    assert made[0].marks == [(0, says)]


@pytest.mark.parametrize("lengths", [(8, 128), (2, 512), (3, 1000), (1, 7), (64, 7, 7), (5000,)])
def test_a_sample_of_rows_reads_every_position_of_a_sequence_alike(lengths: tuple[int, ...]) -> None:
    n_rows = math.prod(lengths)
    stride = even_stride(n_rows, 512, lengths)
    rows = range(0, n_rows, stride)
    assert len(rows) <= 512
    counts = [0] * lengths[-1]
    for row in rows:
        counts[row % lengths[-1]] += 1
    assert max(counts) - min(counts) <= 1


def test_rows_of_images_are_pixels_with_their_channels() -> None:
    images = torch.randn(4, 3, 20, 20)
    rows = sampled_rows(images, 1)
    every = images.movedim(1, -1).reshape(-1, 3)
    stride = even_stride(1600, 512, (4, 20, 20))
    assert torch.equal(rows, every[::stride])
