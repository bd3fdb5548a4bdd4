"""The bench of `dunwu.units`, the parts that need PyTorch: `python -m dunwu.bench_units`, which `dunwu units --bench` starts as well.

```text
python -m dunwu.bench_units --to testdata/units                     all parts, all seeds: hours on one core
python -m dunwu.bench_units --quick                                 one seed of one layer and shuffled labels: a minute
python -m dunwu.bench_units --check testdata/units                  what the committed rows say of the bars
```

Seeds start at 10: seeds 0 to 2 chose the constants.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ._units.bench.rows import Row

SEEDS = (10, 11, 12, 13, 14)
TRANSFORMERS = (10, 11, 12)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the parts that were asked for, or checks rows; 0 where every bar is met, 3 where one is not."""
    parser = argparse.ArgumentParser(prog="python -m dunwu.bench_units", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", action="append", choices=["b", "c", "e", "f"], help="only this part; may be given several times")
    parser.add_argument("--seed", action="append", type=int, help="only this seed; may be given several times")
    parser.add_argument("--layer", action="append", help="of part b only this layer: h1, h2, conv2, fc")
    parser.add_argument("--quick", action="store_true", help="one seed of h1 without the peers, and shuffled labels")
    parser.add_argument("--to", type=Path, help="folder for the rows, a CSV file a part")
    parser.add_argument("--cache", type=Path, help="folder in which trained networks are kept")
    parser.add_argument("--text", type=Path, default=Path("models/austen.txt"), help="text of part c, which scripts/fetch-model brings")
    parser.add_argument("--runs", type=Path, help="folder of the engine's runs, for part f")
    parser.add_argument("--check", type=Path, help="folder with rows: print them against the bars, and run nothing")
    asked = parser.parse_args(arguments)
    from ._units.bench import bars, rows

    if asked.check:
        found = [row for path in sorted(asked.check.glob("bench-*.csv")) for row in rows.read(path)]
        return _say(bars.check(found))
    parts = asked.part or (["b", "e"] if asked.quick else ["b", "c", "e", "f"])
    every: list[rows.Row] = []
    started = time.monotonic()
    for part in parts:
        done: list[rows.Row] = []
        path = asked.to / f"bench-{part}.csv" if asked.to else None
        for row in _rows(part, asked):
            done.append(row)
            print(f"{time.monotonic() - started:6.0f} s  {_line(row)}", file=sys.stderr, flush=True)
            if path:
                rows.write(path, done)  # as they come, for a part takes long
        every += done
    return _say(bars.check(every))


def _rows(part: str, asked: argparse.Namespace) -> Iterator[Row]:
    from ._units.bench import part_b, part_c, part_e, part_f

    seeds = asked.seed or (SEEDS[:1] if asked.quick else SEEDS)
    if part == "b":
        wanted = asked.layer or (["h1"] if asked.quick else None)
        for seed in seeds:
            yield from part_b.rows_of(seed, asked.cache, only=lambda _, layer: wanted is None or layer in wanted, quick=asked.quick)
    elif part == "c":
        if not asked.text.exists():
            raise SystemExit(f"part c needs a text: scripts/fetch-model brings {asked.text}, or name another with --text")
        for seed in asked.seed or TRANSFORMERS:
            model, planted = part_c.trained(asked.text, seed, asked.cache)
            yield from part_c.rows_of(model, planted, seed)
    elif part == "e":
        for seed in seeds:
            yield from part_e.rows_of(seed, asked.cache)
    else:
        yield from part_f.rows_of(asked.runs)


def _line(row: Row) -> str:
    numbers = {
        "memory": row.memory_after, "other half": row.other_half, "test": row.test_after, "value": row.value,
    }  # fmt: skip
    told = ", ".join(f"{name} {number:.3f}" for name, number in numbers.items() if number is not None)
    return f"({row.part}) {row.network} {row.layer} seed {row.seed}: {row.method}, {row.treatment}, {row.units:.0f} units: {told} {row.words}".rstrip()


def _say(found: tuple[list[str], bool]) -> int:
    lines, met = found
    print("\n".join(lines))
    return 0 if met else 3


if __name__ == "__main__":
    raise SystemExit(main())
