"""Renditions that other sites show, of pictures that have none yet."""

import pytest
from django.core.files.storage import default_storage

from articles.images.sharing import make_missing_shares
from articles.images.store import file_names, store_picture
from articles.models import Picture
from pictures.files import share_name
from tests import builders

pytestmark = pytest.mark.django_db
URL = "https://images.example/one.jpg"


def test_older_pictures_get_one_from_our_own_copy(media, decoder):
    store_picture(URL, b"fox", decoder)
    picture = Picture.objects.get()
    assert share_name(picture.key) in file_names(picture)
    default_storage.delete(share_name(picture.key))
    Picture.objects.update(share=False)
    builders.picture(builders.article())  # its files are gone
    assert make_missing_shares(decoder) == 1
    assert default_storage.open(share_name(picture.key)).read() == b"share" + b"jpg320" + b"fox"
    assert Picture.objects.get(pk=picture.pk).share
    assert make_missing_shares(decoder) == 0
