"""Samples with their labels, read once from whatever PyTorch users keep them in, and served again in batches.

A DataLoader that shuffles gives another order each time, so the samples are read once and kept. What does not fit the limit
of bytes is thinned evenly: every second sample is kept, then every fourth.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, RandomSampler

from .errors import UnitsError
from .typed_torch import Array, tensor_of

LABEL_KEYS = ("labels", "label", "targets", "target", "y")
"""Names under which dictionaries of tensors keep labels, in the order in which they are looked for."""

IGNORED = -100
"""A position of a sequence with this label is not asked: PyTorch's and Hugging Face's convention."""

Rows = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True)
class Batch:
    """Inputs as the model takes them, and labels [b] or, of sequences, [b, t]."""

    positional: tuple[Tensor, ...]
    named: dict[str, Tensor]
    labels: Tensor

    def __len__(self) -> int:
        return int(self.labels.shape[0])

    def each(self, change: Callable[[Tensor], Tensor]) -> Batch:
        """The same batch with `change` applied to every tensor."""
        positional = tuple(change(part) for part in self.positional)
        return Batch(positional, {key: change(part) for key, part in self.named.items()}, change(self.labels))

    def take(self, rows: Tensor | slice) -> Batch:
        """Some of its samples, by their places in the batch."""

        def taken(part: Tensor) -> Tensor:
            return part[rows]

        return self.each(taken)

    def to(self, device: torch.device, dtype: torch.dtype) -> Batch:
        """On the model's device, with floating inputs in the model's precision."""

        def moved(part: Tensor) -> Tensor:
            return part.to(device, dtype) if part.is_floating_point() else part.to(device)

        return self.each(moved)

    def shape(self) -> tuple[Any, ...]:
        """What two batches must share to be joined: everything but the number of samples."""
        parts = [*self.positional, *(self.named[key] for key in sorted(self.named)), self.labels]
        return (tuple(sorted(self.named)), *((tuple(part.shape[1:]), part.dtype) for part in parts))

    def bytes(self) -> int:
        """Memory that its tensors take."""
        return sum(part.numel() * part.element_size() for part in [*self.positional, *self.named.values(), self.labels])


@dataclass(frozen=True)
class Samples:
    """All samples that were read: `role` says whether they are `train` or `held_out`, `number` where each stood in the source."""

    role: str
    buckets: tuple[Batch, ...]
    place: Rows
    number: Rows
    seen: int
    notes: tuple[str, ...] = field(default=())

    def __len__(self) -> int:
        return len(self.number)

    @property
    def is_sequence(self) -> bool:
        """Whether a sample has a label at every position."""
        return self.buckets[0].labels.dim() == 2

    def some(self, rows: Rows) -> Samples:
        """The samples at these rows, in this order."""
        return Samples(self.role, self.buckets, self.place[rows], self.number[rows], self.seen, self.notes)

    def labels(self) -> Rows:
        """Labels of samples that have one each, [n]."""
        given = [bucket.labels.cpu().numpy().astype(np.int64) for bucket in self.buckets]
        return np.array([given[bucket][row] for bucket, row in self.place], dtype=np.int64)

    def inputs(self, widest: int) -> np.ndarray[Any, np.dtype[np.float32]] | None:
        """Inputs, flattened, [n, P] with P at most `widest`; None of wider ones, of tokens, or where samples differ in shape."""
        first, *others = self.buckets
        parts = [*first.positional, *(first.named[key] for key in sorted(first.named))]
        width = sum(part[0].numel() for part in parts)
        if others or width > widest or not all(part.is_floating_point() for part in parts):
            return None
        flat = torch.cat([part.flatten(1) for part in parts], dim=1).float().cpu().numpy()
        return np.ascontiguousarray(flat[self.place[:, 1]])

    def batches(self, size: int) -> Iterator[tuple[Rows, Batch]]:
        """Batches of at most `size`, each with the rows that its samples have here."""
        for number, bucket in enumerate(self.buckets):
            rows = np.flatnonzero(self.place[:, 0] == number)
            for start in range(0, len(rows), size):
                chosen = rows[start : start + size]
                yield chosen, bucket.take(tensor_of(self.place[chosen, 1]))

    def first(self, n: int) -> Batch:
        """The first samples, to trace a model with."""
        return next(iter(self.batches(n)))[1]


def read_samples(source: Any, role: str, *, limit_bytes: int = 1 << 30, keep: frozenset[int] = frozenset()) -> Samples:
    """Reads a DataLoader, a data set, batches or a pair of tensors; `keep` are numbers that thinning may not drop."""
    if isinstance(source, Samples):
        return Samples(role, source.buckets, source.place, source.number, source.seen, source.notes)
    kept: list[tuple[Rows, Batch]] = []
    seen, stride, size = 0, 1, 0
    shifted = False
    for given in _batches_of(source, role):
        batch, by_one = _next_tokens(_as_batch(given, role))
        shifted |= by_one
        numbers = np.arange(seen, seen + len(batch), dtype=np.int64)
        seen += len(batch)
        kept.append(_thinned(numbers, batch, stride, keep))
        size += kept[-1][1].bytes()
        while size > limit_bytes and any(len(batch) > 1 for _, batch in kept):
            stride *= 2
            kept = [_thinned(numbers, batch, stride, keep) for numbers, batch in kept]
            size = sum(batch.bytes() for _, batch in kept)
    kept = [(numbers, batch) for numbers, batch in kept if len(numbers)]
    if not kept:
        raise UnitsError(
            f"{role} gives no samples: an iterator can be read only once, so pass a list of batches, a DataLoader or (x, y)"
        )
    notes: list[str] = []
    if stride > 1:
        notes.append(f"every {stride}th of {seen:,} {_words(role)} samples was kept, so that they fit {limit_bytes >> 20:,} MiB")
    if shifted:
        notes.append(f"labels of {role} repeat input_ids, so each position was asked for the next token")
    return _joined(role, kept, seen, tuple(notes))


def _words(role: str) -> str:
    return {"train": "training", "held_out": "held-out"}.get(role, role)


def _thinned(numbers: Rows, batch: Batch, stride: int, keep: frozenset[int]) -> tuple[Rows, Batch]:
    if stride == 1:
        return numbers, batch
    rows = np.flatnonzero((numbers % stride == 0) | np.isin(numbers, list(keep)))
    return numbers[rows], batch.take(tensor_of(rows))


def _joined(role: str, kept: list[tuple[Rows, Batch]], seen: int, notes: tuple[str, ...]) -> Samples:
    """Batches of one shape become one bucket; sequences of different lengths stay apart."""
    groups: dict[tuple[Any, ...], list[tuple[Rows, Batch]]] = {}
    for numbers, batch in kept:
        groups.setdefault(batch.shape(), []).append((numbers, batch))
    buckets: list[Batch] = []
    places: list[Rows] = []
    numbers_all: list[Rows] = []
    for number, members in enumerate(groups.values()):
        batches = [batch for _, batch in members]
        first = batches[0]
        positional = tuple(torch.cat([batch.positional[k] for batch in batches]) for k in range(len(first.positional)))
        named = {key: torch.cat([batch.named[key] for batch in batches]) for key in first.named}
        bucket = Batch(positional, named, torch.cat([batch.labels for batch in batches]))
        buckets.append(bucket)
        rows = np.arange(len(bucket), dtype=np.int64)
        places.append(np.stack([np.full_like(rows, number), rows], axis=1))
        numbers_all.append(np.concatenate([numbers for numbers, _ in members]))
    numbers = np.concatenate(numbers_all)
    order = np.argsort(numbers, kind="stable")
    if len({bucket.labels.dim() for bucket in buckets}) > 1:
        raise UnitsError(f"some batches of {role} have one label a sample and some a label at every position; give one kind")
    return Samples(role, tuple(buckets), np.concatenate(places)[order], numbers[order], seen, notes)


def _batches_of(source: Any, role: str) -> Iterable[Any]:
    if isinstance(source, DataLoader):
        return _in_order(cast("DataLoader[Any]", source))
    if isinstance(source, (Tensor, np.ndarray)):
        raise UnitsError(f"{role} holds no labels: pass ({role}_x, {role}_y), or a DataLoader that gives (inputs, labels)")
    if _is_pair(source):
        return [source]
    if isinstance(source, Mapping):
        return [source]
    if source is None:
        raise UnitsError(f"{role} is missing: pass {role}= a DataLoader, a data set, a list of (x, y) batches or (x, y)")
    if not isinstance(source, (str, bytes)) and isinstance(source, (Sequence, Iterator)):
        return cast("Iterable[Any]", source)
    if not isinstance(source, (str, bytes)) and hasattr(source, "__getitem__") and hasattr(source, "__len__"):
        return DataLoader(source, batch_size=256)
    if not isinstance(source, (str, bytes)) and isinstance(source, Iterable):
        return cast("Iterable[Any]", source)
    raise UnitsError(
        f"{role} is a {type(source).__name__}, which gives no batches: pass a DataLoader, a data set, a list of (x, y) batches or (x, y)"
    )


def _in_order(loader: DataLoader[Any]) -> Iterable[Any]:
    """The loader without its shuffling, so that the number of a sample is its index in the data set."""
    sampler: Any = cast(Any, loader).sampler
    if not isinstance(sampler, RandomSampler) or loader.batch_size is None or sampler.replacement:
        return loader
    join: Callable[[list[Any]], Any] = cast(Any, loader).collate_fn
    return DataLoader(loader.dataset, batch_size=loader.batch_size, collate_fn=join, num_workers=loader.num_workers)


def _is_pair(source: Any) -> bool:
    """Whether this is (X, y) and not a list of two batches."""
    if not isinstance(source, (tuple, list)) or len(cast("Sequence[Any]", source)) != 2:
        return False
    x, y = cast("Sequence[Any]", source)
    if not isinstance(x, (Tensor, np.ndarray)) or not isinstance(y, (Tensor, np.ndarray)):
        return False
    inputs, labels = cast("Tensor | Array", x), cast("Tensor | Array", y)
    return labels.ndim >= 1 and len(inputs) == len(labels) and (isinstance(source, tuple) or labels.ndim == 1)


def _as_tensor(part: Any, role: str) -> Tensor:
    if isinstance(part, Tensor):
        return part.detach()
    array = np.asarray(part)
    if array.dtype.kind not in "biufc":
        raise UnitsError(f"{role} holds values of the type {array.dtype.name}, such as {array.flat[0]!r}: give numbers, and classes as 0, 1, 2, …")
    return torch.as_tensor(array)


def _as_batch(given: Any, role: str) -> Batch:
    if isinstance(given, Batch):
        return given
    if isinstance(given, Mapping):
        parts = cast("Mapping[str, Any]", given)
        key = next((key for key in LABEL_KEYS if key in parts), None)
        if key is None:
            raise UnitsError(f"{role} gives dictionaries without labels: they hold {', '.join(map(repr, parts))}; add 'labels'")
        named = {name: _as_tensor(part, role) for name, part in parts.items() if name != key and part is not None}
        return _checked(Batch((), named, _as_tensor(parts[key], role)), role)
    if not isinstance(given, (tuple, list)) or len(cast("Sequence[Any]", given)) < 2:
        raise UnitsError(
            f"{role} gives batches without labels: each must be (inputs, labels), as DataLoader(TensorDataset(x, y)) gives them"
        )
    *inputs, labels = cast("Sequence[Any]", given)
    if len(inputs) == 1 and isinstance(inputs[0], Mapping):
        named = {name: _as_tensor(part, role) for name, part in cast("Mapping[str, Any]", inputs[0]).items()}
        return _checked(Batch((), named, _as_tensor(labels, role)), role)
    if len(inputs) == 1 and isinstance(inputs[0], (tuple, list)):
        inputs = list(cast("Sequence[Any]", inputs[0]))
    return _checked(Batch(tuple(_as_tensor(part, role) for part in inputs), {}, _as_tensor(labels, role)), role)


def _as_batch_of_one(part: Tensor) -> Tensor:
    return part[None]


def _checked(batch: Batch, role: str) -> Batch:
    """Labels become whole numbers, [b] or [b, t]; a single sample becomes a batch of one."""
    labels = batch.labels
    if labels.dim() == 0:
        batch = batch.each(_as_batch_of_one)
        labels = batch.labels
    if labels.dim() == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.is_floating_point():
        if not bool((labels == labels.round()).all()):
            raise UnitsError(f"labels of {role} are not whole numbers ({labels.flatten()[0]:.4g} is one): only classes can be judged")
        labels = labels.long()
    if labels.dim() > 2:
        raise UnitsError(f"labels of {role} have the shape {list(labels.shape)}: give one a sample, [b], or one a position, [b, t]")
    parts = [*batch.positional, *batch.named.values()]
    if not parts:
        raise UnitsError(f"{role} gives labels without inputs")
    wrong = next((part for part in parts if part.dim() == 0 or part.shape[0] != labels.shape[0]), None)
    if wrong is not None:
        raise UnitsError(f"a batch of {role} has {labels.shape[0]} labels and an input of the shape {list(wrong.shape)}")
    return Batch(batch.positional, batch.named, labels.long())


def _next_tokens(batch: Batch) -> tuple[Batch, bool]:
    """Hugging Face gives labels that repeat `input_ids` and shifts inside the model's loss; logits alone need it done here."""
    tokens = batch.named.get("input_ids")
    if tokens is None or tokens.shape != batch.labels.shape or batch.labels.dim() != 2:
        return batch, False
    asked = batch.labels != IGNORED
    if not bool((tokens[asked] == batch.labels[asked]).all()):
        return batch, False
    labels = torch.full_like(batch.labels, IGNORED)
    labels[:, :-1] = batch.labels[:, 1:]
    return Batch(batch.positional, batch.named, labels), True
