"""When a watched run is looked at: as often as a share of its own time allows, and no oftener.

Others look at every n-th step whatever that costs (W&B's `watch` at every 1,000th, trainscope at every one: it measured 18 to 55 %
of a step on a CPU). Here each look is timed, and the next one waits until the time that training took since then has paid for it.
"""

from __future__ import annotations

import statistics
from collections import deque

# A step that takes longer than this many usual ones holds something else, such as an evaluation. It pays no more than that, or one
# evaluation of an hour would pay for looks at every step of the next hour.
_LONGEST_STEP = 2.0
# Usual is the median of this many steps.
_STEPS_REMEMBERED = 15
# Weight of the newest cost in the expected one. Costs differ by which series are due; 0.5 follows a change within a few looks.
_NEWEST = 0.5


class Purse:
    """Time that may be spent: a share of what training takes, at most two expected costs saved up.

    ```text
    balance ← min(balance + overhead · min(step, 2 · median step), 2 · expected)        each step
    balance ← balance − cost                                                             each look
    ```

    - Unit: seconds
    - `overhead`: share of a step, 0.05 for 5 %; `None` pays for everything
    """

    def __init__(self, overhead: float | None) -> None:
        self._overhead = overhead
        self._balance = 0.0
        self._expected: float | None = None
        self._steps: deque[float] = deque(maxlen=_STEPS_REMEMBERED)

    def earn(self, step_secs: float) -> None:
        """A step of training took so long, without what watching it cost."""
        if self._overhead is None:
            return
        self._steps.append(step_secs)
        credited = min(step_secs, _LONGEST_STEP * statistics.median(self._steps))
        self._balance += self._overhead * credited
        if self._expected is not None:
            self._balance = min(self._balance, 2.0 * self._expected)

    def spend(self, secs: float) -> None:
        """Watching cost so long, whatever it was."""
        self._balance -= secs

    def expect(self, secs: float) -> None:
        """A look, or a snapshot, cost so long: the next one is expected to cost about the same."""
        known = self._expected
        self._expected = secs if known is None else known + _NEWEST * (secs - known)

    def affords(self) -> bool:
        """Whether one more can be paid for. The first always can: nobody knows yet what it costs, and later steps pay for it."""
        if self._overhead is None or self._expected is None:
            return True
        return self._balance >= self._expected


class UnitSteps:
    """At which looks the series of single units are recorded: evenly in the logarithm of the step, 64 an e-fold.

    A look at a layer is a few numbers, one at its units thousands. Ten thousand looks would fill a disk; the first million steps have
    64 + 64 ln(1,000,000 / 64) ≈ 680 of these.
    """

    _AN_E_FOLD = 64

    def __init__(self) -> None:
        self._next = 0

    def is_due(self, step: int) -> bool:
        """Whether this look is one of them."""
        return step >= self._next

    def record(self, step: int) -> None:
        """They were recorded at this step."""
        self._next = step + max(1, step // self._AN_E_FOLD)


class SnapshotSteps:
    """At which steps the weights are kept: at the beginning and the end, and between them evenly in the logarithm of the step.

    ```text
    next = max(step + 1, step · ratio)        ratio = max(√2, 10^(6 / n)),  n = budget / size − 2
    ```

    The ratio makes the budget of bytes last for a million steps. One snapshot of it is kept for the end.
    """

    def __init__(self, *, budget_secs: float, budget_bytes: int, size_bytes: int) -> None:
        self._secs_left = budget_secs
        self._bytes_left = budget_bytes
        self._size_bytes = size_bytes
        n_between = budget_bytes // max(size_bytes, 1) - 2
        self._ratio = max(2**0.5, 10 ** (6 / n_between)) if n_between > 0 else float("inf")
        self._next = 1.0
        self._last: int | None = None
        self._cost_secs = 0.0

    def is_due(self, step: int) -> bool:
        """Whether the weights are to be kept at this step, with enough left for one more at the end."""
        return step >= self._next and self._ratio < float("inf") and self._fits(2)

    def is_due_at_first(self) -> bool:
        """Whether the weights are kept before the first step."""
        return self._fits(2)

    def is_due_at_last(self, step: int) -> bool:
        """Whether the weights are to be kept at the end."""
        return step != self._last and self._fits(1)

    def _fits(self, n: int) -> bool:
        return self._size_bytes * n <= self._bytes_left and self._cost_secs < self._secs_left

    def record(self, step: int, *, secs: float, size_bytes: int) -> None:
        """They were kept, which took so long and so many bytes."""
        self._secs_left -= secs
        self._bytes_left -= size_bytes
        self._cost_secs = secs
        self._last = step
        if self._ratio < float("inf"):
            self._next = max(step + 1.0, step * self._ratio)
