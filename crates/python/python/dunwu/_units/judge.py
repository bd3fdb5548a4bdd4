"""The arrays of a layer as safetensors, and the judge that reads them: `dunwu units FILE`, `dunwu samples FILE`."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

import numpy as np

from .errors import UnitsError

Arrays = dict[str, "np.ndarray[Any, Any]"]
Judge = Callable[..., "dict[str, Any]"]

TYPES = {"float32": "F32", "int64": "I64", "uint8": "U8"}


def write_arrays(path: Path, arrays: Mapping[str, np.ndarray[Any, Any]], metadata: Mapping[str, str]) -> None:
    """Writes a safetensors file: eight bytes of length, a JSON header, the arrays one after another in the order of the names."""
    header: dict[str, Any] = {"__metadata__": dict(metadata)} if metadata else {}
    at = 0
    for name in sorted(arrays):
        array = arrays[name]
        header[name] = {"dtype": TYPES[array.dtype.name], "shape": list(array.shape), "data_offsets": [at, at + array.nbytes]}
        at += array.nbytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little"))
        file.write(text)
        for name in sorted(arrays):
            file.write(np.ascontiguousarray(arrays[name]).tobytes())


def read_arrays(path: Path) -> Arrays:
    """The arrays of a safetensors file in f32, i64 or u8; others are left out."""
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    header: dict[str, Any] = json.loads(data[8 : 8 + length])
    types = {code: name for name, code in TYPES.items()}
    return {
        name: np.frombuffer(data, dtype=types[entry["dtype"]], offset=8 + length + entry["data_offsets"][0], count=int(np.prod(entry["shape"], dtype=np.int64)))
        .reshape(entry["shape"])
        .copy()
        for name, entry in header.items()
        if name != "__metadata__" and entry["dtype"] in types
    }


def command(*arguments: str) -> dict[str, Any]:
    """Runs a command of dunwu in this process and gives the data of its answer, with `headline` and `story`."""
    from .._native import ask as ask_native

    try:
        answer = ask_native(arguments)
    except (ValueError, RuntimeError) as error:
        raise UnitsError(str(error)) from error
    # `--flags` prints an object that is no answer.
    return dict(answer.data) or cast("dict[str, Any]", json.loads(answer.text))


def _judge(path: Path, *arguments: str) -> dict[str, Any]:
    """Asks the judge about a file."""
    return command(*arguments, str(path))


def ask(
    verb: str, arrays: Mapping[str, np.ndarray[Any, Any]], metadata: Mapping[str, str], *arguments: str, keep: Path | None = None
) -> dict[str, Any]:
    """Hands arrays to the judge; the file is gone afterwards unless `keep` says where to leave it."""
    with tempfile.TemporaryDirectory(prefix="dunwu-") as folder:
        path = keep or Path(folder) / "arrays.safetensors"
        write_arrays(path, arrays, metadata)
        try:
            return _judge(path, verb, *arguments)
        except UnitsError as error:
            # The caller knows of no file.
            raise UnitsError(str(error).removeprefix(f"{path}: ")) from error
