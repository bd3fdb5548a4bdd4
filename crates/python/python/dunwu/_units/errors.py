"""What `dunwu.units` and `dunwu.samples` say when they cannot go on: one sentence that names the offender and the remedy."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class UnitsError(ValueError):
    """A model, a layer or data that cannot be judged; the message is one sentence with what to do."""


def nearest(name: str, names: Iterable[str], *, n: int = 3) -> str:
    """Names that look like `name`, as the end of a sentence: `; did you mean 'h1' or 'h2'?`, or all names if they are few."""
    names = [each for each in names if each]
    near = difflib.get_close_matches(name, names, n=n, cutoff=0.5)
    if near:
        return "; did you mean " + " or ".join(repr(each) for each in near) + "?"
    if not names:
        return ""
    shown = ", ".join(repr(each) for each in names[:12])
    return f"; there are {shown}" + (f" and {len(names) - 12} more" if len(names) > 12 else "")
