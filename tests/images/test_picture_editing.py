"""Editing pictures: upload, replace, describe, credit, take down, and see why one is missing."""

import io
import re

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from PIL import Image

from articles import operations
from articles.admin.inlines import process_upload
from articles.audit_log.unit_of_work import SYSTEM_ACTOR
from articles.images.fetch_queue import fail
from articles.images.store import TakenDownError, file_names
from articles.models import Article, ArticleImage, Operation, Picture, PictureAddress
from articles.operations.results import ActionError
from pictures import uploads
from pictures.decoder import Decoder
from pictures.sniffing import MAX_BYTES
from providers.forms import process_upload as process_logo
from tests import builders
from tests.admin.forms import change_url, fields_of, save
from tests.desk.helpers import member
from tests.sample_pictures import encode

pytestmark = pytest.mark.django_db

URL = "https://images.example/one.jpg"


def upload(client, article, data, row=0, **changes):
    """Send the article's page with a file for a picture: `row` counts from 0; the one after the last is new."""
    url = change_url(article)
    sent = (
        fields_of(client.get(url)) | changes | {"_save": "Save", f"images-{row}-upload": SimpleUploadedFile("x", data)}
    )
    sent["images-TOTAL_FORMS"] = str(max(row + 1, int(sent["images-TOTAL_FORMS"])))
    return client.post(url, sent, follow=True)


def stored(media):
    return {str(path.relative_to(media)) for path in media.rglob("*") if path.is_file()}


@pytest.mark.integration
def test_an_uploaded_picture_is_shown_and_has_a_url_on_this_site(admin_client, client, media):
    article = builders.article()
    upload(admin_client, article, encode("PNG", size=(500, 300)))
    image, picture = article.images.get(), Picture.objects.get()
    assert image.url == f"http://testserver/media/pictures/{picture.key[:2]}/{picture.key}/480.jpg"
    assert (image.width, image.height, image.is_cached) == (480, 288, True)
    assert stored(media) == set(file_names(picture))
    assert client.get(image.url).status_code == 200
    assert picture.key in client.get(article.get_absolute_url()).content.decode()
    article.refresh_from_db()
    assert "images" in article.pins
    assert not article.pictureless


@pytest.mark.integration
def test_a_picture_is_replaced_in_one_article_only_and_undo_restores_it(admin_client):
    one, other = builders.article(), builders.article()
    for article in (one, other):
        shared = builders.picture(article, URL)
    upload(admin_client, one, encode("JPEG"))
    assert one.images.get().url != URL
    assert other.images.get().url == URL
    assert PictureAddress.objects.held().get(url=URL).picture.key == shared.key
    operations.undo(Operation.objects.latest("pk"), by=SYSTEM_ACTOR)
    assert one.images.get().url == URL


@pytest.mark.integration
@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "is not a JPEG, PNG, GIF, WebP or AVIF file"),
        (encode("TIFF"), "is not a JPEG"),
        (encode("PNG", size=(90, 90))[:-30], "is damaged"),
        (encode("PNG", mode="1", size=(10_000, 5_001)), "has more than 50 megapixels"),
    ],
)
def test_an_upload_that_is_no_picture_is_rejected_with_the_reason(admin_client, media, data, reason):
    article = builders.article()
    page = upload(admin_client, article, data)
    assert f"This picture {reason}" in page.content.decode()
    assert not article.images.exists()
    assert not stored(media)


@pytest.mark.integration
def test_a_picture_that_is_taken_down_while_the_page_is_saved_is_rejected(admin_client, monkeypatch):
    def fail(*args, **kwargs):
        raise TakenDownError

    monkeypatch.setattr("articles.admin.inlines.attach", fail)
    article = builders.article("Before")
    page = upload(admin_client, article, encode("JPEG"), title="After")
    assert "Nothing was saved: the picture was taken down. Choose another." in page.content.decode()
    assert Article.objects.get().title == "Before"


@pytest.mark.slow
def test_a_picture_needs_a_url_or_a_file(admin_client):
    article = builders.article()
    page = save(admin_client, change_url(article), **{"images-TOTAL_FORMS": "1", "images-0-title": "x"})
    assert "A picture needs a URL or a file." in page.content.decode()


@pytest.mark.slow
def test_edited_alternative_text_and_credit_survive_imports_and_undo(admin_client, client):
    article = builders.article()
    builders.picture(article, URL)
    said = {"images-0-alt": "A fox in snow", "images-0-attribution": "Ana / Agency"}
    save(admin_client, change_url(article), **said)
    page = client.get(article.get_absolute_url()).content.decode()
    assert 'alt="A fox in snow"' in page
    assert "Picture: <bdi>Ana / Agency</bdi>" in page
    article.refresh_from_db()
    assert "images" in article.pins
    operations.undo(Operation.objects.latest("pk"), by=SYSTEM_ACTOR)
    image = article.images.get()
    assert (image.url, image.alt, image.attribution) == (URL, "", "")


# Taking down


def take_down_url(article):
    return reverse("desk_take_down", args=[article.pk, article.images.get().pk])


@pytest.mark.integration
def test_a_picture_is_taken_down_wherever_it_is_shown(admin_client, client, media, django_capture_on_commit_callbacks):
    one, other = builders.article("One"), builders.article("Other")
    upload(admin_client, one, encode("JPEG"))
    url = one.images.get().url
    ArticleImage.objects.create(article=other, url=url)
    key = Picture.objects.get().key
    page = admin_client.get(take_down_url(one)).content.decode()
    assert "2 articles show it" in page
    assert stored(media)
    with django_capture_on_commit_callbacks(execute=True):
        admin_client.post(take_down_url(one), {"reason_text": "the agency asked"})
    assert not stored(media)
    for article in (one, other):
        assert key not in client.get(article.get_absolute_url()).content.decode()
        article.refresh_from_db()
        assert article.pictureless
    operation = Operation.objects.latest("pk")
    assert (operation.verb, operation.reason) == ("take_down", "the agency asked")
    assert set(operation.events.values_list("subject_id", "field", "before")) == {
        (one.pk, "picture", url),
        (other.pk, "picture", url),
    }
    with pytest.raises(ActionError, match="for good"):
        operations.undo(operation, by=SYSTEM_ACTOR)
    page = admin_client.get(reverse("desk_operation", args=[operation.pk])).content.decode()
    assert f"picture taken down for good: {url}" in page
    assert reverse("desk_undo", args=[operation.pk]) not in page
    again = upload(admin_client, one, encode("JPEG"))
    assert "This picture was taken down." in again.content.decode()


@pytest.mark.slow
@pytest.mark.parametrize(("group", "offered"), [("editor", False), ("publisher", True)])
def test_taking_down_is_offered_to_those_with_the_permission(client, group, offered):
    article = builders.article()
    copy = builders.picture(article)
    client.force_login(member(group))
    page = client.get(change_url(article)).content.decode()
    assert copy.small_file in page
    assert ("Take down for good" in page) == offered


@pytest.mark.slow
def test_the_confirmation_lists_the_articles_of_all_urls_of_the_picture(admin_client):
    one, other = builders.article("One"), builders.article("Other")
    key = builders.picture(one, URL).key
    builders.picture(other)
    Picture.objects.update(key=key)
    assert "2 articles show it" in admin_client.get(take_down_url(one)).content.decode()
    done = admin_client.post(take_down_url(one), follow=True).content.decode()
    assert "taken down for good from 2 articles." in done
    assert not PictureAddress.objects.held().exists()


def test_a_picture_of_one_article_is_taken_down_from_it(admin_client):
    article = builders.article()
    builders.picture(article, held=False)
    assert "One article shows it" in admin_client.get(take_down_url(article)).content.decode()
    done = admin_client.post(take_down_url(article), follow=True).content.decode()
    assert "taken down for good from 1 article." in done


def test_a_picture_that_was_never_stored_can_be_taken_down(admin_client):
    article = builders.article()
    builders.picture(article, URL, held=False)
    operations.take_down(article, URL)
    assert PictureAddress.objects.get(url=URL).status == "removed"
    assert operations.take_down(article, URL).operation is None


# Why a picture is missing


@pytest.mark.slow
def test_desk_and_admin_show_why_a_picture_is_missing(admin_client):
    article = builders.article("Lost", picture_count=1)
    builders.picture(article, URL, held=False)
    Article.objects.filter(pk=article.pk).update(pictureless=False)
    fail(URL, 'can\'t be fetched: the server says "gone" <b>')
    reason = "the picture can&#x27;t be fetched: the server says &quot;gone&quot; &lt;b&gt;"
    for url in (change_url(article), reverse("desk_story", args=[article.pk])):
        assert reason in admin_client.get(url).content.decode()
    assert "Lost" in admin_client.get("/admin/desk/?view=pictures").content.decode()


@pytest.mark.slow
def test_the_desk_shows_stored_copies(admin_client):
    article = builders.article()
    copy = builders.picture(article, URL)
    for url in ("/admin/desk/", reverse("desk_story", args=[article.pk]), change_url(article)):
        page = admin_client.get(url).content.decode()
        assert copy.key in page or url == "/admin/desk/"
        assert not re.search(r'<img[^>]*src="http', page)


@pytest.mark.systematic
def test_an_articles_page_needs_the_same_queries_for_one_picture_and_many(admin_client):
    article = builders.article()
    builders.picture(article)
    reason = []
    for url in (change_url(article), reverse("desk_story", args=[article.pk])):
        admin_client.get(url)  # the first visit writes a row
    for _ in range(2):
        for url in (change_url(article), reverse("desk_story", args=[article.pk])):
            with CaptureQueriesContext(connection) as captured:
                admin_client.get(url)
            reason.append(len(captured))
        for _ in range(4):
            builders.picture(article)
    assert reason[:2] == reason[2:]


@pytest.mark.integration
def test_uploads_are_decoded_once_before_the_transaction(admin_client, monkeypatch):
    depths = []
    decode = Decoder.decode
    monkeypatch.setattr(
        Decoder, "decode", lambda *args: (depths.append(len(connection.atomic_blocks)), decode(*args))[1]
    )
    article, outlet = builders.article(), builders.provider("Outlet", "outlet.example")
    upload(admin_client, article, encode("PNG"))
    upload(admin_client, article, encode("TIFF"), row=1)
    url = reverse("admin:providers_provider_change", args=[outlet.pk])
    logo = {"logos-TOTAL_FORMS": "1", "logos-0-file": SimpleUploadedFile("x", encode("PNG"))}
    admin_client.post(url, fields_of(admin_client.get(url)) | logo)
    assert (article.images.count(), outlet.logos.count()) == (1, 1)
    assert depths == [len(connection.atomic_blocks)] * 3


def test_uploads_of_users_without_permission_are_not_decoded(client, monkeypatch):
    monkeypatch.setattr(Decoder, "decode", lambda *args: pytest.fail("decoded"))
    article = builders.article()
    client.force_login(User.objects.create_user("idle", is_staff=True))
    sent = {"images-TOTAL_FORMS": "1", "images-0-upload": SimpleUploadedFile("x", encode("PNG"))}
    assert client.post(change_url(article), sent).status_code == 403


@pytest.mark.integration
def test_an_upload_is_decoded_in_the_child_process_only(admin_client, monkeypatch):
    monkeypatch.setattr(Image, "open", lambda *arguments, **options: pytest.fail("decoded in our own process"))
    output = io.BytesIO()
    Image.new("RGB", (40, 30)).save(output, "PNG")
    article = builders.article()
    upload(admin_client, article, output.getvalue())
    assert article.images.count() == 1


@pytest.mark.integration
@pytest.mark.parametrize(("process", "max_bytes"), [(process_upload, MAX_BYTES), (process_logo, uploads.MAX_BYTES)])
def test_an_upload_is_read_up_to_the_maximum_size_only(process, max_bytes):
    read = []
    upload = type("Upload", (), {"read": lambda self, size=-1: read.append(size) or b""})()
    with pytest.raises(ValidationError):
        process(upload)
    assert read == [max_bytes + 1]
