"""No charset that a client names makes an error: the site reads text as UTF-8."""

from __future__ import annotations

from io import BytesIO
from urllib.parse import urlencode

import pytest
from django.core.signals import request_started
from django.db import close_old_connections
from django.test import RequestFactory

from config.wsgi import application

pytestmark = pytest.mark.django_db
FORM, UPLOAD = "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"
CHARSETS = ["hex", "base64", "rot13", "zlib", "undefined", "idna", "punycode", "utf-16", "latin-1", "unknown", "", "\0"]
PARAMETERS = [*(f"charset={charset}" for charset in CHARSETS), "charset*=hex''%41", "charset*=no''%41", "x*=no''%41"]


def ask(path, content_type="", body=b"", method="GET"):
    """Send a request to the site as a WSGI server does; return the status and the page."""
    path, _, query = path.partition("?")
    environ = RequestFactory()._base_environ(
        PATH_INFO=path, QUERY_STRING=query, REQUEST_METHOD=method, CONTENT_TYPE=content_type
    )
    environ |= {"wsgi.input": BytesIO(body), "CONTENT_LENGTH": str(len(body)), "HTTP_COOKIE": f"csrf={'c' * 32}"}
    statuses = []
    response = application(environ, lambda status, headers: statuses.append(int(status[:3])))
    return statuses[0], b"".join(response).decode()


@pytest.fixture(autouse=True)
def _connection_stays_open():
    """Leave a test its connection, as Django's own client does."""
    request_started.disconnect(close_old_connections)
    yield
    request_started.connect(close_old_connections)


@pytest.mark.parametrize("parameter", PARAMETERS)
def test_the_query_is_read_as_utf8(parameter):
    for content_type in ("text/plain", UPLOAD):
        status, page = ask("/search/?q=%C3%A9%ff", f"{content_type}; {parameter}")
        assert (status, 'value="é\ufffd"' in page) == (200, True)
        assert ask("/api/news/index.json?page=1", f"{content_type}; {parameter}")[0] == 200


@pytest.mark.parametrize("parameter", PARAMETERS)
def test_a_form_is_read_as_utf8_or_refused(parameter):
    text = "Zoë"
    fields = {"csrfmiddlewaretoken": "c" * 32, "username": text, "password": "x"}
    part = "--x\r\nContent-Disposition: form-data; name=%s\r\nContent-Type: text/plain; %s\r\n\r\n%s\r\n"
    parts = "".join(part % (name, parameter, value) for name, value in fields.items()) + "--x--\r\n"
    for content_type, body in ((FORM, urlencode(fields)), (UPLOAD, parts)):
        status, page = ask("/admin/login/", f"{content_type}; {parameter}", body.encode(), "POST")
        if "*=no" in parameter or "\0" in parameter:  # no content type, so no form
            assert status == 403
        else:
            assert (status, f'value="{text}"' in page) == (200, True)
    assert ask("/about/", f"{FORM}; {parameter}", b"x=1", "POST")[0] == 405


@pytest.mark.parametrize("path", ["/robots.txt", "/healthz"])
def test_plain_text_names_its_charset(client, path):
    assert client.get(path)["Content-Type"] == "text/plain; charset=utf-8"
