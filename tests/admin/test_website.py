"""The publisher's pages and the look in the admin: what a new publisher does there, and what is refused."""

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.contrib.messages import get_messages
from django.core.files.uploadedfile import SimpleUploadedFile

from articles import operations
from articles.admin import site_look_form
from articles.admin.site_look_form import UPLOADS
from articles.admin.site_pages import SitePageAdmin
from articles.models import Operation
from tests import builders
from tests.admin.forms import fields_of
from website.models import SiteLook, SitePage

pytestmark = pytest.mark.django_db
PAGES, LOOK = "/admin/website/sitepage/", "/admin/website/sitelook/1/change/"


@pytest.fixture
def publisher(client):
    user = User.objects.create_user("pia", is_staff=True)
    user.groups.add(Group.objects.get(name="publisher"))
    client.force_login(user)
    return client


def change(client, url, **values):
    """Send the form of a page with some other values."""
    page = client.get(url)
    assert page.status_code == 200
    sent = {**fields_of(page), **values}
    return client.post(url, {name: value for name, value in sent.items() if value is not None})


@pytest.mark.slow
def test_an_imprint_is_published_and_put_into_the_footer_on_one_page(publisher):
    draft = {"title": "Imprint", "body": "By **us**."}
    preview = change(publisher, f"{PAGES}add/", **draft, _preview="Preview").content.decode()
    assert "<strong>us</strong>" in preview
    assert not SitePage.objects.exists()
    assert not Operation.objects.exists()

    saved = change(publisher, f"{PAGES}add/", **draft, published="on", in_footer="on")
    assert saved.status_code == 302
    operation = Operation.objects.get()
    assert (operation.verb, operation.actor_name) == ("add", "pia")
    assert {event.subject for event in operation.events.all()} == {"page", "look"}
    footer = publisher.get("/").content.decode().partition("<footer")[2]
    assert '<a href="/pages/imprint/">Imprint</a>' in footer

    unlinked = change(publisher, f"{PAGES}{SitePage.objects.get().pk}/change/", in_footer=None)
    assert SiteLook.current().footer_links == []
    messages = [str(message) for message in get_messages(unlinked.wsgi_request)]
    assert "The footer doesn't link the page any more." in messages


def test_the_empty_list_says_what_pages_are_for_and_leads_to_the_first(publisher):
    page = publisher.get(PAGES).content.decode()
    assert "There are no pages yet. A page is a text of your own, such as “Contact”" in page
    assert f'<a href="{PAGES}add/">Add page</a>' in page


@pytest.mark.slow
def test_a_picture_is_put_into_the_text_with_its_description(publisher, monkeypatch):
    key = "0123456789abcdef" * 2
    stored = {"files": [f"site/01/{key}/160.webp"], "width": 160, "height": 90}
    monkeypatch.setattr("articles.admin.site_pages.process_picture", lambda upload: stored)
    monkeypatch.setattr(SitePageAdmin, "process_upload", None)

    def send(url, alt, **values):
        return change(publisher, url, picture_upload=SimpleUploadedFile("x.png", b"x"), picture_alt=alt, **values)

    refused = send(f"{PAGES}add/", " ", title="Imprint", body="Us.").content.decode()
    assert "Say what the picture shows" in refused
    line = f"![Our house](picture:{key}-160x90)"
    preview = send(f"{PAGES}add/", "Our house", title="Imprint", body="Us.", _preview="Preview")
    assert fields_of(preview)["body"].split() == ["Us.", *line.split()]
    assert fields_of(preview)["picture_alt"] == ""
    assert 'alt="Our house"' in preview.content.decode()
    assert not SitePage.objects.exists()

    send(f"{PAGES}add/", "Our house", title="Imprint", body="Us.")
    page = SitePage.objects.get()
    assert page.body.split() == ["Us.", *line.split()]
    send(f"{PAGES}{page.pk}/change/", "Our garden")
    page.refresh_from_db()
    assert page.body.count("picture:") == 2
    undescribed = change(publisher, f"{PAGES}{page.pk}/change/", body=f"![](picture:{key}-160x90)")
    assert "picture without a description" in undescribed.content.decode()


def test_an_unpublished_page_says_that_readers_do_not_see_it_yet(publisher):
    saved = change(publisher, f"{PAGES}add/", title="Imprint", body="Us.", in_footer="on")
    messages = [str(message) for message in get_messages(saved.wsgi_request)]
    assert messages[:2] == [
        "Readers don't see the page yet: tick “Published” when it is ready.",
        "The footer will link the page once it is published.",
    ]


def test_another_slug_of_a_published_page_says_which_url_is_gone(publisher):
    page = SitePage.objects.create(title="Imprint", slug="imprint", body="Us.", published=True)

    saved = change(publisher, f"{PAGES}{page.pk}/change/", slug="legal")

    messages = [str(message) for message in get_messages(saved.wsgi_request)]
    assert 'Readers see the page at <a href="/pages/legal/">/pages/legal/</a> now.' in messages
    assert "Its former URL, /pages/imprint/, is not found any more: correct links to it." in messages


def test_the_menu_keeps_a_topic_beyond_those_that_are_offered(publisher, monkeypatch):
    monkeypatch.setattr(site_look_form, "TOPICS_MAX", 1)
    builders.topic("AI")
    zoos = builders.topic("Zoos")
    SiteLook.objects.create(menu=[{"target": f"topic:{zoos.pk}", "label": "", "url": ""}])

    assert change(publisher, LOOK, tagline="All of it").status_code == 302

    look = SiteLook.current()
    assert (look.tagline, [row["target"] for row in look.menu]) == ("All of it", [f"topic:{zoos.pk}"])


@pytest.mark.slow
def test_the_site_gets_a_name_and_a_colour(publisher):
    refused = change(publisher, LOOK, name="The Harbour Post", accent="#F5C518")
    assert "contrast of only 1.4 to 1" in refused.content.decode()
    assert not Operation.objects.exists()

    assert change(publisher, LOOK, name="The Harbour Post", accent="#0B5394").status_code == 302
    look = SiteLook.objects.get()
    assert (look.name, look.accent, look.tagline, look.menu) == ("The Harbour Post", "#0b5394", None, [])
    history = publisher.get("/admin/desk/look/1/history/").content.decode()
    assert "The Harbour Post" in history
    assert "The Harbour Post" in publisher.get("/").content.decode()


def test_the_look_has_a_history_before_anybody_changed_it(publisher):
    assert publisher.get("/admin/website/sitelook/1/history/", follow=True).status_code == 200


@pytest.mark.slow
def test_a_preview_shows_the_front_page_with_the_new_look_and_saves_nothing(publisher, monkeypatch):
    logo = {"files": ["site/aa/60.png", "site/aa/120.png"], "width": 240, "height": 120}
    monkeypatch.setitem(UPLOADS, "logo", lambda upload: logo)
    builders.article("Storm", quality=90)
    draft = {"name": "The Harbour Post", "accent": "#0B5394", "footer_text": "By *us*."}
    shown = change(publisher, LOOK, **draft, logo_upload=SimpleUploadedFile("logo.png", b"x"), _preview="Preview")
    page = " ".join(shown.content.decode().split())
    assert "Storm" in page
    assert '<img class="site-logo" src="/media/site/aa/60.png"' in page
    assert 'alt="The Harbour Post"' in page
    assert "/look/0b5394-" in page
    assert "<em>us</em>" in page
    assert "contrast of 6.8 to 1 on light pages and 4.5 to 1 on dark" in page
    assert '<a href="/" aria-current="page">Top stories' in page
    assert "script-src 'self'" in shown["Content-Security-Policy"]
    assert "<script" not in page
    assert not SiteLook.objects.exists()
    assert not Operation.objects.exists()
    assert "Harbour" not in publisher.get("/").content.decode()

    refused = change(publisher, LOOK, accent="#F5C518", _preview="Preview").content.decode()
    assert "contrast of only 1.4 to 1" in refused


def test_the_menu_is_put_in_order_by_numbers(publisher):
    topic = builders.article("Storm", topics=["AI"], quality=90).topics.get()
    shown = fields_of(publisher.get(LOOK))
    targets = [shown[f"menu-{index}-target"] for index in range(5)]
    assert targets == ["front", "latest", f"topic:{topic.pk}", "topics", "providers"]

    link = {"menu-5-target": "url", "menu-5-label": "Shop", "menu-5-url": "https://shop.example/", "menu-5-order": "5"}
    change(publisher, LOOK, **{"menu-0-order": "25", "menu-4-target": ""}, **link)
    menu = [(row["target"], row["label"]) for row in SiteLook.current().menu]
    assert menu == [
        ("url", "Shop"),
        ("latest", ""),
        ("front", ""),
        (f"topic:{topic.pk}", ""),
        ("topics", ""),
    ]


@pytest.mark.parametrize(
    ("row", "refusal"),
    [
        ({"target": "url", "label": "Shop", "url": "javascript:x"}, "must start with http"),
        ({"target": "url", "label": "Shop"}, "needs a URL"),
        ({"target": "url", "url": "https://shop.example/"}, "needs a label"),
        ({"target": "page:99"}, "doesn&#x27;t exist any more"),
        ({"target": "", "label": "Shop"}, "leads nowhere"),
        ({"target": "latest", "order": "first"}, "whole number"),
    ],
    ids=str,
)
def test_a_row_that_leads_nowhere_is_refused(publisher, row, refusal):
    values = {f"footer_links-0-{name}": value for name, value in row.items()}
    assert refusal in change(publisher, LOOK, **values).content.decode()
    assert not SiteLook.objects.exists()


def test_a_script_that_sends_no_rows_keeps_the_menu(publisher):
    SiteLook.objects.create(menu=[{"target": "latest", "label": "", "url": ""}])
    publisher.post(LOOK, {"name": "Mine", "tagline": "", "accent": "", "accent_dark": "", "footer_text": ""})
    look = SiteLook.objects.get()
    assert (look.name, len(look.menu)) == ("Mine", 1)


@pytest.mark.parametrize(
    ("values", "refusal"),
    [
        ({"slug": "Über uns"}, "small letters"),
        ({"slug": "imprint"}, "Another page has this slug"),
        ({"title": "…"}, "Type a slug"),
        ({"language": "german!"}, "must be the tag of a language"),
        ({"body": "x" * 50_001}, "50,000 are allowed"),
    ],
    ids=str,
)
def test_what_no_page_can_have_is_refused(publisher, values, refusal):
    SitePage.objects.create(slug="imprint", title="Imprint", body="x")
    page = change(publisher, f"{PAGES}add/", **{"title": "About us", "body": "x", **values}).content.decode()
    assert refusal in page
    assert SitePage.objects.count() == 1


def test_the_footer_changes_only_with_its_permission(client):
    """Also not by a form without the field, which would otherwise look like one with an empty box."""
    page = SitePage.objects.create(slug="imprint", title="Imprint", body="x", published=True)
    user = User.objects.create_user("pat", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=["view_sitepage", "change_sitepage"]))
    client.force_login(user)
    url = f"{PAGES}{page.pk}/change/"
    assert change(client, url, in_footer="on").status_code == 302
    assert SiteLook.current().footer_links == []
    operations.link_in_footer(page, True)
    assert change(client, url, title="About us").status_code == 302
    assert len(SiteLook.current().footer_links) == 1
    page.refresh_from_db()
    assert page.title == "About us"


def test_editors_see_neither(client):
    user = User.objects.create_user("eve", is_staff=True)
    user.groups.add(Group.objects.get(name="editor"))
    client.force_login(user)
    assert [client.get(url).status_code for url in (PAGES, f"{PAGES}add/", LOOK)] == [403, 403, 403]


def test_a_form_with_errors_says_that_the_chosen_files_are_lost(publisher, monkeypatch):
    stored = {"files": [], "width": 1, "height": 1}
    monkeypatch.setitem(UPLOADS, "logo", lambda upload: stored)
    logo = SimpleUploadedFile("logo.png", b"png", "image/png")
    refused = change(publisher, LOOK, accent="a nice blue", logo_upload=logo)
    assert refused.status_code == 200
    assert "Choose the files again" in refused.content.decode()
