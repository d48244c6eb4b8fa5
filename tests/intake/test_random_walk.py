"""Nothing of a source whose stories editors decide becomes public without an act that publishes, in any order.

After each act nothing of it is public in the database; now and then, and at the end, every public URL is requested.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from articles import operations
from articles.intake.run import take_in_new_entries
from articles.models import Article, Operation
from articles.operations.results import ActionError
from sources.fetcher import Fetched, FetchJob
from sources.models import Source
from sources.reading.values import ParsedEntry, ParsedFeed
from sources.storing import Attempt, store
from tests import builders
from tests.public.paths import OPEN

pytestmark = [pytest.mark.django_db, pytest.mark.thorough]

STEPS = 120
STORIES = 8
LOOK_EVERY = 30
SECRET_PATTERN = re.compile(r"quagmire|courier\.example", re.IGNORECASE)


def fetch_at_random(chance: random.Random, source: Source) -> None:
    """Let the source list some stories, old or new, with words that may have changed, and take them in."""
    entries = tuple(
        ParsedEntry(
            title=f"Quagmire {number}, version {chance.randrange(4)}",
            excerpt="What happened.",
            url=f"https://courier.example/{number}",
            published=timezone.now() - timedelta(minutes=number),
            provider="courier.example",
            picture="https://courier.example/picture.jpg" if chance.random() < 0.5 else "",
            language="",
            guid=f"guid-{number}",
        )
        for number in chance.sample(range(STORIES), 4)
    )
    feed = ParsedFeed(format="RSS", title="", url="", language="", entries=entries)
    store([Attempt(FetchJob(pk=source.pk, url=source.url, host=""), Fetched(status=200, feed=feed), timezone.now())])
    take_in_new_entries()


def acts(chance: random.Random, source: Source) -> list[Callable[[], Any]]:
    """Return what may happen without an act that publishes."""
    articles = list(Article.objects.order_by("pk"))
    one, other = chance.sample(articles, 2)
    some = Article.objects.filter(pk__in=[one.pk, other.pk])
    quality = chance.choice([None, 0, 50, 900])
    return [
        lambda: operations.rescore(Article.objects.all()),
        lambda: operations.score(some, quality=900),
        lambda: operations.edit(one, quality=quality),
        lambda: operations.edit(one, title=f"Quagmire words {chance.random()}"),
        lambda: operations.hold(some),
        lambda: operations.spike(some),
        lambda: operations.reopen(some),
        lambda: operations.fold_into(one, other),
        lambda: operations.merge(one, other),
        lambda: operations.take_out(one),
        lambda: operations.make_lead(one),
        lambda: operations.change_policy({"publish_threshold": chance.choice([0, 30, 90])}),
        lambda: operations.change_policy({"publish_unscored": chance.random() < 0.7}),
        lambda: operations.undo(chance.choice(Operation.objects.all())),
        lambda: fetch_at_random(chance, source),
    ]


def look_everywhere(client) -> None:
    """Request every URL of lists, feeds, sitemaps, the API and the search, and those of the stories themselves."""
    names = Article.objects.values_list("name", flat=True)
    own = [f"/news/{name}/" for name in names] + [f"/api/news/{name}/index.json" for name in names]
    outlets = ["/providers/courier.example/", "/providers/courier.example/feed.rss"]
    for url in [*OPEN, "/search/?q=quagmire", *own, *outlets]:
        response = client.get(url)
        asked = url if response.status_code == 200 else ""
        text = response.getvalue().decode()
        found = SECRET_PATTERN.findall(text.replace("quagmire", "") if "quagmire" in asked else text)
        assert response.status_code != 200 or not found, (url, found)


@pytest.mark.parametrize("seed", range(4))
def test_nothing_becomes_public_unasked(client, seed):
    chance = random.Random(seed)  # noqa: S311  the same walk each time
    builders.provider("Courier", registered=True, weight=1000)
    source = Source.objects.create(name="Courier", url="https://courier.example/feed")
    while Article.objects.count() < 3:
        fetch_at_random(chance, source)

    for step in range(STEPS):
        if Article.objects.count() < 2:
            break
        with suppress(ActionError):
            chance.choice(acts(chance, source))()
        shown = list(Article.objects.public().values_list("name", flat=True))
        assert not shown, f"step {step}: {Operation.objects.first()} shows {shown}"
        if step % LOOK_EVERY == 0:
            look_everywhere(client)
    look_everywhere(client)
    assert Operation.objects.count() > STEPS / 3
