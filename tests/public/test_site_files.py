"""Icons, security.txt, and the picture that other sites show beside a link."""

import re

import pytest
from django.contrib.staticfiles import finders

from articles import operations
from articles.models import Picture
from articles.public.media import media_url
from pictures.files import share_name
from tests import builders
from tests.public.newsroom import LIST_PATHS, body
from website.models import SitePage

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("url", ["/favicon.ico", "/apple-touch-icon.png"])
def test_icons_are_found_by_their_usual_names(client, url):
    answer = client.get(url)
    assert answer.status_code == 302
    assert finders.find(answer["Location"].removeprefix("/static/"))


def test_the_security_contact_is_published_if_there_is_one(client, settings):
    assert client.get("/.well-known/security.txt").status_code == 404
    settings.SECURITY_CONTACT = "mailto:security@news.example"
    text = body(client, "/.well-known/security.txt")
    assert "Contact: mailto:security@news.example\n" in text
    assert re.search(r"^Expires: \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$", text, re.MULTILINE)
    assert "Canonical: http://testserver/.well-known/security.txt\n" in text


def test_the_page_contact_is_named_where_readers_look_for_it(client, settings):
    page = SitePage.objects.create(slug="contact", title="Write to us", body="x", published=False)
    urls = ["/about/", "/accessibility/", "/.well-known/security.txt"]
    settings.SITE_URL = "https://news.example"
    assert "/pages/contact/" not in body(client, urls[0]) + body(client, urls[1])
    assert client.get(urls[2]).status_code == 404
    operations.edit_reference(page, {"published": True})
    assert 'href="/pages/contact/"' in body(client, urls[0])
    assert 'href="/pages/contact/"' in body(client, urls[1])
    assert "Contact: https://news.example/pages/contact/\n" in body(client, urls[2])
    settings.SITE_URL = "http://news.example"  # which RFC 9116 doesn't accept
    assert client.get(urls[2]).status_code == 404


def shared_picture(page):
    """Return the URL, width and height that a page names."""
    return [re.search(f'"og:image{name}" content="([^"]+)"', page)[1] for name in ("", ":width", ":height")]


@pytest.mark.slow
def test_every_page_names_a_picture_of_ours_for_other_sites(client):
    story = builders.article(topics=["AI"])
    pages = [*LIST_PATHS[:4], "/feeds/", "/archive/", story.get_absolute_url()]
    for url in pages:
        link, *size = shared_picture(body(client, url))
        assert finders.find(link.removeprefix("http://testserver/static/")), url
        assert size == ["1200", "630"]
    copy = builders.picture(builders.article(topics=["AI"]), width=640, height=360)
    assert shared_picture(body(client, "/topics/ai/")) == [f"http://testserver{media_url(copy.file)}", "640", "360"]
    Picture.objects.update(share=True)
    for url in ("/", "/latest/", "/topics/ai/"):
        link, *size = shared_picture(body(client, url))
        assert link == f"http://testserver{media_url(share_name(copy.key))}"
        assert size == ["1200", "630"]
