"""Words of outlets carry their language wherever they stand, and nothing is claimed of others."""

import json
import re

import pytest
from django.utils import timezone

from articles import operations
from tests import builders
from tests.public.newsroom import body

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


def test_words_carry_the_language_of_their_article_or_outlet(client, admin_client, settings):
    settings.INDEX_SINGLE_STORIES = True  # so that sitemaps hold them
    german = builders.provider("Der Bote", "bote.example", language="de")
    now = timezone.now()
    lead = builders.article("Brücke gesperrt", provider=german, topics=["AI"], published_at=now)
    builders.folded(lead, "AI في الميناء", language="ar", published_at=now)
    builders.related(lead, title="Pont fermé", provider=builders.provider("Le Relais", "relais.example", language="fr"))
    other = builders.article("Unknown", published_at=now)

    for path in (
        "/",
        "/latest/",
        "/topics/ai/",
        "/providers/bote.example/",
        lead.get_absolute_url(),
        "/search/?q=Unknown",
    ):
        page = body(client, path)
        if path.startswith("/search"):
            assert '<h2 class="headline" dir="auto">' in page
        else:
            assert re.search(r'<h[123] class="headline" lang="de" dir="auto">', page), path
            assert re.search(r'<p class="excerpt" lang="de" dir="auto">', page), path
    page = body(client, lead.get_absolute_url())
    assert '<h3 class="headline" lang="ar" dir="rtl">' in page
    assert '<h3 class="headline" lang="fr" dir="auto">' in page
    (data,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page)
    assert [work["inLanguage"] for work in json.loads(data)["mentions"]] == ["de", "ar", "fr"]

    items = {item["title"]: item.get("language") for item in client.get("/feeds/latest.json").json()["items"]}
    assert items == {lead.title: "de", other.title: None}
    assert body(client, "/feeds/latest.rss").count('<item xml:lang="de">') == 1
    assert body(client, "/feeds/latest.atom").count('<entry xml:lang="de">') == 1
    assert sorted(re.findall("<news:language>(.*?)<", body(client, "/news-sitemap.xml"))) == ["de", "en"]
    assert 'data-open lang="de" dir="auto"' in body(admin_client, "/admin/desk/?view=published")
    assert 'lang="ar" dir="rtl">AI في الميناء' in body(admin_client, f"/admin/desk/articles/{lead.pk}/")

    operations.edit(lead, language="he")
    assert '<h1 class="headline" lang="he" dir="rtl">' in body(client, lead.get_absolute_url())
