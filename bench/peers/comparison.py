"""What the comparisons share: programs that run or fail, environments, medians with their range, columns, the processor's name."""

import datetime
import pathlib
import re
import statistics
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


class Failed(Exception):
    """Why there is no table."""


def run(command, why, **options):
    result = subprocess.run(command, text=True, cwd=ROOT, stdout=subprocess.PIPE, **options)
    if result.returncode:
        raise Failed(f"{why}: `{' '.join(map(str, command))}` ended with {result.returncode}")
    return result.stdout


def environment(directory, requirements):
    """The Python of a throw-away environment, made if it is not there or of other versions."""
    python, wanted = directory / "bin" / "python", requirements.read_text()
    made_of = directory / "made-of.txt"
    if not (made_of.exists() and made_of.read_text() == wanted):
        print(f"making {directory} (some minutes)", file=sys.stderr)
        run([sys.executable, "-m", "venv", directory], "no environment for the peers", stderr=sys.stderr)
        install = [python, "-m", "pip", "install", "--quiet", "--requirement", requirements]
        run(install, "the peers could not be installed; is there a network and an index for pip?", stderr=sys.stderr)
        made_of.write_text(wanted)
    return python


def spread(values, digits=3):
    number = lambda value: f"{value:.{max(0, digits - len(str(int(value))) + (value < 1))}f}"
    low, middle, high = min(values), statistics.median(values), max(values)
    return f"{number(middle)} [{number(low)}–{number(high)}]"


def columns(lines):
    """Lines of cells as text."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in lines)


def processor():
    text = pathlib.Path("/proc/cpuinfo").read_text()
    name = re.search(r"model name\s*: (.*)", text).group(1)
    vectors = next((level for level, flag in (("AVX-512", "avx512f"), ("AVX2", "avx2")) if f" {flag} " in text), "SSE")
    return f"{name}, {vectors}"


def run_file(crate, what):
    """Where a crate's kept runs are, named by date and processor."""
    name = re.sub(r"\(.*?\)|[^\w]+", " ", processor().split(",")[0]).strip().lower().replace(" ", "-")
    path = ROOT / "crates" / crate / "benches/runs" / f"{datetime.date.today().isoformat()}-{name}-{what}.txt"
    path.parent.mkdir(exist_ok=True)
    return path
