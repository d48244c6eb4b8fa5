"""The front page: top stories, a limit per provider, picks first, and later pages that repeat and skip nothing."""

from __future__ import annotations

import random
import re
from collections import Counter
from datetime import timedelta
from urllib.parse import unquote

import pytest
from django.utils import timezone

from articles import operations
from articles.models import Article
from articles.public.front_page import SHOWN_EARLY_MAX, FrontPageCursor
from articles.stories.front_page import MIXING_LIMIT, STORIES
from tests import builders
from tests.builders import MORNING

pytestmark = pytest.mark.django_db


def outlet(name):
    return builders.provider(name, f"{name.lower()}.example")


def fill(count, name, *, heat=80, at=MORNING):
    """Build stories of one outlet, the later the hotter."""
    whose = outlet(name)
    return [
        builders.article(f"{name} {number}", provider=whose, heat=heat, published_at=at + timedelta(minutes=number))
        for number in range(count)
    ]


def pick(stories):
    operations.pick(Article.objects.filter(pk__in=[story.pk for story in stories]), timezone.now() + timedelta(hours=1))


def page_at(client, url="/"):
    return client.get(url).content.decode()


def titles(page):
    return re.findall(r'class="headline"[^>]*>\s*<a [^>]*>([^<]*)<', page)


def provider_names(page):
    return [title.rpartition(" ")[0] for title in titles(page)]


def next_address(page):
    match = re.search(r'href="(\?before=[^"]*)" rel="next"', page)
    return f"/{match[1]}" if match else ""


def walk(client, meanwhile=lambda: None):
    """Return the titles of all pages; `meanwhile` happens before each but the first."""
    pages, url = [], "/"
    while url:
        page = page_at(client, url)
        pages.append(titles(page))
        url = next_address(page)
        meanwhile()
    return pages


def test_one_provider_has_two_of_the_first_ten_stories(client):
    fill(30, "Loud", heat=900, at=MORNING)
    for number in range(8):  # of the day before, which the river would show below
        fill(1, f"Quiet{number}", at=MORNING - timedelta(days=1, minutes=number))
    assert Counter(provider_names(page_at(client))[:10])["Loud"] == 2


def test_a_provider_with_all_the_top_stories_leaves_places_to_others(client, django_assert_max_num_queries):
    fill(70, "Loud", heat=900)
    for number in range(8):
        fill(1, f"Quiet{number}", at=MORNING - timedelta(days=20))
    with django_assert_max_num_queries(9):  # the search for other providers is bounded
        shown = provider_names(page_at(client))
    assert Counter(shown[:10])["Loud"] == 2
    assert len(shown) == STORIES
    assert MIXING_LIMIT > 70


def test_one_provider_fills_places_that_others_cant(client):
    fill(12, "Loud")
    fill(3, "Quiet", at=MORNING - timedelta(days=1))
    names = provider_names(page_at(client))
    assert names[:4] == ["Loud", "Loud", "Quiet", "Quiet"]
    assert len(names) == 15


def test_picks_count_towards_the_limit_and_keep_their_places(client):
    loud = fill(12, "Loud")
    for number in range(12):
        fill(1, f"Quiet{number}", at=MORNING - timedelta(days=1))
    pick(loud[:3])
    shown = titles(page_at(client))
    assert shown[:3] == ["Loud 2", "Loud 1", "Loud 0"]
    assert Counter(title.split()[0] for title in shown[:10])["Loud"] == 3


def test_stories_before_the_first_day_are_ordered_by_heat_and_age(client):
    hours = [0, 30, 5, 50, 80, 11, 2, 28, 9, 40]
    for number, ago in enumerate(hours):
        builders.article(
            f"Story {number}",
            provider=outlet(f"Outlet{number}"),
            heat=70 + 30 * number,
            published_at=MORNING - timedelta(hours=ago),
        )
    hottest = Article.objects.order_by("-hot").values_list("title", flat=True)
    assert titles(page_at(client)) == list(hottest)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_later_pages_repeat_and_skip_nothing_while_stories_arrive(client, seed):
    chance = random.Random(seed)  # noqa: S311
    names = ["Loud"] * 8 + ["Quiet", "Small", "Tiny"]
    stories = []
    for number in range(110):
        at = MORNING - timedelta(hours=chance.randrange(200))
        whose = outlet(chance.choice(names))
        stories.append(
            builders.article(f"Story {number}", provider=whose, heat=chance.choice([70, 90, 900]), published_at=at)
        )
    pick(chance.sample(stories, 4))
    new = iter(range(1000))

    def one_more():
        builders.article(f"New {next(new)}", heat=950, published_at=MORNING + timedelta(hours=1))

    pages = walk(client, one_more)
    shown = [title for page in pages for title in page]
    assert Counter(shown) == Counter(story.title for story in stories)
    assert [len(page) for page in pages] == [STORIES, STORIES, STORIES, 2]


@pytest.mark.slow
def test_a_page_can_end_between_stories_of_equal_rank(client):
    whose = [outlet(f"Outlet{number}") for number in range(5)]
    for number in range(80):
        builders.article(f"Same {number}", provider=whose[number % 5], published_at=MORNING)
    assert sorted(sum(walk(client), [])) == sorted(f"Same {number}" for number in range(80))


@pytest.mark.parametrize(
    "before",
    ["x", "1-", "18000.000000", "18000.000000-", "inf-x", "99999999.000000-x", "1.000000.x-y", "\0", "1.000000-a\0"],
)
def test_an_invalid_cursor_gives_the_first_page(client, before):
    builders.article()
    assert client.get("/", {"before": before}).content == client.get("/").content
    assert FrontPageCursor.parse(before) is None


@pytest.mark.parametrize(
    "place", [FrontPageCursor(18000.5, "2020-06-09-a"), FrontPageCursor(-3.25, "é-~.x", (7, 10**17))]
)
def test_a_cursor_survives_a_round_trip(place):
    assert FrontPageCursor.parse(unquote(str(place))) == place


def test_a_cursor_holds_a_limited_number_of_keys():
    assert FrontPageCursor.parse(str(FrontPageCursor(1.0, "a", tuple(range(SHOWN_EARLY_MAX + 1))))) is None


def test_a_page_after_the_last_story_says_that_there_are_no_more(client):
    builders.article()
    response = client.get("/", {"before": "0.000001-x"})
    assert response.status_code == 200
    assert "No more stories" in response.content.decode()


def test_a_later_page_has_a_title_of_its_own(client):
    fill(40, "Loud")
    url = next_address(page_at(client))
    page = page_at(client, url)
    assert f'<link rel="canonical" href="http://testserver{url}">' in page
    assert len(titles(page)) == 4
    assert next_address(page) == ""
    assert 'href="?" rel="first"' in page
