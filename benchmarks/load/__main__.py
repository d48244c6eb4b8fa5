"""Put a newsroom under load and compare it with its limits: readers, an editor and imports at once, and outages.

A newsroom of 8,000 articles, with its own PostgreSQL and Redis, is served by gunicorn with the production settings
behind the shipped nginx configuration (docs/deploy/nginx.conf), on two cores that it shares with the load itself. Only
nginx's limits for each client are off, because all readers share one IP address. A hundred readers request pages,
feeds, searches and the API as fast as they get them; an editor publishes and withdraws stories and checks at once
whether readers see it; imports run one after another. Meanwhile PostgreSQL is restarted, and Redis is down for a while.
Exit code 1 if a limit is exceeded.

`--seconds 60` is a quick look; `--untimed` checks correctness only, not times, for busy machines. LOAD_ARTICLES (8000)
sets the number of articles. It needs wrk, nginx, redis-server and PostgreSQL's programs: `apt-get install wrk nginx
redis-server postgresql`.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from math import inf
from operator import attrgetter
from pathlib import Path

from benchmarks.load.course import CALM, POSTGRES, RECOVERY_MAX, REDIS, Course, sum_of
from benchmarks.load.editor import Editor
from benchmarks.load.importer import DOCUMENTS, Importer
from benchmarks.load.readers import Readers, paths_of
from benchmarks.load.report import Limits, print_parts, print_readers
from benchmarks.load.site import ARTICLES, SETTINGS, Site
from tests.servers import Nginx, Postgres, Redis, missing

SHORTEST = 60  # seconds
MEMORY_MAX = 300  # MB of gunicorn and its two processes, what they share counted once
CORES = 2
PRINTED_MAX = 5  # failures of each kind


class Memory(threading.Thread):
    """Record every second how much memory the site takes: (when, megabytes)."""

    def __init__(self, site: Site) -> None:
        super().__init__(daemon=True)
        self.site = site
        self.seen: list[tuple[float, float]] = []
        self.stopped = threading.Event()

    def run(self) -> None:
        while not self.stopped.wait(1):
            self.seen.append((time.time(), self.site.memory()))

    def stop(self) -> None:
        self.stopped.set()
        self.join()

    def in_steps(self) -> str:
        """Return the megabytes at each twentieth of the time."""
        step = max(len(self.seen) // 20, 1)
        return ", ".join(f"{megabytes:.0f}" for _, megabytes in self.seen[::step])

    def highest(self) -> float:
        return max(megabytes for _, megabytes in self.seen)


def run(folder: Path, seconds: int, timed: bool) -> int:
    with ExitStack() as stack:
        postgres = Postgres({"shared_buffers": "256MB"}, stop_mode="fast")  # as an upgrade does
        stack.callback(postgres.close)
        redis = Redis(folder, "--maxmemory", "256mb", "--maxmemory-policy", "allkeys-lru")
        stack.callback(redis.stop)
        site = Site(folder, SETTINGS | {"DATABASE_URL": postgres.url(), "CACHE_URL": redis.url})
        stack.callback(site.close)
        about = site.fill()
        site.open()
        nginx = Nginx(site.port, limited=False)
        stack.callback(nginx.close)
        nginx.start()
        readers = Readers(folder, nginx.url, paths_of(about))
        editor, importer, memory = Editor(nginx.port, about["undecided"]), Importer(folder, site), Memory(site)
        course = Course()
        for worker in (memory, editor, importer):
            worker.start()
        try:
            course.run(seconds, readers, nginx.port, {POSTGRES: postgres, REDIS: redis})
        finally:
            for worker in (editor, importer, memory):
                worker.stop()
        print_readers(course)
        print_parts(course)
        print(f"\nMemory, from the beginning to the end: {memory.in_steps()} MB")
        limits = Limits(timed=timed)
        judge_readers(limits, course)
        judge_editor(limits, course, editor)
        judge_imports(limits, course, importer)
        for name, outage in course.outages.items():
            limits.at_most(f"{name}: recovered after", outage.recovered - outage.back, RECOVERY_MAX, " s")
        limits.at_most("memory: highest", memory.highest(), MEMORY_MAX, " MB")
        limits.at_most("lost: decisions that the desk had confirmed", lost_decisions(editor, site), 0)
        limits.at_most("lost: articles", ARTICLES + DOCUMENTS - count_of_articles(site), 0)
        if limits.exceeded:
            print(f"\nThe server's first failures:\n{site.failures() or 'none'}\nIts last lines:\n{site.last_lines()}")
    return limits.exceeded


def judge_readers(limits: Limits, course: Course) -> None:
    calm = sum_of([part.all for part in course.parts if part.name == CALM])
    every = sum_of([part.all for part in course.parts])
    waited = sum(part.all.answers["retry_after"] for part in course.parts if part.name != POSTGRES)
    limits.at_most("readers: 5xx but for 503 with Retry-After", every.answers["failed"], 0)
    limits.at_most("readers: 503 while PostgreSQL isn't restarted", waited, 0)
    limits.at_most("readers: broken off or without answer", every.answers["broken"] + every.answers["late"], 0)
    limits.at_most("readers: refused or not found", every.answers["refused"] + every.answers["missing"], 0)
    limits.at_most("readers: p95", calm.percentile(0.95), 400, " ms")
    limits.at_most("readers: p99", calm.percentile(0.99), 1000, " ms")


def judge_editor(limits: Limits, course: Course, editor: Editor) -> None:
    saves = [save for save in editor.saves if not course.excuses(save.at)]
    failures = [response for response in editor.failed if not course.excuses(response.at)]
    unclear = [response for response in editor.failed if course.excuses(response.at) and response.status == 500]
    slowest = max(saves, key=attrgetter("ms"), default=None)
    where = f", {course.part_at(slowest.at)}" if slowest else ""
    limits.at_most(f"editor: the slowest of {len(saves)} saves{where}", slowest.ms if slowest else inf, 1000, " ms")
    limits.at_most("editor: requests that failed outside of outages", len(failures), 0)
    limits.at_most("editor: 5xx but for 503 with Retry-After", len(unclear), 0)
    limits.at_most(f"stale pages, in {editor.looks} looks", len(editor.wrong), 0)
    limits.at_most("editor: stopped by an error", int(bool(editor.error)), 0)
    for response in [*failures, *unclear][:PRINTED_MAX]:
        print(f"  {response.request}: {response.status or response.text}")
    for line in [*editor.wrong[:PRINTED_MAX], editor.error]:
        print(f"  {line}" if line else "", end="\n" if line else "")


def judge_imports(limits: Limits, course: Course, importer: Importer) -> None:
    """Judge the runs; run once more to import the rest, and again: then nothing may change."""
    failures = [run for run in importer.runs if run.code and not course.excuses(run.begun, run.ended)]
    unclear = [run for run in importer.runs if "Traceback" in run.last_line]
    limits.at_most(f"imports: failed outside of outages, of {len(importer.runs)}", len(failures), 0)
    limits.at_most("imports: ended without a clear message", len(unclear), 0)
    for run in [*failures, *unclear][:PRINTED_MAX]:
        print(f"  import: exit code {run.code}: {run.last_line}")
    importer.run_once()
    again = importer.run_once()
    is_done = f"{DOCUMENTS} files: 0 created, 0 updated, {DOCUMENTS} unchanged, 0 rejected" in again.last_line
    limits.at_most(f"lost: documents ({again.last_line})", 0 if is_done else 1, 0)


def lost_decisions(editor: Editor, site: Site) -> int:
    rows = f"Article.objects.filter(pk__in={list(editor.decided)}).values_list('pk', 'published')"
    stored = dict(site.evaluate(f"[[pk, bool(published)] for pk, published in {rows}]"))
    return sum(stored.get(pk) != published for pk, published in editor.decided.items())


def count_of_articles(site: Site) -> int:
    return site.evaluate("Article.objects.count()")


def main() -> int:
    parser = argparse.ArgumentParser(prog="make load", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--untimed", action="store_true")
    options = parser.parse_args()
    if lacks := missing("wrk", "nginx", "redis-server", "initdb"):
        print(f"The load test needs {', '.join(lacks)}: apt-get install wrk nginx redis-server postgresql")
        return 2
    if options.seconds < SHORTEST:
        parser.error(f"it takes {SHORTEST} seconds or more to see anything")
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        load = os.getloadavg()[0]
        print(f"{ARTICLES:,} articles, {options.seconds} s, {CORES} cores; the machine's load before: {load:.1f}")
        exceeded = run(folder, options.seconds, not options.untimed)
    print(f"\n{exceeded} {'limit is' if exceeded == 1 else 'limits are'} exceeded.")
    return 1 if exceeded else 0


if __name__ == "__main__":
    sys.exit(main())
