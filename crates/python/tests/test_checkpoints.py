"""Checkpoints of PyTorch as runs: the numbers are those that PyTorch found, and what is no checkpoint is said."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parents[3] / "testdata" / "imported"
NETWORKS = json.loads((FOLDER / "numbers.json").read_text(encoding="utf-8"))["networks"]

dunwu = pytest.importorskip("dunwu")
torch = pytest.importorskip("torch")


def state_of(name: str) -> dict[str, Any]:
    """The arrays of a file of the folder, read by its format's definition."""
    kinds = {"F32": torch.float32, "I64": torch.int64, "BOOL": torch.bool}
    data = (FOLDER / name).read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    state = {}
    for key, entry in json.loads(data[8 : 8 + length]).items():
        begin, end = (8 + length + place for place in entry["data_offsets"])
        raw = torch.tensor(list(data[begin:end]), dtype=torch.uint8)
        state[key] = raw.view(kinds[entry["dtype"]]).reshape(entry["shape"])
    return state


def check(answer: Any, theirs: dict[str, Any]) -> None:
    for key in ("train_loss", "test_loss"):
        assert abs(answer.data[key] - theirs[key]) <= 1e-5 * max(1.0, theirs[key]), key
    for key in ("train_accuracy", "test_accuracy"):
        assert answer.data[key] == theirs[key], key


def test_a_file_of_torch_save_is_the_run_that_its_weights_are(tmp_path: Path) -> None:
    network = NETWORKS["mlp"]
    torch.save({"epoch": 400, "model_state_dict": state_of("mlp.safetensors")}, tmp_path / "ckpt-400.pt")
    answer = dunwu.import_checkpoint(tmp_path / "ckpt-400.pt", spec=network["spec"], split="train_indices", runs=tmp_path, quiet=True)
    check(answer, network["files"]["mlp.safetensors"])
    assert answer.data["imported"]["steps"] == [400]


def test_several_steps_are_one_run(tmp_path: Path) -> None:
    network = NETWORKS["hooked"]
    states = {network["files"][name]["step"]: state_of(name) for name in network["files"]}
    answer = dunwu.import_checkpoint(states, spec=network["spec"], split="train_mask", runs=tmp_path, quiet=True)
    check(answer, network["files"]["hooked-1500.safetensors"])
    assert answer.data["imported"]["steps"] == [200, 1500]


def test_a_folder_of_files_of_torch_save_is_one_run_with_the_steps_of_their_names(tmp_path: Path) -> None:
    network = NETWORKS["hooked"]
    (tmp_path / "checkpoints").mkdir()
    for name, facts in network["files"].items():
        torch.save(state_of(name), tmp_path / "checkpoints" / f"step-{facts['step']}.pt")
    files = list((tmp_path / "checkpoints").glob("*.pt"))
    answer = dunwu.import_checkpoint(files, spec=network["spec"], split="train_mask", runs=tmp_path, quiet=True)
    check(answer, network["files"]["hooked-1500.safetensors"])
    assert answer.data["imported"]["steps"] == [200, 1500]


def test_what_is_no_checkpoint_is_said_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "text.pt").write_text("hello")
    torch.save({"epoch": 3, "note": "nothing"}, tmp_path / "empty.pt")
    for checkpoint, said in [
        (tmp_path / "none.pt", "there is no file"),
        (tmp_path / "text.pt", "cannot open"),
        (tmp_path / "empty.pt", "'epoch', 'note'"),
        (7, "of the type int"),
    ]:
        with pytest.raises(ValueError, match=said):
            dunwu.import_checkpoint(checkpoint, spec="small", runs=tmp_path, quiet=True)
    with pytest.raises(ValueError, match="2 numbers for 1 checkpoints"):
        dunwu.import_checkpoint({"a": torch.zeros(2)}, spec="small", steps=[1, 2], runs=tmp_path)
    with pytest.raises(ValueError, match="hidden.0.weight"):
        dunwu.import_checkpoint({"a": torch.zeros(2, 3)}, spec="small", runs=tmp_path, quiet=True)
