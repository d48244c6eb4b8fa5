"""System checks of articles: each names a problem and how to fix it."""

import sqlite3
from types import SimpleNamespace

import pytest
import yaml
from django.core.checks import run_checks
from PIL import features

from articles import checks
from sandbox import confinement


def messages(message_id):
    return [message for message in run_checks() if message.id == message_id]


@pytest.mark.parametrize(
    "message_id",
    [
        "articles.E001",
        "articles.E002",
        "articles.E003",
        "articles.E004",
        "articles.E009",
        "articles.E011",
        "articles.E020",
        "articles.W001",
        "articles.W002",
    ],
)
def test_a_suitable_machine_passes(message_id):
    assert messages(message_id) == []


def test_a_yaml_without_libyaml_is_an_error(monkeypatch):
    monkeypatch.delattr(yaml, "CSafeLoader")
    [message] = messages("articles.E001")
    assert message.is_serious()
    assert "libyaml-dev" in message.hint


def test_an_old_sqlite_is_an_error_only_where_it_is_used(monkeypatch, settings):
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 34, 1))
    monkeypatch.setattr(sqlite3, "sqlite_version", "3.34.1")
    monkeypatch.setitem(settings.DATABASES["default"], "ENGINE", "django.db.backends.sqlite3")
    assert "SQLite 3.34.1 is too old" in messages("articles.E002")[0].msg
    monkeypatch.setitem(settings.DATABASES["default"], "ENGINE", "django.db.backends.postgresql")
    assert messages("articles.E002") == []


def test_an_sqlite_without_full_text_search_is_an_error_only_where_it_is_used(monkeypatch, settings):
    monkeypatch.setattr("articles.checks._has_fts5", lambda: False)
    monkeypatch.setitem(settings.DATABASES["default"], "ENGINE", "django.db.backends.sqlite3")
    assert "no FTS5" in messages("articles.E004")[0].msg
    monkeypatch.setitem(settings.DATABASES["default"], "ENGINE", "django.db.backends.postgresql")
    assert messages("articles.E004") == []


@pytest.mark.parametrize(
    ("media", "static"), [("/srv/a", "/srv/a"), ("/srv/a/media", "/srv/a"), ("/srv/a", "/srv/a/b")]
)
def test_media_inside_static_files_or_around_them_is_an_error(settings, media, static):
    settings.MEDIA_ROOT, settings.STATIC_ROOT = media, static
    assert "must not contain each other" in messages("articles.E003")[0].msg


def test_a_pillow_that_lacks_a_format_warns(monkeypatch):
    monkeypatch.setattr(features, "check", lambda feature: feature != "avif")
    assert "can't read AVIF," in messages("articles.W001")[0].msg


@pytest.mark.parametrize(("system", "machine"), [("darwin", "arm64"), ("linux", "riscv64")])
def test_a_machine_that_cannot_confine_the_decoder_warns(monkeypatch, system, machine):
    monkeypatch.setattr(confinement.sys, "platform", system)
    monkeypatch.setattr(confinement.platform, "machine", lambda: machine)
    [message] = messages("articles.W002")
    assert not message.is_serious()
    assert confinement.missing_support() in message.msg


def test_a_kernel_without_seccomp_warns(monkeypatch, tmp_path):
    monkeypatch.setattr(confinement, "ACTIONS", tmp_path / "missing")
    assert "this kernel was built without seccomp filters" in messages("articles.W002")[0].msg


def test_a_site_without_https_gets_one_warning_that_explains_it(settings):
    deploy = [message.id for message in run_checks(include_deployment_checks=True) if message.id == "articles.W003"]
    settings.HTTPS = True
    secure = [message.id for message in run_checks(include_deployment_checks=True) if message.id == "articles.W003"]
    assert (deploy, secure) == (["articles.W003"], [])


def test_a_hub_needs_the_site_url(settings):
    settings.WEBSUB_HUB = "https://hub.example/"
    assert len(messages("articles.E011")) == 1
    settings.SITE_URL = "https://news.example"
    assert messages("articles.E011") == []


def test_a_mail_server_needs_the_site_url(settings):
    settings.SENDS_MAIL = True
    assert len(messages("accounts.E003")) == 1
    settings.SITE_URL = "https://news.example"
    assert messages("accounts.E003") == []


@pytest.mark.parametrize(("engine", "is_reported"), [("sqlite3", False), ("postgresql", True)])
def test_a_replica_of_another_database_engine_is_an_error(monkeypatch, engine, is_reported):
    databases = {"default": {"ENGINE": "django.db.backends.sqlite3"}}
    databases["replica"] = {"ENGINE": f"django.db.backends.{engine}"}
    monkeypatch.setattr(checks, "settings", SimpleNamespace(DATABASES=databases))
    assert [message.id for message in checks.check_replica()] == ["articles.E009"] * is_reported


@pytest.mark.parametrize("text", ["localhost:8001", "10.0.0.1/8", "127.0.0.1:x", "*"])
def test_a_picture_server_must_be_a_network_or_an_address_with_a_port(settings, text):
    settings.FETCH_SERVERS = ["10.1.0.0/16", text, "[::1]:8001"]
    assert [message.msg.split(",")[0] for message in messages("articles.E020")] == [f"FETCH_SERVERS names {text}"]
