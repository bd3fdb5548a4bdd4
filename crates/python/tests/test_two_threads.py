"""Two networks in two threads of Python take half the time of one after the other: nothing holds the interpreter's lock while they train."""

from __future__ import annotations

import os
import statistics
import threading
import time
from collections.abc import Callable
from pathlib import Path

import dunwu
import pytest

STEPS = 1000
#: Pairs that are measured, in turns, and how many of them have to have had the machine for themselves.
PAIRS, COUNTED = 7, 3
#: Share of a core that other programs may take while a pair is measured.
OTHERS = 0.1


def train(runs: Path) -> None:
    dunwu.run("small", seed=1, steps=STEPS, threads=1, quiet=True, runs=runs)


def one_after_the_other(runs: Path) -> None:
    for name in ("first", "second"):
        train(runs / name)


def at_once(runs: Path) -> None:
    threads = [threading.Thread(target=train, args=(runs / name,)) for name in ("first", "second")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def busy_secs() -> float:
    """CPU time of everything on this machine since it started."""
    words = Path("/proc/stat").read_text(encoding="utf-8").split("\n", 1)[0].split()[1:9]
    user, nice, system, _, _, irq, softirq, steal = (int(word) for word in words)
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


def timed(work: Callable[[Path], None], runs: Path) -> tuple[float, float]:
    """Seconds that the work takes, and cores that others used meanwhile."""
    busy, own, began = busy_secs(), time.process_time(), time.perf_counter()
    work(runs)
    elapsed = time.perf_counter() - began
    return elapsed, (busy_secs() - busy - (time.process_time() - own)) / elapsed


def others_now() -> float:
    """Cores that others use while this program waits for half a second."""
    before = busy_secs()
    time.sleep(0.5)
    return (busy_secs() - before) / 0.5


@pytest.mark.skipif(not Path("/proc/stat").exists(), reason="only Linux says here what other programs use")
def test_two_networks_in_two_threads_take_little_more_than_half_the_time(tmp_path: Path) -> None:
    if len(os.sched_getaffinity(0)) < 2:
        pytest.skip("there is one core")
    if (used := others_now()) > OTHERS:
        pytest.skip(f"other programs use {used:.1f} cores")
    ratios: list[float] = []
    for pair in range(PAIRS):
        alone, others_of_alone = timed(one_after_the_other, tmp_path / f"alone-{pair}")
        together, others_of_together = timed(at_once, tmp_path / f"together-{pair}")
        if max(others_of_alone, others_of_together) < OTHERS:
            ratios.append(alone / together)
            if len(ratios) == COUNTED:
                break
        elif pair + 1 - len(ratios) > PAIRS - COUNTED:
            pytest.skip(f"other programs came to use {others_of_alone:.1f} and {others_of_together:.1f} cores")
    # Half the time is 2; a lock that was held while they train would leave 1. Two processes come no further than two threads.
    assert statistics.median(ratios) >= 1.5, ratios
    print(f"{statistics.median(ratios):.2f} times one after the other, {min(ratios):.2f} to {max(ratios):.2f}")
