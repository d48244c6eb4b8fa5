"""No URL writes on a forged request: any method, without a token or from another site."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from articles import operations
from articles.audit_log.unit_of_work import Actor
from articles.models import Article, Event, SavedView, Via
from tests import builders
from tests.site_urls import SiteUrl, all_urls
from website.models import SitePage

MAIL_URLS = "tests.accounts.mail_urls"
pytestmark = [pytest.mark.django_db, pytest.mark.thorough, pytest.mark.urls(MAIL_URLS)]

WRITING = ("post", "put", "patch", "delete")
# Notes of who looks, not of what was done: sessions are marked as used, and the desk says who has a story open.
NOTES = ('"django_session"', '"articles_presence"')
URLS = list(all_urls(MAIL_URLS))


@pytest.fixture
def ana() -> User:
    return User.objects.create_superuser("ana", password="correct horse battery")


@pytest.fixture
def values(ana) -> dict[str, str]:
    """Return what to put into addresses: one of each thing, of which all could be changed."""
    article = builders.article("Storm", name="2020-06-09-storm", topics=["AI"])
    operations.edit(article, note="Ask the port.", by=Actor(ana, Via.DESK))
    event = Event.objects.get()
    view = SavedView.objects.create(name="mine", owner=ana)
    policy = {f"articles_sitepolicy_{act}:object_id": "1" for act in ("history", "delete", "change")}
    page = SitePage.objects.create(slug="imprint", title="Imprint", body="x", published=True)
    operations.edit_look({"name": "The Harbour Post"})
    website = {f"website_sitelook_{act}:object_id": "1" for act in ("history", "delete", "change")}
    website |= {f"website_sitepage_{act}:object_id": str(page.pk) for act in ("history", "delete", "change")}
    group = str(Group.objects.get(name="editor").pk)
    return {
        "pk": str(article.pk),
        "desk_delete_view:pk": str(view.pk),
        "desk_provider_history:pk": str(article.provider_id),
        "desk_operation:pk": str(event.operation_id),
        "desk_undo:pk": str(event.operation_id),
        "event_id": str(event.pk),
        "content_type_id": "1",
        "object_id": str(article.pk),
        "id": str(ana.pk),
        **{f"auth_user_{act}:object_id": str(ana.pk) for act in ("history", "delete", "change")},
        **{f"auth_group_{act}:object_id": group for act in ("history", "delete", "change")},
        **policy,
        **website,
        "desk_page_history:pk": str(page.pk),
        "desk_look_history:pk": "1",
        "app_label": "articles",
        "url": "nothing",
        "number": "1",
        "name": article.name,
        "day": "2020/06/09",
        "month": "2020/06",
        "year": "2020",
        "period": "week",
        "key": "decisions",
        "form": "rss",
        "slug": "ai",
        "code": "PT",
        "domain": "courier.example",
        "token": "x",
        "uidb64": "MQ",
        "image": "1",
        "link": str(builders.preview_link(article).pk),
        "path": "pictures/x.jpg",
        "section": "2020-06",
        "site_page:slug": "imprint",
        "light": "0b5394",
        "dark": "99bbee",
    }


def writes(queries: list[dict[str, str]]) -> list[str]:
    statements = [query["sql"] for query in queries]
    reading = ("SELECT", "SAVEPOINT", "RELEASE", "BEGIN", "WITH", "EXPLAIN", "SET ", "ROLLBACK", "DECLARE")
    done = [sql for sql in statements if not sql.lstrip("( \n").startswith(reading)]
    return [sql for sql in done if not any(note in sql for note in NOTES)]


def test_there_are_urls_of_all_kinds():
    names = {url.name for url in URLS}
    assert {
        "desk_act",
        "articles_article_delete",
        "auth_user_change",
        "logout",
        "second_step",
        "news",
        "front",
    } <= names
    assert len(URLS) > 100


@pytest.mark.parametrize("method", WRITING)
def test_no_url_accepts_a_form_without_its_token(ana, values, method):
    client = Client(enforce_csrf_checks=True)
    client.force_login(ana)
    assert taken(client, method, values, {}) == []


@pytest.mark.parametrize("method", WRITING)
def test_no_url_accepts_a_form_from_another_site(ana, values, method):
    """Even with the token, as if another site had learnt it."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(ana)
    token = client.get("/admin/password_change/").context["csrf_token"]
    headers = {"X-CSRFToken": str(token)}
    assert client.post("/admin/password_change/", headers=headers).status_code == 200  # it is the right one
    for origin in ("https://elsewhere.example", "null", "http://testserver.elsewhere.example"):
        assert taken(client, method, values, headers | {"Origin": origin}) == []


def taken(client: Client, method: str, values: dict[str, str], headers: dict[str, str]) -> list[tuple[SiteUrl, int]]:
    """Return the addresses that didn't refuse the method, and fail where anything was written."""
    accepted = []
    with CaptureQueriesContext(connection) as captured:
        for url in URLS:
            answer = getattr(client, method)(url.filled(values), {"post": "yes"}, headers=headers)
            if answer.status_code not in (403, 405):
                accepted.append((url, answer.status_code))
    assert writes(captured.captured_queries) == []
    return accepted


ODD: list[dict[str, Any]] = [
    {},
    {"action": "delete_selected", "_selected_action": "1", "post": "yes", "row": "1:1", "id": "1"},
    {"action": "spike", "row": "1:1"},
    {"_method": "POST", "undo": "1", "pk": "1", "heat": "9", "publish": "1", "leave": "", "remove": "x", "code": "1"},
]


@pytest.mark.parametrize("query", ODD)
def test_looking_writes_nothing(ana, values, query):
    client = Client()
    client.force_login(ana)
    before = list(Article.objects.values())
    for url in URLS:
        with CaptureQueriesContext(connection) as captured:
            answer = client.get(url.filled(values), query)
        assert answer.status_code < 500, url
        assert writes(captured.captured_queries) == [], url
    assert list(Article.objects.values()) == before
    assert client.get("/admin/").status_code == 200  # and is still signed in
