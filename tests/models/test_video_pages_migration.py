"""The migrations after which all pages of one video are one page."""

from collections.abc import Iterator

import pytest
from django.core.management import call_command
from django.utils import timezone

from articles.models import Article, RelatedLink
from articles.models.derived import match_key
from articles.rules.urls import url_key
from sources.models import Entry, Source
from tests import builders
from tests.migrating import latest_state_afterwards, migrate

pytestmark = pytest.mark.django_db(transaction=True)
PAGE, SHORT_PAGE, OTHER = (
    "https://youtube.com/watch?v=Zk4mT8_wY1s",
    "https://youtu.be/Zk4mT8_wY1s",
    "https://a.example/b",
)
OLD = "0" * 32


@pytest.fixture
def site_before() -> Iterator[None]:
    with latest_state_afterwards():
        yield


def entry(source: Source, url: str, **values) -> Entry:
    now = timezone.now()
    times = {"first_seen_at": now, "last_seen_at": now}
    return Entry.objects.create(source=source, page_key=OLD, title_key=url[-32:], outcome="taken", **times, **values)


@pytest.mark.thorough
@pytest.mark.usefixtures("site_before")
def test_articles_links_and_entries_of_videos_get_their_digests():
    articles = [builders.article(web_url=url) for url in (PAGE, SHORT_PAGE, OTHER)]
    link = builders.related(articles[2], web_url=SHORT_PAGE)
    source = Source.objects.create(name="Channel", url="https://www.youtube.com/feeds/videos.xml?channel_id=1")
    entries = [entry(source, SHORT_PAGE, article=articles[1]), entry(source, PAGE, values={"url": SHORT_PAGE})]
    other = entry(source, OTHER, values={"url": OTHER})
    Article.objects.update(url_key=OLD, match_key=OLD, twin=False, duplicate=False, warned=False)
    RelatedLink.objects.update(match_key=OLD)

    migrate("0042")
    call_command("migrate", "sources", "0006", verbosity=0)
    migrate()
    call_command("migrate", "sources", verbosity=0)

    assert url_key(SHORT_PAGE) == url_key(PAGE)
    columns = ("url_key", "match_key", "twin", "duplicate", "warned")
    keys = [(url_key(PAGE), match_key(row.web_url, row.title, row.published_at)) for row in articles[:2]]
    assert list(Article.objects.order_by("pk").values_list(*columns)) == [
        (*keys[0], True, True, True),
        (*keys[1], True, True, True),
        (OLD, OLD, False, False, False),  # not read at all
    ]
    link.refresh_from_db()
    assert link.match_key == match_key(link.web_url, link.title, link.published_at)
    pks = [row.pk for row in (*entries, other)]
    assert [Entry.objects.get(pk=pk).page_key for pk in pks] == [url_key(PAGE), url_key(PAGE), OLD]
