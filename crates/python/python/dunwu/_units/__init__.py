"""Memory or generalization, unit by unit, on any `torch.nn.Module`: `units`, `samples`.

PyTorch is imported when one of them is called, and not before.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

from .errors import UnitsError

if TYPE_CHECKING:
    from torch import Tensor, nn

    from .._native import Answer
    from .answer import Units
    from .memorization import Samples

__all__ = ["UnitsError", "samples", "units"]


@overload
def units(model: str | os.PathLike[str], *, quiet: bool = False) -> Answer: ...
@overload
def units(
    model: nn.Module,
    layer: str | nn.Module,
    *,
    train: Any,
    held_out: Any,
    budget_s: float = 60,
    basis: str | Tensor | None = None,
    classes: int | None = None,
    flagged: Sequence[int] | Tensor | None = None,
    integrated: bool | Literal["auto"] = "auto",
    seed: int = 0,
    quiet: bool = False,
    readout: str | nn.Module | None = None,
    unit_axis: int | None = None,
    arrays: str | Path | None = None,
) -> Units: ...
def units(
    model: nn.Module | str | os.PathLike[str],
    layer: str | nn.Module | None = None,
    *,
    train: Any = None,
    held_out: Any = None,
    budget_s: float = 60,
    basis: str | Tensor | None = None,
    classes: int | None = None,
    flagged: Sequence[int] | Tensor | None = None,
    integrated: bool | Literal["auto"] = "auto",
    seed: int = 0,
    quiet: bool = False,
    readout: str | nn.Module | None = None,
    unit_axis: int | None = None,
    arrays: str | Path | None = None,
) -> Units | Answer:
    """What every unit of a layer does: memorizing, generalizing, both, neither, or cannot tell.

    ```text
    c_ij = Σ_p (a_ijp − μ_j) ∂m_i/∂a_ijp      m_i = z_i[y_i] − mean z_i
    H_j: mean of c over held-out samples      E_j: mean over flagged training samples of c − c of their twins
    ```

    - `model`: classifies, [b, classes] for labels [b]; or sequences, [b, t, classes] for labels [b, t], −100 where a position is not
      asked. A sample is then a sequence, m_i its mean over labelled positions, and no sample is flagged that `flagged` does not name.
      Or a file that `arrays` left or another program wrote: then nothing else is needed, and the answer is that of `dunwu units FILE`
    - `layer`: a name of `model.named_modules()`, or a module; `"NAME:input"` is what it is given, `"NAME#2"` its second call
    - `train`, `held_out`: a DataLoader, a data set, a list of (x, y) batches, or (x, y)
    - `budget_s`: seconds; where they are too few for all samples, samples are thinned and the answer says so
    - `basis`: `"units"`, `"channels"`, `"heads:N"`, or directions [units, width]; found from the layer without it
    - `flagged`: numbers or a mask of training samples whose labels only memory explains; without it they are found
    - `integrated`: contributions by a path from the mean activation; `"auto"`: where one gradient misses the layer's effect
    - `readout`: where flags are found, the input of the last linear map without it
    - `unit_axis`: the axis of the layer's output that counts units, where shapes mislead
    - `arrays`: leaves what the judge was given there; `dunwu units FILE` says the same of it

    The model comes back as it was: training flags, gradients, buffers, random numbers, no hook left, after an error too.
    Raises `UnitsError`, one sentence that names what is wrong and what to do. Source: docs/guide/own-model.md.
    """
    if isinstance(model, (str, os.PathLike)):
        from .._verbs import units as judge_file

        return judge_file(model, quiet=quiet)
    if layer is None:
        raise UnitsError("units are those of a layer: name it, such as units(model, 'fc', …); model.named_modules() lists names")
    from .verb import judge_units

    return judge_units(
        model, layer, train=train, held_out=held_out, budget_s=budget_s, basis=basis, classes=classes, flagged=flagged,
        integrated=integrated, seed=seed, quiet=quiet, readout=readout, unit_axis=unit_axis, arrays=arrays,
    )  # fmt: skip


@overload
def samples(model: str | os.PathLike[str], *, quiet: bool = False) -> Answer: ...
@overload
def samples(
    model: nn.Module,
    train: Any,
    *,
    held_out: Any = None,
    layer: str | nn.Module | None = None,
    kernel: bool = False,
    budget_s: float = 60,
    seed: int = 0,
    quiet: bool = False,
) -> Samples: ...
def samples(
    model: nn.Module | str | os.PathLike[str],
    train: Any = None,
    *,
    held_out: Any = None,
    layer: str | nn.Module | None = None,
    kernel: bool = False,
    budget_s: float = 60,
    seed: int = 0,
    quiet: bool = False,
) -> Samples | Answer:
    """How much each training sample is memorized, and by which units, if by any.

    The score is the error that a kernel regression makes on a sample that it was not given: leave-one-out, with the tangent
    kernel of a ReLU network on the inputs, or, `kernel=True`, with this model's own tangent kernel. With `layer` (and
    `held_out`) units are named that a sample leans on. A file of arrays instead of a model is answered as `dunwu samples FILE`
    answers it. Source: docs/guide/own-model.md.
    """
    if isinstance(model, (str, os.PathLike)):
        from .._verbs import samples as judge_file

        return judge_file(model, quiet=quiet)
    from .memorization import judge_samples

    return judge_samples(model, train, held_out=held_out, layer=layer, kernel=kernel, budget_s=budget_s, seed=seed, quiet=quiet)
