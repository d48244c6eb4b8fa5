"""Which requests read from a replica, and that none does while it lags or fails. The rest is in tests/services."""

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

router = ReplicaRouter()


@pytest.fixture(autouse=True)
def a_replica(monkeypatch):
    monkeypatch.setitem(connections.settings, REPLICA, connections.settings[DEFAULT_DB_ALIAS])
    monkeypatch.setattr(replica, "_unavailable_until", 0.0)


@pytest.fixture
def states(monkeypatch):
    """What the stamps of the two databases are, or the error that one raises."""
    found = {DEFAULT_DB_ALIAS: 7, REPLICA: 7, "asked": []}

    def current(now, using=DEFAULT_DB_ALIAS):
        found["asked"].append(using)
        if isinstance(found[using], Exception):
            raise found[using]
        return found[using]

    monkeypatch.setattr(replica, "current_version", current)
    return found


def test_reads_go_to_the_replica_only_where_a_request_was_let_to_it():
    assert router.db_for_read(Article) == DEFAULT_DB_ALIAS
    with read_from_replica():
        assert router.db_for_read(Article) == REPLICA
        assert router.db_for_read(User) == DEFAULT_DB_ALIAS
    assert router.db_for_read(Article) == DEFAULT_DB_ALIAS


def test_who_writes_reads_what_was_written():
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


def test_a_replica_is_asked_while_it_knows_all_that_the_primary_does(states):
    assert replica.is_up_to_date()
    states[DEFAULT_DB_ALIAS] = 8
    assert not replica.is_up_to_date()
    states[REPLICA] = 8
    assert replica.is_up_to_date()


def test_the_primary_is_not_asked_twice_for_its_stamp(states):
    assert replica.is_up_to_date(7)
    assert not replica.is_up_to_date(8)
    assert states["asked"] == [REPLICA, REPLICA]


def test_a_replica_that_failed_is_left_alone_for_a_while(states, monkeypatch):
    states[REPLICA] = OperationalError("gone")
    assert not replica.is_up_to_date()
    assert not replica.is_up_to_date()
    assert states["asked"] == [REPLICA]
    states[REPLICA] = 7
    monkeypatch.setattr(replica, "_unavailable_until", 0.0)
    assert replica.is_up_to_date()


def test_a_primary_that_failed_is_not_the_replicas_fault(states):
    states[DEFAULT_DB_ALIAS] = OperationalError("gone")
    with pytest.raises(OperationalError):
        replica.is_up_to_date()
    assert replica._unavailable_until == 0.0


@pytest.mark.parametrize(
    ("method", "path", "is_let"),
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
def test_requests_of_readers_are_let_to_it(states, method, path, is_let):
    seen = []
    middleware = replica.ReplicaMiddleware(lambda request: seen.append(read_alias()) or HttpResponse())
    middleware(RequestFactory().generic(method, path))
    assert seen == [REPLICA if is_let else DEFAULT_DB_ALIAS]
    assert read_alias() == DEFAULT_DB_ALIAS


def test_a_request_that_it_fails_midway_is_answered_from_the_primary(states):
    def view(request, name):
        if read_alias() == REPLICA:
            raise OperationalError("gone")
        return HttpResponse(name)

    request = RequestFactory().get("/")
    request.resolver_match = SimpleNamespace(func=view, args=(), kwargs={"name": "told"})
    middleware = replica.ReplicaMiddleware(lambda request: HttpResponse())
    with read_from_replica():
        response = middleware.process_exception(request, OperationalError("gone"))
    assert response.content == b"told"
    assert replica._unavailable_until > 0
    assert middleware.process_exception(request, OperationalError("gone")) is None, "the primary's own failure"
    with read_from_replica():
        assert middleware.process_exception(request, ValueError("ours")) is None


def test_without_a_replica_nothing_is_asked(monkeypatch):
    monkeypatch.delitem(connections.settings, REPLICA)
    with pytest.raises(MiddlewareNotUsed):
        replica.ReplicaMiddleware(lambda request: HttpResponse())


def test_primary_holds_for_the_rest_of_the_request():
    with read_from_replica():
        read_from_primary()
        assert read_alias() == DEFAULT_DB_ALIAS
