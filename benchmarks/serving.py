"""Measure what pages cost the server: ours against plain Django with the same content, in one run.

gunicorn with the production settings serves 6,241 real documents (1,000 made-up ones where there are none) from SQLite.
What counts is CPU time of its workers for each request, so it doesn't matter what else the machine does. Three servers
respond in turn: plain Django (benchmarks/plain_django), ours without a cache, ours with the cache. Exit code 1 if a
limit is exceeded.

From the environment: SERVING_ROUNDS (7) and SERVING_REQUESTS (40 in each round).
"""

from __future__ import annotations

import gzip
import http.client
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, closing
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CORPUS = ROOT.parent / "shared" / "corpus" / "coronavirus" / "news"
ROUNDS = int(os.environ.get("SERVING_ROUNDS", "7"))
REQUESTS = int(os.environ.get("SERVING_REQUESTS", "40"))

# Shares of what plain Django's front page takes: for a page that isn't cached, and for a response of 304.
PAGE_LIMIT, UNCHANGED_LIMIT = 0.4, 0.096
CACHED_LIMIT = 0.5  # requests for a cached page, against those for a file of its size
HTML_LIMIT, CSS_LIMIT = 18_000, 10_000  # bytes, gzipped


class Server:
    """gunicorn with one worker, and its CPU time."""

    def __init__(self, environment: dict[str, str], application: str = "config.wsgi") -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        command = [
            sys.executable,
            "-m",
            "gunicorn",
            application,
            "--bind",
            f"127.0.0.1:{self.port}",
            "--workers",
            "1",
        ]
        self.process = subprocess.Popen([*command, "--log-level", "error"], cwd=ROOT, env=environment)
        self._wait()

    def _wait(self) -> None:
        for _ in range(200):
            try:
                return self.get("/") and None
            except OSError:
                time.sleep(0.1)
        self.close()
        raise RuntimeError("gunicorn doesn't answer")

    def get(self, path: str, headers: dict[str, str] | None = None) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request("GET", path, headers=headers or {})
        response = connection.getresponse()
        result = response.status, dict(response.getheaders()), response.read()
        connection.close()
        return result

    def cost(self, path: str, status: int, headers: dict[str, str] | None = None) -> float:
        """Return the milliseconds of CPU that a request takes, the mean of REQUESTS."""
        start = self._cpu()
        for _ in range(REQUESTS):
            received = self.get(path, headers)[0]
            assert received == status, (path, received)
        return (self._cpu() - start) * 1000 / REQUESTS

    def _cpu(self) -> float:
        """Return the seconds of CPU that gunicorn and its worker have taken; in nanoseconds on Linux."""
        pids = [self.process.pid, *self._children()]
        return sum(int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) for pid in pids) / 1e9

    def _children(self) -> list[int]:
        return [
            int(pid) for pid in Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        ]

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(timeout=20)


def environment(folder: Path, cache: str) -> dict[str, str]:
    from tests.environments import newsroom_environment

    return newsroom_environment(os.environ, folder, CACHE_URL=cache, PYTHONWARNINGS="ignore")


def manage(env: dict[str, str], *arguments: str) -> str:
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(command, cwd=ROOT, env=env, check=True, stdout=subprocess.PIPE, text=True).stdout


def fill(folder: Path, env: dict[str, str]) -> str:
    """Fill the newsroom; return how many documents it holds, in words."""
    documents = CORPUS
    if not documents.is_dir():
        documents = folder / "documents"
        from tests.documents import write_demo_documents

        write_demo_documents(documents, stories=1000)
    manage(env, "migrate", "--verbosity", "0")
    subprocess.run(
        [sys.executable, "manage.py", "import_articles", str(documents)], cwd=ROOT, env=env, capture_output=True
    )
    return f"{sum(1 for _ in documents.iterdir()):,} documents"


PATHS = """
from django.db.models import Count
from articles.models import Article, ArticleTopic
from providers.models import Provider
public = Article.objects.public()
covered = public.annotate(links=Count("related_links")).filter(links__gte=5)
story = covered.newest_first().first() or public.newest_first()[0]
shown = ArticleTopic.objects.filter(content_object__public=True).order_by()
topic = shown.values("tag__slug").annotate(stories=Count("pk")).order_by("-stories")[0]["tag__slug"]
domain = public.order_by().values("provider__domain").annotate(n=Count("pk")).order_by("-n")[0]["provider__domain"]
print("PATHS", story.get_absolute_url(), f"/topics/{topic}/", f"/providers/{domain}/")
"""


def pages(env: dict[str, str]) -> dict[str, str]:
    match = re.search(r"PATHS (\S+) (\S+) (\S+)", manage(env, "shell", "--no-imports", "-c", PATHS))
    assert match is not None
    return {"front": "/", "topic, the biggest": match[2], "outlet, the biggest": match[3], "story": match[1]}


def measure(plain: Server, bare: Server, cached: Server, paths: dict[str, str]) -> int:
    """Print the tables; return how many limits are exceeded."""
    exceeded = 0
    print("| page, not cached | kB | gzipped | plain Django ms | ours ms | ratio | limit | ok |")
    print("|---|---:|---:|---:|---:|---:|---:|---|")
    feed = []
    for name, path in paths.items():
        body = bare.get(path)[2]
        plain.get(path)
        pairs = [(plain.cost(path, 200), bare.cost(path, 200)) for _ in range(ROUNDS)]
        theirs, ours = (statistics.median(column) for column in zip(*pairs, strict=True))
        feed.append(theirs)
        squeezed = len(gzip.compress(body))
        ratio = ours / feed[0]
        is_met = ratio <= PAGE_LIMIT and squeezed <= HTML_LIMIT
        exceeded += not is_met
        print(
            f"| {name} | {len(body) / 1000:.1f} | {squeezed / 1000:.1f} | {theirs:.2f} | {ours:.2f} | {ratio:.2f} "
            f"| {PAGE_LIMIT:.2f} | {_verdict(is_met)} |",
            flush=True,
        )
    exceeded += measure_cached(cached, feed[0])
    return exceeded


def measure_cached(cached: Server, plain_front: float) -> int:
    tag = cached.get("/")[1]["ETag"]
    rounds = [
        (
            cached.cost("/", 200),
            cached.cost("/static/page.html", 200),
            cached.cost("/", 304, {"If-None-Match": tag}),
        )
        for _ in range(ROUNDS)
    ]
    page, file, unchanged = (statistics.median(column) for column in zip(*rounds, strict=True))
    ratio = file / page
    print(
        f"\nA cached page takes {page:.2f} ms, a file of its size through WhiteNoise {file:.2f}: the server gives "
        f"{ratio:.0%} of the requests a second, limit {CACHED_LIMIT:.0%}: {_verdict(ratio >= CACHED_LIMIT)}"
    )
    limit = plain_front * UNCHANGED_LIMIT
    print(f"A 304 takes {unchanged:.2f} ms, limit {limit:.2f}: {_verdict(unchanged <= limit)}")
    css = len(gzip.compress((ROOT / "articles/static/articles/site.css").read_bytes()))
    print(f"The stylesheet has {css / 1000:.1f} kB gzipped, limit {CSS_LIMIT / 1000:.0f}: {_verdict(css <= CSS_LIMIT)}")
    return (ratio < CACHED_LIMIT) + (unchanged > limit) + (css > CSS_LIMIT)


def _verdict(is_met: bool) -> str:
    return "yes" if is_met else "NO"


def main() -> int:
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as name:  # noqa: S108
        folder = Path(name)
        env = environment(folder, "locmemcache://")
        count = fill(folder, env)
        manage(env, "collectstatic", "--no-input", "--verbosity", "0")
        paths = pages(env)
        with ExitStack() as stack:
            bare = stack.enter_context(closing(Server(environment(folder, "dummycache://"))))
            (folder / "static" / "page.html").write_bytes(bare.get("/")[2])
            plain = stack.enter_context(closing(Server(env, "benchmarks.plain_django.wsgi")))
            cached = stack.enter_context(closing(Server(env)))
            print(f"{count}; CPU of the server for each request, medians of {ROUNDS} rounds of {REQUESTS}\n")
            exceeded = measure(plain, bare, cached, paths)
    print(f"\n{exceeded} {'limit is' if exceeded == 1 else 'limits are'} exceeded.")
    return 1 if exceeded else 0


if __name__ == "__main__":
    sys.exit(main())
