"""What a server gets from the entry point."""

import gc
import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
from django.core.cache import caches
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test import RequestFactory

from tests import builders
from tests.environments import newsroom_environment
from tests.servers import ROOT

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def kept_connection() -> Iterator[None]:
    """The test's transaction lasts longer than a request, as with Django's own test client."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.mark.parametrize("path", ["/about/", "/latest/", "/robots.txt", "/nowhere/"])
def test_head_tells_the_same_without_a_body(monkeypatch, path):
    monkeypatch.setenv("NEWSFOLD_SERVES", "false")  # or what other tests start would be servers
    from config.wsgi import application

    told = []
    bodies = []
    for method in ("GET", "HEAD"):
        environ = RequestFactory().generic(method, path).environ
        bodies.append(b"".join(application(environ, lambda status, headers, *_: told.append((status, dict(headers))))))
    (status, headers), (head_status, head_headers) = told
    assert bodies[0]
    assert bodies[1] == b""
    assert head_status == status
    assert head_headers["Content-Length"] == headers["Content-Length"] == str(len(bodies[0]))


def test_a_request_leaves_nothing_to_the_garbage_collector(monkeypatch):
    """What waits for it, some hundred requests long, makes a process grow."""
    monkeypatch.setenv("NEWSFOLD_SERVES", "false")
    from config.wsgi import application

    builders.article("The bridge is shut", published=True)

    def left_by(path: str) -> int:
        caches["pages"].clear()
        b"".join(application(RequestFactory().get(path).environ, lambda status, headers: None))
        return gc.collect()

    paths = ["/", "/latest/", "/search/?q=bridge", "/feeds/latest.rss", "/api/changes", "/topics/", "/nowhere/"]
    for path in paths:
        left_by(path)  # what the first makes stays
    gc.disable()
    try:
        assert {path: left_by(path) for path in paths} == dict.fromkeys(paths, 0)
    finally:
        gc.enable()


STARTED = """
import sys
import config.wsgi
from django.template import engines
loaded = engines["django"].engine.template_loaders[0].get_template_cache
print(*(name in sys.modules for name in ("articles.searching", "ninja", "config.errors", "accounts.backends")))
print(*(name in loaded for name in ("503.html", "articles/story.html", "articles/sitemap.xml", "desk/story.html")))
"""


def test_a_process_that_has_started_has_loaded_what_the_first_requests_need(tmp_path):
    environment = newsroom_environment(os.environ, tmp_path)
    command = [sys.executable, "-c", STARTED]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == ["True"] * 8
