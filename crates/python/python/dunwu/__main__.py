"""The command ``dunwu``, as ``cargo install`` brings it; ``units --bench`` also makes the parts that need PyTorch."""

from __future__ import annotations

import sys

from ._native import main as run_command_line


def main() -> int:
    """Run the command line and return its exit code."""
    words = sys.argv[1:]
    code = run_command_line(["dunwu", *words])
    if words == ["units", "--bench"] and code in (0, 3):
        from . import bench_units

        return max(code, bench_units.main([]))
    return code


if __name__ == "__main__":
    sys.exit(main())
