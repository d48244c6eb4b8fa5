"""After any change cached pages equal freshly rendered ones, no 304 is wrong, and the record says what readers see."""

from __future__ import annotations

import os
import random
from contextlib import suppress
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.test import override_settings
from django.utils import timezone

from articles import operations
from articles.models import Article, Topic
from articles.operations.results import ActionError
from providers.models import Provider, ProviderLogo
from tests import builders
from tests import settings as test_settings
from tests.documents import document
from tests.random_walks import Clock, build_newsroom, change_at_random, pass_time, undo_at_random
from tests.record import wrong_records

pytestmark = pytest.mark.django_db

SEEDS = [
    pytest.param(seed, marks=pytest.mark.thorough if seed else pytest.mark.systematic)
    for seed in range(int(os.environ.get("PAGE_CACHE_WALKS", "6")))
]
STEPS = int(os.environ.get("PAGE_CACHE_STEPS", "8"))
VISITS = 5  # pages after each step
URLS = [
    *("/", "/about/", "/latest/", "/latest/?before=20200609T080004Z-x", "/topics/", "/topics/ai/", "/topics/vaccines/"),
    *("/providers/", "/providers/courier.example/", "/providers/herald.example/", "/archive/2020/06/09/"),
    *("/search/?q=story", "/search/?q=title&sort=relevance", "/feeds/latest.rss", "/topics/ai/feed.atom"),
    *("/providers/courier.example/feed.json", "/search/feed.rss?q=lead", "/sitemap.xml", "/news-sitemap.xml"),
    *("/sitemaps/lists.xml", "/sitemaps/2020-06.xml", "/robots.txt"),
    *("/api/news/index.json", "/api/news/ai/index.json", "/api/topics/index.json"),
]


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(timezone, "now", clock.now)
    return clock


class Reader:
    """Gets pages as browsers do and compares them with pages that are not cached."""

    def __init__(self, client):
        self.client = client
        self.seen = {}
        self.unchanged = 0

    def visit(self, url, step):
        fresh = self.render(url)
        cached = self.client.get(url)
        assert (cached.status_code, cached.content) == (fresh.status_code, fresh.content), (step, url)
        tag, content = self.seen.get(url, ("", b""))
        again = self.client.get(url, headers={"If-None-Match": tag} if tag else {})
        if again.status_code == 304:
            self.unchanged += 1
            assert content == fresh.content, (step, url)
        else:
            assert again.content == fresh.content, (step, url)
        self.seen[url] = cached.headers.get("ETag", ""), cached.content

    def render(self, url):
        with override_settings(CACHES=test_settings.CACHES):
            return self.client.get(url)


def import_document(folder, chance):
    """Import a new or changed document."""
    number = chance.randrange(3)
    (folder / f"2020-06-09-imported-{number}.md").write_text(
        document(title=f"Imported {number} {chance.random()}", heat=chance.choice([20, 90]), quality=20)
    )
    call_command("import_articles", folder, verbosity=0, rescore=chance.random() < 0.5)


def edit_outside_operations(chance):
    """Change providers, topics and logos without an operation."""
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
def test_cached_pages_equal_freshly_rendered_ones(client, clock, seed, settings, tmp_path):
    settings.CACHES = test_settings.with_page_cache(uuid4().hex)
    settings.INDEX_SINGLE_STORIES = True
    build_newsroom()
    chance = random.Random(seed)  # noqa: S311
    reader = Reader(client)
    changes = {
        "operation": lambda: change_at_random(chance, clock),
        "time": lambda: pass_time(clock, timedelta(minutes=chance.randrange(1, 300))),
        "import": lambda: import_document(tmp_path, chance),
        "admin": lambda: edit_outside_operations(chance),
        "pick": lambda: pick(clock.moment),
        "undo": lambda: undo_at_random(chance),
        "policy": lambda: operations.change_policy({"publish_threshold": chance.randrange(40, 100)}),
        "prune": lambda: call_command("import_articles", tmp_path, verbosity=0, prune=True),
        "nothing": lambda: None,
    }
    import_document(tmp_path, chance)
    for step in range(STEPS):
        name = chance.choices(list(changes), weights=[6, 3, 2, 2, 1, 2, 1, 0.3, 1])[0]
        with suppress(ActionError):
            changes[name]()
        assert wrong_records() == [], (seed, step, name)
        story = Article.objects.order_by("?").first().get_absolute_url()
        for url in [*chance.sample(URLS, VISITS), story]:
            reader.visit(url, (seed, step, name))
    assert reader.unchanged
