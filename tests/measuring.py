"""Measure what code costs: processor time, which a busy machine doesn't change much, and memory at its highest."""

from __future__ import annotations

import os
import re
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

OWN = Path("/proc/self")
RESET_PEAK = "5"  # what /proc/self/clear_refs takes for it


@dataclass
class Cost:
    """What the code in a `measuring` block cost, from the end of the block on."""

    cpu_seconds: float = 0.0
    memory_rise: float = 0.0  # megabytes from before the block to the highest in it, of this process alone


@contextmanager
def measuring(running_child: Callable[[], int | None] = lambda: None) -> Iterator[Cost]:
    """Yield the cost of this block. `running_child` returns a child process whose time counts while it runs too.

    The time of children that have ended, and were waited for, counts anyway.
    """
    cost = Cost()
    (OWN / "clear_refs").write_text(RESET_PEAK)
    memory, cpu = _memory("VmRSS"), _cpu_seconds(running_child())
    yield cost
    cost.cpu_seconds = _cpu_seconds(running_child()) - cpu
    cost.memory_rise = _memory("VmHWM") - memory


def _memory(name: str) -> float:
    match = re.search(rf"{name}:\s+(\d+) kB", (OWN / "status").read_text())
    assert match
    return int(match[1]) / 1024


def _cpu_seconds(child: int | None) -> float:
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    ended = sum(usage.ru_utime + usage.ru_stime for usage in usages)
    if child is None:
        return ended
    fields = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()
    return ended + (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
