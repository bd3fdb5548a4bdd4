"""Checkpoints of PyTorch as runs: state dicts are written as safetensors and imported by the command ``import``."""

from __future__ import annotations

import importlib
import json
import os
import shlex
import struct
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Union, cast

from ._native import Answer, ask
from ._progress import listener
from ._words import words_of_settings

__all__ = ["import_checkpoint", "safetensors_of"]

#: A file of ``torch.save`` or safetensors, a state dict, or a module.
Checkpoint = Union[str, "os.PathLike[str]", Mapping[str, Any], Any]

#: Under these keys training scripts keep the state dict of the model.
_KEYS = ("state_dict", "model_state_dict", "model_state", "model", "module", "net", "weights", "params")
#: Kinds of numbers by their names in numpy and in safetensors.
_KINDS = {
    "float64": "F64",
    "float32": "F32",
    "float16": "F16",
    "int64": "I64",
    "int32": "I32",
    "int16": "I16",
    "int8": "I8",
    "uint8": "U8",
    "bool": "BOOL",
}


def import_checkpoint(
    checkpoints: Checkpoint | Sequence[Checkpoint] | Mapping[int, Checkpoint],
    *,
    spec: str | Mapping[str, Any] | Sequence[str],
    steps: Iterable[int] | None = None,
    map: Mapping[str, str] | None = None,
    split: str | None = None,
    state: str | None = None,
    runs: str | os.PathLike[str] = "runs",
    quiet: bool = False,
) -> Answer:
    """Open networks that PyTorch trained as a run, to be shown, reported, compared and put on its landscape.

    Losses and accuracies are computed from the weights on the samples of ``spec``; nothing is trained, and the run says so.

    :param checkpoints: a file of ``torch.save`` (``.pt``, ``.pth``, ``.ckpt``) or of safetensors, an ``nn.Module``, a state dict, a list of
        these, or a mapping from steps to these.
    :param spec: what the weights are of, as ``dunwu.run`` takes it: ``"small task=cyclic:23 data.split=train.csv"``, a mapping of settings, or
        a list of words.
    :param steps: the step of each checkpoint; otherwise the number in the file's name, and for a single one the last step of ``spec``.
    :param map: which array is which where that is not clear: ``{"fc2.weight": "hidden.1.weight.T"}``; ``.T`` marks an array that is
        ``[outputs, inputs]``, as ``torch.nn.Linear`` keeps it.
    :param split: the name of an array of the first checkpoint that names the training samples: their places ``[n]``, their operands
        ``[n, 2]``, or a mask.
    :param state: the key of the model's state dict within the file; otherwise it is looked for under customary ones.
    :param runs: the folder of the runs.
    :raises ValueError: where a checkpoint holds no state dict, or its arrays are not those of the spec's network; every array that does
        not fit is named.
    :raises ImportError: where a file of ``torch.save`` is to be opened and PyTorch is not installed.
    """
    named = _with_steps(checkpoints, steps)
    options: list[str] = []
    at = [step for _, step in named]
    if any(step is not None for step in at):
        if any(step is None for step in at):
            raise ValueError("some of the checkpoints have a step and some have none; give `steps`, one a checkpoint")
        options.append("--steps=" + ",".join(str(step) for step in at))
    options += [f"--map={theirs}={ours}" for theirs, ours in (map or {}).items()]
    if split is not None:
        options.append(f"--split={split}")
    with tempfile.TemporaryDirectory(prefix="dunwu-") as folder:
        files = [_file_of(checkpoint, Path(folder) / str(i), state) for i, (checkpoint, _) in enumerate(named)]
        words = ["import", *files, *options, f"--runs={os.fspath(runs)}", "--as", *_words_of_spec(spec)]
        with listener(quiet=quiet) as tell:
            return ask(words, tell)


def safetensors_of(state: Mapping[str, Any]) -> bytes:
    """The arrays of a state dict as the bytes of a safetensors file, sorted by name; what is no array is left out.

    Tensors of any device and numpy arrays are taken; bfloat16 becomes float32.
    """
    import numpy

    header: dict[str, Any] = {}
    parts: list[bytes] = []
    begin = 0
    for name in sorted(state):
        array = _array_of(state[name])
        if array is None:
            continue
        kind = _KINDS.get(str(array.dtype))
        if kind is None:
            raise ValueError(f"the array {name!r} holds numbers of the kind {array.dtype}, which no weights are; leave it out")
        data = numpy.ascontiguousarray(array).tobytes()
        header[name] = {"dtype": kind, "shape": list(array.shape), "data_offsets": [begin, begin + len(data)]}
        parts.append(data)
        begin += len(data)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + b"".join(parts)


def _with_steps(checkpoints: Any, steps: Iterable[int] | None) -> list[tuple[Any, int | None]]:
    """Every checkpoint with its step, where it has one."""
    if isinstance(checkpoints, Mapping) and checkpoints and all(isinstance(key, int) for key in cast("Mapping[Any, Any]", checkpoints)):
        if steps is not None:
            raise ValueError("the steps are the keys of the mapping; leave out `steps`")
        return [(checkpoint, step) for step, checkpoint in cast("Mapping[int, Any]", checkpoints).items()]
    is_several = isinstance(checkpoints, Sequence) and not isinstance(checkpoints, str)
    several: list[Any] = list(cast("Sequence[Any]", checkpoints)) if is_several else [checkpoints]
    if steps is None:
        return [(checkpoint, None) for checkpoint in several]
    at = [int(step) for step in steps]
    if len(at) != len(several):
        raise ValueError(f"`steps` has {len(at)} numbers for {len(several)} checkpoints; give one a checkpoint")
    return list(zip(several, at))


def _words_of_spec(spec: str | Mapping[str, Any] | Sequence[str]) -> list[str]:
    if isinstance(spec, str):
        return shlex.split(spec)
    if isinstance(spec, Mapping):
        return words_of_settings(spec)
    return list(spec)


def _file_of(checkpoint: Any, folder: Path, key: str | None) -> str:
    """The path of a safetensors file with the checkpoint's arrays: itself, or one that is written into `folder`."""
    name = "model"
    if isinstance(checkpoint, (str, os.PathLike)):
        path = Path(cast("str | os.PathLike[str]", checkpoint))
        if path.suffix == ".safetensors":
            return os.fspath(path)
        name, checkpoint = path.stem, _loaded(path)
    state = _state_of(checkpoint, key)
    folder.mkdir()
    file = folder / f"{name}.safetensors"
    file.write_bytes(safetensors_of(state))
    return os.fspath(file)


def _loaded(path: Path) -> Any:
    """What ``torch.save`` wrote, without running anything that is in it."""
    if not path.is_file():
        raise ValueError(f"there is no file {os.fspath(path)!r}")
    try:
        torch: Any = importlib.import_module("torch")
    except ImportError as error:
        raise ImportError(
            f"PyTorch opens {os.fspath(path)!r} and is not installed; install it, or save the weights with safetensors"
        ) from error
    try:
        return torch.load(os.fspath(path), map_location="cpu", weights_only=True)
    except Exception as error:
        raise ValueError(
            f"PyTorch cannot open {os.fspath(path)!r} as a state dict ({type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}); "
            "save `model.state_dict()` instead of the model, or load it yourself and pass the module"
        ) from error


def _state_of(checkpoint: Any, key: str | None) -> Mapping[str, Any]:
    """The state dict in a checkpoint."""
    state_dict = getattr(checkpoint, "state_dict", None)
    if callable(state_dict):
        checkpoint = state_dict()
    if not isinstance(checkpoint, Mapping):
        raise ValueError(f"a checkpoint is a file, a module or a state dict, and this is of the type {type(checkpoint).__name__}")
    state = cast("Mapping[str, Any]", checkpoint)
    if key is not None:
        if key not in state:
            raise ValueError(f"there is nothing under {key!r} in the checkpoint; there is {', '.join(_names(state))}")
        return _state_of(state[key], None)
    if any(_array_of(value) is not None for value in state.values()):
        return state
    for name in _KEYS:
        if name in state:
            return _state_of(state[name], None)
    raise ValueError(
        f"no array is in the checkpoint, and no state dict under a customary key; there is {', '.join(_names(state))}: "
        "say which it is with `state`"
    )


def _names(state: Mapping[str, Any]) -> list[str]:
    """The keys of a checkpoint, at most ten of them."""
    names = [repr(name) for name in state]
    return names if len(names) <= 10 else [*names[:10], "…"]


def _array_of(value: Any) -> Any:
    """A tensor or an array as one of numpy; ``None`` for anything else."""
    if hasattr(value, "detach"):
        tensor = value.detach().cpu()
        return (tensor.float() if str(tensor.dtype) == "torch.bfloat16" else tensor).numpy()
    return value if hasattr(value, "dtype") and hasattr(value, "tobytes") and hasattr(value, "shape") else None
