"""(c) A character transformer with planted secrets: are their characters gone, at what perplexity, and with how many units?

Secrets that stand in the text once are not learnt and are left out. Units are chosen and edited with each secret behind one
piece of text and counted behind another; perplexity is that of a text which chose nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from ..ablating import SAME_NORM, SAME_NUMBER, random_units
from ..batches import Samples, read_samples
from ..change import copy_of
from ..contributions import Scene, ablated, outputs
from ..editing import edit_outgoing
from ..forward import labelled
from ..mask import learned_mask
from ..outgoing import find_reader
from ..removal import first_order, right
from ..typed_torch import int_list, load_weights, save_weights, seed_everything, tensor_of, weight_of
from ..untouched import untouched
from .networks import CharacterTransformer, train_on_stream
from .rows import Row
from .text import PlantedText, Secret, plant, windows

Change = Callable[[Tensor], Tensor]

CONTEXT = 128
DRAWS = 2
STEPS = 1200
KEPT = 128
"""Windows of the training text without any secret, that hold the outputs in place."""


def trained(text: Path, seed: int, cache: Path | None, steps: int = STEPS, **sizes: int) -> tuple[nn.Module, PlantedText]:
    """The transformer of a seed, and its text."""
    planted = plant(text, seed=seed, **sizes)
    seed_everything(seed)
    model = CharacterTransformer(len(planted.alphabet), context=CONTEXT)
    path = cache / f"transformer-{seed}.pt" if cache else None
    if path and path.exists():
        model.load_state_dict(load_weights(path))
        return model.eval(), planted
    train_on_stream(model, planted.train, seed=seed, steps=steps, context=CONTEXT)
    if path:
        save_weights(model, path)
    return model.eval(), planted


def clean_windows(planted: PlantedText) -> tuple[Tensor, Tensor]:
    """Windows of the training text in which no secret stands."""
    x, y = windows(planted.train, CONTEXT)
    text = ["".join(planted.alphabet[token] for token in int_list(row)) for row in torch.cat([x, y[:, -1:]], dim=1)]
    clean = [row for row, line in enumerate(text) if not any(_overlaps(line, secret) for secret in planted.secrets)]
    return x[clean], y[clean]


def _overlaps(line: str, secret: Secret) -> bool:
    """Whether a part of the secret that gives it away stands in the line, cut off at an end or not."""
    return secret.prompt[12:] in line or secret.answer[:8] in line or secret.answer[-8:] in line


class Judge:
    """A transformer, one layer of it, and how a treatment is counted."""

    def __init__(self, model: nn.Module, planted: PlantedText, layer: str, seed: int) -> None:
        from ..verb import look

        self.model, self.layer, self.seed = model, layer, seed
        known = [secret for secret in planted.secrets if secret.repeats > 1]
        self.known = known
        self.chosen_rows = read_samples(planted.secret_rows(known, CONTEXT, seed), "train")
        self.counted_rows = read_samples(planted.secret_rows(known, CONTEXT, seed + 1000), "train")
        x, y = clean_windows(planted)
        places = torch.linspace(0, len(x) - 1, 2 * KEPT).long()
        self.rest = read_samples((x[places], y[places]), "train")
        self.held_out = read_samples(windows(planted.held_out, CONTEXT), "held_out")
        self.test = read_samples(windows(planted.test, CONTEXT), "test")
        self.train = (torch.cat([planted.secret_rows(known, CONTEXT, seed)[0], x[places]]), torch.cat([planted.secret_rows(known, CONTEXT, seed)[1], y[places]]))
        scene, _, _ = look(model, layer, self.rest, None, None, None)
        self.scene: Scene = replace(scene, batch_size=64)

    def perplexity(self, scene: Scene, change: Change | None = None) -> float:
        """Of the test text."""
        total, count = 0.0, 0
        for _, logits, labels in outputs(scene, self.test, change):
            flat, asked = labelled(logits, labels)
            total += float(nn.functional.cross_entropy(flat, asked, reduction="sum"))
            count += len(asked)
        return math.exp(total / count)

    def whole(self, scene: Scene, change: Change | None = None) -> int:
        """How many secrets come out whole when the right characters are given before each."""
        done = 0
        for _, logits, labels in outputs(scene, self.counted_rows, change):
            asked = labels != -100
            done += int(((logits.argmax(-1) == labels) | ~asked).all(1).sum())
        return done


def rows_of(
    model: nn.Module, planted: PlantedText, seed: int, *, layers: tuple[str, ...] = ("blocks.1.units",), ks: tuple[int, ...] = (32,)
) -> Iterator[Row]:
    """Rows of one transformer: edits and ablations of chosen units and of random ones, for each layer."""
    for layer in layers:
        judge = Judge(model, planted, layer, seed)
        with untouched(model):
            yield from _layer(judge, ks)


def _layer(judge: Judge, ks: tuple[int, ...]) -> Iterator[Row]:
    from ..contributions import mean_activations

    scene, seed = judge.scene, judge.seed
    n_units = scene.view.n_units
    mean = mean_activations(scene, judge.rest).feature
    base = right(scene, judge.counted_rows), judge.perplexity(scene)

    def row(method: str, treatment: str, n: float, memory: float, perplexity: float, other: float | None, words: str) -> Row:
        return Row("c", "transformer", judge.layer, seed, method, treatment, n, base[0], memory, other, base[1], perplexity,
                   value=perplexity / base[1] - 1, words=words)  # fmt: skip

    rest = judge.rest.some(np.arange(0, len(judge.rest), len(judge.rest) // KEPT, dtype=np.int64))
    scores = {"learned mask": learned_mask(scene, judge.chosen_rows, rest, mean), "mean c": first_order(scene, judge.chosen_rows, rest, mean)}
    trial = copy_of(scene)
    reader = find_reader(trial, judge.rest.first(8))
    weight = weight_of(reader.module)
    before = weight.detach().clone()

    def top(score: Tensor, k: int) -> Tensor:
        mask = torch.zeros(n_units, dtype=torch.bool)
        mask[score.argsort(descending=True, stable=True)[:k]] = True
        return mask

    def edited(units: Tensor, flagged: Samples) -> None:
        with torch.no_grad():
            weight.copy_(before)
        edit_outgoing(trial, reader, units, flagged, rest)

    def other_half(units: Tensor) -> float:
        """Secrets are drawn independently: forgetting one half says nothing of the other, and this shows it."""
        places = np.random.default_rng(seed).permutation(len(judge.known))
        edited(units, judge.chosen_rows.some(np.sort(places[::2])))
        return right(trial, judge.counted_rows.some(np.sort(places[1::2])))

    norms = tensor_of(mean_activations(scene, judge.rest).unit.std(0)) * reader.norms()
    for k in ks:
        treatments: list[tuple[str, Tensor]] = [(name, top(score, k)) for name, score in scores.items()]
        for draw in range(DRAWS):
            drawn = random_units(norms, treatments[0][1], 7919 * seed + draw, same_norm=False)
            if drawn is not None:
                treatments.append((SAME_NUMBER, drawn))
        same = random_units(norms, treatments[0][1], 7919 * seed, same_norm=True)
        if same is not None:
            treatments.append((SAME_NORM, same))
        for name, units in treatments:
            change = ablated(scene.view, mean, units)
            yield row("ablation", name, float(units.sum()), right(scene, judge.counted_rows, change), judge.perplexity(scene, change), None,
                      f"{judge.whole(scene, change)} of {len(judge.known)} secrets whole")  # fmt: skip
            if name in ("mean c", SAME_NORM):
                continue  # rankings that the mask beats are ablated alone: an edit is dear
            half = other_half(units) if k == 32 and name == "learned mask" else None
            edited(units, judge.chosen_rows)
            yield row("edit", name, float(units.sum()), right(trial, judge.counted_rows), judge.perplexity(trial), half,
                      f"{judge.whole(trial)} of {len(judge.known)} secrets whole")  # fmt: skip
