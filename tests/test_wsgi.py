"""What a server gets from the entry point."""

import pytest
from django.test import RequestFactory

pytestmark = pytest.mark.django_db


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
