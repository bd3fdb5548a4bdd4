"""One forward pass of somebody's model, its logits whatever they are wrapped in, and margins from logits.

The margin of sample i is `zᵢ[yᵢ] − mean over classes of zᵢ[c]`; of a sequence, the mean of that over its labelled positions.
Not log-sum-exp: it mixes units through the rival class, and 238 of 288 planted generalizing units then read "both".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import torch
from torch import Tensor, nn

from .batches import IGNORED, Batch
from .errors import UnitsError


def where_it_lives(model: nn.Module) -> tuple[torch.device, torch.dtype]:
    """The device and the floating type of a model; one that is spread over devices is refused."""
    tensors = [*model.parameters(), *model.buffers()]
    devices = sorted({str(tensor.device) for tensor in tensors})
    if devices == ["meta"]:
        raise UnitsError("the model is on the device meta, where weights have shapes and no numbers: load its weights on another, such as the CPU")
    if len(devices) > 1:
        raise UnitsError(f"the model is spread over {' and '.join(devices)}: move it to one device with model.to({devices[0]!r})")
    dtype = next((tensor.dtype for tensor in tensors if tensor.is_floating_point()), torch.get_default_dtype())
    return (tensors[0].device if tensors else torch.device("cpu")), dtype


def logits_of(model: nn.Module, batch: Batch) -> Tensor:
    """Logits in f32, [b, C] or [b, t, C]; one logit a sample becomes two classes, (−z/2, z/2)."""
    device, dtype = where_it_lives(model)
    batch = batch.to(device, dtype)
    logits = _tensor_in(model(*batch.positional, **batch.named)).float()
    labels = batch.labels
    if labels.dim() == 1:
        if logits.dim() == 1 or (logits.dim() == 2 and logits.shape[1] == 1):
            half = logits.reshape(-1) / 2
            logits = torch.stack([-half, half], dim=1)
        if logits.dim() == 2 and logits.shape[0] == labels.shape[0]:
            return logits
    elif logits.dim() == 3:
        if logits.shape[:2] == labels.shape:
            return logits
        if (logits.shape[0], logits.shape[2]) == tuple(labels.shape):
            return logits.transpose(1, 2)
    raise UnitsError(
        f"the model gives {list(logits.shape)} for labels {list(labels.shape)}: it must give [b, classes] for labels [b], "
        "or [b, t, classes] for labels [b, t]"
    )


def _tensor_in(output: Any) -> Tensor:
    if isinstance(output, Tensor):
        return output
    kind = type(output).__name__
    logits = getattr(output, "logits", None)
    if logits is None and isinstance(output, Mapping):
        logits = cast("Mapping[str, Any]", output).get("logits")
    if logits is None and isinstance(output, (tuple, list)):
        logits = next((part for part in cast("Sequence[Any]", output) if isinstance(part, Tensor)), None)
    if not isinstance(logits, Tensor):
        raise UnitsError(f"the model gives a {kind} without logits: wrap it so that it returns the tensor of logits")
    return logits


def margins(logits: Tensor, labels: Tensor) -> Tensor:
    """The mean margin of each sample, [b]."""
    asked = labels.to(logits.device)
    if asked.dim() == 1:
        return logits.gather(1, asked[:, None])[:, 0] - logits.mean(1)
    counted = (asked != IGNORED).float()
    own = logits.gather(2, asked.clamp(min=0)[..., None])[..., 0]
    return ((own - logits.mean(2)) * counted).sum(1) / counted.sum(1).clamp(min=1)


def rival_margins(logits: Tensor, labels: Tensor) -> Tensor:
    """The logit of the label minus the log-sum-exp of the others, [positions]: above 0 where the label is likelier than not."""
    flat, asked = labelled(logits, labels)
    own = flat.gather(1, asked[:, None])[:, 0]
    return own - flat.scatter(1, asked[:, None], -torch.inf).logsumexp(1)


def labelled(logits: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Logits [p, C] and labels [p] of every labelled position, sample by sample."""
    asked = labels.to(logits.device)
    if asked.dim() == 1:
        return logits, asked
    counted = asked != IGNORED
    return logits[counted], asked[counted]


def share_right(logits: Tensor, labels: Tensor) -> Tensor:
    """Of each sample, whether its label is the largest logit; of a sequence, the share of labelled positions. [b]"""
    asked = labels.to(logits.device)
    right = (logits.argmax(-1) == asked).float()
    if asked.dim() == 1:
        return right
    counted = (asked != IGNORED).float()
    return (right * counted).sum(1) / counted.sum(1).clamp(min=1)


def check_labels(labels: Tensor, classes: int, numbers: Any, role: str) -> None:
    """Every label must be a class of the model; the first that is not is named."""
    wrong = (labels >= classes) | ((labels < 0) & (labels != IGNORED if labels.dim() == 2 else torch.ones_like(labels, dtype=torch.bool)))
    if bool(wrong.any()):
        place = int(wrong.reshape(len(labels), -1).any(1).nonzero()[0])
        value = int(labels[wrong][0])
        raise UnitsError(
            f"label {value} of sample {int(numbers[place])} in {role} is out of range: the model has {classes} classes, 0 to {classes - 1}"
        )
    if labels.dim() == 2 and not bool((labels != IGNORED).any(1).all()):
        place = int((labels != IGNORED).any(1).logical_not().nonzero()[0])
        raise UnitsError(f"sequence {int(numbers[place])} in {role} has no labelled position: every label is {IGNORED}")
