"""Every test on one thread of PyTorch's and numpy's own: of arrays this small, threads that wait for each other cost more than they bring.

On two cores that others use too, the whole took 251 s with two threads. Programs that tests start inherit it.
"""

from __future__ import annotations

import os

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")
