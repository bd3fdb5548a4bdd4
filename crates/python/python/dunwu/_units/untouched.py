"""A model that is looked at and left as it was: training flags, gradients, buffers, random numbers, hooks."""

from __future__ import annotations

import random
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import nn

from .errors import UnitsError
from .typed_torch import is_script


def plain(model: Any) -> nn.Module:
    """The module inside a data-parallel or compiled wrapper, where hooks work; other kinds are refused by name."""
    if not isinstance(model, nn.Module):
        raise UnitsError(f"the model is a {type(model).__name__}, not a torch.nn.Module")
    if is_script(model):
        raise UnitsError("a TorchScript module runs without hooks: pass the nn.Module that it was made of")
    if isinstance(model, (nn.DataParallel, nn.parallel.DistributedDataParallel)):
        return plain(model.module)
    original = model.__dict__.get("_modules", {}).get("_orig_mod")
    return plain(original) if original is not None else model


@contextmanager
def untouched(model: nn.Module) -> Generator[None, None, None]:
    """Evaluation mode within; afterwards everything is as it was before, after an exception too."""
    training = [(module, module.training) for module in model.modules()]
    parameters = [(parameter, parameter.grad, parameter.requires_grad) for parameter in model.parameters()]
    buffers = [(buffer, buffer.detach().clone()) for buffer in model.buffers() if not buffer.is_meta]
    states = (torch.get_rng_state(), np.random.get_state(), random.getstate())
    cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_available() else None
    try:
        # A transformer layer takes a fused path that runs no hooks where nothing needs a gradient.
        fused = any(isinstance(module, (nn.MultiheadAttention, nn.TransformerEncoderLayer)) for module in model.modules())
        if fused:
            for parameter in model.parameters():
                parameter.requires_grad_(parameter.is_floating_point())
        model.eval()
        with torch.inference_mode(False), torch.set_grad_enabled(fused):
            yield
    finally:
        for module, flag in training:
            module.training = flag
        for parameter, gradient, wanted in parameters:
            parameter.requires_grad_(wanted)
            parameter.grad = gradient
        with torch.no_grad():
            for buffer, before in buffers:
                if not torch.equal(buffer, before):
                    buffer.copy_(before)
        torch.set_rng_state(states[0])
        np.random.set_state(states[1])
        random.setstate(states[2])
        if cuda is not None:
            torch.cuda.set_rng_state_all(cuda)
