"""The page of a story that readers may not see yet: who gets it, and that nobody else does."""

import re
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.core import signing
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from articles import operations
from articles.models import Article, Operation, PreviewLink
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


def link(article: Article, maker: User | None = None) -> str:
    return reverse("preview", args=[builders.preview_link(article, maker).token])


def revoke_url(article: Article, preview_link: PreviewLink) -> str:
    return reverse("desk_revoke_link", args=[article.pk, preview_link.pk])


def page(client, url: str, status: int = 200) -> str:
    response = client.get(url)
    assert response.status_code == status, url
    return response.content.decode()


def login(client, group: str = "", *, is_staff: bool = True) -> None:
    user = User.objects.create_user(f"one of {group}", is_staff=is_staff)
    user.groups.set(Group.objects.filter(name=group))
    client.force_login(user)


def at_another_time(monkeypatch, shift: timedelta) -> None:
    """Let links be made and read as if it were `shift` later."""
    now = timezone.now()
    monkeypatch.setattr(timezone, "now", lambda: now + shift)


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
            lambda row: Article.objects.filter(pk=row.pk).update(unpublish_at=timezone.now() - timedelta(days=1)),
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
    operations.reopen(lead)
    assert "it is folded, and no lead of it is published" in page(admin_client, desk(member))


def test_a_link_is_for_looking_only(client):
    url = link(held())
    assert {client.generic(method, url).status_code for method in ("POST", "PUT", "PATCH", "DELETE")} == {405}


# Links that don't work


def test_a_link_ends_after_48_hours_and_says_so(client, monkeypatch):
    url = link(held())
    at_another_time(monkeypatch, timedelta(hours=47, minutes=59))
    assert "Held back" in page(client, url)
    at_another_time(monkeypatch, timedelta(minutes=2))
    expired = client.get(url)

    assert expired.status_code == 410
    assert_ended(expired)


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
    token = damage(builders.preview_link(held()).token)
    unknown = page(client, "/news/2020-06-09-never-existed/", 404)

    assert page(client, reverse("preview", args=[token]), 404) == unknown
    at_another_time(monkeypatch, timedelta(days=3))
    assert page(client, reverse("preview", args=[token]), 404) == unknown


def test_the_link_of_a_deleted_article_is_like_any_unknown_page(client):
    article = held()
    url = link(article)
    operations.delete(Article.objects.all())

    assert page(client, url, 404) == page(client, "/news/2020-06-09-never-existed/", 404)


def test_a_token_holds_a_random_key_which_opens_nothing_without_its_signature(client):
    article = held()
    one, other = builders.preview_link(article), builders.preview_link(article)

    assert one.key != other.key
    assert one.token.startswith(f"{one.key}:")
    page(client, reverse("preview", args=[one.key]), 404)


def test_links_end_under_another_secret_key(client, settings):
    url = link(held())
    settings.SECRET_KEY = "another-" + settings.SECRET_KEY

    page(client, url, 404)


def test_a_link_from_before_links_were_stored_is_like_any_unknown_page(client):
    article = held()
    builders.preview_link(article)

    page(client, reverse("preview", args=[signing.dumps(article.pk, salt="articles.preview")]), 404)


def assert_ended(response) -> None:
    assert response.status_code == 410
    assert "This link has ended" in response.content.decode()
    assert "Held back" not in response.content.decode()
    assert_for_nobody_else(response)


@pytest.mark.slow
def test_revoking_ends_a_link_and_its_pictures_and_no_other(admin_client, client):
    article, other = held(), held()
    picture = with_picture(article).removeprefix("/media/")
    default_storage.save(picture, ContentFile(b"a picture"))
    revoked, kept, elsewhere = (builders.preview_link(row) for row in (article, article, other))
    url = reverse("preview", args=[revoked.token])
    assert client.get(reverse("preview_media", args=[revoked.token, picture])).status_code == 200

    assert admin_client.post(revoke_url(other, revoked)).status_code == 302  # not a link of that article
    page(client, url)
    assert admin_client.post(revoke_url(article, revoked)).url == desk(article)

    assert_ended(client.get(url))
    assert client.get(reverse("preview_media", args=[revoked.token, picture])).status_code == 404
    assert client.get(reverse("preview_media", args=[kept.token, picture])).status_code == 200
    for link_left in (kept, elsewhere):
        page(client, reverse("preview", args=[link_left.token]))


def deactivate(user: User) -> None:
    user.is_active = False


def leave_the_staff(user: User) -> None:
    user.is_staff = False


def lose_the_right(user: User) -> None:
    user.groups.set(Group.objects.filter(name="importer"))


@pytest.mark.parametrize("end", [deactivate, leave_the_staff, lose_the_right])
@pytest.mark.parametrize("is_superuser", [False, True])
def test_a_link_ends_with_the_account_of_its_maker(client, end, is_superuser):
    article = held()
    maker = User.objects.create_user("ana", is_staff=True, is_superuser=is_superuser)
    maker.groups.set(Group.objects.filter(name="contributor"))
    url, of_another = link(article, maker), link(article)
    page(client, url)

    end(maker)
    maker.is_superuser = is_superuser and end is not lose_the_right
    maker.save()

    assert_ended(client.get(url))
    page(client, of_another)


def test_deleting_the_maker_ends_the_link(client):
    maker = User.objects.create_superuser("ana")
    url = link(held(), maker)
    maker.delete()

    assert page(client, url, 404) == page(client, "/news/2020-06-09-never-existed/", 404)


def test_a_right_of_the_maker_alone_is_enough(client):
    maker = User.objects.create_user("ana", is_staff=True)
    maker.user_permissions.set(Permission.objects.filter(codename="change_article"))

    page(client, link(held(), maker))


def test_a_link_that_ended_says_so_for_a_month_and_is_deleted_then(client, monkeypatch):
    article = held()
    url = link(article)
    at_another_time(monkeypatch, timedelta(days=31))
    builders.preview_link(article)
    assert_ended(client.get(url))
    at_another_time(monkeypatch, timedelta(days=2))
    builders.preview_link(article)
    page(client, url, 404)
    assert PreviewLink.objects.count() == 2


# Where links are shown


def places(article: Article) -> list[str]:
    """Return the pages that show the links of an article."""
    names = ("desk_preview", "admin:articles_article_change", "desk_story")
    return [reverse(name, args=[article.pk]) for name in names]


@pytest.mark.slow
def test_links_are_shown_and_revoked_where_editors_work_on_the_article(admin_client):
    article = held()
    for url in places(article):
        assert "Shared preview links" not in page(admin_client, url)
        working = builders.preview_link(article)
        builders.preview_link(held("Another"))
        html = page(admin_client, url)
        assert re.findall(r'action="([^"]*/revoke/)"', html) == [revoke_url(article, working)]
        assert "By sharer, works until" in html

        back = re.search(rf'action="{revoke_url(article, working)}".*?name="next" value="([^"]*)"', html, re.DOTALL)[1]
        after = admin_client.post(revoke_url(article, working), {"next": back}, follow=True)

        assert after.redirect_chain == [(url, 302)]
        assert "The preview link was revoked." in after.content.decode()
        assert "Shared preview links" not in after.content.decode()


def test_the_pane_of_the_desk_says_that_a_link_was_revoked(admin_client):
    article = held()
    working = builders.preview_link(article)
    for message in ("The preview link was revoked.", "That preview link had ended already."):
        answer = admin_client.post(revoke_url(article, working), headers={"HX-Request": "true"})
        assert f"<p>{message}</p>" in answer.content.decode()


@pytest.mark.slow
def test_ended_links_are_not_shown(admin_client, monkeypatch):
    article = held()
    gone = User.objects.create_superuser("gone", is_active=False)
    builders.preview_link(article, gone)
    builders.preview_link(article)
    PreviewLink.objects.exclude(maker=gone).revoke()
    assert all("Shared preview links" not in page(admin_client, url) for url in places(article))


@pytest.mark.slow
def test_only_those_who_may_make_links_see_and_revoke_them(client):
    article = held()
    working = builders.preview_link(article)
    login(client, "importer")
    assert all("Shared preview links" not in page(client, url) for url in places(article))
    assert client.post(revoke_url(article, working)).status_code == 403
    assert client.get(revoke_url(article, working)).status_code in (403, 405)
    login(client, "contributor")
    assert client.post(revoke_url(article, working)).status_code == 302
    assert not PreviewLink.objects.active().exists()


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
    token = builders.preview_link(article).token

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


@pytest.mark.slow
def test_the_articles_page_leads_to_its_preview(admin_client):
    article = held()

    html = page(admin_client, reverse("admin:articles_article_change", args=[article.pk]))

    assert f'<a href="{desk(article)}">Preview</a>' in html
    assert "Preview</a>" not in page(admin_client, "/admin/articles/article/add/")


@pytest.mark.systematic
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
