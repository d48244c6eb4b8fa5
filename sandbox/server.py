"""The child's side: a loop that answers requests, with limits on memory and processor time.

A request is a line of JSON with the "size" of the bytes that follow it. The response is a line of JSON and what else
the two sides agree on. The environment contains no secrets, and where the kernel offers it, `confinement.py` leaves the
process nothing but its pipes.
"""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Callable, Iterable
from typing import Any

from .confinement import confine, missing_support

Answer = Callable[[dict[str, Any], bytes], tuple[dict[str, Any], Iterable[bytes]]]


def serve(answer: Answer, *, memory_bytes: int, cpu_seconds: int, prepare: Callable[[], object]) -> None:
    """Answer requests from standard input until it ends.

    `answer` gets a request and its bytes, and returns the line of JSON and the bytes after it. `prepare` imports what
    may be needed later: the confined process can't open files.
    """
    _limit_resources(memory_bytes)
    if not missing_support():
        prepare()
        confine()
    source, target = sys.stdin.buffer, sys.stdout.buffer
    while line := source.readline():
        request = json.loads(line)
        _extend_cpu_limit(cpu_seconds)
        response, parts = answer(request, source.read(request["size"]))
        target.write(json.dumps(response).encode() + b"\n")
        for part in parts:
            target.write(part)
        target.flush()


def _limit_resources(memory_bytes: int) -> None:
    for limit, value in (
        (resource.RLIMIT_DATA, memory_bytes),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 64),
    ):
        resource.setrlimit(limit, (value, value))


def _extend_cpu_limit(seconds: int) -> None:
    """Allow this many more seconds than were used so far."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(usage.ru_utime + usage.ru_stime) + seconds
    resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.getrlimit(resource.RLIMIT_CPU)[1]))
