"""The public pages: what they show, and what they must not show."""

import re
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import transaction
from django.template.loader import get_template
from django.urls import reverse
from django.utils import timezone

from articles import operations
from articles.models import Article, Topic
from articles.page_cache import versions
from articles.public.text import http_url
from tests import builders
from tests.builders import MORNING
from tests.public.newsroom import LIST_PATHS, body, newsroom
from tests.public.player import PLAYER

pytestmark = pytest.mark.django_db
SCRIPT = r'<script(?! type="application/ld\+json">)'  # those are data, which no browser runs


# What is not public


@pytest.mark.slow
def test_hidden_articles_are_on_no_page(client):
    shown = builders.article("Shown story", topics=["AI"])
    outlet = builders.provider("Secret Outlet", "secret.example")
    secrets = [
        builders.article(
            f"Buried: {why}",
            name=f"2020-06-09-buried-{place}",
            topics=["AI", "Secret topic"],
            provider=outlet,
            **hidden,
        )
        for place, (why, hidden) in enumerate(builders.HIDDEN.items())
    ]
    Article.objects.exclude(pk=shown.pk).update(public=False)
    for secret in secrets:
        if secret.heat != -1:  # a folded article does show as coverage
            builders.related(shown, secret)
    for url in [*LIST_PATHS, shown.get_absolute_url(), "/robots.txt"]:
        assert not re.findall("buried.{0,20}|secret.{0,20}", body(client, url), re.IGNORECASE), url
    missing = body(client, "/news/2020-06-09-never-existed/", 404)
    for secret in secrets:
        assert body(client, secret.get_absolute_url(), 404) == missing, secret.title
    assert body(client, "/topics/secret-topic/", 404) == missing
    assert body(client, "/providers/secret.example/", 404) == missing


def test_publishing_and_withdrawing_show_on_the_next_request(client):
    article = builders.article("Now you see it", topics=["AI"])
    assert all("Now you see it" in body(client, url) for url in ("/", "/latest/", "/topics/ai/"))
    Article.objects.update(public=False)
    assert "Now you see it" not in body(client, "/") + body(client, "/latest/")
    assert client.get(article.get_absolute_url()).status_code == 404


# Text and urls


def test_text_is_escaped_on_every_page(client):
    hostile = "<ORB.N> <script>alert(1)</script> \"'&amp; &#8217;"
    escaped = "&lt;ORB.N&gt; &lt;script&gt;alert(1)&lt;/script&gt; &quot;&#x27;&amp; ’"
    outlet = builders.provider('<b>Outlet</b>"', "hostile.example")
    lead = builders.article(hostile, excerpt=hostile, topics=["<i>AI</i>"], provider=outlet)
    builders.folded(lead, hostile, excerpt=hostile, provider=outlet)
    topic = Topic.objects.get()
    places = ["/", "/latest/", topic.get_absolute_url(), outlet.get_absolute_url(), lead.get_absolute_url()]
    for url in places:
        page = body(client, url)
        assert escaped in page, url
    for url in [*places, "/topics/", "/providers/"]:
        assert not re.search(f"{SCRIPT}|<b>|<i>|<ORB", body(client, url)), url


def test_only_web_urls_become_links(client):
    assert http_url("HTTPS://courier.example/ü x") == "HTTPS://courier.example/ü x"
    for url in ("javascript:alert(1)", "data:text/html,x", " https://x", "//x.example", "/x", ""):
        assert http_url(url) == ""
    nowhere = builders.article("No url", web_url="")
    assert "Read at" not in body(client, nowhere.get_absolute_url())


def test_pages_load_nothing_from_other_sites(client):
    lead = newsroom(2)
    video = builders.article(type="video", web_url="", featured_content=PLAYER)
    for url in [*LIST_PATHS, lead.get_absolute_url(), video.get_absolute_url()]:
        page = body(client, url) if url in ("/", "/latest/") or "news" in url else ""
        for tag in re.findall(r"<[^>]*https?://(?!testserver)[^>]*>", page):
            frame_of_ours = tag.startswith("<iframe") and 'srcdoc="' in tag and " src=" not in tag
            assert frame_of_ours or (tag.startswith("<a ") and 'rel="noopener"' in tag), tag
        assert "nofollow" not in page


def test_pages_reveal_nothing_of_the_newsroom(client):
    article = builders.article(secured="c2VjcmV0;aXY=", quality=7345, heat=7345)
    for url in ("/", "/latest/", article.get_absolute_url()):
        page = body(client, url)
        assert "c2VjcmV0" not in page
        assert "7345" not in page


@pytest.mark.slow
def test_pages_need_neither_cookies_nor_scripts_nor_inline_style(client):
    lead = newsroom()
    for url in [*LIST_PATHS, lead.get_absolute_url(), "/nowhere/"]:
        response = client.get(url)
        page = response.content.decode()
        assert not response.cookies, url
        assert not re.search(SCRIPT + r"|<style|\sstyle=|\son\w+=", page), url


def test_every_page_has_one_h1_a_skip_link_and_a_language(client):
    lead = newsroom()
    for url in [*LIST_PATHS, lead.get_absolute_url(), "/nowhere/"]:
        page = client.get(url).content.decode()
        assert page.count("<h1") == 1, url
        assert 'href="#main"' in page
        assert 'id="main"' in page
        assert '<html lang="en">' in page


# The pages themselves


def test_the_front_page_starts_with_the_top_story_and_its_coverage(client):
    big = builders.article("The big one", quality=200)
    for number in range(8):
        builders.related(big, title=f"Report {number}", provider=builders.provider(f"O{number}", f"o{number}.example"))
    builders.article("A small one")
    page = body(client, "/")
    assert page.index("The big one") < page.index("A small one")
    assert [f"Report {number}" in page for number in range(8)] == [True] * 6 + [False] * 2
    assert "All 9 outlets" in page
    assert f'href="{big.get_absolute_url()}#coverage"' in page


def test_a_secondary_story_names_three_providers_and_counts_the_rest(client):
    builders.article(quality=900_000)
    second = builders.article()
    for number in range(5):
        builders.related(second, provider=builders.provider(f"Paper {number}", f"p{number}.example"))
    page = body(client, "/")
    assert "Paper 2" in page
    assert "Paper 3" not in page
    assert "+2<" in page


@pytest.mark.parametrize("url", ["/", "/latest/", "/topics/", "/providers/"])
def test_a_site_without_stories_says_so(client, url):
    assert re.search(r'class="empty"', body(client, url))


@pytest.mark.slow
def test_latest_stories_are_paginated_with_links_both_ways(client):
    for number in range(26):
        builders.article(f"Number {number:02}", published_at=MORNING + timedelta(hours=number))
    first = body(client, "/latest/")
    assert "Number 01" in first
    assert "Number 00" not in first
    assert "Newest stories" not in first
    older = re.search(r'href="(\?before=[^"]+)" rel="next">Older stories', first)[1]
    second = body(client, f"/latest/{older}")
    assert "Number 00" in second
    assert "Number 01" not in second
    assert "Older stories" not in second
    assert 'rel="first">Newest stories' in second


@pytest.mark.parametrize("cursor", ["nonsense", "%00", "20200609T123700Z-%00", "%FF", "9" * 3000])
@pytest.mark.parametrize("url", ["/latest/", "/topics/ai/", "/providers/courier.example/"])
def test_a_page_with_an_invalid_cursor_is_the_first_page(client, url, cursor):
    builders.article("The only one", topics=["AI"])
    assert "The only one" in body(client, f"{url}?before={cursor}")


def test_a_topic_shows_the_stories_of_its_subtopics_once(client):
    root = builders.topic("AI")
    robots = builders.topic("Robotics", parent=root)
    builders.topic("Drones", parent=robots)
    now = timezone.now()
    builders.article("Deep down", topics=["Drones"], published_at=now - timedelta(days=40))
    builders.article("On both", topics=["AI", "Drones"], published_at=now - timedelta(days=2))
    page = body(client, "/topics/ai/")
    assert page.count("Deep down") == page.count("On both") == 1
    assert 'href="/topics/robotics/"' in page
    assert "Drones" in body(client, "/topics/robotics/")
    counts = dict(re.findall(r'">(\w+)</a>\s+<span class="count">(\d+)', body(client, "/topics/")))
    assert counts == {"AI": "1", "Robotics": "1", "Drones": "1"}  # of the past 30 days


def test_no_provider_has_more_than_two_of_the_first_ten_stories(client):
    others = [builders.provider(f"Outlet {number}", f"outlet{number}.example") for number in range(8)]
    for number, outlet in enumerate(others):
        builders.article(provider=outlet, heat=100 + number)
    for number in range(5):
        builders.article(f"Courier {number}", heat=500)
    page = body(client, "/")
    headlines = re.findall(r'class="headline"[^>]*>\s*<a [^>]*>([^<]*)<', page)
    assert sum("Courier" in headline for headline in headlines[:10]) == 2
    assert sum("Courier" in headline for headline in headlines) == 5


def test_about_explains_the_rules_with_the_current_numbers(client):
    builders.article()
    operations.change_policy({"publish_threshold": 77, "related_bonus": 13, "bonus_floor": 0})
    page = body(client, "/about/")
    assert "heat of 77 or more" in page
    assert "plus 13 for each other report" in page
    assert 'href="/about/"' in body(client, "/latest/")
    assert 'href="/about/#order"' in body(client, "/")


def headlines(page):
    return re.findall(r'class="headline"[^>]*>\s*<a [^>]*>([^<]*)<', page)


@pytest.mark.slow
def test_an_editors_pick_is_first_until_it_expires(client, monkeypatch):
    quiet, loud = builders.article("Quiet", heat=75), builders.article("Loud", heat=500)
    assert headlines(body(client, "/")) == ["Loud", "Quiet"]
    now = timezone.now()
    operation = operations.pick(quiet, now + timedelta(hours=1)).operation
    page = body(client, "/")
    assert headlines(page) == ["Quiet", "Loud"]
    assert page.count("Editor’s pick") == 1
    assert "Editor’s pick" not in body(client, "/latest/")
    before = versions.current_version().key
    monkeypatch.setattr(timezone, "now", lambda: now + timedelta(hours=2))
    assert headlines(body(client, "/")) == ["Loud", "Quiet"]
    assert versions.current_version().key != before
    monkeypatch.undo()
    operations.undo(operation)
    assert headlines(body(client, "/")) == ["Loud", "Quiet"]
    operations.pick(loud, now + timedelta(hours=1))
    operations.hold(loud)
    assert headlines(body(client, "/")) == ["Quiet"]


def test_a_day_shows_its_stories_and_links_to_its_neighbours(client, settings):
    settings.TIME_ZONE = "America/New_York"
    timezone.get_default_timezone.cache_clear()
    try:
        for hour, title in ((3, "The evening before"), (5, "After midnight"), (20, "At noon")):
            builders.article(title, published_at=MORNING.replace(hour=hour))
        builders.article("Long after", published_at=MORNING + timedelta(days=90))
        page = body(client, "/archive/2020/06/09/")
        assert "After midnight" in page
        assert "At noon" in page
        assert "The evening before" not in page
        assert 'href="/archive/2020/06/08/"' in page
        assert 'href="/archive/2020/09/07/"' in page
        assert "The evening before" in body(client, "/archive/2020/06/08/")
    finally:
        timezone.get_default_timezone.cache_clear()


@pytest.mark.parametrize("day", ["2020/06/10", "2020/13/01", "2020/02/30", "0000/01/01", "9999/12/31", "0001/01/01"])
def test_a_day_without_stories_has_no_page(client, day):
    builders.article()
    assert client.get(f"/archive/{day}/").status_code == 404


# Errors, robots


@pytest.mark.parametrize("url", ["/nowhere/", "/news/a%00b/", "/topics/%00/", "/providers/%00/", "/news/x/y/"])
def test_a_missing_page_says_what_to_do_next(client, url):
    assert "top stories" in body(client, url, 404)


def test_error_pages_need_neither_context_nor_database(django_assert_num_queries):
    with django_assert_num_queries(0):
        for name in ("400.html", "500.html"):
            page = get_template(name).render()
            assert 'href="/"' in page
            assert "/static/articles/site.css" in page


def test_pages_reject_other_methods(client):
    assert client.post("/").status_code == 405
    assert client.head("/latest/").status_code == 200


def test_robots_txt_allows_everything_and_names_no_other_path(client):
    response = client.get(reverse("robots"))
    assert response["Content-Type"].startswith("text/plain")
    rules = [line for line in response.content.decode().splitlines() if line and not line.startswith("Sitemap: ")]
    assert rules == ["User-agent: *", "Disallow:"]


# What a page costs


@pytest.mark.systematic
def test_a_page_takes_the_same_queries_for_one_story_and_for_many(client, count_queries):
    urls = (*LIST_PATHS[:5], "/archive/2020/06/09/", "/about/", "/providers/outlet0.example/", "/nowhere/")

    def costs(stories):
        with transaction.atomic():
            lead = newsroom(stories)
            counts = []
            for url in (*urls, lead.get_absolute_url()):
                with count_queries() as queries:
                    client.get(url)
                counts.append(len(queries))
            transaction.set_rollback(True)
        cache.clear()
        return counts

    assert costs(12) == costs(6)
