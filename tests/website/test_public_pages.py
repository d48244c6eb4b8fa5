"""The publisher's own pages and the look, as readers see them."""

from datetime import UTC

import pytest
from django.contrib.auth.models import User
from django_otp.plugins.otp_totp.models import TOTPDevice

from articles import operations
from articles.models import Operation
from tests import builders
from website.models import SiteLook, SitePage

pytestmark = pytest.mark.django_db


def page(slug="imprint", published=True, **values):
    row = SitePage(slug=slug, title=slug.title(), body="By **The Post**.", published=published, **values)
    operations.create_reference(row)
    return row


def entry(target, label="", url=""):
    return {"target": target, "label": label, "url": url}


@pytest.mark.slow
def test_a_withdrawn_page_is_gone_at_the_next_request(client):
    imprint = page()
    assert "<strong>The Post</strong>" in client.get("/pages/imprint/").content.decode()
    changed_at = f"{Operation.objects.get().at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}"
    entry = f"/pages/imprint/</loc><lastmod>{changed_at}"
    assert entry in client.get("/sitemaps/lists.xml").content.decode()

    undone = operations.edit_reference(imprint, {"published": False}).operation
    assert client.get("/pages/imprint/").status_code == 404
    assert "/pages/imprint/" not in client.get("/sitemaps/lists.xml").content.decode()

    operations.undo(undone)
    assert client.get("/pages/imprint/").status_code == 200


def test_a_page_names_its_language_and_direction(client):
    page(language="ar")
    html = client.get("/pages/imprint/").content.decode()
    assert '<article lang="ar" dir="rtl">' in html


def test_the_page_about_introduces_the_page_that_was_there(client):
    assert "About Newsfold" in client.get("/about/").content.decode()
    page("about", published=False)
    assert "collects what other outlets report" in client.get("/about/").content.decode()

    operations.edit_reference(SitePage.objects.get(), {"published": True})
    html = client.get("/about/").content.decode()
    assert "<strong>The Post</strong>" in html
    assert "collects what other outlets report" not in html
    assert "Why this order" in html
    assert client.get("/pages/about/")["Location"] == "/about/"


@pytest.mark.slow
def test_the_name_changes_everywhere_at_the_next_request(client):
    builders.article("Storm", quality=90)
    urls = ("/", "/latest/", "/feeds/latest.rss", "/feeds/latest.atom", "/feeds/latest.json")
    before = [client.get(url).content.decode() for url in urls]
    assert [url for url, text in zip(urls, before, strict=True) if "Newsfold" not in text] == []

    change = operations.edit_look({"name": "The Harbour Post", "tagline": ""}).operation
    after = [client.get(url).content.decode() for url in urls]
    assert all("The Harbour Post" in text for text in after)
    assert not any("The news, each event once" in text for text in after)
    assert '<meta property="og:site_name" content="The Harbour Post">' in after[0]

    schemas = [client.get(url).json() for url in ("/api/openapi.json", "/api/v2/openapi.json")]
    assert [schema["info"]["title"] for schema in schemas] == [
        "The Harbour Post: published news",
        "The Harbour Post: stories",
    ]
    assert "The%20Harbour%20Post" in TOTPDevice(user=User(username="pia")).config_url

    operations.undo(change)
    assert "The Harbour Post" not in client.get("/").content.decode()
    assert "The news, each event once" in client.get("/").content.decode()


def test_the_menu_follows_the_publishers_order_and_leaves_out_what_readers_cannot_open(client):
    draft, imprint = page("draft", published=False), page()
    shown = builders.article("Storm", topics=["AI"], quality=90).topics.get()
    silent = builders.topic("Silent")
    entries = [
        *(entry(f"page:{row.pk}") for row in (draft, imprint)),
        *(entry(f"topic:{row.pk}", "News of AI" if row == shown else "") for row in (silent, shown)),
        entry("url", "Shop", "https://shop.example/"),
        entry("front"),
    ]
    operations.edit_look({"menu": entries})

    menu = client.get("/").content.decode().partition('<nav class="menu"')[2].partition("</nav>")[0]
    places = [menu.index(label) for label in (">Imprint<", ">News of AI<", ">Shop<", ">Top stories<")]
    assert places == sorted(places)
    assert "Draft" not in menu
    assert "Silent" not in menu
    assert 'class="out" rel="noopener" href="https://shop.example/"' in menu


def test_deleting_a_page_takes_it_out_of_the_menus_and_undo_brings_both_back(client):
    imprint = page()
    operations.link_in_footer(imprint, True)
    links = SiteLook.current().footer_links
    deletion = operations.delete_references([SitePage.objects.get()]).operation
    assert SiteLook.current().footer_links == []

    operations.undo(deletion)
    assert SiteLook.current().footer_links == links
    footer = client.get("/").content.decode().partition("<footer")[2]
    assert f'href="{imprint.get_absolute_url()}">Imprint' in footer


def test_the_stylesheet_has_the_accent_and_a_readable_shade_of_it(client):
    assert "/look/" not in client.get("/").content.decode()
    operations.edit_look({"accent": "#0b5394"})

    url = SiteLook.current().stylesheet
    assert f'<link rel="stylesheet" href="{url}">' in client.get("/").content.decode()
    response = client.get(url)
    assert "--accent: #0b5394" in response.content.decode()
    assert "immutable" in response["Cache-Control"]
    assert client.get("/look/0b5394-red.css").status_code == 404
