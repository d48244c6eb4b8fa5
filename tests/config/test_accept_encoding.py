"""A client doesn't get a coding that it refuses."""

from __future__ import annotations

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from config.accept_encoding import AcceptEncodingMiddleware


@pytest.mark.parametrize(
    ("header", "kept"),
    [
        ("gzip, deflate, br", "gzip, deflate, br"),
        ("gzip;q=0", ""),
        ("br, GZIP; q=0.000, identity", "br, identity"),
        ("gzip;q=0.001, br;Q=0.0", "gzip;q=0.001"),
        ("*;q=0", ""),
        (";", ";"),
    ],
)
def test_refused_codings_are_removed_for_everything_that_reads_the_header(header, kept):
    seen = []
    middleware = AcceptEncodingMiddleware(lambda request: seen.append(request.headers["Accept-Encoding"]))
    middleware(RequestFactory().get("/", headers={"Accept-Encoding": header}))
    assert seen == [kept]


def test_a_request_without_the_header_stays_without():
    request = RequestFactory().get("/")
    AcceptEncodingMiddleware(lambda request: HttpResponse())(request)
    assert "Accept-Encoding" not in request.headers
