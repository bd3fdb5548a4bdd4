"""The command ``dunwu``, as ``cargo install`` brings it; ``units --bench`` also makes the parts that need PyTorch."""

from __future__ import annotations

import sys

from . import _native


def main() -> int:
    """Run the command line and return its exit code."""
    return _native.main(["dunwu", *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
