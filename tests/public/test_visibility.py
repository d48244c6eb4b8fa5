"""Which articles readers see: one rule for rows, queries and every public page, by state and by the clock."""

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from articles import operations
from articles.models import Article
from articles.models.derived import Listing, refresh_derived_fields, refresh_listing
from articles.rules import scoring
from tests import builders

pytestmark = pytest.mark.django_db

NOW = datetime(2020, 6, 9, 12, 0, tzinfo=UTC)
TICK = timedelta(microseconds=1)

STATES_AT = [
    (heat, published, removed, missing, publish_at, unpublish_at)
    for heat in (-1, None, 80)
    for published in (True, False, None)
    for removed in (None, True)
    for missing in (False, True)
    for publish_at in ((None, NOW - TICK, NOW, NOW + TICK) if published else (None,))
    for unpublish_at in ((None, NOW, NOW + TICK) if published else (None,))
    if publish_at is None or unpublish_at is None or unpublish_at > publish_at
]


def build_states() -> dict[int, bool]:
    """Store an article in each of STATES_AT; return whether readers should see it at NOW, computed independently."""
    expected = {}
    rows = []
    outlet = builders.provider()
    for number, (heat, published, removed, missing, publish_at, unpublish_at) in enumerate(STATES_AT):
        row = Article(
            name=f"2020-06-09-state-{number}",
            title=f"State {number}",
            excerpt="…",
            published_at=NOW,
            provider=outlet,
            web_url=f"https://www.courier.example/{number}",
            quality=None if heat is None else 80,
            heat=heat,
            published=published,
            removed=removed,
            missing=missing,
            publish_at=publish_at,
            unpublish_at=unpublish_at,
        )
        refresh_derived_fields(row, scoring.Policy(), NOW)
        refresh_listing(row, Listing.of(row), 7, NOW)
        rows.append(row)
    Article.objects.bulk_create(rows)
    for row, (heat, published, removed, missing, publish_at, unpublish_at) in zip(rows, STATES_AT, strict=True):
        fits = published is True or (published is None and heat is None)
        begun = publish_at is None or publish_at <= NOW
        over = unpublish_at is not None and unpublish_at <= NOW
        expected[row.pk] = heat != -1 and fits and not removed and not missing and begun and not over
    return expected


def test_the_query_and_the_row_agree_in_every_state():
    expected = build_states()

    rows = {article.pk: article.is_shown(NOW) for article in Article.objects.all()}
    public_ids = set(Article.objects.public(NOW).values_list("pk", flat=True))

    assert rows == expected
    assert public_ids == {pk for pk, shown in expected.items() if shown}
    assert not [pk for pk in public_ids if Article.objects.get(pk=pk).heat == -1]


@pytest.mark.systematic
def test_every_page_shows_exactly_the_visible_articles(client, monkeypatch):
    expected = build_states()
    builders.ArticleTopic.objects.bulk_create(
        builders.ArticleTopic(content_object_id=pk, tag=builders.topic("AI")) for pk in expected
    )
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    titles = dict(Article.objects.values_list("pk", "title"))
    names = dict(Article.objects.values_list("pk", "name"))
    shown = {titles[pk] for pk, is_shown in expected.items() if is_shown}

    pages = [reverse("front"), reverse("latest"), reverse("topic", args=["ai"])]
    pages.append(reverse("provider", args=["courier.example"]))
    for page in pages:
        html = client.get(page).content.decode()
        assert {title for title in titles.values() if f">{title}<" in html} == shown, page
    for pk, is_shown in expected.items():
        status = client.get(reverse("story", args=[names[pk]])).status_code
        assert (status == 200) == is_shown, STATES_AT[list(expected).index(pk)]


@pytest.mark.parametrize(
    ("moment", "shown"), [(NOW - TICK, False), (NOW, True), (NOW + TICK, True), (NOW + 2 * TICK, False)]
)
def test_a_schedule_starts_and_ends_on_every_page_without_any_other_event(client, monkeypatch, moment, shown):
    article = builders.article("Embargoed", topics=["AI"])
    seen_from = builders.article("Elsewhere", quality=99, provider=builders.provider("Herald", "herald.example"))
    builders.related(seen_from, article)
    monkeypatch.setattr(timezone, "now", lambda: NOW - TICK)
    operations.schedule(article, publish_at=NOW, unpublish_at=NOW + 2 * TICK)
    monkeypatch.setattr(timezone, "now", lambda: moment)

    pages = [reverse("front"), reverse("latest"), reverse("topics"), reverse("providers")]
    pages += [reverse("story", args=[seen_from.name])]
    secrets = ["Embargoed", "Embargoed", 'href="/topics/ai/"', 'href="/providers/courier.example/"', "Embargoed"]
    for page, secret in zip(pages, secrets, strict=True):
        assert (secret in client.get(page).content.decode()) == shown, page
    for page in (article.get_absolute_url(), "/topics/ai/", "/providers/courier.example/"):
        assert client.get(page).status_code == (200 if shown else 404), page


@pytest.mark.slow
def test_a_folded_article_is_never_shown_by_itself(client):
    """Not even one that was published, pinned and scheduled before it was folded."""
    lead = builders.article("Lead", quality=90)
    article = builders.article("Member", quality=80)
    operations.publish(article)
    operations.schedule(article, unpublish_at=timezone.now() + timedelta(days=1))
    operations.fold_into(article, lead)

    article.refresh_from_db()
    assert not article.is_shown()
    assert list(Article.objects.public()) == [lead]
    response = client.get(article.get_absolute_url())
    assert response["Location"].startswith(lead.get_absolute_url())
    operations.hold(lead)
    assert client.get(article.get_absolute_url()).status_code == 404


def test_a_row_is_shown_if_it_is_public():
    assert Article(public=True).is_shown(NOW)
    assert not Article(public=False).is_shown(NOW)
