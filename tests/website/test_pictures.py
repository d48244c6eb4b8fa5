"""The site's own logo and icon: through the confined decoder, and open to readers only while they are in use."""

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile

from articles import operations
from tests.sample_pictures import encode
from website.markdown import picture_markdown
from website.models import SitePage
from website.pictures import process_icon, process_logo, process_picture

pytestmark = [pytest.mark.django_db, pytest.mark.integration]  # it decodes


def upload(data: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile("x.png", data, "image/png")


def test_a_logo_is_shown_in_place_of_the_name_and_can_be_taken_back(client):
    logo = process_logo(upload(encode(mode="RGBA", size=(400, 200))))
    icon = process_icon(upload(encode(size=(200, 100))))
    assert (logo["width"], logo["height"]) == (240, 120)
    assert [name.rpartition("/")[2] for name in icon["files"]] == ["32.png", "180.png"]
    urls = [f"/media/{name}" for name in (*logo["files"], *icon["files"])]
    assert {client.get(url).status_code for url in urls} == {404}

    change = operations.edit_look({"logo": logo, "icon": icon}).operation
    html = client.get("/").content.decode()
    assert all(url in html for url in urls)
    assert 'alt="Newsfold"' in html
    assert {client.get(url).status_code for url in urls} == {200}

    operations.undo(change)
    assert {client.get(url).status_code for url in urls} == {404}
    assert "/media/site/" not in client.get("/").content.decode()


def test_a_picture_of_a_page_is_open_while_the_page_is_published(client):
    stored = process_picture(upload(encode(size=(500, 300))))
    page = SitePage(slug="imprint", title="Imprint", body=picture_markdown(**stored, alt="Our house"))
    operations.create_reference(page)
    url = f"/media/{next(name for name in stored['files'] if name.endswith('480.webp'))}"
    assert client.get(url).status_code == 404
    change = operations.edit_reference(page, {"published": True}).operation
    assert f'<img src="{url}"' in client.get("/pages/imprint/").content.decode()
    assert client.get(url).status_code == 200
    operations.undo(change)
    assert client.get(url).status_code == 404


@pytest.mark.parametrize(
    ("process", "data", "refusal"),
    [
        (process_logo, b"<svg/>", "not a JPEG, PNG, GIF, WebP or AVIF file"),
        (process_logo, encode(size=(1000, 50)), "at least 60 pixels in height"),
        (process_icon, encode(size=(64, 64)), "at least 180 pixels"),
        (process_icon, b"x" * 5_000_001, "more than 5 MB"),
    ],
    ids=["no picture", "too flat", "too small", "too large"],
)
def test_a_refusal_says_what_to_do(process, data, refusal):
    with pytest.raises(ValidationError, match=refusal) as refused:
        process(upload(data))
    assert refused.value.messages[0].endswith("one.")
