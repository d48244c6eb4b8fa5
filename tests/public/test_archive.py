"""The archive's years, months and days, and the hottest stories of a period."""

import json
import re
from datetime import timedelta

import pytest
from django.utils import timezone

from tests import builders
from tests.builders import MORNING
from tests.public.newsroom import body

pytestmark = pytest.mark.django_db


def text_of(page):
    """Return the words of a page's main part."""
    main = re.search("(?s)<main.*?</main>", page)[0]
    return " ".join(re.sub("<[^>]+>", " ", main).split())


def test_the_archive_lists_years_months_and_days_that_have_public_stories(client):
    for days, values in ((0, {}), (0, {}), (3, {}), (40, {}), (400, {}), (800, {"quality": 10})):
        builders.article(published_at=MORNING - timedelta(days=days), **values)
    index = body(client, "/archive/")
    assert re.findall(r'href="(/archive/[^"]+)"', index) == [
        *("/archive/2020/", "/archive/2020/04/", "/archive/2020/06/", "/archive/2019/")
    ]
    assert "April 1 story June 3 stories" in text_of(body(client, "/archive/2020/"))
    month = body(client, "/archive/2020/06/")
    assert "Saturday 6 1 story Tuesday 9 2 stories" in text_of(month)
    assert 'href="/archive/2020/04/" rel="prev"' in month
    assert 'href="/archive/2019/" rel="prev"' in body(client, "/archive/2020/")
    for url in ("/archive/2018/", "/archive/2020/05/", "/archive/2020/13/", "/archive/0000/", "/archive/9999/12/"):
        assert client.get(url).status_code == 404, url


def test_the_years_of_an_archive_cost_the_same_queries_whatever_their_number(client, count_queries):
    builders.article()
    with count_queries() as few:
        body(client, "/archive/")
    for year in range(1, 9):
        builders.article(published_at=MORNING - timedelta(days=365 * year))
    with count_queries() as many:
        body(client, "/archive/")
    assert len(few) == len(many)


def test_a_full_day_begins_with_its_biggest_stories_and_links_its_neighbours(client):
    for number in range(25):
        builders.article(f"Story {number:02}", published_at=MORNING + timedelta(minutes=number), quality=100 - number)
    builders.article("Before", published_at=MORNING - timedelta(days=2))
    page = body(client, "/archive/2020/06/09/")
    assert re.findall(r"Story \d\d", text_of(page))[:5] == ["Story 00", "Story 01", "Story 02", "Story 24", "Story 23"]
    assert page.count('href="/archive/2020/06/07/" rel="prev"') == 2
    labels = re.findall('<nav[^>]* aria-label="([^"]+)"', page)  # screen readers list them
    assert len(labels) == len(set(labels))
    assert re.findall(r"<h2>(.*)</h2>", page) == [
        "Biggest that day",
        "All stories",
    ]  # the title of the page says the day
    assert "Biggest" not in body(client, "/archive/2020/06/07/")


def test_the_top_of_a_period_goes_by_heat_and_has_a_feed(client):
    now = timezone.now()
    for days, heat in ((0, 80), (0, 90), (3, 100), (20, 110), (40, 120)):
        builders.article(f"Heat {heat}", published_at=now - timedelta(days=days, hours=1), quality=heat)
    for period, expected in (("day", [90, 80]), ("week", [100, 90, 80]), ("month", [110, 100, 90, 80])):
        page = body(client, f"/top/{period}/")
        assert re.findall(r">Heat (\d+)<", page) == [str(heat) for heat in expected]
        items = json.loads(body(client, f"/top/{period}/feed.json"))["items"]
        assert {item["title"] for item in items} == {f"Heat {heat}" for heat in expected}


def test_the_top_of_yesterday_goes_from_midnight_to_midnight(client):
    today = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    second, day = timedelta(seconds=1), timedelta(days=1)
    times = {"Today": today, "Late": today - second, "Early": today - day, "Before": today - day - second}
    for title, published_at in times.items():
        builders.article(title, published_at=published_at)
    items = json.loads(body(client, "/top/yesterday/feed.json"))["items"]
    assert {item["title"] for item in items} == {"Late", "Early"}
    assert 'href="/top/yesterday/" aria-current="page"' in body(client, "/top/yesterday/")
