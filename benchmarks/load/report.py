"""Print the tables of a load test: what was measured, and whether it is within its limit."""

from __future__ import annotations

from benchmarks.load.course import CALM, Course, sum_of
from benchmarks.load.readers import READERS, Responses


class Limits:
    """Print a line for each limit, and count those that are exceeded. Unless `timed`, times aren't judged."""

    def __init__(self, *, timed: bool) -> None:
        self.exceeded = 0
        self.timed = timed
        print("\n| what | measured | limit | ok |\n|---|---:|---:|---|")

    def at_most(self, what: str, measured: float, limit: float, unit: str = "") -> None:
        is_met = measured <= limit
        judged = self.timed or unit not in (" s", " ms")
        self.exceeded += judged and not is_met
        verdict = ("yes" if is_met else "NO") if judged else "not judged"
        print(f"| {what} | {_number(measured)}{unit} | {_number(limit)}{unit} | {verdict} |")


def _number(value: float) -> str:
    return f"{value:,.1f}".removesuffix(".0")


def print_readers(course: Course) -> None:
    """Print what each kind of readers got in the calm parts."""
    calm = [part for part in course.parts if part.name == CALM]
    seconds = sum(part.seconds for part in calm)
    print(f"\nReaders in the calm parts ({seconds:.0f} s)\n")
    print("| who reads | readers | requests | a second | 304 | p50 ms | p95 ms | p99 ms |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|")
    for kind, number in READERS.items():
        _print_row(kind, number, sum_of([part.by_kind[kind] for part in calm]), seconds)
    _print_row("all", sum(READERS.values()), sum_of([part.all for part in calm]), seconds)


def _print_row(kind: str, readers: int, responses: Responses, seconds: float) -> None:
    times = " | ".join(f"{responses.percentile(share):,.1f}" for share in (0.5, 0.95, 0.99))
    print(
        f"| {kind} | {readers} | {responses.requests:,} | {responses.requests / seconds:,.0f} "
        f"| {responses.answers['unchanged']:,} | {times} |"
    )


def print_parts(course: Course) -> None:
    print("\n| part | s | requests | 503 with Retry-After | other 5xx | 4xx | broken off | p50 ms | p99 ms |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|---:|")
    for part in course.parts:
        responses, answers = part.all, part.all.answers
        print(
            f"| {part.name} | {part.seconds:.0f} | {responses.requests:,} | {answers['retry_after']:,} "
            f"| {answers['failed']:,} | {answers['missing'] + answers['refused']:,} "
            f"| {answers['broken'] + answers['late']:,} "
            f"| {responses.percentile(0.5):,.1f} | {responses.percentile(0.99):,.1f} |"
        )
