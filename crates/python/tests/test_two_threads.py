"""Two networks in two threads of Python train at the same time: nothing holds the interpreter's lock meanwhile."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import dunwu
import pytest

#: Two threads that wait for each other keep one core busy, and two that do not keep two; halfway between tells them apart.
CORES = 1.5
#: Other programs can only take cores away, so that one try that has them is enough.
TRIES = 8


def cores_kept_busy(runs: Path) -> float:
    """Processor time over time, while two networks train in two threads."""

    def train(name: str) -> None:
        dunwu.run("small", seed=1, steps=1000, threads=1, quiet=True, runs=runs / name)

    threads = [threading.Thread(target=train, args=(name,)) for name in ("first", "second")]
    used, began = time.process_time(), time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return (time.process_time() - used) / (time.perf_counter() - began)


def test_two_networks_in_two_threads_train_at_the_same_time(tmp_path: Path) -> None:
    if len(os.sched_getaffinity(0)) < 2:
        pytest.skip("there is one core")
    cores: list[float] = []
    while len(cores) < TRIES and max(cores, default=0.0) < CORES:
        cores.append(cores_kept_busy(tmp_path / str(len(cores))))
    assert max(cores) >= CORES, cores
