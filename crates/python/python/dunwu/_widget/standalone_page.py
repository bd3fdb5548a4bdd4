"""The page of `dunwu site` in two parts: the program, which stays the same, and the data of runs."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from .._verbs import site

__all__ = ["StandalonePage"]

#: What stands in the page before its data and after them. `frame.js` puts the two parts together again.
_BEFORE = 'id="dunwu-data">'
_AFTER = "</script>"


class StandalonePage(NamedTuple):
    """The page as HTML with nothing between the tags of its data, and the data as JSON that may stand there."""

    page: str
    data: str

    @classmethod
    def of_runs(cls, paths: Sequence[str | os.PathLike[str]], *, runs: str | os.PathLike[str]) -> StandalonePage:
        """Reads the runs as they are now.

        The run of the story and the race of the first view, which `dunwu site` puts into every page, are left out: 3 MB that say nothing of
        these runs.
        """
        with TemporaryDirectory(prefix="dunwu-widget-") as folder:
            site(folder, *paths, quiet=True, runs=runs)
            whole = (Path(folder) / "index.html").read_text(encoding="utf-8")
        head, before, rest = whole.partition(_BEFORE)
        text, after, tail = rest.partition(_AFTER)
        if not before or not after:
            raise RuntimeError("the page of dunwu site has no place for data, so that a notebook cannot show it")
        data: dict[str, dict[str, Any]] = json.loads(text)
        data["packed"].pop("story", None)
        data["answers"] = {words: answer for words, answer in data["answers"].items() if not words.startswith("race ")}
        # Inside a script element no text may look like the element's end.
        spelled = json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
        return cls(head + before + after + tail, spelled)
