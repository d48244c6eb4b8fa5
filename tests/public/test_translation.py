"""Every text of the pages, feeds and errors can be translated, and a right-to-left language turns the layout.

The site is in Persian here, whose catalogue marks each of our texts with brackets. What outlets wrote is Greek. So
Latin letters outside of brackets are a text that nobody can translate.
"""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
from django.conf import settings as django_settings
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.utils import timezone

from tests import builders
from tests.brackets import LANGUAGE, speak_in_brackets, untranslated
from tests.public.newsroom import with_picture

PAGES = [
    *("/", "/latest/", "/topics/", "/topics/ai/", "/places/", "/places/FR/", "/archive/", "/nowhere/"),
    *("/providers/", "/providers/?q=Άλφα", "/providers/alpha.example/", "/latest/?since=20990101T000000Z"),
    *("/search/", "/search/?q=Καταιγίδα&topic=ai", "/search/?q=τίποτα", "/feeds/", "/about/", "/accessibility/"),
    *("/top/day/", "/top/month/", "/?since=20200101T000000Z"),
]


@pytest.fixture
def site(db, settings):
    """A site in Persian with Greek stories."""
    speak_in_brackets(settings)
    settings.SITE_NAME, settings.SITE_TAGLINE = "Νέα", "Τα νέα"
    outlet = builders.provider("Άλφα", "alpha.example", country="FR", language="el")
    builders.topic("AI", shortname="ΤΝ")
    now = timezone.now()
    values = {"provider": outlet, "excerpt": "Τι έγινε.", "topics": ["AI"], "tags": ["FR"]}
    lead = builders.article("Καταιγίδα", published_at=now - timedelta(hours=1), **values)
    with_picture(lead)
    for number in range(12):
        other = builders.provider(f"Βήτα {number}", f"beta{number}.example")
        builders.related(lead, title=f"Αναφορά {number}", provider=other, published_at=now - timedelta(minutes=number))
    for number in range(30):
        builders.article(f"Είδηση {number}", published_at=now - timedelta(days=number), **values)
    return lead


@pytest.mark.slow
def test_every_text_of_a_page_can_be_translated(client, site):
    for url in [*PAGES, site.get_absolute_url(), f"/archive/{site.published_at:%Y/%m/%d}/"]:
        page = client.get(url).content.decode()
        assert f'<html lang="{LANGUAGE}" dir="rtl">' in page, url
        body = page.replace("AI", "") if "ai" in url or url in ("/", "/feeds/") else page
        assert untranslated(re.sub("AI|France|Newsfold", "", body)) == set(), url


@pytest.mark.slow
@pytest.mark.parametrize("name", ["400", "403_csrf", "410", "429", "500", "503"])
def test_every_text_of_an_error_page_can_be_translated(site, name):
    context = {"rate": 60, "wait": 5}
    page = render_to_string(f"{name}.html", context, RequestFactory().get("/") if name in ("410", "429") else None)
    assert f'<html lang="{LANGUAGE}" dir="rtl">' in page
    assert untranslated(page) == set()


@pytest.mark.slow
def test_feeds_name_their_language_and_can_be_translated(client, site):
    day = f"/archive/{site.published_at:%Y/%m/%d}"
    lists = ["/feeds/latest", "/feeds/top", "/top/week/feed", "/topics/ai/feed", f"{site.get_absolute_url()}feed"]
    for url in [*lists, f"{day}/feed", "/providers/beta1.example/feed", "/places/FR/feed"]:
        feed = json.loads(client.get(f"{url}.json").content)
        assert feed["language"] == LANGUAGE
        texts = [feed["title"], feed["description"], *(item["content_text"] for item in feed["items"])]
        assert untranslated(re.sub("AI|France", "", "\n".join(texts))) == set(), url


@pytest.mark.slow
def test_pages_depend_on_no_language_of_the_browser(client, site):
    answer = client.get("/", headers={"Accept-Language": "de"})
    assert "Accept-Language" not in answer.get("Vary", "")
    assert f'lang="{LANGUAGE}"' in answer.content.decode()


@pytest.mark.slow
def test_what_outlets_wrote_keeps_its_own_direction(client, site):
    assert re.search(r'<h2 class="headline" lang="el" dir="auto">', client.get("/").content.decode())


def test_the_layout_names_no_side_of_the_window():
    css = (django_settings.BASE_DIR / "articles" / "static" / "articles" / "site.css").read_text()
    css = re.sub("@media[^{]*", "", css)
    sides = r"(?:margin|padding|border)-(?:left|right|top|bottom)|(?<![\w-])(?:left|right|top|bottom|float):"
    assert re.findall(rf"{sides}|text-align: *(?:left|right)|(?<![\w-])(?:max-|min-)?(?:width|height):", css) == []
