"""Measure import, re-import and export against the floor: the same files read and parsed with CSafeLoader, no more.

Rounds of floor, import, re-import and export are interleaved in one run, each in a process of its own, because
machines are noisy: only the ratios count. BENCH_DOCUMENTS names the folder of documents; without it the corpus beside
the project is taken, and without that an edition made for the purpose.

`python -m benchmarks.import_export memory` imports 8,000 and 100,000 made-up documents instead, each into a database
of its own, and prints how much memory the import takes. BENCH_MANY is the greater number.
"""

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CORPUS = ROOT.parent / "shared" / "corpus" / "coronavirus" / "news"
# Making files costs a disk's file system more than all else here, and never twice the same: they go to memory.
MEMORY = Path("/dev/shm")  # noqa: S108
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
BARS = {"first import": 1.5, "unchanged re-import": 0.15, "export": 0.5}
MEMORY_BAR = 200  # megabytes resident
FEW, MANY = 8000, int(os.environ.get("BENCH_MANY", "100000"))  # documents between which memory stays flat
PER_DOCUMENT_BAR = 0.1  # kilobytes that each further document may cost


def floor(documents: str) -> None:
    import yaml

    for path in sorted(Path(documents).iterdir()):
        text = path.read_bytes().decode()
        try:
            yaml.load(text[4 : text.index("\n---", 4) + 1], Loader=yaml.CSafeLoader)
        except yaml.YAMLError:
            continue


def take_in(documents: str) -> None:
    from articles.exchange.files import sources
    from articles.exchange.importing import run_import

    run_import(sources([documents]), on_result=lambda result: None, on_wait=lambda: None)


def write_out(directory: str) -> None:
    from articles.exchange.exporting import export_documents

    export_documents(Path(directory), dialect="source", on_file=lambda: None)


STEPS = {"floor": floor, "first import": take_in, "unchanged re-import": take_in, "export": write_out}


def child(step: str, argument: str) -> None:
    """Run one step and print its CPU seconds, its wall seconds and its peak memory in megabytes."""
    if step != "floor":
        import django

        django.setup()
        from articles.models import Article

        Article.objects.exists()  # the connection is made
    cpu, wall = time.process_time(), time.perf_counter()
    STEPS[step](argument)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(f"{cpu} {wall} {peak}")


def measure(step: str, argument: str, environment: dict[str, str]) -> list[float]:
    command = [sys.executable, "-m", "benchmarks.import_export", step, argument]
    answer = subprocess.run(command, env=environment, cwd=ROOT, check=True, capture_output=True, text=True)
    return [float(number) for number in answer.stdout.split()]


def empty_newsroom(folder: Path) -> dict[str, str]:
    """Make a newsroom's folder and tables; return the environment to work on it."""
    from tests.environments import newsroom_environment

    folder.mkdir()
    environment = newsroom_environment(os.environ, folder)
    migrate = [sys.executable, "manage.py", "migrate", "-v0"]
    subprocess.run(migrate, env=environment, cwd=ROOT, check=True)
    return environment


def rounds(documents: Path, scratch: Path) -> dict[str, list[list[float]]]:
    found: dict[str, list[list[float]]] = {step: [] for step in STEPS}
    for number in range(ROUNDS):
        environment = empty_newsroom(scratch / f"newsroom{number}")
        for step in STEPS:
            argument = scratch / f"out{number}" if step == "export" else documents
            found[step].append(measure(step, str(argument), environment))
    return found


def compare_memory() -> int:
    """Print what the import of few and of many documents holds; return 1 if it isn't flat, or above the bar."""
    from articles.exchange.format.write import document_text
    from articles.rules.scoring import Policy
    from benchmarks.generator.articles import documents

    print("| documents | megabytes at most | documents/s of CPU |\n|---:|---:|---:|")
    peaks = []
    for count in (FEW, MANY):
        with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
            files = Path(folder, "documents")
            files.mkdir()
            for story in documents(count, seed=1, policy=Policy()):
                for document in story:
                    (files / f"{document.name}.md").write_text(document_text(document))
            cpu, _, peak = measure("first import", str(files), empty_newsroom(Path(folder, "newsroom")))
        print(f"| {count:,} | {peak:.0f} | {count / cpu:,.0f} |", flush=True)
        peaks.append(peak)
    each = (peaks[1] - peaks[0]) * 1024 / (MANY - FEW)
    is_met = each <= PER_DOCUMENT_BAR and max(peaks) <= MEMORY_BAR
    print(f"\nEach further document costs {each:.2f} kB, bar {PER_DOCUMENT_BAR}; at most {MEMORY_BAR} MB: ", end="")
    print("yes" if is_met else "NO")
    return 0 if is_met else 1


def main() -> int:
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        scratch = Path(folder)
        documents = Path(os.environ.get("BENCH_DOCUMENTS", CORPUS))
        if not documents.is_dir():
            from tests.documents import edition

            documents = scratch / "documents"
            edition(documents, stories=1000)
        count = sum(1 for _ in documents.iterdir())
        found = rounds(documents, scratch)
    base = statistics.median(cpu for cpu, _, _ in found["floor"])
    print(f"{count} documents, {ROUNDS} rounds, written to {scratch.parent}")
    print(f"The floor takes {base:.2f} s of CPU ({count / base:,.0f} documents/s)")
    print("| work | × the floor | bar | documents/s of CPU |\n|---|---:|---:|---:|")
    missed = 0
    for step, bar in BARS.items():
        ratio = statistics.median(
            cpu / floor_cpu for (cpu, _, _), (floor_cpu, _, _) in zip(found[step], found["floor"], strict=True)
        )
        missed += ratio > bar
        print(f"| {step} | {ratio:.2f} | {bar} | {count / (ratio * base):,.0f} |")
    peak = max(memory for _, _, memory in found["first import"])
    print(f"Memory of the first import: {peak:.0f} MB at most, bar {MEMORY_BAR} MB")
    return 1 if missed or peak > MEMORY_BAR else 0


if __name__ == "__main__":
    if sys.argv[1:] == ["memory"]:
        sys.exit(compare_memory())
    elif len(sys.argv) > 1:
        child(*sys.argv[1:])
    else:
        sys.exit(main())
