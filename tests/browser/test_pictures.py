"""Browsers of readers load only the site's copies of pictures, in the newest format and a suitable size."""

import io

import pytest
from PIL import Image

from articles.images.store import store_picture
from articles.models import ArticleImage
from pictures.decoder import Decoder
from providers.models import ProviderLogo
from tests import builders
from tests.browser.conftest import NARROW, WIDE


@pytest.fixture(autouse=True)
def _own_media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def drawn(size):
    output = io.BytesIO()
    Image.new("RGB", size, "teal").save(output, "JPEG")
    return output.getvalue()


@pytest.mark.smoke
@pytest.mark.parametrize(("size", "widest"), [(WIDE, 1280), (NARROW, 480)])
def test_pictures_are_loaded_from_the_site_in_the_size_of_the_window(newsroom, size, widest):
    """The fixture fails a test whose pages ask any other host."""
    ProviderLogo.objects.create(provider=builders.provider(), url="https://courier.example/logo.png", width=100)
    with Decoder() as decoder:
        store_picture("https://courier.example/logo.png", drawn((100, 100)), decoder)
        for number in range(3):
            article = builders.article(f"Story {number}")
            ArticleImage.objects.create(article=article, url=f"https://courier.example/{number}.jpg")
            if number:
                store_picture(f"https://courier.example/{number}.jpg", drawn((1600 + number, 900)), decoder)
    page = newsroom.open_page(signed_in=False, size=size)
    for path in ("/", article.get_absolute_url(), "/providers/"):
        page.goto(path)
        page.evaluate("Promise.all([...document.images].map(image => (image.loading = 'eager', image.decode())))")
        shown = page.evaluate("[...document.images].map(image => [image.currentSrc, image.naturalWidth])")
        assert shown
        assert all(width for _, width in shown)
        if path != "/providers/":
            assert all("/media/pictures/" in url and url.endswith(".avif") for url, _ in shown if "/logos/" not in url)
            assert max(int(url.rpartition("/")[2].split(".")[0]) for url, _ in shown) <= widest
