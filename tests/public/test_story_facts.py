"""What the page of a story says about its reports, and the feed of them."""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest

from articles import operations
from articles.models import Article, RelatedLink
from articles.rules.coverage import first_known, last_known
from tests import builders
from tests.builders import MORNING
from tests.public.newsroom import body

HOUR = timedelta(hours=1)
DAY = datetime(2020, 6, 9, tzinfo=UTC)  # midnight: only the day is known


@pytest.mark.parametrize(
    ("times", "first", "last"),
    [
        ([MORNING], 0, 0),
        ([MORNING, MORNING - HOUR, MORNING + HOUR], 1, 2),
        ([MORNING, MORNING], None, None),
        ([MORNING, DAY], None, None),
        ([MORNING, DAY, MORNING - timedelta(days=1)], 2, None),
        ([MORNING, DAY - timedelta(days=1)], 1, 0),
    ],
)
def test_the_first_and_last_time_are_known_unless_only_the_day_is(times, first, last):
    assert (first_known(times), last_known(times)) == (first, last)


@pytest.fixture
def lead(db):
    courier = builders.provider("Courier", "courier.example", country="GB", language="en")
    lead = builders.article("Bridge closes", published_at=MORNING, provider=courier)
    paris = builders.provider("Le Pont", "pont.example", country="FR", language="fr")
    builders.related(lead, title="Le pont ferme", provider=paris, published_at=MORNING - HOUR)
    builders.folded(lead, "Detours", provider=builders.provider("Wire", "wire.example"), published_at=MORNING + HOUR)
    return lead


def facts(page):
    """Return the facts of a story's page, without markup."""
    pairs = re.findall("(?s)<dt>(.*?)</dt>\\s*<dd>(.*?)</dd>", page)
    return {name: " ".join(re.sub("<[^>]+>", "", value).split()) for name, value in pairs}


def test_a_story_says_who_was_first_and_where_its_outlets_are(client, lead):
    assert facts(body(client, lead.get_absolute_url())) == {
        "First report": "Le Pont, 9 Jun 2020, 07:00 UTC",
        "Latest report": "Wire, 9 Jun 2020, 09:00 UTC",
        "Countries": "France 1, United Kingdom 1, not known 1",
        "Languages": "English 1, French 1, not known 1",
    }
    assert facts(body(client, builders.article().get_absolute_url())) == {}


def test_the_first_and_the_latest_report_are_links_to_them(client, lead):
    urls = re.findall('<dd><a class="out" href="([^"]*)" rel="noopener">', body(client, lead.get_absolute_url()))
    reports = (RelatedLink.objects.get(title="Le pont ferme"), Article.objects.get(title="Detours"))
    assert urls == [report.web_url for report in reports]


def test_a_report_without_a_url_is_no_link(client, lead):
    outlet = builders.provider("Herald", "herald.example")
    builders.related(lead, title="Closed", provider=outlet, published_at=MORNING - 2 * HOUR, web_url="")
    assert "<dd><bdi>Herald</bdi>," in body(client, lead.get_absolute_url())


def test_a_story_has_a_feed_of_its_reports_that_follows_it(client, lead):
    url = f"{lead.get_absolute_url()}feed.json"
    items = json.loads(body(client, url))["items"]
    assert [item["title"] for item in items] == ["Detours", "Bridge closes", "Le pont ferme"]
    assert len({item["id"] for item in items}) == 3
    page = body(client, lead.get_absolute_url())
    assert all(f'id="{item["id"].partition("#")[2]}"' in page for item in items if "#" in item["id"])
    folded = Article.objects.get(title="Detours")
    assert client.get(f"{folded.get_absolute_url()}feed.json")["Location"] == url
    operations.hold(Article.objects.filter(pk=lead.pk))
    assert client.get(url).status_code == client.get(f"{folded.get_absolute_url()}feed.json").status_code == 404


def test_a_story_is_shared_by_plain_links(client, lead):
    page = body(client, lead.get_absolute_url())
    shared = re.search('(?s)<nav class="share".*?</nav>', page)[0]
    assert "http%3A%2F%2Ftestserver%2Fnews%2F" in shared
    assert "mailto:?subject=Bridge%20closes&amp;body=http" in shared
