"""The demo: an editor with a new password at each start, and the URLs to look at."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.db import OperationalError
from django.utils import timezone

from articles import operations
from articles.audit_log.unit_of_work import Actor
from articles.exchange.moved_dates import moved, newest_document
from articles.management import demo_schedule
from articles.management.commands import cache_images, demo
from articles.models import Article, ImportRun, PictureAddress
from sources.models import Source
from tests import builders
from tests.fake_decoder import FakeDecoder


@pytest.fixture
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.STATIC_ROOT = tmp_path / "static"


@pytest.mark.django_db
def test_the_first_start_creates_an_editor_with_all_permissions():
    password = demo.renew_editor()
    editor = get_user_model().objects.get(username="editor")
    assert editor.check_password(password)
    assert editor.is_staff
    assert editor.is_superuser


@pytest.mark.django_db
def test_a_later_start_keeps_the_editor_and_sets_a_new_password():
    first = demo.renew_editor()
    get_user_model().objects.update(first_name="Ada")
    second = demo.renew_editor()
    assert first != second
    editor = get_user_model().objects.get(username="editor")
    assert not editor.check_password(first)
    assert editor.check_password(second)
    assert editor.first_name == "Ada"


def test_passwords_are_readable_and_differ():
    passwords = {demo.readable_password() for _ in range(100)}
    assert len(passwords) == 100
    assert all(re.fullmatch(r"([a-z]{4}-){3}[a-z]{4}", password) for password in passwords)


def test_the_welcome_shows_urls_user_and_password(settings):
    settings.ALLOWED_HOSTS = ["localhost"]
    text = demo.welcome("http://localhost:8001", "kavo-kavo")
    for part in ("http://localhost:8001/\n", "http://localhost:8001/admin/", "editor", "kavo-kavo"):
        assert part in text
    assert ".env" not in text


def test_the_welcome_warns_about_settings_that_block_the_pages(settings):
    settings.ALLOWED_HOSTS = ["news.example"]
    settings.SECURE_SSL_REDIRECT = True
    text = demo.welcome("http://localhost:8000", "kavo")
    assert "Set HTTPS=false" in text
    assert "ALLOWED_HOSTS doesn't name localhost" in text


def test_an_unavailable_database_is_named_with_its_setting(monkeypatch):
    def refuse(*arguments, **options):
        raise OperationalError("connection refused")

    monkeypatch.setattr(demo, "call_command", refuse)
    with pytest.raises(CommandError, match=r"can't be used: connection refused\. Check DATABASE_URL"):
        call_command("demo", no_serve=True)


@pytest.mark.integration
@pytest.mark.django_db
def test_the_demo_sets_up_stories_pictures_and_an_editor_and_can_run_again(media, capsys, monkeypatch):
    monkeypatch.setattr(cache_images, "Decoder", FakeDecoder)  # 67 pictures take 12 s otherwise
    call_command("demo", no_serve=True)
    stories, pictures = Article.objects.count(), PictureAddress.objects.held().count()
    call_command("demo", no_serve=True)
    output = capsys.readouterr().out
    assert stories > 50
    assert pictures > 50
    assert (Article.objects.count(), PictureAddress.objects.held().count()) == (stories, pictures)
    assert f"{pictures} pictures: 0 stored, {pictures} unchanged, 0 rejected" in output
    assert get_user_model().objects.count() == 1
    assert ImportRun.objects.count() == 1  # a start that changes nothing adds none
    newest = Article.objects.latest("published_at")
    yesterday = timezone.now().date() - timedelta(days=1)
    assert newest.published_at.date() == yesterday
    assert Article.objects.public().filter(published_at__date=yesterday).count() >= 3  # readers find a top story

    operations.take_down_story(newest, by=Actor(reason="court order"))
    call_command("demo", no_serve=True)
    assert Article.objects.count() == stories - 1
    assert "0 rejected" in capsys.readouterr().out


@pytest.mark.django_db
def test_a_later_start_moves_the_edition_as_far_as_the_first():
    now = timezone.now()
    first = demo.days_to_move(now)
    newest = newest_document(demo.SEEDS / "news", demo.LAST_DAY).stem
    article = builders.article(name=moved(newest[:10], first, demo.LAST_DAY) + newest[10:])
    assert demo.days_to_move(now + timedelta(days=30)) == first
    operations.take_down_story(article, by=Actor(reason="court order"))
    assert demo.days_to_move(now + timedelta(days=30)) == first


@pytest.mark.django_db
def test_the_demo_fetches_sources_each_minute_until_its_server_ends(monkeypatch):
    commands, reports, seconds = [], [], []

    def call(name, **options):
        commands.append(name)
        if name == "fetch_sources" and len(commands) == 1:
            raise CommandError("The database failed.")

    def run(minutes):
        seconds.clear()
        demo_schedule.run_schedule(
            report=reports.append, parent=lambda: 1 if len(seconds) < 60 * minutes else 2, sleep=seconds.append
        )

    monkeypatch.setattr(demo_schedule, "call_command", call)
    monkeypatch.setattr(demo_schedule, "close_old_connections", lambda: None)  # it would end the test's transaction
    run(minutes=1)
    assert commands == []  # a demo without sources asks nobody
    Source.objects.create(name="Courier", url="https://courier.example/feed")
    run(minutes=2)

    assert commands == ["fetch_sources", "cache_images"] * 2
    assert reports == ["The database failed."]
