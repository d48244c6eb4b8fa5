"""Whatever happens in the newsroom, kept answers and those made anew are the same, and 304 is never said too often."""

from __future__ import annotations

import os
import random
from contextlib import suppress
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.test import override_settings

from articles import operations
from articles.models import Article, Topic
from articles.operations.results import Refused
from providers.models import Provider, ProviderLogo
from tests import builders
from tests import settings as test_settings
from tests.api import test_changes
from tests.api.test_changes import clock, newsroom, undo_at_random  # noqa: F401
from tests.documents import document

pytestmark = pytest.mark.django_db

SEEDS = range(int(os.environ.get("CACHING_WALKS", "1")))
STEPS = int(os.environ.get("CACHING_STEPS", "8"))
LOOKS = 5  # addresses after each step
ADDRESSES = [
    *("/", "/about/", "/latest/", "/latest/?before=20200609T080004Z-x", "/topics/", "/topics/ai/", "/topics/vaccines/"),
    *("/providers/", "/providers/courier.example/", "/providers/herald.example/", "/archive/2020/06/09/"),
    *("/search/?q=story", "/search/?q=title&sort=relevance", "/feeds/latest.rss", "/topics/ai/feed.atom"),
    *("/providers/courier.example/feed.json", "/search/feed.rss?q=lead", "/sitemap.xml", "/news-sitemap.xml"),
    *("/sitemaps/lists.xml", "/sitemaps/2020-06.xml", "/robots.txt"),
    *("/api/news/index.json", "/api/news/ai/index.json", "/api/topics/index.json"),
]


class Reader:
    """Asks for pages as browsers do, and sees whether they are those made anew."""

    def __init__(self, client):
        self.client = client
        self.had = {}
        self.unchanged = 0

    def look(self, address, told):
        fresh = self.fresh(address)
        found = self.client.get(address)
        assert (found.status_code, found.content) == (fresh.status_code, fresh.content), (told, address)
        tag, content = self.had.get(address, ("", b""))
        again = self.client.get(address, headers={"If-None-Match": tag} if tag else {})
        if again.status_code == 304:
            self.unchanged += 1
            assert content == fresh.content, (told, address)
        else:
            assert again.content == fresh.content, (told, address)
        self.had[address] = found.headers.get("ETag", ""), found.content

    def fresh(self, address):
        with override_settings(CACHES=test_settings.CACHES):
            return self.client.get(address)


def bring(folder, chance):
    """Import a document, new or changed, with what a registry says of a topic and an outlet."""
    number = chance.randrange(3)
    (folder / f"2020-06-09-brought-{number}.md").write_text(
        document(title=f"Brought {number} {chance.random()}", heat=chance.choice([20, 90]), quality=20)
    )
    call_command("import_articles", folder, verbosity=0, rescore=chance.random() < 0.5)


def behind_the_desk(chance):
    """Do what is no act: what the admin saves of outlets, topics and logos."""
    outlet, topic = Provider.objects.order_by("pk")[0], Topic.objects.order_by("pk")[0]
    parent = Topic.objects.order_by("-pk")[0]
    logo = {"url": f"https://x.example/{chance.random()}.png", "file": f"logos/{chance.randrange(99)}.png"}

    def move():
        topic.parent = None if topic.parent_id or topic == parent else parent
        topic.save()

    def rename():
        outlet.name = f"Courier {chance.random()}"
        outlet.save()

    chance.choice(
        [
            move,
            rename,
            lambda: ProviderLogo.objects.create(provider=outlet, width=50, height=50, **logo),
            lambda: [row.delete() for row in ProviderLogo.objects.all()[:1]],
            lambda: builders.topic(f"Topic {chance.random()}"),
        ]
    )()


def pick(now):
    shown = list(Article.objects.public().order_by("pk").values_list("pk", flat=True)[:1])
    operations.pick(Article.objects.filter(pk__in=shown), now + timedelta(hours=2))


@pytest.mark.parametrize("seed", SEEDS)
def test_kept_answers_are_what_new_ones_would_be(client, clock, seed, settings, tmp_path):  # noqa: F811
    settings.CACHES = test_settings.kept_apart(uuid4().hex)
    settings.INDEX_SINGLE_STORIES = True
    newsroom()
    chance = random.Random(seed)  # noqa: S311
    walk, reader = test_changes.TestWalk(), Reader(client)
    deeds = {
        "act": lambda: walk.act(chance, clock),
        "time": lambda: walk.pass_time(clock, timedelta(minutes=chance.randrange(1, 300)), set()),
        "import": lambda: bring(tmp_path, chance),
        "admin": lambda: behind_the_desk(chance),
        "pick": lambda: pick(clock.moment),
        "undo": lambda: undo_at_random(chance),
        "policy": lambda: operations.change_policy({"publish_threshold": chance.randrange(40, 100)}),
        "prune": lambda: call_command("import_articles", tmp_path, verbosity=0, prune=True),
        "nothing": lambda: None,
    }
    bring(tmp_path, chance)
    for step in range(STEPS):
        told = chance.choices(list(deeds), weights=[6, 3, 2, 2, 1, 2, 1, 0.3, 1])[0]
        with suppress(Refused):
            deeds[told]()
        story = Article.objects.order_by("?").first().get_absolute_url()
        for address in [*chance.sample(ADDRESSES, LOOKS), story]:
            reader.look(address, (seed, step, told))
    assert reader.unchanged
