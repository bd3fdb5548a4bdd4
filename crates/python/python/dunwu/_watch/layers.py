"""Which parts of a model are watched: wrappers taken off, layers by name, and which weights belong to which."""

from __future__ import annotations

import difflib
import fnmatch
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from torch import Tensor, nn

# What the model itself is called where it is a layer: a bare `nn.Linear`, or one whose weights hang on it directly.
ROOT = "model"

_SHARDED = ("FullyShardedDataParallel", "DeepSpeedEngine", "FullyShardedDataParallelV2")
_PARALLEL = ("DataParallel", "DistributedDataParallel")
_CONVOLUTIONS = ("Conv", "BatchNorm", "SyncBatchNorm", "InstanceNorm", "GroupNorm", "LazyConv", "LazyBatchNorm")
_UNITS_ARE_COLUMNS = ("Embedding", "EmbeddingBag", "ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d")


@dataclass(frozen=True)
class Unwrapped:
    """A model without its wrappers."""

    model: nn.Module
    wrappers: tuple[str, ...]
    # Why its activations cannot be seen, if so.
    hidden: str | None


def unwrap(model: object) -> Unwrapped:
    """Takes off `torch.compile`, `DataParallel` and `DistributedDataParallel`.

    Weights, gradients and updates are the same tensors inside and outside. Activations are another matter: a compiled model does not
    call its modules, and `DataParallel` on several devices calls copies of them.

    Raises:
        TypeError: it is no `nn.Module`, or one that holds shards of its weights.
    """
    from torch import nn

    wrappers: list[str] = []
    hidden: str | None = None
    current = model
    while True:
        if not isinstance(current, nn.Module):
            raise TypeError(f"the model is of type {type(current).__name__}; watch a torch.nn.Module")
        names = [base.__name__ for base in type(current).__mro__]
        sharded = [name for name in _SHARDED if name in names]
        if sharded:
            held = f"the model is wrapped in {sharded[0]}, which holds shards of its weights"
            raise TypeError(f"{held}; watch a model that is whole, before it is wrapped")
        if "OptimizedModule" in names:
            inner = cast("object", getattr(current, "_orig_mod"))
            hidden = "the model is compiled, and a compiled model does not call its modules"
        elif isinstance(current, (nn.DataParallel, nn.parallel.DistributedDataParallel)):
            inner = cast("object", current.module)
            devices = cast("Sequence[object]", getattr(current, "device_ids", None) or ())
            if isinstance(current, nn.DataParallel) and len(devices) > 1:
                hidden = f"DataParallel calls a copy of the model on each of {len(devices)} devices"
        else:
            break
        wrappers.append(type(current).__name__)
        current = inner
    if hidden is None and any(_is_compiled(module) for module in current.modules()):
        hidden = "a part of the model is compiled, and what is compiled does not call its modules"
    if "ScriptModule" in names:
        hidden = "the model is a script, and a script does not call its modules"
    for name, parameter in current.named_parameters():
        kind = type(parameter).__name__
        if kind == "DTensor":
            raise TypeError(f"the parameter {name} is a DTensor, a shard; watch a model that is whole, before it is sharded")
        if kind in ("UninitializedParameter", "UninitializedBuffer"):
            raise ValueError(f"the parameter {name} has no shape yet; run the model on one batch, then watch it")
        if parameter.is_meta:
            raise ValueError(f"the parameter {name} is on the device meta, where weights have no numbers; move the model to another, then watch it")
    return Unwrapped(model=current, wrappers=tuple(wrappers), hidden=hidden)


def _is_compiled(module: nn.Module) -> bool:
    return type(module).__name__ == "OptimizedModule" or getattr(module, "_compiled_call_impl", None) is not None


@dataclass(frozen=True)
class Layer:
    """A module with the weights that belong to it: its own and those of modules inside that are no layers themselves.

    A unit is one of its outputs: a neuron, a channel, a dimension of a residual stream.
    """

    name: str
    module: nn.Module
    # Modules and the names of their parameters. Looked up anew at every look, because a loop may replace them.
    places: tuple[tuple[nn.Module, str], ...] = ()
    # The parameter that holds one row, or column, a unit.
    main: tuple[nn.Module, str] | None = None
    # Which dimension of that parameter counts units.
    unit_dim: int = 0
    # Which dimension of its activations counts units.
    activation_dim: int = -1

    def parameters(self) -> Iterator[Tensor]:
        """The weights that belong to it now, the one that holds its units first."""
        places = self.places if self.main is None else (self.main, *(place for place in self.places if place != self.main))
        for module, name in places:
            parameter = cast("Tensor | None", getattr(module, name, None))
            if parameter is not None:
                yield parameter

    def unit_weight(self) -> Tensor | None:
        """The weight that holds one row, or column, a unit."""
        return None if self.main is None else cast("Tensor | None", getattr(*self.main, None))


@dataclass(frozen=True)
class Layers:
    """The layers that are watched, and which weights are shared."""

    watched: tuple[Layer, ...]
    # By name: the second place of a weight, and its first, under which it is recorded.
    tied: dict[str, str] = field(default_factory=lambda: {})


def choose_layers(model: nn.Module, wanted: str | nn.Module | Iterable[str | nn.Module] | None) -> Layers:
    """The layers of a model that are watched.

    `None` takes every module that holds floating-point weights itself. Otherwise names (`encoder.0`), patterns (`*.linear1`) or the
    modules themselves.

    Raises:
        ValueError: a name or pattern fits no module, or nothing is left to watch.
    """
    from torch import nn

    every = cast("Iterator[tuple[str, nn.Module]]", model.named_modules())
    named = {_shown(name): module for name, module in every}
    if wanted is None:
        chosen = [name for name, module in named.items() if any(True for _ in _own_weights(module))]
        if not chosen:
            raise ValueError(f"{type(model).__name__} has no floating-point weights; there is nothing to watch")
    else:
        asked: Iterable[str | nn.Module] = [wanted] if isinstance(wanted, (str, nn.Module)) else wanted
        found = [name for item in asked for name in _names_of(item, named)]
        chosen = list(dict.fromkeys(found))
        if not chosen:
            raise ValueError("layers=[] names no layer; leave it out to watch every layer with weights")
    return _with_weights(named, set(chosen))


def _shown(name: str) -> str:
    # torch.compile puts its own module between a part and its name.
    return name.replace("_orig_mod.", "").removesuffix("._orig_mod") or ROOT


def _names_of(item: str | nn.Module, named: dict[str, nn.Module]) -> list[str]:
    if not isinstance(item, str):
        names = [name for name, module in named.items() if module is item]
        if not names:
            kind = type(item).__name__
            raise ValueError(f"layers names a {kind} that is no part of the model; its parts are {_some(list(named))}")
        return names
    if item in named:
        return [item]
    names = [name for name in named if fnmatch.fnmatchcase(name, item)]
    if names:
        return names
    nearest = difflib.get_close_matches(item, list(named), n=3, cutoff=0.5)
    advice = f"the nearest are {_some(nearest)}" if nearest else f"it has {_some(list(named))}"
    raise ValueError(f'the model has no layer "{item}"; {advice}')


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(f'"{name}"' for name in names[:6])
    return shown if len(names) <= 6 else f"{shown} and {len(names) - 6} more"


def _own_weights(module: nn.Module) -> Iterator[str]:
    for name, parameter in module.named_parameters(recurse=False):
        if parameter.is_floating_point() or parameter.is_complex():
            yield name


def _with_weights(named: dict[str, nn.Module], chosen: set[str]) -> Layers:
    """Gives every weight to the nearest watched module around it, once."""
    first_place: dict[int, str] = {}
    tied: dict[str, str] = {}
    places: dict[str, list[tuple[nn.Module, str]]] = {name: [] for name in named if name in chosen}
    for name, module in named.items():
        owner = _nearest(name, chosen)
        for own, parameter in module._parameters.items():  # pyright: ignore[reportPrivateUsage]  # the one way to tied weights
            # `named_parameters` leaves out a weight that it has seen, and that is what is looked for.
            if parameter is None or not (parameter.is_floating_point() or parameter.is_complex()):
                continue
            path = own if name == ROOT else f"{name}.{own}"
            if id(parameter) in first_place:
                tied[path] = first_place[id(parameter)]
                continue
            first_place[id(parameter)] = path
            if owner is not None:
                places[owner].append((module, own))
    layers = tuple(_layer(name, named[name], tuple(found)) for name, found in places.items())
    return Layers(watched=layers, tied=tied)


def _nearest(name: str, chosen: set[str]) -> str | None:
    while name not in chosen:
        if name == ROOT:
            return None
        name = name.rpartition(".")[0] or ROOT
    return name


def _layer(name: str, module: nn.Module, places: tuple[tuple[nn.Module, str], ...]) -> Layer:
    kind = type(module).__name__
    own = [place for place in places if place[0] is module]
    matrices = [place for place in own if cast("Tensor", getattr(*place)).ndim >= 2]
    by_name = [place for place in own if place[1] == "weight"]
    main = next(iter((*by_name, *matrices, *own)), None)
    # transformers' Conv1D is a linear map that keeps its matrix the other way round.
    is_turned = kind == "Conv1D" and hasattr(module, "nf")
    return Layer(
        name=name,
        module=module,
        places=places,
        main=main,
        unit_dim=1 if kind in _UNITS_ARE_COLUMNS or is_turned else 0,
        activation_dim=1 if kind.startswith(_CONVOLUTIONS) and not is_turned else -1,
    )
