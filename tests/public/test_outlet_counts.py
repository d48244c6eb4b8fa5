"""However many outlets report a story, every page, feed and view of the desk says the same number."""

import json
import re

import pytest
from django.urls import reverse

from articles.audit_log.unit_of_work import unit_of_work
from articles.models import Verb
from articles.stories import links
from tests import builders

pytestmark = pytest.mark.django_db
COUNT = re.compile(r"(\d+)\s+outlets?\b")


@pytest.fixture
def story():
    """Return a story of three outlets: two reports of one, and what does not count."""
    lead = builders.article("Bridge closes", web_url="https://www.courier.example/bridge")
    mirror = builders.provider("Mirror", "mirror.example")
    builders.folded(lead, "Detours", provider=builders.provider("Herald", "herald.example"))
    builders.related(lead, title="Longer detours")
    builders.related(lead, title="Ferries", provider=mirror)
    builders.related(lead, title="Its own second report", provider=lead.provider)
    builders.related(lead, title="Its own page", web_url="http://courier.example/bridge/", provider=mirror)
    builders.folded(lead, "Gone", provider=builders.provider("Gone Times", "gone.example"), removed=True)
    builders.related(lead, builders.article("Public", provider=builders.provider("Other", "other.example")))
    with unit_of_work(Verb.EDIT):
        links.mark_repeated_links([lead.pk])
    return lead


def counts(client, url, around=""):
    """Return the numbers of outlets in a response, after the place where `around` stands."""
    text = client.get(url).content.decode()
    assert around in text, url
    return set(COUNT.findall(text[text.index(around) :])) - {"1"}


@pytest.mark.slow
@pytest.mark.parametrize("target", ["source", "story"])
def test_readers_see_one_number_everywhere(client, settings, story, target):
    settings.HEADLINE_TARGET = target
    pages = ["/", "/latest/", "/search/?q=bridge", "/providers/courier.example/", story.get_absolute_url()]
    feeds = [f"/feeds/latest.{form}" for form in ("rss", "atom", "json")]

    assert {url: counts(client, url) for url in [*pages, *feeds]} == dict.fromkeys([*pages, *feeds], {"3"})


def test_feeds_for_programs_have_the_number(client, story):
    items = json.loads(client.get("/feeds/latest.json").content)["items"]

    assert {item["title"]: item["_newsfold"]["outlets"] for item in items} == {"Bridge closes": 3, "Public": 1}


@pytest.mark.slow
def test_the_desk_shows_the_number_too(admin_client, story):
    other = builders.article("Port strike", quality=40, published=False)

    assert counts(admin_client, reverse("desk") + "?view=published", "Bridge closes") == {"3"}
    assert counts(admin_client, reverse("desk_story", args=[story.pk])) == {"3"}
    preview = admin_client.get(reverse("desk_merge"), {"one": story.pk, "other": other.pk}).content.decode()
    assert re.search(r"<dt>Outlets</dt>\s*<dd>3</dd>", preview)
