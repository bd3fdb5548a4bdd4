"""One look at a step: activations while the model runs, gradients and weights around the update.

A look is armed before the step's forward pass and collected after its update. Nothing hangs on the model in between looks, and nothing
hangs on its modules during one: activations come through PyTorch's one hook for all modules. Fused paths of `nn.TransformerEncoder` and
`nn.MultiheadAttention` are left as soon as a module in them carries a hook of its own, and the bits change with that.
"""

from __future__ import annotations

import functools
import time
import types
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Concatenate, ParamSpec, Protocol, cast

from .layers import Layer
from .reductions import activation_statistics, first_tensor, logit_scale, squared_norm, unit_norms

if TYPE_CHECKING:
    from torch import Tensor, nn


Arguments = ParamSpec("Arguments")


def _never_raises(read: Callable[Concatenate[Look, Arguments], None]) -> Callable[Concatenate[Look, Arguments], None]:
    """Whatever goes wrong while reading inside somebody's training is kept in `trouble`, and the look hears no more."""

    @functools.wraps(read)
    def reading(look: Look, *args: Arguments.args, **kwargs: Arguments.kwargs) -> None:
        if look.trouble is not None:
            return
        try:
            read(look, *args, **kwargs)
        except Exception as error:  # Training must go on, whatever its modules return.
            look.trouble = f"{type(error).__name__}: {error}"

    return reading


class OptimizerLike(Protocol):
    """What is used of an optimizer: its parameter groups and its `step`."""

    param_groups: list[dict[str, object]]

    def step(self, *args: object, **kwargs: object) -> object:
        """Updates the weights."""
        ...


@dataclass
class Seen:
    """What one look found: numbers by name, and one array a layer and series."""

    scalars: dict[str, Tensor] = field(default_factory=lambda: {})
    units: dict[tuple[str, str], Tensor] = field(default_factory=lambda: {})


class Look:
    """Reads one step of training. Changes no bit of it: nothing is written to the model, its gradients or a random generator."""

    def __init__(
        self,
        *,
        model: nn.Module,
        layers: Sequence[Layer],
        optimizers: Sequence[OptimizerLike],
        sees_activations: bool,
        compared: Sequence[Layer],
        copies: dict[int, Tensor],
    ) -> None:
        """`compared` are the layers of which a copy is kept to tell how far an update moved them; `copies` is memory for that."""
        self._model = model
        self._layers = layers
        self._optimizers = optimizers
        self._sees_activations = sees_activations
        self._compared = compared
        self._copies = copies
        self._by_module = {id(layer.module): layer for layer in layers}
        self._before: dict[int, Tensor] = {}
        self._owned: dict[int, set[int]] = {}
        self._waiting: set[int] = set()
        self._heard: set[int] = set()
        self._undo: list[Callable[[], None]] = []
        self._seen = Seen()
        self._sums = _SquaredSums()
        self._secs = 0.0
        # What went wrong while reading, if anything did.
        self.trouble: str | None = None

    def arm(self) -> None:
        """Begins to listen, before the forward pass."""
        if self._sees_activations:
            from torch.nn.modules.module import register_module_forward_hook

            handle = register_module_forward_hook(self._hear_unless_compiling)
            self._undo.append(handle.remove)
        if self._optimizers:
            for i, optimizer in enumerate(self._optimizers):
                self._owned[i] = {id(parameter) for parameter in parameters_of(optimizer)}
                self._waiting.add(i)
                around = functools.partial(self._before_update, i), functools.partial(self._after_update, i)
                self._undo.append(listen_to_step(optimizer, *around))
        else:
            self._keep_copies(None)

    def take_secs(self) -> float:
        """Seconds spent inside the training loop's own calls since this was last asked."""
        secs, self._secs = self._secs, 0.0
        return secs

    def disarm(self) -> None:
        """Stops listening. May be called more than once."""
        while self._undo:
            self._undo.pop()()
        self._before.clear()

    @property
    def waits_for_update(self) -> bool:
        """Whether an optimizer has not made its step yet, as while gradients are accumulated. A look in trouble waits for nothing."""
        return bool(self._waiting) and self.trouble is None

    def collect(self) -> Seen:
        """Everything that was read. Call it after the update."""
        self._read_the_rest()
        self.disarm()
        return self._seen

    @_never_raises
    def _read_the_rest(self) -> None:
        if not self._optimizers or self._waiting:
            self._read_gradients(None)
            self._read_updates(None)
        self._read_weights()
        self._seen.scalars |= self._sums.norms()

    def _hear_unless_compiling(self, module: nn.Module, inputs: object, output: object) -> None:
        # A function that is compiled takes hooks into its graph. Ours stays out of it, so that the graph and its bits are the same.
        if not _is_compiling():
            self._hear(module, inputs, output)

    @_never_raises
    def _hear(self, module: nn.Module, inputs: object, output: object) -> None:
        """The first call of each watched module counts. Calls without gradients are evaluations."""
        import torch

        key = id(module)
        if key in self._heard or not torch.is_grad_enabled():
            return
        layer = self._by_module.get(key)
        if layer is None and module is not self._model:
            return
        began = time.perf_counter()
        self._heard.add(key)
        with torch.no_grad():
            tensor = first_tensor(output, preferred="logits" if module is self._model else None)
            if tensor is not None and tensor.numel() > 0:
                if layer is not None:
                    self._see_activations(layer, tensor)
                if module is self._model:
                    self._seen.scalars["logit_scale"] = logit_scale(tensor)
        self._secs += time.perf_counter() - began

    def _see_activations(self, layer: Layer, output: Tensor) -> None:
        unit_dim = layer.activation_dim if output.ndim > layer.activation_dim else -1
        for series, values in activation_statistics(output, unit_dim).items():
            self._seen.units[layer.name, series] = values
        mean, std = self._seen.units[layer.name, "activation_mean"], self._seen.units[layer.name, "activation_std"]
        share = self._seen.units[layer.name, "activation_positive_share"]
        self._seen.scalars[f"{layer.name}/activation_rms"] = (mean * mean + std * std).mean().sqrt()
        self._seen.scalars[f"{layer.name}/activation_positive_share"] = share.mean()

    @_never_raises
    def _before_update(self, i: int, has_closure: bool) -> None:
        if i not in self._waiting:
            return
        began = time.perf_counter()
        if not has_closure:
            self._read_gradients(self._owned[i])
        self._keep_copies(self._owned[i])
        self._secs += time.perf_counter() - began

    @_never_raises
    def _after_update(self, i: int, has_closure: bool) -> None:
        if i not in self._waiting:
            return
        began = time.perf_counter()
        if has_closure:
            self._read_gradients(self._owned[i])
        self._read_updates(self._owned[i])
        self._waiting.discard(i)
        self._secs += time.perf_counter() - began

    def _keep_copies(self, owned: set[int] | None) -> None:
        for layer in self._compared:
            for parameter in layer.parameters():
                if parameter.requires_grad and (owned is None or id(parameter) in owned):
                    self._before[id(parameter)] = self._copy(parameter)

    def _copy(self, parameter: Tensor) -> Tensor:
        weights, memory = parameter.detach(), self._copies.get(id(parameter))
        if memory is None or (memory.shape, memory.dtype, memory.device) != (weights.shape, weights.dtype, weights.device):
            memory = self._copies[id(parameter)] = weights.clone()
            return memory
        return memory.copy_(weights)

    def _read_gradients(self, owned: set[int] | None) -> None:
        import torch

        with torch.no_grad():
            for layer in self._layers:
                unit_weight = layer.unit_weight()
                for parameter in layer.parameters():
                    gradient = parameter.grad
                    if gradient is None or not (owned is None or id(parameter) in owned):
                        continue
                    self._see(layer, "gradient_norm", gradient, is_unit_weight=parameter is unit_weight)

    def _read_updates(self, owned: set[int] | None) -> None:
        import torch

        with torch.no_grad():
            for layer in self._compared:
                unit_weight = layer.unit_weight()
                for parameter in layer.parameters():
                    before = self._before.get(id(parameter))
                    if before is None or not (owned is None or id(parameter) in owned):
                        continue
                    moved = before.sub_(parameter.detach())
                    self._see(layer, "update_norm", moved, is_unit_weight=parameter is unit_weight)
                    del self._before[id(parameter)]

    def _read_weights(self) -> None:
        import torch

        with torch.no_grad():
            for layer in self._layers:
                unit_weight = layer.unit_weight()
                for parameter in layer.parameters():
                    self._see(layer, "weight_norm", parameter, is_unit_weight=parameter is unit_weight)
                moved = self._seen.units.pop((layer.name, "update_norm"), None)
                if moved is not None:
                    # 0 / 0 is NaN: the ratio of a unit without weights is undefined.
                    self._seen.units[layer.name, "update_ratio"] = moved / self._seen.units[layer.name, "weight_norm"]

    def _see(self, layer: Layer, series: str, array: Tensor, *, is_unit_weight: bool) -> None:
        if is_unit_weight:
            norms = unit_norms(array, layer.unit_dim)
            self._seen.units[layer.name, series] = norms
            self._sums.add(layer.name, series, (norms * norms).sum())
        else:
            self._sums.add(layer.name, series, squared_norm(array))


class _SquaredSums:
    """Sums of squares by layer and series, which become norms of layers and of the model."""

    def __init__(self) -> None:
        self._of: dict[tuple[str, str], Tensor] = {}

    def add(self, layer: str, series: str, squares: Tensor) -> None:
        """Adds one weight's sum of squares."""
        for key in ((layer, series), ("", series)):
            known = self._of.get(key)
            # Layers on several devices are added where the first one is.
            self._of[key] = squares if known is None else known + squares.to(known.device)

    def norms(self) -> dict[str, Tensor]:
        """`LAYER/weight_norm`, `LAYER/gradient_norm` and `LAYER/update_ratio`; without a layer, of all that are watched."""
        found: dict[str, Tensor] = {}
        for (layer, series), squares in self._of.items():
            name = f"{layer}/" if layer else ""
            if series != "update_norm":
                found[f"{name}{series}"] = squares.sqrt()
                continue
            # Over the layers whose update was read, which for a large model are not all.
            found[f"{name}update_ratio"] = (squares / self._weights_below(layer, squares)).sqrt()
        return found

    def _weights_below(self, layer: str, like: Tensor) -> Tensor:
        if layer:
            return self._of[layer, "weight_norm"]
        total = like.new_zeros(())
        for name, series in self._of:
            if name and series == "update_norm":
                total = total + self._of[name, "weight_norm"].to(like.device)
        return total


def _is_compiling() -> bool:
    import torch

    compiler = getattr(torch, "compiler", None)  # came with PyTorch 2.1
    return compiler is not None and bool(compiler.is_compiling())


def parameters_of(optimizer: OptimizerLike) -> Iterable[Tensor]:
    """The weights that an optimizer updates."""
    for group in optimizer.param_groups:
        yield from cast("Iterable[Tensor]", group["params"])


def listen_to_step(
    optimizer: OptimizerLike, before: Callable[[bool], None], after: Callable[[bool], None]
) -> Callable[[], None]:
    """Calls `before` and `after` around `optimizer.step`, each with whether the step was given a closure. Returns what undoes it.

    The method is replaced on this one optimizer, because PyTorch 1.13 has no hooks for optimizers. Schedulers replace it too and look
    for `__self__`, `__func__` and marks of their own, so the replacement is a bound method with the original's attributes.
    """
    had_own = "step" in vars(optimizer)
    original = optimizer.step
    listening = True

    @functools.wraps(original)
    def step(self: OptimizerLike, *args: object, **kwargs: object) -> object:
        if not listening:
            return original(*args, **kwargs)
        has_closure = (args[0] if args else kwargs.get("closure")) is not None
        before(has_closure)
        result = original(*args, **kwargs)
        after(has_closure)
        return result

    replacement = types.MethodType(step, optimizer)
    setattr(optimizer, "step", replacement)

    def undo() -> None:
        nonlocal listening
        listening = False
        # Whoever replaced the method since then calls ours, which passes on to the original and no more.
        if vars(optimizer).get("step") is not replacement:
            return
        if had_own:
            setattr(optimizer, "step", original)
        else:
            delattr(optimizer, "step")

    return undo
