"""An answer made for an earlier state is given again as long as what it was made of is the same, and no longer."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.cache import caches
from django.db import DatabaseError, connection
from django.utils import timezone

from articles import caching, grounds, operations, stamps
from articles.acts import By
from articles.models import Article, Stamp

from . import builders
from . import settings as test_settings

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def kept_answers(settings):
    settings.CACHES = test_settings.kept_apart(uuid4().hex)


def is_made(client, address):
    """Ask for a page; return whether it was made for this."""
    response = client.get(address)
    assert response.status_code == 200
    return bool(response.templates)


def test_what_changes_elsewhere_makes_no_page_anew(client, admin_user):
    article, other = builders.article(topics=["AI"]), builders.article(topics=["Vaccines"])
    builders.article(topics=["Vaccines"])  # so that the menu stays as it is
    address = article.get_absolute_url()
    assert is_made(client, address)
    operations.hold(other, by=By(admin_user))
    assert not is_made(client, address)
    assert not is_made(client, address)
    assert is_made(client, "/topics/ai/")
    operations.publish(other, by=By(admin_user))
    assert not is_made(client, address)
    operations.hold(article, by=By(admin_user))
    assert client.get(address).status_code == 404


@pytest.mark.parametrize("change", ["title", "outlet", "topic", "menu", "coverage"])
def test_what_a_page_shows_makes_it_anew(client, change):
    article = builders.article(topics=["AI"])
    address = article.get_absolute_url()
    assert is_made(client, address)
    if change == "title":
        Article.objects.update(title="Another title")
    elif change == "outlet":
        article.provider.name = "Another Courier"
        article.provider.save()
    elif change == "topic":
        topic = article.topics.get()
        topic.name = "Artificial Intelligence"
        topic.save()
    elif change == "menu":
        builders.article(topics=["Vaccines"])
    else:
        builders.related(article, title="Elsewhere")
    stamps.advance()
    assert is_made(client, address)


def test_a_schedule_makes_pages_anew_by_the_clock(client, monkeypatch):
    now = timezone.now()
    builders.article()
    later = builders.article(publish_at=now + timedelta(minutes=1))
    assert is_made(client, "/latest/")
    monkeypatch.setattr(timezone, "now", lambda: now + timedelta(minutes=2))
    response = client.get("/latest/")
    assert later.title in response.content.decode()


@pytest.mark.parametrize("address", ["/news-sitemap.xml", "/latest/", "/", "/feeds/latest.rss", "/api/news/"])
def test_a_story_of_this_very_moment_is_told_at_once(client, admin_user, settings, address):
    """What answers were made of is asked again by the bounds of then: none of them may be the time of then."""
    settings.INDEX_SINGLE_STORIES = True
    builders.article(published_at=timezone.now())
    before = client.get(address).content
    article = builders.article("Breaking", published_at=timezone.now(), published=False)
    operations.publish(article, by=By(admin_user))
    after = client.get(address).content
    assert after != before
    assert article.name in after.decode() or article.title in after.decode()


def test_what_is_right_in_one_state_is_kept_for_it(client, django_assert_num_queries):
    address = builders.article().get_absolute_url()
    assert is_made(client, address)
    stamps.advance()
    assert not is_made(client, address)
    with django_assert_num_queries(1):  # the stamp alone
        assert not is_made(client, address)


def test_an_answer_that_is_no_longer_kept_is_made_anew(client):
    address = builders.article().get_absolute_url()
    assert is_made(client, address)
    caches[caching.PAGES].clear()
    stamps.advance()
    assert is_made(client, address)


def test_rows_that_are_read_bit_by_bit_are_noted_whole():
    for number in range(3):
        builders.article(f"Story {number}", name=f"2020-06-0{number}-story")
    names = Article.objects.order_by("name").values_list("name", flat=True)
    with grounds.noted() as notes:
        assert names.exists()
        assert names.first() == "2020-06-00-story"
        assert len(list(names.iterator(chunk_size=2))) == 3
        with connection.cursor() as cursor:
            for number in range(2):
                cursor.execute("SELECT name FROM articles_article WHERE name = %s", [f"2020-06-0{number}-story"])
                assert cursor.fetchone() == (f"2020-06-0{number}-story",)
            cursor.execute("SELECT name FROM articles_article WHERE name = 'none'")
            assert cursor.fetchone() is None
    found = notes.grounds()
    assert len(found) == 6
    assert grounds.hold(found)
    Article.objects.filter(name="2020-06-02-story").delete()
    assert grounds.hold(found[:2])
    assert not grounds.hold(found)


def test_who_writes_leaves_no_grounds():
    with grounds.noted() as notes:
        Stamp.objects.create(changed_at=timezone.now())
    assert notes.grounds() is None


def test_a_database_that_fails_holds_nothing(monkeypatch):
    builders.article()
    with grounds.noted() as notes:
        assert list(Article.objects.all())

    def fail(cursor, ground):
        raise DatabaseError

    assert grounds.hold(notes.grounds())
    monkeypatch.setattr(grounds, "_finds_the_same", fail)
    assert not grounds.hold(notes.grounds())
