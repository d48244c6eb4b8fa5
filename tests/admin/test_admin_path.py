"""The admin is where ADMIN_PATH says, and nothing that readers get tells where that is."""

from __future__ import annotations

import importlib
import re

import pytest
from django.test import Client
from django.urls import clear_url_caches, reverse

from articles import operations
from articles.audit_log.unit_of_work import Actor
from articles.models import Via
from config import urls
from tests import builders
from tests.public.paths import OPEN
from tests.site_urls import all_urls

pytestmark = pytest.mark.django_db


@pytest.fixture
def moved(settings):
    """The site with its admin at /newsroom/secret/."""
    settings.ADMIN_PATH = "newsroom/secret/"
    importlib.reload(urls)
    clear_url_caches()
    yield
    settings.ADMIN_PATH = "admin/"
    importlib.reload(urls)
    clear_url_caches()


@pytest.mark.systematic
def test_all_of_it_moves(moved, admin_client, admin_user):
    article = builders.article("Storm", topics=["AI"])
    operation = operations.hold(article, by=Actor(admin_user, Via.DESK)).operation
    assert not [url.template for url in all_urls() if url.template.startswith("/admin/")]
    for url in (
        *(reverse("admin:index"), reverse("desk"), reverse("desk_story", args=[article.pk]), reverse("desk_history")),
        *(reverse("admin:articles_article_change", args=[article.pk]), reverse("desk_operation", args=[operation.pk])),
        *(reverse("desk_preview", args=[article.pk]), reverse("admin:second_factor")),
        reverse("admin:articles_article_changelist"),
    ):
        answer = admin_client.get(url)
        assert url.startswith("/newsroom/secret/")
        assert answer.status_code == 200
        assert not re.search(r'"/admin/', answer.content.decode())
        assert answer["Cache-Control"].endswith("private")
        assert "'none'" not in answer["Content-Security-Policy"].split("script-src")[1].split(";")[0]
    sent = {"action": "hold", "row": f"{article.pk}:{article.version}"}
    assert admin_client.post(reverse("desk_act"), sent).url.startswith("/newsroom/secret/desk/")


@pytest.mark.slow
def test_readers_see_no_notice(moved, client):
    builders.article("Storm", name="2020-06-09-open", topics=["Open"])
    for url in (*OPEN, "/nothing/", "/newsroom/", "/newsroom/secret", "/admin/"):
        answer = client.get(url)
        assert "secret" not in f"{answer.content.decode()} {answer.headers}" or url == "/newsroom/secret"
    nowhere = client.get("/admin/")
    assert nowhere.status_code == 404
    assert nowhere.content == client.get("/nothing/").content


def test_a_guessed_admin_path_asks_for_the_password(moved):
    answer = Client().get("/newsroom/secret/desk/")
    assert answer.url == "/newsroom/secret/login/?next=/newsroom/secret/desk/"
