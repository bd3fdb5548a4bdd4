"""Watching changes no bit of a run, and leaves nothing on copies of the model."""

from __future__ import annotations

from typing import cast

import pytest

pytest.importorskip("torch", reason="PyTorch is not installed")

import torch  # noqa: E402
from test_watch_recorder import FakeRecorder, keep_in_memory  # noqa: E402
from test_watch_training import adam, batches, number_of_hooks, small_model, train_step, watched  # noqa: E402
from torch import Tensor, nn  # noqa: E402


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[FakeRecorder]:
    return keep_in_memory(monkeypatch)


def test_a_watched_run_has_the_same_bits_and_the_same_random_numbers(made: list[FakeRecorder]) -> None:
    ends: list[list[Tensor]] = []
    for is_watched in (False, True):
        model = small_model()
        optimizer = adam(model)
        torch.manual_seed(5)
        outputs: list[Tensor] = []
        if is_watched:
            with watched(model, optimizer) as w:
                for batch in batches(30):
                    outputs.append(train_step(model, optimizer, batch).detach())
                    w.step(loss=outputs[-1])
        else:
            for batch in batches(30):
                outputs.append(train_step(model, optimizer, batch).detach())
        ends.append([*outputs, *model.parameters(), torch.rand(3)])
    assert all(torch.equal(a, b) for a, b in zip(*ends, strict=True))
    assert len(made[0].values_of("logit_scale")) == 30


def test_autocast_to_bfloat16_keeps_the_bits(made: list[FakeRecorder]) -> None:
    ends: list[list[Tensor]] = []
    for is_watched in (False, True):
        model = small_model()
        optimizer = adam(model)
        torch.manual_seed(2)
        w = watched(model, optimizer) if is_watched else None
        if w is not None:
            w.start()
        for inputs, labels in batches(5):
            with torch.autocast("cpu", dtype=torch.bfloat16):
                loss = nn.functional.cross_entropy(cast(Tensor, model(inputs)).float(), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            if w is not None:
                w.step(loss=loss)
        if w is not None:
            w.finish()
        ends.append(list(model.parameters()))
    assert all(torch.equal(a, b) for a, b in zip(*ends, strict=True))
    assert len(made[0].values_of("logit_scale")) == 5


def test_a_fused_encoder_in_evaluation_has_the_same_bits_while_it_is_watched(made: list[FakeRecorder]) -> None:
    torch.manual_seed(0)
    layer = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.1, batch_first=True)
    encoder = nn.TransformerEncoder(layer, 2)
    inputs = torch.randn(3, 5, 8)
    encoder.eval()
    with torch.no_grad():
        expected = cast(Tensor, encoder(inputs))
    with watched(encoder, None):
        with torch.no_grad():
            found = cast(Tensor, encoder(inputs))
    assert torch.equal(expected, found)


def test_a_deep_copy_and_a_pickle_during_a_look_are_clean(made: list[FakeRecorder]) -> None:
    import copy
    import pickle

    model = small_model()
    with watched(model, adam(model)):
        copies = [copy.deepcopy(model), pickle.loads(pickle.dumps(model))]
    for copied in copies:
        assert number_of_hooks(copied) == 0
