"""Measure reading feeds, from bytes to entries as they would be taken, against feedparser with its defaults.

Both read the same documents in turns, in processes of their own, and only the ratio of their CPU seconds counts. Ours
reads in the process that sites use, with its limits, and its side includes validating what comes back. The documents
are those in FEEDS_DOCUMENTS, by default the real feeds beside the project, and without them made-up ones.

From the environment: FEEDS_DOCUMENTS, FEEDS_ROUNDS (5). Exit code 1 if the limit is exceeded.
"""

from __future__ import annotations

import io
import os
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

from tests.environments import newsroom_environment

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = Path(os.environ.get("FEEDS_DOCUMENTS", ROOT.parent / "shared" / "feeds"))
URL = "https://courier.example/feed"  # where the documents come from, for both
SUFFIXES = (".xml", ".rss", ".atom")  # feedparser reads no others
ROUNDS = int(os.environ.get("FEEDS_ROUNDS", "5"))
REPEATS = 2  # fewer documents than a process reads, so that its start counts once
MAX_RATIO = 1.0
MEMORY_LIMIT = 60  # megabytes of the process that reads


def documents() -> list[bytes]:
    if DOCUMENTS.is_dir():
        return [path.read_bytes() for path in sorted(DOCUMENTS.iterdir()) if path.suffix in SUFFIXES]
    paragraph = "&lt;p&gt;The &lt;b&gt;harbour bridge&lt;/b&gt; closes for two weeks &amp;amp; a ferry runs.&lt;/p&gt;"
    item = (
        "<item><title>Harbour bridge closes</title><link>https://courier.example/{0}/{1}</link><guid>{0}-{1}</guid>"
        f"<description>{paragraph * 8}</description><pubDate>Wed, 01 May 2024 10:30:00 +0200</pubDate></item>"
    )
    head = '<rss version="2.0"><channel><title>The Courier</title>'
    return [
        (head + "".join(item.format(feed, number) for number in range(30)) + "</channel></rss>").encode()
        for feed in range(40)
    ]


def read_by_feedparser(feeds: list[bytes]) -> None:
    import feedparser

    for data in feeds:
        feedparser.parse(io.BytesIO(data), response_headers={"content-location": URL})


def read_by_newsfold(feeds: list[bytes]) -> None:
    from sources.reading.reader import FeedReader
    from sources.reading.values import NotAFeedError

    with FeedReader() as reader:
        for data in feeds:
            try:
                reader.read(data, URL)
            except NotAFeedError:
                continue


SIDES = {"feedparser": read_by_feedparser, "newsfold": read_by_newsfold}


def run_side(name: str) -> None:
    """Read all documents in this process and its children; print CPU seconds and the children's memory."""
    feeds = documents() * REPEATS
    start = time.process_time()
    SIDES[name](feeds)
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = time.process_time() - start + children.ru_utime + children.ru_stime
    print(cpu, children.ru_maxrss / 1024)


def measure(name: str) -> tuple[float, float]:
    command = [sys.executable, "-m", "benchmarks.feeds", name]
    environment = newsroom_environment(os.environ, Path("/nonexistent"))
    environment |= {key: value for key, value in os.environ.items() if key.startswith("FEEDS_")}
    done = subprocess.run(command, env=environment, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    cpu, memory = map(float, done.stdout.split())
    return cpu, memory


def main() -> int:
    feeds = documents()
    print(f"{len(feeds)} documents, {sum(map(len, feeds)) / 1e6:.1f} MB, each read {REPEATS} times in {ROUNDS} rounds")
    rounds = [{name: measure(name) for name in SIDES} for _ in range(ROUNDS)]
    cpu = {name: statistics.median(figures[name][0] for figures in rounds) for name in SIDES}
    memory = max(figures["newsfold"][1] for figures in rounds)
    ratio = statistics.median(figures["newsfold"][0] / figures["feedparser"][0] for figures in rounds)
    for name, seconds in cpu.items():
        print(f"{name}: {seconds:.2f} s of CPU")
    print(f"ratio {ratio:.2f} (limit {MAX_RATIO}), memory {memory:.0f} MB (limit {MEMORY_LIMIT})")
    return int(ratio > MAX_RATIO or memory > MEMORY_LIMIT)


if __name__ == "__main__":
    if sys.argv[1:]:
        run_side(sys.argv[1])
    else:
        sys.exit(main())
