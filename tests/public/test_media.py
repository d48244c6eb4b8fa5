"""Pictures and logos on pages, and the files that the public may fetch."""

import re
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from articles.models import Article, ArticleImage
from pictures.files import share_name
from providers.models import ProviderLogo
from tests import builders
from tests.public.newsroom import LIST_PATHS, body

pytestmark = pytest.mark.django_db


HASH = "ab" + "0123456789abcdef" * 3 + "0123456789abcd"


# Pictures


@pytest.mark.slow
def test_only_stored_copies_of_pictures_are_loaded(client):
    article = builders.article(topics=["AI"])
    ArticleImage.objects.create(article=article, url="https://pictures.example/not-held.jpg")
    for url in [*LIST_PATHS, article.get_absolute_url()]:
        assert "<img" not in body(client, url)
    builders.picture(article, "https://pictures.example/held.jpg")
    for url in ("/", "/latest/", article.get_absolute_url()):
        page = body(client, url)
        assert "<picture>" in page
        assert "pictures.example" not in page


PICTURED = (
    "/",
    "/latest/",
    "/topics/ai/",
    "/providers/courier.example/",
    "/archive/2020/06/09/",
    "/search/?q=pictured",
)


@pytest.mark.parametrize("url", [*PICTURED, "/news/2020-06-09-first/"])
def test_the_first_picture_of_a_page_loads_at_once_and_the_others_lazily(client, url):
    for name in ("first", "second"):
        article = builders.article(f"Pictured {name}", name=f"2020-06-09-{name}", topics=["AI"], quality=90)
        builders.picture(article, width=1000, height=500)
    shown = re.findall(r"<picture>.*?</picture>", body(client, url))
    assert shown
    for number, picture in enumerate(shown):
        assert ('fetchpriority="high"' in picture) == (number == 0)
        assert ('loading="lazy" decoding="async"' in picture) == (number > 0)
        assert 'width="1000" height="500" alt=""' in picture
        assert re.findall(r'type="image/(\w+)"', picture) == ["avif", "webp"]
        assert picture.count('sizes="') == 2


def test_a_thumbnail_offers_no_more_pixels_than_it_needs(client):
    for _ in range(2):
        builders.picture(builders.article(), width=1280, height=720)
    thumb = re.findall(r"<picture>.*?</picture>", body(client, "/latest/"))[1]
    assert re.findall(r"/(\d+)\.avif (\d+)w", thumb) == [("160", "160"), ("320", "320"), ("480", "480")]
    article = builders.article()
    builders.picture(article, width=1280, height=720)
    page = body(client, article.get_absolute_url())
    assert re.findall(r"/(\d+)\.webp \d+w", page) == ["160", "320", "480", "640", "960", "1280"]
    assert re.search(r'<img src="/media/pictures/[0-9a-f]{2}/[0-9a-f]{32}/640\.jpg"', page)


def test_pictures_show_their_credit_and_alternative_text(client):
    article = builders.article()
    builders.picture(article, alt='A "fox" <in> snow', attribution="Ana & sons")
    page = body(client, article.get_absolute_url())
    assert 'alt="A &quot;fox&quot; &lt;in&gt; snow"' in page
    assert "<figcaption>Picture: <bdi>Ana &amp; sons</bdi></figcaption>" in page
    assert 'alt="A &quot;fox&quot;' in body(client, "/latest/")


def test_the_first_picture_with_a_copy_is_shown(client):
    article = builders.article()
    builders.picture(article, held=False)
    second = builders.picture(article)
    builders.picture(article)
    for url in ("/", "/latest/", article.get_absolute_url()):
        assert set(re.findall(r"pictures/../([0-9a-f]{32})/", body(client, url))) == {second.key}


@pytest.mark.parametrize(
    ("rungs", "shown"),
    [((50,), ['src="/{}/50.webp"']), ((50, 100), ['src="/{}/50.webp"', 'srcset="/{}/50.webp, /{}/100.webp 2x"'])],
)
def test_a_logo_is_sharp_on_dense_screens(client, rungs, shown):
    folder = f"media/logos/ab/{HASH[:32]}"
    outlet = builders.provider()
    ProviderLogo.objects.create(provider=outlet, url="/a.png", width=400, file=f"logos/ab/{HASH[:32]}/{rungs[-1]}.webp")
    builders.article()
    page = body(client, "/providers/")
    assert all(text.replace("{}", folder) in page for text in shown)
    assert ("srcset" in page) == (len(rungs) > 1)


def test_a_provider_without_a_logo_gets_a_monogram(client):
    outlet = builders.provider()
    logo = ProviderLogo.objects.create(provider=outlet, url="https://courier.example/logo.png", width=50, height=50)
    builders.article()
    assert re.search(r'class="mark[^>]*>C</span>', body(client, "/providers/"))
    logo.file = f"logos/ab/{HASH}.png"
    logo.save()
    assert f'src="/media/logos/ab/{HASH}.png"' in body(client, "/providers/")


@pytest.mark.parametrize(("suffix", "content_type"), [("jpg", "jpeg"), ("webp", "webp"), ("avif", "avif")])
def test_copies_are_sent_with_their_type_and_kept_by_browsers(client, suffix, content_type):
    name = stored(builders.picture(builders.article()), suffix)
    response = client.get(f"/media/{name}")
    assert b"".join(response.streaming_content) == b"bytes"
    assert response["Content-Type"] == f"image/{content_type}"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "default-src 'none'"
    assert response["Cache-Control"] == "public, max-age=31536000, s-maxage=60, immutable"
    again = client.get(f"/media/{name}", headers={"If-None-Match": response["ETag"]})
    assert (again.status_code, again["ETag"]) == (304, response["ETag"])


def stored(copy, suffix="jpg"):
    """Store a file of this picture and return its name."""
    name = copy.rendition_name(copy.widths[0], suffix)
    default_storage.save(name, ContentFile(b"bytes"))
    return name


@pytest.mark.parametrize("state", ["unpublished", "scheduled", "over", "folded", "removed", "other kind"])
def test_a_picture_that_nothing_published_shows_is_for_staff_only(client, admin_client, state):
    hour, now = timedelta(hours=1), timezone.now()
    values = {
        "unpublished": {"published": False},
        "scheduled": {"publish_at": now + hour},
        "removed": {"removed": True},
    }
    values |= {"over": {"unpublish_at": now - hour}}
    article = builders.folded(builders.article()) if state == "folded" else builders.article(**values.get(state, {}))
    copy = builders.picture(article, kind="logo" if state == "other kind" else "picture")
    shared = default_storage.save(share_name(copy.key), ContentFile(b"bytes"))
    for name in (stored(copy), shared):
        for headers in ({}, {"If-None-Match": f'"{name}"'}):
            assert client.get(f"/media/{name}", headers=headers).status_code == 404
            assert client.get(f"/media/{name}", headers=headers)["Cache-Control"] == "no-store, private"
        response = admin_client.get(f"/media/{name}")
        assert response.status_code == 200
        assert response["Cache-Control"] == "no-store, private"


def test_a_picture_shows_while_any_story_with_it_is_published(client):
    url = "https://pictures.example/both.jpg"
    first, second = builders.article(published=False), builders.article()
    builders.picture(first, url)
    name = stored(builders.picture(second, url))
    assert client.get(f"/media/{name}").status_code == 200
    Article.objects.filter(pk=second.pk).delete()
    assert client.get(f"/media/{name}").status_code == 404


def test_a_user_without_the_desk_is_a_stranger(client, django_user_model):
    name = stored(builders.picture(builders.article(published=False)))
    client.force_login(django_user_model.objects.create_user("reader"))
    assert client.get(f"/media/{name}").status_code == 404


@pytest.mark.parametrize("file", [f"logos/ab/{HASH[:32]}/100.webp", f"logos/ab/{HASH}.png", "logos/courier_50x50.png"])
def test_logos_show_while_something_of_their_outlet_is_published(client, admin_client, file):
    outlet = builders.provider()
    ProviderLogo.objects.create(provider=outlet, url="/a.png", width=100, file=file)
    names = [file, file.replace("/100.", "/50.")]
    for name in dict.fromkeys(names):
        default_storage.save(name, ContentFile(b"bytes"))
        assert client.get(f"/media/{name}").status_code == 404
        assert admin_client.get(f"/media/{name}").status_code == 200
        story = builders.article(provider=outlet)
        assert client.get(f"/media/{name}").status_code == 200
        story.delete()
        assert client.get(f"/media/{name}").status_code == 404
        story = builders.article(provider=builders.provider("Other", "other.example"))
        builders.related(story, provider=outlet)
        assert client.get(f"/media/{name}").status_code == 200
        story.delete()


def test_a_preview_link_shows_the_pictures_of_its_article_and_no_others(client):
    article, other = builders.article(published=False), builders.article(published=False)
    name, hidden = stored(builders.picture(article)), stored(builders.picture(other))
    link = f"/preview/{builders.preview_link(article).token}/"
    assert f'src="{link}media/{name.replace("160.", "640.")}"' in body(client, link)
    response = client.get(f"{link}media/{name}")
    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]
    for path in (f"{link}media/{hidden}", f"/preview/forged/media/{name}", f"{link}media/secret.txt", f"/media/{name}"):
        assert client.get(path).status_code == 404


@pytest.mark.parametrize(
    "name",
    [
        "secret.txt",
        f"pictures/ab/{HASH[:32]}/160.svg",
        f"pictures/ab/{HASH[:32]}/160.html",
        f"pictures/ab/{HASH[:32]}/160.jpg.html",
        f"pictures/ab/{HASH[:32]}/160.jpg\n",
        f"pictures/ab/{HASH[:32]}/160.jpg.0123.part",
        f"pictures/ab/{HASH[:32]}/0160.jpg",
        f"pictures/ab/{HASH[:32]}/16000.jpg",
        f"pictures/ab/{HASH[:32]}/original.jpg",
        f"pictures/{HASH[:32]}/160.jpg",
        "pictures/ab/short/160.jpg",
        f"pictures/ab/{HASH[:32].upper()}/160.jpg",
        "logos/.hidden.png",
        "logos/logo.svg",
        "logos/deep/logo.png",
        f"exports/ab/{HASH}.jpg",
    ],
)
def test_nothing_else_in_the_storage_has_a_url(client, settings, name):
    path = settings.MEDIA_ROOT / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("secret")
    assert client.get(f"/media/{name.replace(chr(10), '%0A')}").status_code == 404


@pytest.mark.parametrize("path", ["../secret.png", "logos/../secret.png", "logos/%2e%2e/x.png", "%00.png", ""])
def test_no_path_leads_out_of_the_media(client, path):
    assert client.get(f"/media/{path}").status_code == 404


def test_a_picture_that_was_deleted_is_not_found(client):
    assert client.get(f"/media/pictures/ab/{HASH[:32]}/160.jpg").status_code == 404
