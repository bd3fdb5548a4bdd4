"""Arrays as the bytes of a safetensors file: a length, a header in JSON, then the numbers.

Format: https://github.com/huggingface/safetensors, README. Written here because the header is all there is to it, and numpy has no
bfloat16.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

_DTYPES = {
    "torch.float32": "F32",
    "torch.float64": "F64",
    "torch.float16": "F16",
    "torch.bfloat16": "BF16",
    "torch.int64": "I64",
    "torch.int32": "I32",
    "torch.int16": "I16",
    "torch.int8": "I8",
    "torch.uint8": "U8",
    "torch.bool": "BOOL",
}


def can_hold(array: Tensor) -> bool:
    """Whether the format has a name for this type of number and the tensor is an ordinary one."""
    return str(array.dtype) in _DTYPES and str(array.layout) == "torch.strided" and not array.is_quantized


def safetensors_bytes(arrays: Mapping[str, Tensor], metadata: Mapping[str, str]) -> bytes:
    """The file as bytes. Arrays are copied from whatever device they are on; none may be of a type that the format lacks."""
    header: dict[str, object] = {"__metadata__": dict(metadata)}
    bodies: list[memoryview] = []
    position = 0
    for name, array in sorted(arrays.items()):
        body = _bytes_of(array)
        end = position + len(body)
        header[name] = {"dtype": _DTYPES[str(array.dtype)], "shape": list(array.shape), "data_offsets": [position, end]}
        bodies.append(body)
        position = end
    text = json.dumps(header, separators=(",", ":")).encode()
    # The numbers begin at a multiple of eight, so that a reader can map them.
    text += b" " * (-len(text) % 8)
    return b"".join((struct.pack("<Q", len(text)), text, *bodies))


def _bytes_of(array: Tensor) -> memoryview:
    import torch

    flat = array.detach().cpu().contiguous().flatten()
    if flat.numel() == 0:
        return memoryview(b"")
    return numpy_array(flat.view(torch.uint8)).data


def numpy_array(array: Tensor) -> NDArray[Any]:
    """A tensor's numbers as numpy holds them, without a copy where they are in this machine's memory."""
    on_cpu: Any = array.detach().cpu()  # PyTorch 2 leaves the type of the array open
    return cast("NDArray[Any]", on_cpu.numpy())
