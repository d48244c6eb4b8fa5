"""The page of a story that readers may not see yet: who gets it, and that nobody else does."""

import re
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import Group, User
from django.core import signing
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from articles import operations
from articles.desk.preview_views import ends_at, make_token
from articles.models import Article, Operation
from tests import builders
from tests.public.newsroom import newsroom, with_picture

pytestmark = pytest.mark.django_db

HEADERS = {"Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex"}


@pytest.fixture(autouse=True)
def _own_media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def held(title: str = "Held back", **values) -> Article:
    article = builders.article(title, **values)
    operations.hold(article)
    return article


def desk(article: Article) -> str:
    return reverse("desk_preview", args=[article.pk])


def link(article: Article) -> str:
    return reverse("preview", args=[make_token(article)])


def page(client, url: str, status: int = 200) -> str:
    response = client.get(url)
    assert response.status_code == status, url
    return response.content.decode()


def login(client, group: str = "", *, is_staff: bool = True) -> None:
    user = User.objects.create_user(f"one of {group}", is_staff=is_staff)
    user.groups.set(Group.objects.filter(name=group))
    client.force_login(user)


def at_another_time(monkeypatch, shift: timedelta) -> None:
    """Let signatures be made and read as if it were `shift` later."""
    now = signing.time.time()
    monkeypatch.setattr(signing.time, "time", lambda: now + shift.total_seconds())


# Who sees it


@pytest.mark.parametrize("group", ["contributor", "editor", "publisher", "importer"])
def test_the_newsroom_sees_the_public_page_of_what_is_not_public(client, group):
    article = held(topics=["AI"], excerpt="It didn&#8217;t last.")
    builders.related(article, title="A report elsewhere")
    login(client, group)

    html = page(client, desk(article))

    assert 'class="headline" dir="auto">Held back</h1>' in html
    assert "It didn’t last." in html
    assert "A report elsewhere" in html
    assert "Readers can&#x27;t see this: it is held." in html
    may_share = group != "importer"
    assert ("Make a link to share" in html) == may_share
    answer = client.post(reverse("desk_preview_link", args=[article.pk]))
    assert answer.status_code == (200 if may_share else 403)


def test_the_desk_is_closed_to_others(client):
    article = held()
    for url in (desk(article), reverse("desk_preview_link", args=[article.pk])):
        assert client.get(url).url.startswith("/admin/login/")
        assert client.post(url).url.startswith("/admin/login/")
    login(client, "editor", is_staff=False)
    assert client.get(desk(article)).status_code == 302
    login(client)
    assert client.get(desk(article)).status_code == 403


def test_links_are_made_by_pressing_a_button_only(admin_client):
    article = held()

    assert admin_client.get(reverse("desk_preview_link", args=[article.pk])).status_code == 405
    assert admin_client.post(desk(article)).status_code == 405
    assert admin_client.get("/admin/desk/articles/999/preview/").status_code == 404


def test_a_forged_request_makes_no_link(admin_client):
    admin_client.handler.enforce_csrf_checks = True

    assert admin_client.post(reverse("desk_preview_link", args=[held().pk])).status_code == 403


def test_whoever_has_the_link_sees_the_page_without_an_account(admin_client, client):
    article = held()
    html = admin_client.post(reverse("desk_preview_link", args=[article.pk])).content.decode()
    url = re.search(r"<code>http://testserver(/preview/[^<]+)</code>", html)[1]

    response = client.get(url)

    assert "Held back" in response.content.decode()
    assert "Readers can&#x27;t see this yet." in response.content.decode()
    assert "This link works until" in response.content.decode()
    assert not response.cookies
    assert "/admin/" not in response.content.decode()
    assert "<form" not in response.content.decode()


@pytest.mark.parametrize(
    ("bring_about", "message"),
    [
        (lambda row: None, "Readers see this story."),
        (operations.hold, "it is held"),
        (lambda row: operations.spike(row, "paywall"), "it was spiked (paywall)"),
        (operations.reopen, "it is undecided"),
        (lambda row: operations.edit(row, removed=True), "its source removed it"),
        (lambda row: operations.mark_missing([row.pk], missing=True), "its document is missing"),
        (
            lambda row: operations.schedule(row, publish_at=timezone.now() + timedelta(days=1)),
            "it will go on the site later",
        ),
        (
            lambda row: operations.schedule(row, unpublish_at=timezone.now() - timedelta(days=1)),
            "its time on the site is over",
        ),
        (lambda row: Article.objects.filter(pk=row.pk).update(public=False, staged=True), "is still running"),
    ],
)
def test_a_preview_of_any_state_says_what_readers_see(admin_client, client, bring_about, message):
    article = builders.article("The story")
    bring_about(article)
    before = Article.objects.filter(pk=article.pk).values().get()
    operations_before = Operation.objects.count()

    html = page(admin_client, desk(article))

    assert message in html
    assert "The story" in page(client, link(article))
    admin_client.post(reverse("desk_preview_link", args=[article.pk]))
    assert Article.objects.filter(pk=article.pk).values().get() == before
    assert Operation.objects.count() == operations_before


def test_a_folded_article_says_where_readers_find_it(admin_client):
    lead = builders.article("The lead")
    member = builders.folded(lead, "The member")
    builders.related(member, lead)

    assert "Readers see this as coverage under “The lead”" in page(admin_client, desk(member))
    operations.hold(lead)
    assert "it is folded, and no lead of it is published" in page(admin_client, desk(member))


def test_a_link_is_for_looking_only(client):
    url = link(held())
    assert {client.generic(method, url).status_code for method in ("POST", "PUT", "PATCH", "DELETE")} == {405}


# Links that don't work


def test_a_link_ends_after_48_hours_and_says_so(client, monkeypatch):
    article = held()
    url, token = link(article), make_token(article)
    assert abs(ends_at(token) - timezone.now() - timedelta(hours=48)) < timedelta(seconds=5)

    at_another_time(monkeypatch, timedelta(hours=47, minutes=59))
    assert "Held back" in page(client, url)
    at_another_time(monkeypatch, timedelta(minutes=2))
    expired = client.get(url)

    assert expired.status_code == 410
    assert "This link has expired" in expired.content.decode()
    assert "Held back" not in expired.content.decode()
    assert_for_nobody_else(expired)


@pytest.mark.parametrize(
    "damage",
    [
        lambda token: token[:-1] + ("a" if token[-1] != "a" else "b"),
        lambda token: "A" + token[1:],
        lambda token: token.replace(":", "", 1),
        lambda token: token.partition(":")[0],
        lambda token: signing.dumps(1, salt="django.core.signing"),
        lambda token: "1",
        lambda token: "ü:ü:ü",
        lambda token: "x" * 5000,
    ],
)
def test_a_damaged_link_is_like_any_unknown_page(client, monkeypatch, damage):
    token = damage(make_token(held()))
    unknown = page(client, "/news/2020-06-09-never-existed/", 404)

    assert page(client, reverse("preview", args=[token]), 404) == unknown
    at_another_time(monkeypatch, timedelta(days=3))
    assert page(client, reverse("preview", args=[token]), 404) == unknown


def test_the_link_of_a_deleted_article_is_like_any_unknown_page(client):
    article = held()
    url = link(article)
    operations.delete(Article.objects.all())

    assert page(client, url, 404) == page(client, "/news/2020-06-09-never-existed/", 404)


def test_a_token_holds_the_key_and_the_time_only():
    article = held()

    assert signing.loads(make_token(article), salt="articles.preview") == article.pk
    assert len(make_token(article).split(":")) == 3


# What a preview must not do


def assert_for_nobody_else(response) -> None:
    assert {"no-store", "private"} <= {directive.strip() for directive in response["Cache-Control"].split(",")}
    for name, value in HEADERS.items():
        assert response[name] == value


def test_previews_are_kept_out_of_caches_indexes_and_logs(admin_client, client):
    article = held()
    answers = [
        admin_client.get(desk(article)),
        admin_client.post(reverse("desk_preview_link", args=[article.pk])),
        client.get(link(article)),
    ]

    for response in answers:
        assert_for_nobody_else(response)
        html = response.content.decode()
        assert '<meta name="robots" content="noindex">' in html
        assert 'rel="canonical"' not in html
        assert "og:" not in html
        assert not re.search(r"<script|<style|\sstyle=|\son\w+=", html)
        assert html.count("<h1") == 1


def test_a_public_url_of_a_hidden_story_stays_closed_to_everyone(admin_client, client):
    article = held()
    client.get(link(article))
    admin_client.get(desk(article))
    unknown = page(client, "/news/2020-06-09-never-existed/", 404)
    token = make_token(article)

    assert page(client, article.get_absolute_url(), 404) == unknown
    assert page(admin_client, article.get_absolute_url(), 404) == unknown
    for query in (f"?preview={token}", f"?token={token}", "?preview=1"):
        assert page(client, article.get_absolute_url() + query, 404) == unknown
    client.cookies["preview"] = token
    answer = client.get(article.get_absolute_url(), headers={"X-Preview": token, "Referer": f"/preview/{token}/"})
    assert answer.status_code == 404


def test_the_page_around_a_preview_is_public(admin_client, client):
    article = held(topics=["AI"])
    builders.article("Shown elsewhere", topics=["AI"])
    secret = held("Secret one", topics=["AI"], secured="c2VjcmV0")
    builders.related(article, secret)
    gone = builders.folded(article, "Secret coverage")
    Article.objects.filter(pk=gone.pk).update(removed=True)
    Article.objects.update(secured="c2VjcmV0")

    for html in (page(admin_client, desk(article)), page(client, link(article))):
        assert "Shown elsewhere" in html
        assert "Secret" not in html
        assert "c2VjcmV0" not in html


def test_pictures_are_stored_copies(client):
    article = held()
    copy = with_picture(article)

    address = link(article)
    html = page(client, address)

    assert f'src="{urlsplit(address).path}{copy.removeprefix("/")}"' in html
    assert "pictures.example" not in html


def test_the_articles_page_leads_to_its_preview(admin_client):
    article = held()

    html = page(admin_client, reverse("admin:articles_article_change", args=[article.pk]))

    assert f'<a href="{desk(article)}">Preview</a>' in html
    assert "Preview</a>" not in page(admin_client, "/admin/articles/article/add/")


def test_a_preview_takes_the_same_queries_for_few_and_many_rows(admin_client, client, count_queries):
    def costs(stories):
        with transaction.atomic():
            lead = newsroom(stories)
            operations.hold(lead)
            with count_queries() as at_the_desk:
                admin_client.get(desk(lead))
            with count_queries() as by_link:
                client.get(link(lead))
            transaction.set_rollback(True)
        return len(at_the_desk), len(by_link)

    assert costs(6) == costs(1)
