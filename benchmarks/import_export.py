"""Measure import, re-import and export against the floor: reading and parsing the same files with CSafeLoader.

Rounds of floor, import, re-import and export are interleaved in one run, each in a process of its own, because
machines are noisy: only the ratios count. BENCH_DOCUMENTS names the folder of documents; without it the corpus beside
the project is used, and without that made-up documents.

`python -m benchmarks.import_export memory` imports 100,000 made-up documents (BENCH_MANY) instead, and prints how much
memory that takes. Exit code 1 if a limit is exceeded.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.documents import write_demo_documents
from tests.environments import newsroom_environment

ROOT = Path(__file__).resolve().parent.parent
CORPUS = ROOT.parent / "shared" / "corpus" / "coronavirus" / "news"
# Creating files on a disk costs more than all else here, and never the same twice: they are created in memory.
MEMORY = Path("/dev/shm")  # noqa: S108
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
MANY = int(os.environ.get("BENCH_MANY", "100000"))  # documents
LIMITS = {"first import": 1.6, "unchanged re-import": 0.2, "export": 1.0}
MEMORY_LIMIT = 250  # megabytes resident


def parse_only(documents: str) -> None:
    import yaml

    for path in sorted(Path(documents).iterdir()):
        text = path.read_bytes().decode()
        try:
            yaml.load(text[4 : text.index("\n---", 4) + 1], Loader=yaml.CSafeLoader)
        except yaml.YAMLError:
            continue


def import_documents(documents: str) -> None:
    from articles.exchange.files import sources
    from articles.exchange.importing import run_import

    run_import(sources([documents]), on_result=lambda result: None, on_wait=lambda: None)


def export(directory: str) -> None:
    from articles.exchange.exporting import export_documents

    export_documents(Path(directory), dialect="source", on_file=lambda: None)


STEPS = {
    "floor": parse_only,
    "first import": import_documents,
    "unchanged re-import": import_documents,
    "export": export,
}


def run_step(step: str, argument: str) -> None:
    """Run one step in this process; print its CPU seconds and its peak memory in megabytes."""
    if step != "floor":
        import django

        django.setup()
        from articles.models import Article

        Article.objects.exists()  # the connection is open
    start = time.process_time()
    STEPS[step](argument)
    cpu = time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(f"{cpu} {peak}")


def measure(step: str, argument: str, environment: dict[str, str]) -> tuple[float, float]:
    """Run one step in a process of its own; return its CPU seconds and its peak memory in megabytes."""
    command = [sys.executable, "-m", "benchmarks.import_export", step, argument]
    done = subprocess.run(command, env=environment, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    cpu, peak = map(float, done.stdout.split())
    return cpu, peak


def empty_newsroom(folder: Path) -> dict[str, str]:
    """Create a newsroom's folder and tables; return the environment for its commands."""
    folder.mkdir()
    environment = newsroom_environment(os.environ, folder)
    migrate = [sys.executable, "manage.py", "migrate", "-v0"]
    subprocess.run(migrate, env=environment, cwd=ROOT, check=True)
    return environment


def compare_speed(documents: Path, scratch: Path) -> int:
    """Print what each step takes as a multiple of the floor; return how many limits are exceeded."""
    count = sum(1 for _ in documents.iterdir())
    cpu_seconds: dict[str, list[float]] = {step: [] for step in STEPS}
    peaks = []
    for number in range(ROUNDS):
        environment = empty_newsroom(scratch / f"newsroom{number}")
        for step in STEPS:
            argument = scratch / f"out{number}" if step == "export" else documents
            cpu, peak = measure(step, str(argument), environment)
            cpu_seconds[step].append(cpu)
            if step == "first import":
                peaks.append(peak)
    floor = statistics.median(cpu_seconds["floor"])
    print(f"{count} documents, {ROUNDS} rounds, written to {scratch.parent}")
    print(f"The floor takes {floor:.2f} s of CPU ({count / floor:,.0f} documents/s)")
    print("| work | × the floor | limit | documents/s of CPU |\n|---|---:|---:|---:|")
    exceeded = 0
    for step, limit in LIMITS.items():
        ratio = statistics.median(cpu / base for cpu, base in zip(cpu_seconds[step], cpu_seconds["floor"], strict=True))
        exceeded += ratio > limit
        print(f"| {step} | {ratio:.2f} | {limit} | {count / (ratio * floor):,.0f} |")
    print(f"Memory of the first import: {max(peaks):.0f} MB at most, limit {MEMORY_LIMIT} MB")
    return exceeded + (max(peaks) > MEMORY_LIMIT)


def measure_memory(scratch: Path) -> int:
    """Print what the import of many documents takes; return 1 if it takes too much memory."""
    from articles.exchange.format.write import document_text
    from articles.rules.scoring import Policy
    from benchmarks.generator.articles import documents

    files = scratch / "documents"
    files.mkdir()
    for story in documents(MANY, seed=1, policy=Policy()):
        for document in story:
            (files / f"{document.name}.md").write_text(document_text(document))
    cpu, peak = measure("first import", str(files), empty_newsroom(scratch / "newsroom"))
    print(f"{MANY:,} documents: {peak:.0f} MB at most, limit {MEMORY_LIMIT} MB; {MANY / cpu:,.0f} documents/s of CPU")
    return int(peak > MEMORY_LIMIT)


def main() -> int:
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        scratch = Path(folder)
        if sys.argv[1:] == ["memory"]:
            return measure_memory(scratch)
        documents = Path(os.environ.get("BENCH_DOCUMENTS", CORPUS))
        if not documents.is_dir():
            documents = scratch / "documents"
            write_demo_documents(documents, stories=1000)
        return 1 if compare_speed(documents, scratch) else 0


if __name__ == "__main__":
    if len(sys.argv) == 3:
        run_step(*sys.argv[1:])
    else:
        sys.exit(main())
