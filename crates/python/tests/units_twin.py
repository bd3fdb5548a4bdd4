"""The judge of `dunwu units` once more in numpy, from its definitions: the independent oracle that tests hold the Rust against.

Readable and slow.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
TYPES = {"F32": np.float32, "I64": np.int64, "U8": np.uint8}


def read_arrays(path: Path) -> tuple[dict[str, Array], dict[str, str]]:
    """A safetensors file, parsed by hand."""
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    metadata = header.pop("__metadata__", {})
    body = data[8 + length :]
    return {
        name: np.frombuffer(body[slice(*entry["data_offsets"])], dtype=TYPES[entry["dtype"]]).reshape(entry["shape"])
        for name, entry in header.items()
    }, metadata


def margins(outputs: Array, labels: Array) -> Array:
    return outputs[np.arange(len(labels)), labels] - outputs.mean(1)


def ridge(x: Array, y: Array) -> tuple[Any, Array]:
    """A ridge readout with λ by leave-one-out: a function of features, and what it says of each sample without it.

    By brute force of linear algebra on the augmented problem: no eigenvalues, one solve a penalty.
    """
    means, deviations = x.mean(0), x.std(0)
    alive = deviations > 1e-7 * deviations.max()
    scale = np.where(alive, deviations, 1.0)
    z = np.where(alive, (x - means) / scale, 0.0).astype(np.float64)
    targets = np.eye(int(y.max()) + 1)[y]
    offsets = targets.mean(0)
    centred = targets - offsets
    gram = z.T @ z
    mean_square = np.trace(gram) / min(len(x), x.shape[1])
    best: tuple[float, Array, Array] | None = None
    for step in range(15):
        penalty = mean_square * 10 ** (-4 + step / 2)
        inverse = np.linalg.inv(gram + penalty * np.eye(len(gram)))
        weights = inverse @ z.T @ centred
        leverage = 1 / len(x) + np.einsum("ij,jk,ik->i", z, inverse, z)
        left_out = targets - (targets - offsets - z @ weights) / (1 - leverage)[:, None]
        error = float(((targets - left_out) ** 2).sum())
        if best is None or error < best[0]:
            best = (error, weights, left_out)
    assert best is not None
    weights = best[1]
    return (lambda features: np.where(alive, (features - means) / scale, 0.0) @ weights + offsets), best[2]


def contradictions(scores: Array, labels: Array) -> Array:
    own = scores[np.arange(len(labels)), labels]
    rest = scores.copy()
    rest[np.arange(len(labels)), labels] = -np.inf
    return rest.max(1) - own


def last_layer(arrays: dict[str, Array]) -> dict[str, Array]:
    """What activations and output weights of the last hidden layer imply."""
    if "output.weight" not in arrays:
        return arrays
    weight, bias = arrays["output.weight"], arrays.get("output.bias", 0)
    given = dict(arrays)
    mean = arrays["train.activation"].mean(0)
    centred = weight - weight.mean(0)
    for side in ("train", "held_out"):
        activation = arrays[f"{side}.activation"]
        given.setdefault(f"{side}.output", activation @ weight.T + bias)
        given.setdefault(f"{side}.readout", activation)
    given.setdefault("train.contribution", (arrays["train.activation"] - mean) * centred[arrays["train.label"]])
    given.setdefault("held_out.contribution_by_class", (arrays["held_out.activation"] - mean)[:, None] * centred)
    return given


def readout(arrays: dict[str, Array], side: str) -> Array:
    """What the readout is fitted on: its own features, or else the activations of the layer."""
    name = f"{side}.readout"
    return arrays[name if name in arrays else f"{side}.activation"]


def flags(arrays: dict[str, Array]) -> dict[str, Any]:
    """Flagged training samples and their twins."""
    arrays = last_layer(arrays)
    labels = arrays["train.label"]
    read, left_out = ridge(readout(arrays, "held_out"), arrays["held_out.label"])
    scores = read(readout(arrays, "train"))
    width = arrays["train.output"].shape[1]
    scores, left_out = (np.pad(each, ((0, 0), (0, width - each.shape[1]))) for each in (scores, left_out))
    against = contradictions(scores, labels)
    learned = arrays["train.output"].argmax(1) == labels
    chosen = arrays["train.flagged"].astype(bool) if "train.flagged" in arrays else (against > 0.1) & learned
    of: list[int] = []
    sample: list[int] = []
    for row in np.flatnonzero(chosen):
        near = np.argsort(((left_out - scores[row]) ** 2).sum(1), kind="stable")[:8]
        of += [int(row)] * len(near)
        sample += [int(each) for each in near]
    return {
        "flagged": [{"sample": int(row), "label": int(labels[row])} for row in np.flatnonzero(chosen)],
        "twin_of": of, "twin_sample": sample, "contradictions": against.tolist(),
    }  # fmt: skip


def mean_error(values: Array) -> tuple[float, float]:
    return float(values.mean()), float(values.std(ddof=1) / math.sqrt(len(values))) if len(values) > 1 else math.inf


def above(mean: float, error: float, threshold: float) -> float:
    if error == 0:
        return float(mean > threshold)
    return 0.5 * math.erfc(-(mean - threshold) / error / math.sqrt(2))


def units(arrays: dict[str, Array], twin_of: Array | None = None, twin_sample: Array | None = None) -> dict[str, Any]:
    """Evidence and labels of every unit; twins as given, as the file gives them, or found here."""
    arrays = last_layer(arrays)
    sequence = "train.margin" in arrays
    train = arrays["train.contribution"].astype(np.float64)
    n, n_units = train.shape
    if sequence:
        flagged = np.flatnonzero(arrays["train.flagged"]) if "train.flagged" in arrays else np.zeros(0, int)
        margin, labels, held_labels = arrays["train.margin"], np.zeros(n, int), np.zeros(len(arrays["held_out.margin"]), int)
    else:
        found = flags(arrays)
        flagged = np.array([row["sample"] for row in found["flagged"]], dtype=int)
        labels, held_labels = arrays["train.label"], arrays["held_out.label"]
        margin = margins(arrays["train.output"], labels)
        if twin_of is None and "twin.of" not in arrays:
            twin_of, twin_sample = np.array(found["twin_of"]), np.array(found["twin_sample"])
    by_class = arrays.get("held_out.contribution_by_class")
    held_out = (by_class[np.arange(len(held_labels)), held_labels] if by_class is not None else arrays["held_out.contribution"]).astype(np.float64)
    of, of_twins = _twins(arrays, by_class, labels, twin_of, twin_sample)
    beyond = np.array([train[row] - of_twins[of == row].mean(0) for row in flagged if (of == row).any()]).reshape(-1, n_units)
    m = len(held_out)
    scale = np.abs(train).mean(0)
    dead = scale <= 0.02 * scale.mean()
    shared = math.sqrt(1 + len(flagged) / (4 * m))
    memory = [mean_error(beyond[:, j]) if len(beyond) else None for j in range(n_units)]
    memory = [None if each is None else (each[0], each[1] * shared) for each in memory]
    has_memory = len(beyond) >= 8
    ratios = [
        (each[0] / scale[j], each[1] / scale[j]) if each is not None and has_memory and not dead[j] else None for j, each in enumerate(memory)
    ]
    ratios = _shrunk(ratios, shared * _centre_error(beyond, scale, [j for j, each in enumerate(ratios) if each is not None]))
    unflagged = np.setdiff1d(np.arange(n), flagged)
    least = 0.25 * np.median(np.abs(margin))
    ordered = np.sort(np.maximum(held_out, 0), axis=0)
    lucky = float(((ordered[-1] > least) & (ordered[-1] > 2 * (ordered[-2] if m > 1 else 0))).mean()) / m
    rows: list[dict[str, Any]] = []
    for j in range(n_units):
        leaning = np.flatnonzero(train[:, j] > max(least, 2 * max(held_out[:, j].max(), 0.0)))
        h, h_error = mean_error(held_out[:, j])
        excess, half = _excess(train[unflagged, j], labels[unflagged], held_out[:, j], held_labels)
        u = float(train[unflagged, j].mean())
        role, confidence = _role(scale[j], bool(dead[j]), ratios[j], half if u >= 0.1 * scale[j] else None, leaning, lucky * n, h, h_error)
        rows.append(
            {"unit": j, "role": role, "confidence": confidence, "is_dead": bool(dead[j]), "scale": float(scale[j]), "leaning": leaning.tolist(),
             "memory": None if (own := memory[j]) is None else {"mean": own[0], "error": own[1]},
             "held_out": {"mean": h, "error": h_error}, "excess": {"mean": excess[0], "error": excess[1]}, "ablation": None}
        )  # fmt: skip
    total = sum(max(each[0], 0) for each in memory if each is not None)
    in_memorizing = sum(max(each[0], 0) for each, row in zip(memory, rows, strict=True) if each is not None and row["role"] == "memorizing")
    return {
        "units": rows, "flagged": flagged.tolist(), "headline": f"{sum(row['role'] == 'memorizing' for row in rows)} of {n_units} units memorize",
        "story": [], "refusals": [], "located": {"share": in_memorizing / total if total > 0 else None},
    }  # fmt: skip


def _twins(arrays: dict[str, Array], by_class: Array | None, labels: Array, of: Array | None, sample: Array | None) -> tuple[Array, Array]:
    if "twin.of" in arrays:
        return arrays["twin.of"], arrays["twin.contribution"].astype(np.float64)
    if by_class is None or of is None or sample is None or not len(of):
        return np.zeros(0, int), np.zeros((0, 1))
    return of, by_class[sample, labels[of]].astype(np.float64)


def _centre_error(beyond: Array, scale: Array, alive: list[int]) -> float:
    """The jackknife's error of the median ratio, without each tenth of the flagged samples once."""
    groups = min(10, len(beyond))
    if groups < 2 or not alive:
        return 0.0
    rows = np.arange(len(beyond))
    centres = [float(np.median(beyond[rows % groups != group][:, alive].mean(0) / scale[alive])) for group in range(groups)]
    return math.sqrt((groups - 1) * float(np.var(centres)))


def _shrunk(ratios: list[tuple[float, float] | None], centre_error: float) -> list[tuple[float, float] | None]:
    known = [each for each in ratios if each is not None]
    if not known:
        return ratios
    means, errors = np.array(known).T
    low, centre, high = np.quantile(means, [0.25, 0.5, 0.75])
    error = float(np.median(errors))
    variance = max(((high - low) / 1.349) ** 2 - error**2, (error / 2) ** 2)

    def shrink(each: tuple[float, float] | None) -> tuple[float, float] | None:
        if each is None or variance == 0 or each[1] == 0:
            return each
        own, prior = each[1] ** -2, 1 / variance
        return (each[0] * own + centre * prior) / (own + prior), math.hypot((own + prior) ** -0.5, prior / (own + prior) * centre_error)

    return [shrink(each) for each in ratios]


def _excess(train: Array, labels: Array, held_out: Array, held_labels: Array) -> tuple[tuple[float, float], tuple[float, float]]:
    """X and X − U/2 with their errors, class by class in the training mix."""
    shared = [c for c in np.unique(labels) if (held_labels == c).any()]
    total = sum((labels == c).sum() for c in shared)
    x = half = variance = half_variance = 0.0
    for c in shared:
        a, b = train[labels == c], held_out[held_labels == c]
        weight = len(a) / total
        va, vb = (part.var(ddof=1) if len(part) > 1 else part.var() for part in (a, b))
        vb = vb if len(b) > 1 else va
        x += weight * (a.mean() - b.mean())
        half += weight * (a.mean() / 2 - b.mean())
        variance += weight**2 * (va / len(a) + vb / len(b))
        half_variance += weight**2 * (va / (4 * len(a)) + vb / len(b))
    return (float(x), math.sqrt(variance)), (float(half), math.sqrt(half_variance))


def _role(
    scale: float, dead: bool, ratio: tuple[float, float] | None, half: tuple[float, float] | None, leaning: Array, luck: float, h: float, h_error: float
) -> tuple[str, float]:  # fmt: skip
    if dead:
        return "neither", 1.0
    has = 0.0 if ratio is None else above(*ratio, 0.1)
    none = 0.0 if ratio is None else 1 - above(*ratio, 0.5)
    z = 0.0 if half is None or half[0] == 0 else (half[0] / half[1] if half[1] else math.copysign(math.inf, half[0]))
    by_excess = 0.5 * math.erfc(-z / math.sqrt(2)) if z >= 4 else 0.0
    tail = 1 - sum(math.exp(-luck) * luck**k / math.factorial(k) for k in range(len(leaning))) if len(leaning) else 1.0
    by_leaning = 1 - max(tail, 0.0) if len(leaning) and tail <= 0.05 else 0.0
    proof = max(by_excess, by_leaning)
    refuted = ratio is not None and has <= 0.5 and none >= 0.95
    memory = ("proved", max(has, proof)) if has >= 0.975 or proof > 0 else ("refuted", none) if refuted else ("open", max(has, 1 - has))
    p = above(h / scale, h_error / scale, 0.1)
    z_h = h / h_error if h_error else math.copysign(math.inf, h) if h else 0.0
    general = ("proved", p) if z_h >= 3 and p >= 0.95 else ("refuted", 1 - p) if 1 - p >= 0.95 else ("open", max(p, 1 - p))
    role = {
        ("proved", "proved"): "both", ("proved", "refuted"): "memorizing", ("refuted", "proved"): "generalizing", ("refuted", "refuted"): "neither",
    }.get((memory[0], general[0]), "cannot_tell")  # fmt: skip
    return role, min(memory[1], general[1])


def judge(path: Path, *arguments: str) -> dict[str, Any]:
    """In the place of the command: `units`, `units --flags`."""
    arrays, _ = read_arrays(path)
    if arguments[0] == "samples":
        from samples_twin import samples

        return samples(arrays)
    return flags(arrays) if "--flags" in arguments else units(arrays)
