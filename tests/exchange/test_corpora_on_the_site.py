"""What desk and site say of the real documents: nothing is hidden, coverage is found, and an archive is no news."""

from __future__ import annotations

import random
import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from articles import operations
from articles.desk.queues import QUEUES, Viewer
from articles.exchange.files import sources
from articles.exchange.importing import run_import
from articles.models import Article, RelatedLink
from tests import builders
from tests.record import wrong_records

CORPORA = Path(__file__).resolve().parents[3] / "shared" / "corpus"
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.integration,
    pytest.mark.systematic,
    pytest.mark.skipif(not CORPORA.exists(), reason="the corpora are not beside the project"),
]
DISJOINT = ("undecided", "published", "held", "spiked", "spiked-older", "folded")
HEADLINES = 200


def import_corpus(name: str) -> None:
    run_import(sources([str(CORPORA / name)]), on_result=lambda result: None, on_wait=lambda: None)


@pytest.mark.parametrize("name", ["powerapps", "coronavirus"])
def test_disjoint_views_add_up_and_every_folded_article_is_reachable(client, name):
    import_corpus(name)
    viewer = Viewer(0, timezone.now())
    views = {view: set(QUEUES[view].articles(viewer).values_list("pk", flat=True)) for view in (*DISJOINT, "no-lead")}
    without_lead = views.pop("no-lead")

    assert sum(map(len, views.values())) == len(set().union(*views.values())) == Article.objects.count()
    in_stories = Article.objects.filter(pk__in=views["folded"] - without_lead).select_related("lead")
    assert len(in_stories) + len(without_lead) == len(views["folded"])
    assert {article.lead_id for article in in_stories}.isdisjoint(views["folded"])
    shown = [article for article in in_stories if article.lead.public]
    for article in random.Random(1).sample(shown, min(10, len(shown))):  # noqa: S311
        assert client.get(article.get_absolute_url())["Location"].startswith(article.lead.get_absolute_url())
    assert wrong_records() == []


def test_a_story_is_found_by_three_words_of_a_headline_of_its_coverage(client):
    import_corpus("coronavirus")  # the other has no coverage
    links = RelatedLink.objects.coverage().filter(article__in=Article.objects.public()).order_by("pk")
    listed = list(links.values_list("title", "article__name"))
    sample = random.Random(1).sample(listed, HEADLINES)  # noqa: S311

    missed = []
    for title, story in sample:
        words = sorted(set(re.findall(r"\w+", title)), key=lambda word: (-len(word), word))[:3]
        if f"/news/{story}/" not in client.get("/search/", {"q": " ".join(words)}).content.decode():
            missed.append(title)

    assert len(missed) <= 0.05 * len(sample), missed


def tops(client) -> dict[str, list[str]]:
    """Return the first stories of the front page, Latest, their feeds and both APIs."""
    pages = {path: client.get(path).content.decode() for path in ("/", "/latest/")}
    found = {path: list(dict.fromkeys(re.findall(r'href="/news/([^/"]+)/"', page))) for path, page in pages.items()}
    for path in ("/feeds/latest.json", "/feeds/top.json"):
        found[path] = [item["title"] for item in client.get(path).json()["items"]]
    for path in ("/api/v2/stories/", "/api/v2/stories/?order=front"):
        found[path] = [story["title"] for story in client.get(path).json()["stories"]]
    found["/api/news/index.json"] = [item["title"] for item in client.get("/api/news/index.json").json()["value"]]
    return {path: titles[:10] for path, titles in found.items()}


def test_an_archive_of_real_documents_moves_nothing_at_the_top(client):
    now = timezone.now()
    for hours in range(12):  # of an outlet each, because the front page shows two of one outlet at most
        outlet = builders.provider(f"Outlet {hours}", f"outlet{hours}.example")
        published_at = now - timedelta(hours=hours)
        operations.publish(builders.article(f"{hours}", published=None, provider=outlet, published_at=published_at))
    before = tops(client)
    assert all(len(titles) == 10 for titles in before.values()), before

    import_corpus("coronavirus")

    assert Article.objects.public().count() > 900
    assert tops(client) == before
    late = builders.article("Four days old", published=None, published_at=now - timedelta(days=4))
    operations.publish(late)
    after = tops(client)
    assert after["/latest/"] == [late.name, *before["/latest/"][:9]]
    assert after["/feeds/latest.json"] == [late.title, *before["/feeds/latest.json"][:9]]
