"""Feed mutated files to the code that reads files from outside: `make fuzz SECONDS=60`.

A case is determined by seed and number, so the number of the last one shows why a worker died or hung. A target may
reject a case with an error of its own; any other exception, too much time or more memory than MEMORY_MAX is a problem,
and the case is written to var/fuzz/. A new target is one entry of TARGETS.
"""

from __future__ import annotations

import argparse
import hashlib
import mmap
import os
import resource
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from functools import cache
from io import BytesIO
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent

SHORTEST = 1  # seconds of a run
CASES_FOLDER = ROOT / "var" / "fuzz"
MEMORY_MAX = 1_000_000_000  # bytes of a worker's address space
HUNG = 120.0  # seconds without a new case after which a worker is killed
CASES_MIN = 100  # on a machine so busy that the time is over before the first
STATE = struct.Struct("QdQ")  # cases done, slowest in seconds, cases that were taken

TOKENS = """--- ... : - ? ! & * | > ' " # % @ ` [ ] { } , << ~ null true .inf .nan 0o7 0x1f 1e999 2020-13-45T99:99:99Z
!!python/object !!binary !!set &a *a <<: \\u0000 \\ud800 <script> 9999999999999999999999 javascript:x http://a
published: quality: heat: related: images: provider: topics: webUrl:"""
WORDS = (*TOKENS.split(), "\t", "\r\n", "\ufeff", "\u2028", "\x85", "\x00")


class Target(NamedTuple):
    """What reads files: examples to mutate, the reader, the errors by which it refuses, and seconds for one case."""

    examples: Callable[[], list[bytes]]
    read: Callable[[bytes], object]
    refusals: Callable[[], tuple[type[Exception], ...]]
    seconds: float


def document_examples() -> list[bytes]:
    from tests.documents import CANONICAL

    folders = (ROOT / "seeds" / "news", ROOT.parent / "shared" / "corpus")
    files = [path for folder in folders if folder.is_dir() for path in sorted(folder.rglob("*.md"))[:300]]
    return [CANONICAL.encode(), *(path.read_bytes() for path in files)]


def read_document(raw: bytes) -> object:
    from articles.exchange.format.document import Document
    from articles.exchange.format.parse import parse_file
    from articles.exchange.format.write import document_text, entry_text

    parsed = parse_file(raw, "fuzzed.md", "2020-06-09-fuzzed")
    return document_text(parsed) if isinstance(parsed, Document) else entry_text(parsed)


def document_refusals() -> tuple[type[Exception], ...]:
    from articles.exchange.format.document import DocumentError

    return (DocumentError,)


def picture_examples() -> list[bytes]:
    from PIL import Image

    examples = []
    for form in ("JPEG", "PNG", "GIF", "WEBP", "AVIF"):
        for mode in ("RGB", "L", "P") if form in ("PNG", "GIF") else ("RGB",):
            file = BytesIO()
            Image.effect_mandelbrot((64, 48), (-3, -2.5, 2, 2.5), 50).convert(mode).save(file, form)
            examples.append(file.getvalue())
    return examples


def read_picture(raw: bytes) -> object:
    """Make the copies of a picture, in the process that does so for the site. One that dies is a problem here."""
    from pictures.sizes import PictureError

    decoder = _decoder()
    child = decoder._running_process()
    try:
        return decoder.decode(raw, ["picture", "logo"])
    except PictureError as refused:
        if child.poll() is not None:
            raise RuntimeError(f"the decoder ended with {child.returncode}: {refused}") from refused
        raise


@cache
def _decoder() -> Any:
    from pictures.decoder import Decoder

    return Decoder()


def picture_refusals() -> tuple[type[Exception], ...]:
    from pictures.sizes import PictureError

    return (PictureError,)


TARGETS = {
    "documents": Target(document_examples, read_document, document_refusals, 2.0),
    "pictures": Target(picture_examples, read_picture, picture_refusals, 20.0),
}


def case(examples: list[bytes], seed: str, number: int) -> bytes:
    """Return the case of that number: an example with one to eight things done to it."""
    chance = Random(f"{seed} {number}")  # noqa: S311  nothing secret
    raw = chance.choice(examples)
    for _ in range(chance.choice((1, 1, 2, 3, 8))):
        raw = chance.choice(MUTATIONS)(raw, chance, examples)
    return raw


def _flip(raw: bytes, chance: Random, examples: list[bytes]) -> bytes:
    changed = bytearray(raw)
    for _ in range(chance.randint(1, 4)):
        if changed:
            changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed)


def _cut(raw: bytes, chance: Random, examples: list[bytes]) -> bytes:
    start, end = _span(raw, chance)
    return raw[:start] + raw[end:]


def _repeat(raw: bytes, chance: Random, examples: list[bytes]) -> bytes:
    start, end = _span(raw, chance)
    return raw[:end] + raw[start:end] * chance.choice((1, 2, 9, 200)) + raw[end:]


def _insert(raw: bytes, chance: Random, examples: list[bytes]) -> bytes:
    place = chance.randint(0, len(raw))
    return raw[:place] + (chance.choice(WORDS) * chance.choice((1, 1, 2, 500))).encode(errors="replace") + raw[place:]


def _splice(raw: bytes, chance: Random, examples: list[bytes]) -> bytes:
    other = chance.choice(examples)
    return raw[: chance.randint(0, len(raw))] + other[chance.randint(0, len(other)) :]


def _indent(raw: bytes, chance: Random, examples: list[bytes]) -> bytes:
    lines = raw.split(b"\n")
    place = chance.randrange(len(lines))
    lines[place] = chance.choice((b"  ", b"\t", b"- ", b" " * 500, b"? ")) + lines[place].lstrip()
    return b"\n".join(lines)


def _span(raw: bytes, chance: Random) -> tuple[int, int]:
    start = chance.randint(0, len(raw))
    return start, min(len(raw), start + chance.choice((1, 4, 40, 400)))


MUTATIONS = (_flip, _cut, _repeat, _insert, _insert, _splice, _indent)


class CaseTimeoutError(BaseException):
    """A case took too long."""


def work(name: str, seed: str, first: int, until: float, shared: Path) -> int:
    """Run cases from `first` until the time is over, CASES_MIN at least; report the first problem and stop."""
    target = TARGETS[name]
    examples, refusals = target.examples(), target.refusals()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MAX, MEMORY_MAX))
    signal.signal(signal.SIGALRM, _too_slow)
    with shared.open("r+b") as file, mmap.mmap(file.fileno(), STATE.size) as state:
        number, (_, slowest, taken) = first, STATE.unpack(state[:])
        while time.time() < until or number < first + CASES_MIN:
            state[:] = STATE.pack(number, slowest, taken)
            raw = case(examples, seed, number)
            start = time.process_time()
            signal.setitimer(signal.ITIMER_REAL, 4 * target.seconds)  # others use the machine too
            try:
                target.read(raw)
                taken += 1
            except refusals:
                pass
            except CaseTimeoutError:
                return _report(f"took longer than {4 * target.seconds:.0f} s")
            except BaseException as error:  # noqa: BLE001  any exception is a finding
                return _report(f"{type(error).__name__}: {error}"[:300])
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)
            spent = time.process_time() - start
            if spent > target.seconds:
                return _report(f"took {spent:.1f} s of CPU")
            slowest, number = max(slowest, spent), number + 1
        state[:] = STATE.pack(number, slowest, taken)
    return 0


def _too_slow(*args: object) -> None:
    raise CaseTimeoutError


def _report(reason: str) -> int:
    sys.stderr.write(reason)
    return 1


def fuzz(name: str, seconds: float, seed: str) -> int:
    """Fuzz one target; return how many problems there were. Each is written and reported at once."""
    CASES_FOLDER.mkdir(parents=True, exist_ok=True)
    shared = CASES_FOLDER / f".{name}-{os.getpid()}"
    shared.write_bytes(STATE.pack(0, 0.0, 0))
    start, number, problems = time.time(), 0, 0
    try:
        while time.time() < start + seconds:
            reason = _watched(name, seed, number, start + seconds, shared)
            number, slowest, taken = STATE.unpack(shared.read_bytes())
            if reason:
                problems += 1
                raw = case(TARGETS[name].examples(), seed, number)
                path = CASES_FOLDER / f"{name}-{hashlib.sha256(raw).hexdigest()[:16]}"
                path.write_bytes(raw)
                print(f"{name} {number}: {reason} ({path.relative_to(ROOT)})", flush=True)
                number += 1
    finally:
        shared.unlink()
    share = 100 * taken / max(number, 1)
    summary = (
        f"{number} cases in {time.time() - start:.0f} s, {share:.0f} % of them taken, slowest {slowest:.2f} s of CPU"
    )
    print(f"{name}: {summary}, {problems} problems (seed {seed}).")
    return problems


def _watched(name: str, seed: str, first: int, until: float, shared: Path) -> str:
    """Run a worker to its end; return why it ended early, empty if it didn't."""
    command = [sys.executable, "-m", "benchmarks.fuzzing", "--worker", name, seed, str(first), str(until), str(shared)]
    worker = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=ROOT)
    before, since = -1, time.time()
    while worker.poll() is None:
        time.sleep(0.05)
        number = STATE.unpack(shared.read_bytes())[0]
        if number != before:
            before, since = number, time.time()
        elif time.time() - since > HUNG:
            worker.kill()
            worker.wait()
            return f"hung for {HUNG:.0f} s"
    output = worker.stderr.read().strip() if worker.stderr else ""
    return (output.splitlines()[-1] if output else f"died with {worker.returncode}") if worker.returncode else ""


def main() -> int:
    if sys.argv[1:2] == ["--worker"]:
        name, seed, first, until, shared = sys.argv[2:]
        return work(name, seed, int(first), float(until), Path(shared))
    parser = argparse.ArgumentParser(description="Fuzz what reads files from outside.")
    parser.add_argument("targets", nargs="*", default=list(TARGETS), help="Which: all by default.")
    parser.add_argument("--seconds", type=float, default=60, help="How long for each target.")
    parser.add_argument("--seed", default=str(int(time.time())), help="The same seed makes the same cases.")
    options = parser.parse_args()
    if not options.seconds >= SHORTEST:  # nan included
        parser.error(f"a run takes {SHORTEST} second or more")
    return 1 if sum([fuzz(name, options.seconds, options.seed) for name in options.targets]) else 0


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    import django

    django.setup()
    sys.exit(main())
