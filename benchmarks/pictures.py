"""Measure `cache_images` with two workers against Pillow alone, making the same renditions in a loop in one process.

The photographs are made up, in sizes as real documents name them, and served from this machine. Our side is the whole
command: start-up, requests, checks, decoding in child processes, storing files and rows. Pillow opens a picture, makes
each width from the original with Lanczos' filter and saves it with the same encoders' settings, to nowhere. Rounds of
both are interleaved; the ratio needs two cores that nobody else uses, the CPU seconds don't.

From the environment: PICTURES_ROUNDS (3) and PICTURES_COUNT (60).
"""

from __future__ import annotations

import io
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from PIL import Image

from pictures.renditions import ENCODINGS, PILLOW_NAMES
from pictures.sizes import widths_for
from tests.documents import write_demo_documents
from tests.environments import newsroom_environment
from tests.hostile import answer, serving

ROOT = Path(__file__).resolve().parent.parent
MEMORY = Path("/dev/shm")  # noqa: S108
ROUNDS = int(os.environ.get("PICTURES_ROUNDS", "3"))
COUNT = int(os.environ.get("PICTURES_COUNT", "60"))
WORKERS = 2
MIN_RATIO = 1.6
WIDTHS = (400, 650, 1024, 1024, 1200, 1200, 1600, 3000)  # tenths and quarters of 5,599 that real documents name
DETAIL = ((4, 0.5), (16, 0.4), (64, 0.3), (256, 0.2), (800, 0.08))  # cells across, and how much they show

Measured = tuple[float, float]  # seconds, of the clock and of all processors


def photograph(number: int) -> bytes:
    """Return a JPEG that is as hard to encode as a photograph: detail of all sizes, the finest the faintest."""
    chance = random.Random(number)  # noqa: S311
    width = WIDTHS[number % len(WIDTHS)]
    size = (width, width * 2 // 3 + number)
    image = Image.new("RGB", size, "grey")
    for cells, weight in DETAIL:
        rows = max(2, cells * 2 // 3)
        layer = Image.frombytes("RGB", (cells, rows), chance.randbytes(cells * rows * 3))
        image = Image.blend(image, layer.resize(size, Image.Resampling.BICUBIC), weight)
    output = io.BytesIO()
    image.save(output, "JPEG", quality=88)
    return output.getvalue()


def by_pillow_alone(folder: str) -> None:
    for path in sorted(Path(folder).iterdir()):
        image = Image.open(path).convert("RGB")
        for width in widths_for(image.width):
            height = max(1, round(image.height * width / image.width))
            small = image.resize((width, height), Image.Resampling.LANCZOS)
            for suffix, options in ENCODINGS.items():
                small.save(io.BytesIO(), PILLOW_NAMES[suffix], **options)


def measure(command: list[str], environment: dict[str, str]) -> tuple[Measured, str]:
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, env=environment, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return (wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime), done.stdout


def manage(*arguments: str) -> list[str]:
    return [sys.executable, "manage.py", *arguments]


def newsroom(folder: Path, ports: list[int]) -> dict[str, str]:
    """Make an empty newsroom's folder; return its environment, in which it may fetch from the servers at `ports`."""
    folder.mkdir()
    servers = ",".join(f"127.0.0.1:{port}" for port in ports)
    return newsroom_environment(os.environ, folder, FETCH_SERVERS=servers)


def write_stories(folder: Path, ports: list[int]) -> None:
    """Write COUNT documents, each with a picture of its own at one of the servers."""
    write_demo_documents(folder, stories=COUNT, members=0)
    for path in folder.iterdir():
        head, _, rest = path.read_text().partition('url: "https://outlet0.example/')
        number = int(rest.partition(".")[0])
        path.write_text(f'{head}url: "http://127.0.0.1:{ports[number % len(ports)]}/{rest}')


def rounds(scratch: Path, ports: list[int]) -> tuple[list[Measured], list[Measured]]:
    alone, ours = [], []
    write_stories(scratch / "news", ports)
    for number in range(ROUNDS):
        alone.append(
            measure([sys.executable, "-m", "benchmarks.pictures", str(scratch / "photographs")], dict(os.environ))[0]
        )
        environment = newsroom(scratch / f"round{number}", ports)
        for command in (manage("migrate", "-v0"), manage("import_articles", str(scratch / "news"))):
            measure(command, environment)
        measured, output = measure(manage("cache_images", f"--workers={WORKERS}"), environment)
        if f" {COUNT} stored" not in output:
            raise SystemExit(f"Not all pictures were stored: {output}")
        ours.append(measured)
    return alone, ours


def print_row(name: str, measured: list[Measured]) -> None:
    wall, cpu = (statistics.median(values) for values in zip(*measured, strict=True))
    print(f"| {name} | {COUNT / wall:.2f} | {cpu / COUNT:.3f} | {cpu / wall:.2f} |")


def main() -> int:
    memory = MEMORY if MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(dir=memory) as folder, serving() as one, serving() as two, serving() as three:
        servers = [one, two, three]
        scratch = Path(folder)
        (scratch / "photographs").mkdir()
        for number in range(COUNT):
            data = photograph(number)
            (scratch / "photographs" / f"{number:04}.jpg").write_bytes(data)
            for server in servers:
                server.answers[f"/{number}.jpg"] = answer(data)
        alone, ours = rounds(scratch, [server.port for server in servers])
    ratios = [theirs[0] / mine[0] for theirs, mine in zip(alone, ours, strict=True)]
    ratio = statistics.median(ratios)
    print(f"{COUNT} pictures, {ROUNDS} rounds, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}")
    print("| pictures | per second | CPU s per picture | processors used |\n|---|---:|---:|---:|")
    print_row("Pillow alone, one process", alone)
    print_row(f"cache_images --workers={WORKERS}", ours)
    print(f"{ratio:.2f} times as many (rounds: {', '.join(f'{value:.2f}' for value in ratios)}), required: {MIN_RATIO}")
    return 0 if ratio >= MIN_RATIO else 1


if __name__ == "__main__":
    task: Callable[[], int | None] = (lambda: by_pillow_alone(sys.argv[1])) if len(sys.argv) > 1 else main
    sys.exit(task())
