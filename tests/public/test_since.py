"""What is new since a visit, and times that say today and yesterday."""

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.core.cache import caches
from django.utils import timezone

from articles import operations
from articles.models import Article
from articles.templatetags.newsfold import relative_day, time_tag
from tests import builders
from tests import settings as test_settings
from tests.builders import MORNING
from tests.public.newsroom import body

pytestmark = pytest.mark.django_db
LISTS = ["/", "/latest/", "/topics/ai/", "/providers/courier.example/", "/places/FR/"]


def visit(client, url):
    """Return the URL that a list offers for the next visit."""
    return url + re.search(r'href="(\?since=[^"]+)"', body(client, url))[1]


@pytest.mark.slow
def test_lists_show_what_came_since_the_last_visit(client):
    now = timezone.now()
    old = builders.article("Old story", topics=["AI"], tags=["FR"], published_at=now - timedelta(hours=2))
    waiting = builders.article(
        "New story", topics=["AI"], tags=["FR"], published_at=now - timedelta(hours=1), published=False
    )
    urls = [visit(client, url) for url in LISTS]
    for url in urls:
        page = body(client, url)
        assert "Nothing new since today" in re.sub("<[^>]+>", "", page), url
        assert old.title not in page, url
        assert 'content="noindex,follow"' in page, url
    operations.publish(Article.objects.filter(pk=waiting.pk))
    for url in urls:
        page = body(client, url)
        assert "New story" in page, url
        assert "Old story" not in page, url
        assert "New since today" in re.sub("<[^>]+>", "", page), url


def test_a_new_story_that_is_kept_off_the_front_page_is_not_new_there(client):
    kept_off, shown = builders.article("Kept off"), builders.article("Shown")
    operations.keep_off_front(Article.objects.filter(pk=kept_off.pk))
    since = "?since=20200101T000000Z"
    assert shown.title in body(client, f"/{since}")
    assert kept_off.title not in body(client, f"/{since}")
    assert kept_off.title in body(client, f"/latest/{since}")


def test_the_front_page_leads_to_what_is_new_beyond_its_places(client, monkeypatch):
    builders.article("One")
    builders.article("Two")
    link = 'href="/latest/?since=20200101T000000Z"'
    assert link not in body(client, "/?since=20200101T000000Z")
    monkeypatch.setattr("articles.public.since.SHOWN_MAX", 1)
    page = body(client, "/?since=20200101T000000Z")
    assert "More came in than these." in page
    assert link in page


def test_what_is_new_goes_on_from_page_to_page_and_ends_where_it_ends(client):
    for minutes in range(30):
        builders.article(f"Story {minutes:02}", published_at=MORNING - timedelta(minutes=minutes))
    since = (MORNING - timedelta(minutes=27)).strftime("%Y%m%dT%H%M%SZ")
    first = body(client, f"/latest/?since={since}")
    later = re.search(r'href="(\?before=[^"]+)" rel="next"', first)[1].replace("&amp;", "&")
    assert later.endswith(f"&since={since}")
    second = body(client, f"/latest/{later}")
    assert re.findall(r">Story (\d\d)<", second) == ["25", "26"]
    assert 'rel="next"' not in second


@pytest.mark.parametrize("since", ["nonsense", "\0", "99999999T999999Z", "20200609", "９"])
def test_a_visit_that_is_no_time_counts_as_none(client, since):
    builders.article("The only one")
    for url in ("/", "/latest/"):
        page = body(client, f"{url}?{urlencode({'since': since})}")
        assert "The only one" in page
        assert "New since" not in page


def test_times_of_today_and_yesterday_say_so_and_have_the_exact_time_beside(settings):
    settings.TIME_ZONE = "Pacific/Auckland"
    with timezone.override(ZoneInfo("Pacific/Auckland")):
        noon = timezone.localtime().replace(hour=12, minute=5)
        assert ">today, 12:05 NZ" in time_tag(noon)
        assert f'title="{noon:%-d %B %Y}, 12:05 NZ' in time_tag(noon)
        assert ">yesterday</time>" in time_tag(noon - timedelta(days=1), "day")
        assert ">12:05</time>" in time_tag(noon - timedelta(days=1), "clock")
        assert ">yesterday, 12:05</time>" in time_tag(noon - timedelta(days=1), "short")
        assert relative_day((noon - timedelta(days=2)).date()) == ""
        assert relative_day((noon + timedelta(days=1)).date()) == ""


def test_a_short_time_of_other_days_is_a_date_with_the_exact_time_beside(monkeypatch):
    now = datetime(2020, 6, 9, 12, tzinfo=UTC)
    monkeypatch.setattr(timezone, "now", lambda: now)
    assert 'title="2 June 2020, 08:00 UTC">2 Jun</time>' in time_tag(datetime(2020, 6, 2, 8, tzinfo=UTC), "short")
    assert 'title="2 June 2019, 08:00 UTC">2 Jun 2019</time>' in time_tag(datetime(2019, 6, 2, 8, tzinfo=UTC), "short")


def test_a_cached_page_never_says_today_of_yesterday(client, settings, monkeypatch):
    """The page cache turns at midnight in the site's time zone, for browsers that ask by date, too."""
    settings.CACHES = test_settings.with_page_cache(uuid4().hex)
    settings.TIME_ZONE = "Asia/Kathmandu"  # 5:45 hours from UTC
    zone = ZoneInfo("Asia/Kathmandu")
    midnight = (timezone.now().astimezone(zone) + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    builders.article("Of the last day", published_at=midnight - timedelta(hours=3))

    def ask(moment: datetime, **headers):
        monkeypatch.setattr(timezone, "now", lambda: moment)
        monkeypatch.setattr("articles.page_cache.middleware.time.time", moment.timestamp)
        return client.get("/latest/", **headers)

    with timezone.override(zone):
        before = ask(midnight - timedelta(seconds=10))
        assert "Today" in before.content.decode()
        kept = {"HTTP_IF_MODIFIED_SINCE": before["Last-Modified"]}
        assert ask(midnight - timedelta(seconds=5), **kept).status_code == 304
        after = ask(midnight + timedelta(seconds=3), **kept)
        assert after.status_code == 200
        assert "Yesterday" in after.content.decode()
    assert caches["pages"] is not None
