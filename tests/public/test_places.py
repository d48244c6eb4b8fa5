"""Places: their pages, feeds and index, and that they follow from the tags of articles whatever happens to those."""

import json
import re

import pytest
from django.utils import timezone

from articles import operations
from articles.audit_log.unit_of_work import Actor
from articles.feeds.changed import LogPosition, changed_feeds
from articles.models import Article, ArticlePlace, Operation
from articles.operations.undoing import undo
from articles.rules.places import place_codes
from tests import builders
from tests.builders import HIDDEN
from tests.documents import CANONICAL, import_documents, write_document
from tests.public.newsroom import body

pytestmark = pytest.mark.django_db


def require_places_that_follow():
    """Fail unless the places are those of the tags, with the times of their articles."""
    stored = set(ArticlePlace.objects.values_list("article", "code", "published_at", "listed_at"))
    articles = Article.objects.exclude(tags=[])
    assert stored == {
        (row.pk, code, row.published_at, row.listed_at) for row in articles for code in place_codes(row.tags)
    }
    return {code for _, code, *_ in stored}


@pytest.mark.slow
def test_a_place_lists_its_public_stories_and_those_of_its_regions(client):
    state = builders.article("In California", tags=["US-CA"])
    land = builders.article("In America", tags=["US", "United States"])
    builders.article("In Singapore", tags=["Singapore", "SG"])
    for hidden in HIDDEN.values():
        builders.article("Hidden", tags=["FR", "US"], **hidden)

    page = body(client, "/places/US/")
    assert re.findall("In [A-Z][a-z]+", re.sub("(?s)<head>.*</head>", "", page)) == ["In America", "In California"]
    assert "In America" not in body(client, "/places/US-CA/")
    assert '<a href="/places/US/">United States</a>' in body(client, "/places/US-CA/")
    assert "Hidden" not in page
    for path in ("/places/FR/", "/places/FR/feed.rss", "/places/us/", "/places/US/?before=20190101T000000Z-x"):
        assert client.get(path).status_code == 404, path

    story = body(client, state.get_absolute_url())
    assert '<a href="/places/US-CA/">California</a><a href="/places/US/">United States</a>' in story
    for form in ("rss", "atom", "json"):
        feed = body(client, f"/places/US/feed.{form}")
        assert ("In America" in feed, "In California" in feed, "In Singapore" in feed) == (True, True, False)
        assert f'href="/places/US/feed.{form}"' in page

    index = body(client, "/places/")
    assert re.findall(r'<a href="/places/([A-Z-]+)/">', index) == ["SG", "US", "US-CA"]
    lists = body(client, "/sitemaps/lists.xml")
    assert re.findall(r"testserver/places/([A-Z-]*)", lists) == ["", "SG", "US", "US-CA"]

    operations.hold(land)  # shows on the next request
    assert "In America" not in body(client, "/places/US/")
    operations.edit(state, tags=["SG"])
    assert "In California" in body(client, "/places/SG/")
    assert client.get("/places/US-CA/").status_code == 404
    assert json.loads(body(client, "/places/SG/feed.json"))["items"][-1]["title"] == "In California"


@pytest.mark.parametrize("path", ["/places/", "/places/US/", "/places/US/feed.json", "/sitemaps/lists.xml"])
def test_pages_of_places_take_the_same_queries_for_one_story_and_for_many(client, count_queries, path):
    builders.article(tags=["US-CA"])
    with count_queries() as of_one:
        body(client, path)
    for number in range(30):
        builders.article(tags=[f"US-{number}", f"C{chr(65 + number % 26)}"])
    with count_queries() as of_many:
        body(client, path)
    assert len(of_many) == len(of_one)


@pytest.mark.slow
def test_later_pages_continue_where_the_first_one_ends(client):
    titles = [f"Story {number:02}" for number in range(60)]
    for title in titles:
        builders.article(title, tags=["US"])
    shown, query = [], "?"
    while query:
        page = body(client, f"/places/US/{query}")
        shown += re.findall(r">(Story \d\d)<", page)
        query = next(iter(re.findall(r'href="(\?before=[^"]+)" rel="next"', page)), "")
    assert shown == titles[::-1]


@pytest.mark.slow
def test_places_follow_from_tags_whatever_happens_to_an_article(tmp_path):
    with_tags = CANONICAL.replace("\nimages:\n", "\ntags:\n  - Singapore\n  - SG\n\nimages:\n", 1)
    import_documents(write_document(tmp_path, with_tags))
    assert require_places_that_follow() == {"SG"}
    article = Article.objects.get()
    import_documents(write_document(tmp_path, with_tags.replace("  - SG\n", "  - US-CA\n")))
    assert require_places_that_follow() == {"US-CA", "US"}
    operations.hold(article)
    operations.publish(article)
    operations.edit(article, tags=["FR"], published_at=timezone.now())
    assert require_places_that_follow() == {"FR"}
    operations.delete(Article.objects.all())
    assert require_places_that_follow() == set()
    undo(Operation.objects.latest("pk"), by=Actor())
    assert require_places_that_follow() == {"FR"}

    added = Article(title="Ours", name="2020-06-09-ours", published_at=timezone.now(), provider=article.provider)
    added.tags = ["NO"]
    operations.add(added, ["title", "tags"])
    assert require_places_that_follow() == {"FR", "NO"}


def test_the_hub_hears_of_the_feeds_of_places_that_a_story_has_or_had():
    article, _ = builders.article(tags=["SG"]), builders.article(tags=["FR", "US-CA"])
    before = LogPosition.present(timezone.now())
    operations.edit(article, tags=["US"])
    feeds = changed_feeds(before, LogPosition.present(timezone.now()))
    assert [path for path in feeds if "place" in path and path.endswith("rss")] == ["/places/US/feed.rss"]


@pytest.mark.slow
def test_the_desk_filters_by_a_place(admin_client):
    builders.article("In California", tags=["US-CA"])
    builders.article("In Singapore", tags=["SG"])
    for place, expected in (
        ("california", (True, False)),
        ("US", (True, False)),
        ("sg", (False, True)),
        ("x", (False,) * 2),
    ):
        page = body(admin_client, f"/admin/desk/?view=published&place={place}")
        assert ("In California" in page, "In Singapore" in page) == expected, place
