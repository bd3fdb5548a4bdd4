"""The arrays of a layer as safetensors, and the judge that reads them: `dunwu units FILE`, `dunwu samples FILE`."""

from __future__ import annotations

import json
import os
import subprocess
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


def _judge(path: Path, *arguments: str) -> dict[str, Any]:
    """Asks the judge about a file and gives the data of its answer, with `headline` and `story`."""
    binary = os.environ.get("DUNWU_BINARY", "dunwu")
    try:
        done = subprocess.run([binary, *arguments, str(path), "--json"], capture_output=True, text=True, check=False)
    except FileNotFoundError as missing:
        raise UnitsError(f"the command {binary!r} is not there: set DUNWU_BINARY to the path of the dunwu command") from missing
    # 4 says that the judge cannot tell, which is an answer.
    if done.returncode not in (0, 3, 4) or not done.stdout.strip():
        raise UnitsError(done.stderr.strip() or f"{binary} {' '.join(arguments)} ended with {done.returncode} and said nothing")
    return cast("dict[str, Any]", json.loads(done.stdout))


def ask(
    verb: str, arrays: Mapping[str, np.ndarray[Any, Any]], metadata: Mapping[str, str], *arguments: str, keep: Path | None = None
) -> dict[str, Any]:
    """Hands arrays to the judge; the file is gone afterwards unless `keep` says where to leave it."""
    with tempfile.TemporaryDirectory(prefix="dunwu-") as folder:
        path = keep or Path(folder) / "arrays.safetensors"
        write_arrays(path, arrays, metadata)
        return _judge(path, verb, *arguments)
