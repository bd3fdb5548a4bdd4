"""A recorded run, opened."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from ._native import RecordedRun

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Run", "open"]


class Run(RecordedRun):
    """A run directory: its spec, its tables (`tables()`), and its weights (`weights(step)`)."""

    def weights(self, step: int | None = None) -> dict[str, NDArray[np.floating[Any]]]:
        """The arrays of a snapshot by name, as numpy arrays over the file's own bytes: no copy, and not to be written to.

        `step` is one of `steps`; the last one where none is given. Raises KeyError with the steps that there are.
        """
        import numpy as np

        return {name: np.asarray(array) for name, array in self.arrays(step).items()}


def open(run: str | os.PathLike[str], *, runs: str | os.PathLike[str] = "runs") -> Run:
    """The run that `run` means: an answer about it, its directory, its name among those in the folder `runs`, or the first digits of its id."""
    return Run(os.fspath(run), runs=os.fspath(runs))
