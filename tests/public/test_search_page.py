"""The search page."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.http import QueryDict

from articles.public import search_page
from articles.public.search_page import SearchQuery
from articles.search import postgresql
from tests import builders
from tests.builders import MORNING

pytestmark = pytest.mark.django_db


def search_for(client, url, status=200):
    response = client.get(url)
    assert response.status_code == status, url
    page = response.content.decode()
    return page, [re.sub("<[^>]*>", "", title) for title in re.findall(r'class="headline"[^>]*>(.*?)</h2>', page, re.S)]


def test_it_finds_words_in_headline_excerpt_provider_and_topic(client):
    builders.article("Storm ahead")
    builders.article("One", excerpt="A storm came.")
    builders.article("Two", provider=builders.provider("Storm Times", "storm.example"))
    builders.article("Three", topics=["Storms"])
    builders.article("Sunshine")
    page, titles = search_for(client, "/search/?q=storm")
    assert [title.strip() for title in titles] == ["Three", "Two", "One", "Storm ahead"]
    assert "<mark>Storm</mark> ahead" in page
    assert "A <mark>storm</mark> came." in page
    assert "4 stories" in page
    assert '<meta name="robots" content="noindex">' in page


def test_without_a_word_it_shows_the_form_and_how_to_use_it(client):
    builders.article("Storm")
    for url in ("/search/", "/search/?q=", "/search/?q=%22%22", "/search/?q=+-+"):
        page, titles = search_for(client, url)
        assert titles == []
        assert 'role="search"' in page
        assert "How to search" in page
        assert 'name="robots"' not in page
        assert '<link rel="canonical" href="http://testserver/search/">' in page


def test_a_query_has_a_maximum_length_and_no_nul():
    query = SearchQuery.read(QueryDict(f"q={'x' * 1001}&topic=a%00b&provider={'y' * 1001}"))
    assert (len(query.q), query.topic, len(query.provider)) == (1000, "ab", 1000)


@pytest.mark.parametrize(("number", "status"), [("9999", 404), ("10000", 200), ("0", 200), ("x", 200), ("2", 404)])
def test_page_numbers_have_at_most_four_digits(client, number, status):
    builders.article("Storm")
    _, titles = search_for(client, f"/search/?q=storm&sort=relevance&page={number}", status)
    assert len(titles) == (status == 200)


@pytest.mark.parametrize(("most", "words"), [(30, "30 stories"), (29, "More than 29 stories")])
def test_stories_are_counted_up_to_a_maximum(client, monkeypatch, most, words):
    assert search_page.COUNT_MAX == 1000
    monkeypatch.setattr(search_page, "COUNT_MAX", most)
    for _ in range(30):
        builders.article("Storm")
    assert words in search_for(client, "/search/?q=storm")[0]


def test_it_is_linked_from_every_page(client):
    builders.article()
    for url in ("/", "/latest/", "/topics/", "/search/"):
        assert 'href="/search/"' in client.get(url).content.decode()


@pytest.mark.slow
def test_filters_apply_and_can_be_removed(client):
    root = builders.topic("Nature")
    builders.topic("Weather", parent=root)
    builders.article("Storm one", topics=["Weather"], published_at=MORNING)
    builders.article("Storm two", provider=builders.provider("Herald", "herald.example"), published_at=MORNING)
    builders.article("Storm three", published_at=MORNING - timedelta(days=3))
    for query, expected in (
        ("topic=weather", ["Storm one"]),
        ("topic=nature", ["Storm one"]),
        ("topic=none", []),
        ("provider=herald.example", ["Storm two"]),
        ("provider=none.example", []),
        ("from=2020-06-09&to=2020-06-09&topic=weather", ["Storm one"]),
        ("to=2020-06-08", ["Storm three"]),
        ("from=2020-06-10", []),
    ):
        page, titles = search_for(client, f"/search/?q=storm&{query}")
        assert [title.strip() for title in titles] == expected, query
        assert 'href="/search/?q=storm"' in page or "&amp;" in query or "from" in query, query
    page, _ = search_for(client, "/search/?q=storm&topic=none&provider=herald.example")
    assert "No stories match." in page
    assert 'href="/search/?q=storm&amp;topic=none"' in page
    assert 'href="/search/?q=storm&amp;provider=herald.example"' in page


def test_filters_work_without_words(client):
    builders.article("Storm", topics=["Weather"])
    builders.article("Calm", provider=builders.provider("Herald", "herald.example"))
    builders.article("Before", published_at=MORNING - timedelta(days=3))
    for query, expected in (
        ("topic=weather", ["Storm"]),
        ("provider=herald.example", ["Calm"]),
        ("to=2020-06-08", ["Before"]),
        ("from=2020-06-09&sort=relevance", ["Calm", "Storm"]),
        ("topic=none", []),
    ):
        page, titles = search_for(client, f"/search/?{query}")
        assert [title.strip() for title in titles] == expected, query
    assert "Search: <bdi>topic weather</bdi>" in search_for(client, "/search/?topic=weather")[0]


def test_a_search_links_to_its_feeds(client):
    builders.article("Storm one", topics=["Weather"])
    builders.article("Storm two")
    for query, expected in (("q=storm&topic=weather", ["Storm one"]), ("provider=courier.example&to=2020-06-09", 2)):
        page, titles = search_for(client, f"/search/?{query}&sort=relevance")
        url = re.search(r'href="(/search/feed\.json[^"]*)"', page)[1].replace("&amp;", "&")
        items = client.get(url).json()["items"]
        assert sorted(item["title"] for item in items) == sorted(title.strip() for title in titles)
        assert len(items) == (expected if isinstance(expected, int) else len(expected))


def test_an_excerpt_shows_the_first_match_far_into_it(client):
    builders.article("One", excerpt=f"{'And so on. ' * 30}A storm came, and &amp;lt; went.")
    page, _ = search_for(client, "/search/?q=storm")
    assert "A <mark>storm</mark> came, and &amp;lt; went." in page


def test_results_are_paginated_in_both_orders(client):
    for number in range(30):
        builders.article(f"Storm {number}")
    for order in ("", "&sort=relevance"):
        page, first = search_for(client, f"/search/?q=storm{order}")
        following = re.search(r'href="([^"]*)" rel="next"', page)[1].replace("&amp;", "&")
        page, second = search_for(client, following)
        assert (len(first), len(second)) == (25, 5)
        assert not set(first) & set(second)
        assert 'rel="next"' not in page
        assert 'rel="first"' in page


@pytest.mark.parametrize("url", ["/search/?q=storm", "/api/v2/search/?q=storm&limit=25"])
def test_only_the_first_page_is_looked_for_among_the_newest(client, monkeypatch, url):
    """A word of the newest stories may be rare before them, where testing each story takes long."""
    plans = []
    monkeypatch.setattr(search_page.search, "matching", lambda stories, text, newest: plans.append(newest) or stories)
    for number in range(26):
        builders.article(f"Storm {number}")
    response = client.get(url)
    more = (
        response.json()["next"]
        if "api" in url
        else re.search(r'href="([^"]*)" rel="next"', response.content.decode())[1]
    )
    client.get(more.replace("&amp;", "&"))
    assert plans == [True, False]


def test_results_can_be_sorted_by_relevance(client):
    builders.article("Storm", excerpt="Storm after storm.", published_at=MORNING)
    builders.article(
        "Sunshine", excerpt="No storm in sight today, tomorrow or ever.", published_at=MORNING + timedelta(hours=1)
    )
    assert [title.strip() for title in search_for(client, "/search/?q=storm&sort=relevance")[1]] == [
        "Storm",
        "Sunshine",
    ]


def test_many_matches_are_not_counted(client, monkeypatch):
    monkeypatch.setattr(search_page, "COUNT_MAX", 26)
    for number in range(28):
        builders.article(f"Storm {number}")
    assert "More than 26 stories" in search_for(client, "/search/?q=storm")[0]
    monkeypatch.setattr(search_page, "COUNT_MAX", 1000)
    monkeypatch.setattr(search_page.search, "MANY", 27)
    assert "At least 27 stories" in search_for(client, "/search/?q=storm")[0]
    monkeypatch.setattr(search_page.search, "MANY", 3)
    assert "At least 26 stories" in search_for(client, "/search/?q=storm&provider=courier.example")[0]


@pytest.mark.slow
def test_it_says_that_not_all_matches_are_compared(client):
    for number in range(26):
        builders.article(f"Storm {number}")
    builders.article("Bridge")
    said = "only the newest 250 are compared"
    for url, is_said in (("q=storm&sort=relevance", True), ("q=storm", False), ("q=bridge&sort=relevance", False)):
        page = search_for(client, f"/search/?{url}")[0]
        assert (said in page) == is_said, url


HOSTILE = [
    "\0",
    "x" * 20_000,
    '"' * 500,
    "AND OR NOT (",
    "storm*",
    "a:b",
    "{}",
    "'; DROP TABLE x",
    "-" * 99,
    "\u202e storm",
]


@pytest.mark.systematic
@pytest.mark.parametrize("name", [*search_page.PARAMETERS, "unknown"])
@pytest.mark.parametrize("text", HOSTILE)
def test_invalid_parameters_give_a_page(client, name, text):
    builders.article("Storm")
    query = {"q": "storm"} | {name: text}
    response = client.get("/search/", query)
    assert response.status_code in (200, 404)
    assert "<title>" in response.content.decode()


@pytest.mark.parametrize("day", ["2020-13-40", "0000-01-01", "9999-12-31", "2020-1-1x", "0001-01-01"])
def test_invalid_days_are_ignored(client, day):
    builders.article("Storm")
    page, titles = search_for(client, f"/search/?q=storm&from={day}&to={day}")
    assert len(titles) == 1
    assert page.count(f"“{day}” is not a day, so it was left out.") == 2


def test_the_end_of_a_long_search_is_left_out_and_it_says_so(client):
    builders.article(" ".join(f"w{number}" for number in range(16)))
    words = "+".join(f"w{number}" for number in range(16))
    for more, is_said in (("", False), ("+bridge", True), ("+" * 1000 + "bridge", True)):
        page, titles = search_for(client, f"/search/?q={words}{more}")
        assert len(titles) == 1
        assert ("Only the beginning was searched for" in page) == is_said


def test_user_input_is_escaped(client):
    builders.article("Storm <b>bold</b>", excerpt="&lt;script&gt;alert(1)&lt;/script&gt; storm")
    page, _ = search_for(client, "/search/?q=%3Cscript%3Ealert(1)%3C/script%3E+storm")
    assert "<script>alert" not in page
    assert "<b>bold" not in page


def test_hidden_articles_are_never_found(client):
    lead = builders.article("Storm lead")
    builders.folded(lead, "Storm member")
    builders.article("Storm hidden", quality=10)
    builders.article("Storm later", publish_at=MORNING.replace(year=2999))
    for order in ("", "&sort=relevance"):
        page, titles = search_for(client, f"/search/?q=storm{order}")
        assert [title.strip() for title in titles] == ["Storm lead"]
        assert "1 story" in page


@pytest.mark.systematic
@pytest.mark.parametrize("filters", ["", "&topic=weather&provider=courier.example&from=2020-01-01"])
@pytest.mark.parametrize("order", ["newest", "relevance"])
def test_a_search_takes_the_same_queries_for_two_stories_and_for_many(client, count_queries, order, filters):
    def cost(stories):
        for number in range(stories):
            builders.article(f"Storm {number}", topics=["Weather"])
        cache.clear()
        postgresql.to_tsquery.cache_clear()
        with count_queries() as queries:
            client.get(f"/search/?q=storm&sort={order}{filters}")
        return len(queries)

    assert cost(2) == cost(10)


def test_the_url_of_a_query_reads_back_as_that_query():
    text = "q=a+%22b+c%22+-d&topic=t&provider=p.example&from=2020-01-02&to=2020-02-03&sort=relevance"
    query = SearchQuery.read(QueryDict(text))
    assert SearchQuery.read(QueryDict(query.url().partition("?")[2])) == query
    assert [name for name, _ in query.filters()] == ["topic t", "outlet p.example", "from 2020-01-02 to 2020-02-03"]


def test_a_match_after_a_long_word_is_shown(client):
    builders.article("Story", excerpt=f"https://example.org/{'a' * 220} the bridge opened")
    assert "<mark>bridge</mark>" in client.get("/search/?q=bridge").content.decode()


def test_its_feeds_are_linked_as_on_other_pages(client):
    builders.article("Bridge")
    page = client.get("/search/?q=bridge&topic=").content.decode()
    assert 'title="bridge (JSON Feed)" href="/search/feed.json?q=bridge"' in page
    assert page.count("/search/feed.rss?q=bridge") == 2
    assert "/feeds/latest" not in page
