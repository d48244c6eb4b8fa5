"""The pages of providers."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from articles.public import views
from tests import builders
from tests.public.newsroom import body

pytestmark = pytest.mark.django_db


def test_a_provider_page_shows_a_domain_with_all_its_names(client):
    now = timezone.now()
    for name in ("Channel One", "Channel Two"):
        builders.article(f"By {name}", provider=builders.provider(name, "tube.example"), published_at=now)
    old = now - timedelta(days=40)
    builders.article("Long ago", provider=builders.provider("Channel One", "tube.example"), published_at=old)
    builders.article("By Three", quality=10, provider=builders.provider("Channel Three", "tube.example"))
    page = body(client, "/providers/tube.example/")
    assert "By Channel One" in page
    assert "By Channel Two" in page
    assert "Three" not in page
    index = body(client, "/providers/")
    assert "Channel One, Channel Two" in index
    assert "2 stories" in index  # of the past 30 days


def test_a_domain_may_be_a_whole_path(client):
    outlet = builders.provider("Live", "cnn.example/us/live-news/x?y#z")
    builders.article("From a path", provider=outlet)
    assert "From a path" in body(client, outlet.get_absolute_url())


def test_the_list_of_providers_is_paginated_by_domain(client, monkeypatch):
    assert views.PROVIDERS_PER_PAGE == 200
    monkeypatch.setattr(views, "PROVIDERS_PER_PAGE", 2)
    for number in range(3):
        builders.article(provider=builders.provider(f"Paper {number}", f"p{number}.example"))
    first = body(client, "/providers/")
    assert "Paper 2" not in first
    more = re.search(r'href="(\?after=[^"]+)"', first)[1]
    assert "Paper 2" in body(client, f"/providers/{more}")
    assert "Paper 0" in body(client, "/providers/?after=nonsense")
