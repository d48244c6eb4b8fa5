"""The flag of articles none of whose pictures can be shown."""

import pytest
from django.utils import timezone

from articles.images import store
from articles.images.fetch_queue import discover, enqueue, fail
from articles.images.store import store_picture
from articles.models import Article, ArticleImage, PictureAddress
from tests import builders

URL = "https://images.example/one.jpg"
OTHER_URL = "https://other.example/same.jpg"
NOW = timezone.now()
db = pytest.mark.django_db


def row_of(url=URL):
    return PictureAddress.objects.get(url=url)


def pictureless(article):
    return Article.objects.values_list("pictureless", flat=True).get(pk=article.pk)


@db
def test_a_story_whose_pictures_all_failed_is_flagged(decoder):
    one, two = builders.article(), builders.article()
    for article in (one, two):
        article.picture_count = 1
        article.pictureless = False
        article.save()
        builders.picture(article, URL, held=False)
    builders.picture(two, OTHER_URL)
    fail(URL, "is gone")
    assert (pictureless(one), pictureless(two)) == (True, False)
    store_picture(URL, b"fox", decoder)
    assert not pictureless(one)
    store.take_down(URL)
    assert pictureless(one)


@db
def test_a_new_story_with_a_url_that_failed_before_is_flagged():
    enqueue([URL])
    fail(URL, "is gone", permanent=True)
    article = builders.article(picture_count=1)
    ArticleImage.objects.bulk_create([ArticleImage(article=article, url=URL)])
    discover()
    assert pictureless(article)
