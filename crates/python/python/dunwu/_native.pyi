"""The native half: requests in, answers out. It says what `crates/python/src` offers; `tests/test_native_stub.py` holds it against the module."""

from collections.abc import Callable, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any, Final, final

from typing_extensions import CapsuleType, Self

__all__ = [
    "Answer",
    "Figure",
    "Array",
    "ask",
    "main",
    "commands",
    "ForeignRun",
    "RecordedRun",
    "Table",
    "read_table",
    "__version__",
]
__version__: Final[str]


@final
class Answer:
    """What a verb found out: a headline, sentences, tables, figures, and the data that programs read.

    In a notebook it shows itself. `print(answer)` is what the terminal would say.
    """

    @property
    def verb(self) -> str:
        """The verb that was asked, such as "run"."""
    @property
    def title(self) -> str:
        """What it is about, in a few words."""
    @property
    def setup(self) -> str:
        """What was asked for, in half a line."""
    @property
    def headline(self) -> str:
        """What came out, in one sentence."""
    @property
    def sentences(self) -> list[str]:
        """What else came out, one claim a sentence."""
    @property
    def data(self) -> dict[str, Any]:
        """The object that `--json` prints: headline, story and the verb's own keys, which `dunwu schema VERB` describes."""
    @property
    def tables(self) -> dict[str, Table]:
        """The tables that it shows, by name."""
    @property
    def figures(self) -> dict[str, Figure]:
        """The drawings, by name."""
    @property
    def files(self) -> list[Path]:
        """Files that the verb wrote because it was asked to."""
    @property
    def text(self) -> str:
        """Lines that are no answer, such as the text of a spec."""
    @property
    def exit_code(self) -> int:
        """The exit code that the command line has for it: 0 done, 3 judged bad, 4 cannot tell."""
    @property
    def earlier(self) -> list[Answer]:
        """Answers that came before this one: that about the run, where it was made and diagnosed."""
    def page(self) -> str:
        """The whole page, one HTML file that opens anywhere."""
    def __getitem__(self, key: str, /) -> Any: ...
    def __fspath__(self) -> str: ...
    def _repr_html_(self) -> str | None: ...

@final
class Figure:
    """A drawing of an answer."""

    @property
    def name(self) -> str:
        """Its name, fit for a file."""
    @property
    def svg(self) -> str:
        """The drawing, an SVG document."""
    def _repr_svg_(self) -> str: ...

@final
class Array:
    """An array that `numpy.asarray` looks at without a copy, and that cannot be written to."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Its extents, the last one contiguous."""
    @property
    def __array_interface__(self) -> dict[str, Any]:
        """Numpy's array interface: it reads the memory of this object, which lives as long as the array made of it."""

@final
class ForeignRun:
    """The one writer of a run directory that a training loop of somebody else's records.

    Steps of a series ascend: a step that was recorded already, or lies before one, is refused with `ValueError`, and nothing of that call is
    recorded. A disk that refuses is an `OSError`. What a call has recorded survives the end of the process.
    """

    def __new__(cls, folder: str | PathLike[str], name: str, known: Mapping[str, str]) -> Self: ...
    @staticmethod
    def open(path: str | PathLike[str], step: int | None = None) -> ForeignRun:
        """Goes on with the run in a directory; with `step`, what was recorded at that step and later counts no more."""
    @property
    def id(self) -> str:
        """The run's id: the hash of what was recorded first."""
    @property
    def path(self) -> str:
        """The run directory."""
    def scalars(self, step: int, values: dict[str, float]) -> None:
        """Appends one row of numbers by name; NaN and infinities are recorded as such."""
    def units(self, step: int, layer: str, series: str, values: bytes) -> None:
        """Appends one number a unit: `values` are little-endian f32, in the order of the layer's units."""
    def snapshot(self, step: int, arrays: bytes) -> None:
        """Keeps the weights at a step: `arrays` is a whole safetensors file."""
    def mark(self, step: int, text: str) -> None:
        """Appends a sentence about a step."""
    def learn(self, known: Mapping[str, str]) -> None:
        """Adds to what is known of the run."""
    def rewind(self, step: int) -> None:
        """Goes back on purpose: what was recorded at `step` and later counts no more."""
    def sync(self) -> None:
        """Makes sure that a power loss takes nothing of what was recorded."""
    def finish(self, how: str) -> None:
        """Ends the record: "finished", "failed" or "stopped". Nothing can be recorded afterwards."""

class RecordedRun:
    """A recorded run: its directory, spec, tables and weights."""

    def __new__(cls, name: str, runs: str | PathLike[str] = ...) -> Self: ...
    @property
    def path(self) -> Path:
        """Its directory."""
    @property
    def id(self) -> str:
        """The first digits of its id."""
    @property
    def spec(self) -> str:
        """Its spec as TOML, which `dunwu.run` takes."""
    @property
    def is_foreign(self) -> bool:
        """Whether another program made it."""
    @property
    def steps(self) -> list[int]:
        """Steps at which its weights were kept."""
    def tables(self) -> dict[str, Table]:
        """Its tables by name: scalars, measures, units, and what else is defined for it."""
    def arrays(self, step: int | None = None) -> dict[str, Array]:
        """The arrays of a snapshot by name, as its safetensors file has them; `step` is one of `steps`, the last one where none is given."""
    def __fspath__(self) -> str: ...

@final
class Table:
    """A table with named columns.

    `polars.DataFrame(table)`, `pandas.DataFrame.from_arrow(table)`, `pyarrow.table(table)` and DuckDB's `FROM table` read it over Arrow's
    `PyCapsule` interface, without a copy.
    """

    @property
    def columns(self) -> list[str]:
        """The names of its columns, from left to right."""
    def __len__(self) -> int: ...
    def __getitem__(self, key: str, /) -> list[Any]: ...
    def __arrow_c_schema__(self) -> CapsuleType: ...
    def __arrow_c_stream__(self, requested_schema: object = None) -> CapsuleType: ...

def ask(words: Sequence[str], tell: Callable[[str, str, int | None], object] | None = None) -> Answer:
    """Runs the command `words`, such as `["peaks", "cyclic:23", "n=212"]`, and returns its answers.

    `tell(kind, text, number)` hears what happens: kind is "note", "phase" (its name, and its pieces where they are known), "pieces" (so many
    are done) or "state". Ctrl-C ends the work with a checkpoint where the verb keeps one, and raises `KeyboardInterrupt`; a second one does not
    wait for that. A request that cannot be raises `ValueError`, work that failed `RuntimeError`.
    """

def main(words: Sequence[str | PathLike[str]]) -> int:
    """The command line: `words` with the program's name first; returns the exit code."""

def commands() -> str:
    """Every command of the command line as JSON: name, help, positional arguments, options with what they take."""

def read_table(path: str | PathLike[str]) -> Table:
    """Reads a table: Parquet with flat columns, or CSV with a line of names above."""
