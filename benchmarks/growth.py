"""Measure whether pages stay as fast as the newsroom grows: each page on a small and on a big one, in one run.

On SQLite (in memory) and on PostgreSQL (in databases made for the purpose), filled by `generate_articles`. Requests
alternate between the two sizes, each in a process of its own; what counts is the ratio of their medians. To measure
another page, add a line to PAGES. Then 1,000 new documents are imported into each, and rolled back. Exit code 1 if
a limit is exceeded.

`python -m benchmarks.growth queries` only counts the queries of each page, and the thousands of steps that SQLite takes
for them, with 10, 1,000 and 10,000 articles.

From the environment: BENCH_BIG (1000000) and BENCH_SMALL (10000), the numbers of articles; BENCH_RUNS (15), how often
each page is requested; BENCH_POSTGRES, the server (postgres://root@127.0.0.1:5432); BENCH_PAGES, a word in the names
of the pages to measure, or (reader) (all); BENCH_KEEP, a folder: the newsrooms are kept in it, as million.sqlite3 and
tenthousand.sqlite3, and as databases `million` and `tenthousand`, and used again the next time.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
MEMORY = Path("/dev/shm")  # noqa: S108
SMALL = int(os.environ.get("BENCH_SMALL", "10000"))
BIG = int(os.environ.get("BENCH_BIG", "1000000"))
RUNS = int(os.environ.get("BENCH_RUNS", "15"))
SERVER = os.environ.get("BENCH_POSTGRES", "postgres://root@127.0.0.1:5432").rstrip("/")
PAGE_FILTER = os.environ.get("BENCH_PAGES", "")
KEEP = os.environ.get("BENCH_KEEP", "")
NAMES = {10_000: "tenthousand", 100_000: "hundredthousand", 1_000_000: "million"}
SECONDS_MAX, RUNS_MIN = 20, 3  # after 20 s, only 3 requests

COUNTED = (10, 1000, 10_000)  # articles, with which the queries of a page are counted
SPREAD = 3  # more queries that a list may take once it isn't empty
# With ten times the articles SQLite may take so many times the steps for a readers' page; a page of few, in thousands,
# may grow. The desk counts its views, up to 10,000 articles each.
STEPS_GROWTH, STEPS_FEW = 2.5, 20
IMPORTED = 1000  # documents

EDITOR, READER = "editor", "reader"
DESK_LIMIT, PUBLIC_LIMIT, IMPORT_LIMIT = 2.0, 1.5, 2.0
ANY, RARE_MS, COMMON_MS = float("inf"), 30.0, 150.0  # readers' searches have a limit in milliseconds


class Page(NamedTuple):
    """`path` may be a function that finds it in the newsroom; `limit` is the highest ratio of big to small.

    `ms` is how long 95 of 100 requests may take at most in the big one. `reads_all`: it is made from all
    articles, or from all coverage of an outlet.
    """

    name: str
    path: str | Callable[[], str]
    who: str
    limit: float
    ms: float = ANY
    reads_all: bool = False


def deep_place() -> str:
    from articles.models import Article
    from articles.public.front_page import FrontPageCursor

    public = Article.objects.public().hottest_first()
    hot, name = public.values_list("hot", "name")[public.count() * 9 // 10]
    return f"/?before={FrontPageCursor(hot, name)}"


def deep_cursor() -> str:
    from articles.models import Article
    from articles.public.pagination import PageCursor

    public = Article.objects.public().latest_first()
    position = public.values_list("listed_at", "published_at", "name")[public.count() * 9 // 10]
    return f"/latest/?before={PageCursor(*position)}"


def deep_cursor_of_the_biggest_topic() -> str:
    from articles.models import ArticleTopic
    from articles.public.pagination import PageCursor

    public = ArticleTopic.objects.filter(tag__slug="energy", content_object__public=True).order_by("-listed_at")
    columns = ("listed_at", "published_at", "content_object__name")
    return f"/topics/energy/?before={PageCursor(*public.values_list(*columns)[public.count() * 9 // 10])}"


def topic_with_fewest_stories() -> str:
    from django.db.models import Count

    from articles.models import ArticleTopic

    public = ArticleTopic.objects.filter(content_object__public=True).order_by()
    rarest = public.values("tag__slug").annotate(stories=Count("pk")).order_by("stories", "tag__slug")
    return f"/topics/{rarest[0]['tag__slug']}/"


def provider_domain() -> str:
    from benchmarks.generator.articles import outlets

    return outlets()[0].domain


def story_with_coverage() -> str:
    from articles.models import Article

    return Article.objects.public().filter(related_links__isnull=False).newest_first()[0].get_absolute_url()


def place_with_most_stories() -> str:
    from django.db.models import Count

    from articles.models import ArticlePlace

    most = ArticlePlace.objects.order_by().values("code").annotate(stories=Count("pk")).order_by("-stories", "code")
    return f"/places/{most[0]['code']}/"


def changes_far_behind() -> str:
    """Return the changes for a client that has read nothing of what the record says of operations."""
    from articles.api.cursor import ChangesCursor, to_microseconds
    from articles.models import Appearance, Operation

    last = Operation.objects.order_by("-pk").values_list("pk", "at")[0]
    first = Appearance.objects.exclude(began_by=None).order_by("began_by_id").values_list("began_by", flat=True)[0]
    read = Operation.objects.filter(pk__lt=first).order_by("-pk").values_list("pk", "at").first() or (0, last[1])
    cursor = ChangesCursor(read[0], to_microseconds(read[1]), to_microseconds(last[1]))
    return f"/api/changes?since={cursor}"


def article_with_coverage() -> str:
    from articles.models import Article

    lead = Article.objects.filter(heat__gte=0, related_links__isnull=False).newest_first()[0]
    return f"{LIST}{lead.pk}/change/"


def story_at_the_desk() -> str:
    return article_with_coverage().replace(LIST, f"{DESK}articles/").removesuffix("change/")


def day_of_the_archive() -> str:
    from articles.models import Article

    return f"/archive/{Article.objects.public().newest_first()[500].published_at:%Y/%m/%d}/"


def deep_page_of_the_desk() -> str:
    from articles.desk.queues import QUEUES, Viewer

    articles = QUEUES["undecided"].articles(Viewer(0, timezone_now()))
    return f"{DESK}?view=undecided&after={articles.newest_first()[1000].pk}"


def timezone_now() -> Any:
    from django.utils import timezone

    return timezone.now()


LIST = "/admin/articles/article/"
DESK = "/admin/desk/"
VIEWS = (
    "undecided",
    "hot",
    "today",
    "scheduled",
    "on-site",
    "published",
    "held",
    "spiked",
    "spiked-older",
    "folded",
    "no-lead",
    "ambiguous",
    "duplicates",
    "pictures",
    "warnings",
    "dead-links",
    "removed",
    "claimed",
    "mine",
    "all",
)
REPORTS = ("decisions", "queue", "spikes", "overrides", "topics")
PAGES = [
    *(Page(f"desk, {view}", f"{DESK}?view={view}", EDITOR, DESK_LIMIT) for view in VIEWS),
    Page("home", "/admin/", EDITOR, DESK_LIMIT),
    Page("desk, suggested", f"{DESK}suggestions/", EDITOR, DESK_LIMIT),
    Page("desk, front page", f"{DESK}front-page/", EDITOR, DESK_LIMIT),
    Page("desk, a story", story_at_the_desk, EDITOR, DESK_LIMIT),
    Page("desk, history", f"{DESK}history/", EDITOR, DESK_LIMIT),
    *(Page(f"report, {report}", f"{DESK}reports/{report}/", EDITOR, DESK_LIMIT) for report in REPORTS),
    Page("desk, page 20", deep_page_of_the_desk, EDITOR, DESK_LIMIT),
    Page("desk, biggest topic", f"{DESK}?topic=energy", EDITOR, DESK_LIMIT),
    Page("desk, rare word", f"{DESK}?q=rebate", EDITOR, DESK_LIMIT),
    Page("desk, common word", f"{DESK}?q=energy", EDITOR, DESK_LIMIT),
    Page("list of articles", LIST, EDITOR, DESK_LIMIT),
    Page("list, page 5", f"{LIST}?p=5", EDITOR, DESK_LIMIT),
    Page("list, leads", f"{LIST}?state=lead", EDITOR, DESK_LIMIT),
    Page("list, single", f"{LIST}?state=single", EDITOR, DESK_LIMIT),
    Page("list, folded", f"{LIST}?state=folded", EDITOR, DESK_LIMIT),
    Page("list, unscored", f"{LIST}?state=unscored", EDITOR, DESK_LIMIT),
    Page("list, published", f"{LIST}?state=published", EDITOR, DESK_LIMIT),
    Page("list, missing (none)", f"{LIST}?state=missing", EDITOR, DESK_LIMIT),
    Page("list, decided by an editor (none)", f"{LIST}?editor=anybody", EDITOR, DESK_LIMIT),
    Page("list, biggest topic", f"{LIST}?topic=energy", EDITOR, DESK_LIMIT),
    Page("list, middle topic", f"{LIST}?topic=solar-power", EDITOR, DESK_LIMIT),
    Page("list, rare topic", f"{LIST}?topic=fusion", EDITOR, DESK_LIMIT),
    Page("list, one outlet", lambda: f"{LIST}?outlet={provider_domain()}", EDITOR, DESK_LIMIT),
    Page("list, past 30 days", f"{LIST}?time=30days", EDITOR, DESK_LIMIT),
    Page("list, a year", f"{LIST}?time=2021", EDITOR, DESK_LIMIT),
    Page("search, rare word", f"{LIST}?q=rebate", EDITOR, DESK_LIMIT),
    Page("search, common word", f"{LIST}?q=energy", EDITOR, DESK_LIMIT),
    Page("an article", article_with_coverage, EDITOR, DESK_LIMIT),
    Page("front page", "/", READER, PUBLIC_LIMIT),
    Page("front page, far down", deep_place, READER, PUBLIC_LIMIT),
    Page("top of the week", "/top/week/", READER, PUBLIC_LIMIT),
    Page("top of the month", "/top/month/", READER, PUBLIC_LIMIT),
    Page("archive", "/archive/", READER, PUBLIC_LIMIT),
    Page("a day of the archive", day_of_the_archive, READER, PUBLIC_LIMIT),
    Page("latest", "/latest/", READER, PUBLIC_LIMIT),
    Page("latest, deep", deep_cursor, READER, PUBLIC_LIMIT),
    Page("topics", "/topics/", READER, PUBLIC_LIMIT),
    Page("biggest topic", "/topics/energy/", READER, PUBLIC_LIMIT),
    Page("biggest topic, deep", deep_cursor_of_the_biggest_topic, READER, PUBLIC_LIMIT),
    Page("middle topic", "/topics/solar-power/", READER, PUBLIC_LIMIT),
    Page("rare topic", topic_with_fewest_stories, READER, PUBLIC_LIMIT),
    Page("outlets", "/providers/", READER, PUBLIC_LIMIT),
    Page("one outlet", lambda: f"/providers/{provider_domain()}/", READER, PUBLIC_LIMIT),
    Page("api, page 1", "/api/news/index.json", READER, PUBLIC_LIMIT),
    Page("api, one article", lambda: f"/api{story_with_coverage()}", READER, PUBLIC_LIMIT),
    Page("api, changes from the start", "/api/changes", READER, PUBLIC_LIMIT),
    Page("api, changes far behind", changes_far_behind, READER, PUBLIC_LIMIT),
    Page("api v2, stories", "/api/v2/stories/", READER, PUBLIC_LIMIT),
    Page("api v2, front page", "/api/v2/stories/?order=front", READER, PUBLIC_LIMIT),
    Page("api v2, one outlet", lambda: f"/api/v2/stories/?outlet={provider_domain()}", READER, PUBLIC_LIMIT),
    Page("api v2, outlets", "/api/v2/outlets/", READER, PUBLIC_LIMIT),
    Page("api v2, topics", "/api/v2/topics/", READER, PUBLIC_LIMIT),
    Page("api v2, search, common word", "/api/v2/search/?q=energy", READER, ANY, COMMON_MS),
    Page("places", "/places/", READER, PUBLIC_LIMIT),
    Page("biggest place", place_with_most_stories, READER, PUBLIC_LIMIT),
    Page("a story", story_with_coverage, READER, PUBLIC_LIMIT),
    Page("readers' search, rare word", "/search/?q=pelweley", READER, ANY, RARE_MS),
    Page("readers' search, common word", "/search/?q=energy", READER, ANY, COMMON_MS),
    Page("readers' search, best of common", "/search/?q=energy&sort=relevance", READER, ANY, COMMON_MS),
    Page("feed, latest", "/feeds/latest.rss", READER, PUBLIC_LIMIT),
    Page("feed, front page", "/feeds/top.rss", READER, PUBLIC_LIMIT),
    Page("feed, biggest place", lambda: f"{place_with_most_stories()}feed.rss", READER, PUBLIC_LIMIT),
    Page("feed, biggest topic", "/topics/energy/feed.atom", READER, PUBLIC_LIMIT),
    Page("feed, one outlet", lambda: f"/providers/{provider_domain()}/feed.json", READER, PUBLIC_LIMIT, reads_all=True),
    Page("feed, rare word", "/search/feed.rss?q=rebate", READER, PUBLIC_LIMIT),
    Page("sitemap index", "/sitemap.xml", READER, PUBLIC_LIMIT, reads_all=True),
    Page("sitemap of lists", "/sitemaps/lists.xml", READER, PUBLIC_LIMIT),
    Page("news sitemap", "/news-sitemap.xml", READER, PUBLIC_LIMIT),
]


# The process that responds


def fill(count: int) -> None:
    """Make the tables and, unless they are there, the articles; and run ANALYZE on PostgreSQL."""
    from django.core.management import call_command
    from django.db import connection
    from django.utils import timezone

    from articles.models import Article

    call_command("migrate", verbosity=0)
    if Article.objects.count() < count:
        today = timezone.now().date()
        call_command("generate_articles", count, "--add", "--until", today.isoformat(), verbosity=0)
    call_command("suggest_stories", verbosity=0)
    if connection.vendor == "postgresql":  # SQLite goes by its rules; with figures it sorts what an index has in order
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")


class Site:
    """Responds to requests for pages in this process; `get` returns what one took."""

    def __init__(self) -> None:
        from django.contrib.auth import get_user_model
        from django.test import Client

        editors = get_user_model().objects
        editor = editors.filter(username="bench").first() or editors.create_superuser("bench")
        self.clients = {EDITOR: Client(), READER: Client()}
        self.clients[EDITOR].force_login(editor)
        self.paths: dict[str, str] = {}
        self.queries = 0

    def path(self, page: Page) -> str:
        """Return where the page is in this newsroom. Raises IndexError where that takes more articles."""
        if page.name not in self.paths:
            self.paths[page.name] = page.path if isinstance(page.path, str) else page.path()
        return self.paths[page.name]

    def get(self, page: Page) -> dict[str, Any]:
        from django.db import connection

        path = self.path(page)
        with connection.execute_wrapper(self._count):
            self.queries = self.steps = 0
            start = time.perf_counter()
            response = self.clients[page.who].get(path)
            milliseconds = (time.perf_counter() - start) * 1000
        result = {"ms": milliseconds, "queries": self.queries, "steps": self.steps, "size": len(response.content)}
        return result | {"status": response.status_code}

    def count_steps(self) -> None:
        """From now on count the steps that SQLite takes, in thousands."""
        from django.db import connection

        connection.ensure_connection()
        connection.connection.set_progress_handler(self._step, 1000)

    def _step(self) -> int:
        self.steps += 1
        return 0

    def _count(self, execute: Any, *arguments: Any) -> Any:
        self.queries += 1
        return execute(*arguments)


def import_and_undo() -> dict[str, Any]:
    """Import 1,000 new documents and roll back; return how long the import took, without its commit."""
    from django.db import transaction

    from articles.exchange.files import sources
    from articles.exchange.format.write import document_text
    from articles.exchange.importing import run_import
    from articles.rules.scoring import Policy
    from benchmarks.generator.articles import documents

    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as name:
        for story in documents(IMPORTED, seed=2, policy=Policy(), until=datetime(2010, 1, 1, tzinfo=UTC)):
            for document in story:
                Path(name, f"{document.name}.md").write_text(document_text(document))
        files = list(sources([name]))
        with transaction.atomic():
            start = time.perf_counter()
            counts = run_import(files, on_result=lambda result: None, on_wait=lambda: None)
            milliseconds = (time.perf_counter() - start) * 1000
            transaction.set_rollback(True)
    return {"ms": milliseconds, "created": counts["created"]}


def size_on_disk() -> int:
    """Return the megabytes of the database in use."""
    from django.db import connection

    if connection.vendor == "sqlite":
        return Path(connection.settings_dict["NAME"]).stat().st_size // 1_000_000
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database()) / 1000000")
        return int(cursor.fetchone()[0])


def serve() -> None:
    """Answer each line of standard input: the number of a page, "import" or "size"."""
    site = Site()
    for line in sys.stdin:
        word = line.strip()
        result = (
            import_and_undo()
            if word == "import"
            else {"mb": size_on_disk()}
            if word == "size"
            else site.get(PAGES[int(word)])
        )
        sys.stdout.write(json.dumps(result) + "\n")
        sys.stdout.flush()


def compare_queries() -> int:
    """Print each page's queries and SQLite's steps with more and more articles; return for how many they grow."""
    results = []
    for count in COUNTED:
        fill(count)
        site = Site()
        site.count_steps()
        results.append([_get_if_there(site, page) for page in PAGES])
    print(f"\n| page | {' | '.join(f'{count:,}' for count in COUNTED)} articles |\n|---|{'---:|' * len(COUNTED)}")
    growing = 0
    for page, few, some, many in zip(PAGES, *results, strict=True):
        is_more = some["status"] == 200 and max(few["queries"], some["queries"]) + SPREAD < many["queries"]
        grows = is_more or many["status"] != 200 or _reads_more(page, some, many)
        growing += grows
        print(f"| {page.name} | {_queries(few)} | {_queries(some)} | {_queries(many)}{' NO' if grows else ''} |")
    print(f"\n{growing} of {len(PAGES)} pages take more queries or steps with more articles, or don't answer.")
    return growing


def _reads_more(page: Page, some: dict[str, Any], many: dict[str, Any]) -> bool:
    """Return whether a readers' page reads more articles where there are more; that of a search may, within `ms`."""
    if page.who != READER or page.reads_all or page.ms != ANY or some["status"] != 200:
        return False
    return many["steps"] > max(STEPS_FEW, STEPS_GROWTH * some["steps"])


def _get_if_there(site: Site, page: Page) -> dict[str, Any]:
    """Return what a page takes once the caches are warm; a list without stories may take less."""
    try:
        site.path(page)
    except IndexError:  # it names an article that comes far down
        return {"status": 404, "queries": 0, "steps": 0}
    site.get(page)
    return site.get(page)


def _queries(result: dict[str, Any]) -> str:
    return f"{result['queries']} ({result['steps']}k)" if result["status"] == 200 else f"answers {result['status']}"


# The process that requests


class Newsroom:
    """A database with so many articles, and the process that serves its pages."""

    def __init__(self, url: str, count: int) -> None:
        self.environment = os.environ | {
            "TEST_DATABASE_URL": url,
            "DJANGO_SETTINGS_MODULE": "tests.settings",
        }
        begun = time.perf_counter()
        filling = [*self._command("fill"), str(count)]
        subprocess.run(filling, env=self.environment, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        self.seconds_to_fill = time.perf_counter() - begun
        self.process = subprocess.Popen(
            self._command("serve"),
            env=self.environment,
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def _command(self, task: str) -> list[str]:
        return [sys.executable, "-m", "benchmarks.growth", task]

    def get(self, request: int | str) -> dict[str, Any]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{request}\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def close(self) -> None:
        self.process.communicate()


def name_of(count: int) -> str:
    return NAMES.get(count, f"newsfold_growth_{count}") if KEEP else f"newsfold_growth_{count}_{os.getpid()}"


@contextlib.contextmanager
def sqlite_database(count: int) -> Iterator[str]:
    """Yield the URL of a database for a newsroom, in memory unless it is kept."""
    folder = Path(KEEP).resolve() if KEEP else MEMORY if MEMORY.is_dir() else ROOT
    path = folder / f"{name_of(count)}.sqlite3"
    try:
        yield f"sqlite:///{path}"
    finally:
        if not KEEP:
            for file in folder.glob(f"{path.name}*"):  # with its journals and locks
                file.unlink()


@contextlib.contextmanager
def postgres_database(count: int) -> Iterator[str]:
    import psycopg

    name = name_of(count)
    with psycopg.connect(f"{SERVER}/postgres", autocommit=True) as server:
        if not server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            server.execute(f"CREATE DATABASE {name}")
    try:
        yield f"{SERVER}/{name}"
    finally:
        if not KEEP:
            with psycopg.connect(f"{SERVER}/postgres", autocommit=True) as server:
                server.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def why_no_postgres() -> str:
    """Return why PostgreSQL can't be measured; empty if it can."""
    try:
        import psycopg
    except ImportError:
        return "its client psycopg isn't installed"
    try:
        psycopg.connect(f"{SERVER}/postgres", connect_timeout=3).close()
    except psycopg.OperationalError:
        return f"no server answers at {SERVER}, which BENCH_POSTGRES names"
    return ""


def compare(label: str, small: Newsroom, big: Newsroom) -> int:
    """Print the table of one database; return how many pages exceed their limits."""
    print(
        f"\n{label}: {SMALL:,} articles (filled in {small.seconds_to_fill:.0f} s, {small.get('size')['mb']:,} MB) "
        f"and {BIG:,} ({big.seconds_to_fill:.0f} s, {big.get('size')['mb']:,} MB); medians of {RUNS} requests, of "
        f"{RUNS_MIN} or more where they take long\n"
    )
    print("| page | queries | kB | small ms | big ms | p95 | ratio | limit | ok |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|---|")
    exceeded = 0
    for number, page in enumerate(PAGES):
        if PAGE_FILTER in f"{page.name} ({page.who})":
            exceeded += not measure(number, page, small, big)
    if not PAGE_FILTER:
        exceeded += not measure_import(small, big)
    return exceeded


def measure_import(small: Newsroom, big: Newsroom) -> bool:
    """Print the line of an import; return whether it is within its limit."""
    pairs = [(small.get("import"), big.get("import")) for _ in range(RUNS_MIN)]
    assert all(result["created"] == IMPORTED for pair in pairs for result in pair)
    small_ms, big_ms = (statistics.median(result["ms"] for result in column) for column in zip(*pairs, strict=True))
    ratio = big_ms / small_ms
    is_met = ratio <= IMPORT_LIMIT
    print(
        f"| import of {IMPORTED:,} | | | {small_ms:,.0f} | {big_ms:,.0f} | | {ratio:,.2f} | {IMPORT_LIMIT} "
        f"| {'yes' if is_met else 'NO'} |",
        flush=True,
    )
    return is_met


def measure(number: int, page: Page, small: Newsroom, big: Newsroom) -> bool:
    """Print a page's line; return whether it is within its limit."""
    first, second = small.get(number), big.get(number)  # not counted: caches fill
    times: list[tuple[float, float]] = []
    begun = time.perf_counter()
    while len(times) < RUNS and (len(times) < RUNS_MIN or time.perf_counter() - begun < SECONDS_MAX):
        times.append((small.get(number)["ms"], big.get(number)["ms"]))
    small_ms, big_ms = (statistics.median(column) for column in zip(*times, strict=True))
    ratio = big_ms / small_ms
    wrong = sorted({result["status"] for result in (first, second)} - {200})
    slow = sorted(big for _, big in times)[math.ceil(len(times) * 0.95) - 1]
    is_met = ratio <= page.limit and slow <= page.ms and not wrong
    verdict = f"status {wrong[0]}" if wrong else "yes" if is_met else "NO"
    print(
        f"| {page.name} | {_both(first['queries'], second['queries'])} "
        f"| {_both(first['size'] // 1000, second['size'] // 1000)} | {small_ms:.1f} | {big_ms:,.1f} "
        f"| {slow:,.1f} | {ratio:,.2f} | {page.limit if page.ms == ANY else f'{page.ms:.0f} ms'} | {verdict} |",
        flush=True,
    )
    return is_met


def _both(small: int, big: int) -> str:
    return str(small) if small == big else f"{small} → {big}"


def run(label: str, database: Callable[[int], contextlib.AbstractContextManager[str]]) -> int:
    with contextlib.ExitStack() as stack:
        newsrooms = []
        for count in (SMALL, BIG):
            newsrooms.append(Newsroom(stack.enter_context(database(count)), count))
            stack.callback(newsrooms[-1].close)
        return compare(label, *newsrooms)


def main() -> int:
    exceeded = run("SQLite", sqlite_database)
    reason = why_no_postgres()
    if reason:
        print(f"\nPostgreSQL is not measured: {reason}.")
    else:
        exceeded += run("PostgreSQL", postgres_database)
    print(f"\n{exceeded} {'line exceeds its limit' if exceeded == 1 else 'lines exceed their limits'}.")
    return 1 if exceeded else 0


if __name__ == "__main__":
    if not {*sys.argv[1:2]} <= {"queries", "fill", "serve"}:
        sys.exit("Give no argument, or `queries`.")
    if len(sys.argv) > 1:
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
        import django

        warnings.filterwarnings("ignore", "No directory at:", UserWarning)  # whitenoise's, before collectstatic
        django.setup()
        if sys.argv[1] == "queries":
            sys.exit(1 if compare_queries() else 0)
        fill(int(sys.argv[2])) if sys.argv[1] == "fill" else serve()
    else:
        sys.exit(main())
