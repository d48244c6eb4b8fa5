"""Which requests read from a replica, and that none does while it lags or fails.

Tests with a real replica are in tests/services.
"""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import MiddlewareNotUsed
from django.db import DEFAULT_DB_ALIAS, OperationalError, connections, transaction
from django.http import HttpResponse
from django.test import RequestFactory

from articles.db.routers import REPLICA, ReplicaRouter, read_alias, read_from_primary, read_from_replica
from articles.models import Article
from articles.page_cache import replica
from website.models import SiteLook

router = ReplicaRouter()


@pytest.fixture(autouse=True)
def replica_database(monkeypatch):
    monkeypatch.setitem(connections.settings, REPLICA, connections.settings[DEFAULT_DB_ALIAS])
    monkeypatch.setattr(replica, "_unavailable_until", 0.0)


@pytest.fixture
def versions(monkeypatch):
    """The site versions of the two databases, or the error that reading one raises."""
    versions = {DEFAULT_DB_ALIAS: 7, REPLICA: 7, "queried": []}

    def current(now, using=DEFAULT_DB_ALIAS):
        versions["queried"].append(using)
        if isinstance(versions[using], Exception):
            raise versions[using]
        return versions[using]

    monkeypatch.setattr(replica, "current_version", current)
    return versions


def test_reads_go_to_the_replica_only_if_the_request_may_use_it():
    assert router.db_for_read(Article) == DEFAULT_DB_ALIAS
    with read_from_replica():
        assert router.db_for_read(Article) == REPLICA
        assert router.db_for_read(SiteLook) == REPLICA  # on every page
        assert router.db_for_read(User) == DEFAULT_DB_ALIAS
    assert router.db_for_read(Article) == DEFAULT_DB_ALIAS


def test_after_a_write_reads_go_to_the_primary():
    with read_from_replica():
        assert router.db_for_write(Article) == DEFAULT_DB_ALIAS
        assert router.db_for_read(Article) == DEFAULT_DB_ALIAS


@pytest.mark.django_db
def test_transactions_read_from_the_primary():
    with transaction.atomic(), read_from_replica():
        assert read_alias() == DEFAULT_DB_ALIAS


def test_nothing_migrates_a_replica():
    assert router.allow_migrate(REPLICA, "articles") is False
    assert router.allow_migrate(DEFAULT_DB_ALIAS, "articles") is None


def test_a_replica_is_used_while_it_has_the_version_of_the_primary(versions):
    assert replica.is_up_to_date()
    versions[DEFAULT_DB_ALIAS] = 8
    assert not replica.is_up_to_date()
    versions[REPLICA] = 8
    assert replica.is_up_to_date()


def test_the_version_of_the_primary_is_not_read_twice(versions):
    assert replica.is_up_to_date(7)
    assert not replica.is_up_to_date(8)
    assert versions["queried"] == [REPLICA, REPLICA]


def test_a_replica_that_failed_is_not_used_for_a_while(versions, monkeypatch):
    versions[REPLICA] = OperationalError("gone")
    assert not replica.is_up_to_date()
    assert not replica.is_up_to_date()
    assert versions["queried"] == [REPLICA]
    versions[REPLICA] = 7
    monkeypatch.setattr(replica, "_unavailable_until", 0.0)
    assert replica.is_up_to_date()


def test_a_failure_of_the_primary_does_not_disable_the_replica(versions):
    versions[DEFAULT_DB_ALIAS] = OperationalError("gone")
    with pytest.raises(OperationalError):
        replica.is_up_to_date()
    assert replica._unavailable_until == 0.0


@pytest.mark.parametrize(
    ("method", "path", "may_use_it"),
    [
        ("GET", "/", True),
        ("HEAD", "/", True),
        ("GET", "/news/2020-06-09-x/", True),
        ("GET", "/search/", True),
        ("GET", "/feeds/latest.rss", True),
        ("GET", "/sitemap.xml", True),
        ("GET", "/api/changes", True),
        ("POST", "/", False),
        ("GET", "/admin/", False),
        ("GET", "/admin/desk/", False),
        ("GET", "/preview/x/", False),
        ("GET", "/nowhere/", False),
    ],
)
def test_only_requests_of_readers_use_the_replica(versions, method, path, may_use_it):
    seen = []
    middleware = replica.ReplicaMiddleware(lambda request: seen.append(read_alias()) or HttpResponse())
    middleware(RequestFactory().generic(method, path))
    assert seen == [REPLICA if may_use_it else DEFAULT_DB_ALIAS]
    assert read_alias() == DEFAULT_DB_ALIAS


def test_a_request_that_fails_on_the_replica_is_repeated_on_the_primary(versions):
    def view(request, name):
        if read_alias() == REPLICA:
            raise OperationalError("gone")
        return HttpResponse(name)

    request = RequestFactory().get("/")
    request.resolver_match = SimpleNamespace(func=view, args=(), kwargs={"name": "the page"})
    middleware = replica.ReplicaMiddleware(lambda request: HttpResponse())
    with read_from_replica():
        response = middleware.process_exception(request, OperationalError("gone"))
    assert response.content == b"the page"
    assert replica._unavailable_until > 0
    assert middleware.process_exception(request, OperationalError("gone")) is None, "the primary's own failure"
    with read_from_replica():
        assert middleware.process_exception(request, ValueError("ours")) is None


def test_without_a_replica_the_middleware_is_not_used(monkeypatch):
    monkeypatch.delitem(connections.settings, REPLICA)
    with pytest.raises(MiddlewareNotUsed):
        replica.ReplicaMiddleware(lambda request: HttpResponse())


def test_reading_from_the_primary_lasts_for_the_rest_of_the_request():
    with read_from_replica():
        read_from_primary()
        assert read_alias() == DEFAULT_DB_ALIAS
