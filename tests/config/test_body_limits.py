"""Bodies are limited by what they are for, and none that is refused is read."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from config.body_limits import FORM_BYTES, SIGN_IN_BYTES, UPLOAD_BYTES

pytestmark = pytest.mark.django_db
FORM, UPLOAD = "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"
PUBLIC = ["/", "/about/", "/latest/", "/search/", "/api/index.json", "/feeds/latest.rss", "/media/x.jpg", "/nowhere/"]
LOGIN = "/admin/login/"


class Unread:
    """A body that fails the test if anything reads it."""

    def read(self, *_):
        pytest.fail("the body was read")

    readline = read


def status(path, length, content_type=FORM, cookies=None, method="POST", **headers):
    """Send a request with a body that may not be read; return the status of the response."""
    client = Client()
    for name, value in (cookies or {}).items():
        client.cookies[name] = value
    environ = {"PATH_INFO": path, "REQUEST_METHOD": method, "CONTENT_TYPE": content_type, "wsgi.input": Unread()}
    if length is not None:
        environ["CONTENT_LENGTH"] = str(length)
    return client.request(**environ, **headers).status_code


@pytest.fixture
def staff_cookies():
    client = Client()
    client.force_login(User.objects.create_superuser("eve"))
    return {name: morsel.value for name, morsel in client.cookies.items()} | {"csrf": "c" * 32}


@pytest.mark.systematic
@pytest.mark.parametrize("content_type", [FORM, UPLOAD, "application/json", ""])
@pytest.mark.parametrize("path", PUBLIC)
def test_public_paths_read_no_body(path, content_type):
    for length in (1, 600_000_000):
        assert status(path, length, content_type, {"csrf": "c" * 32}) == 405
        assert status(path, length, content_type, method="GET") in (200, 301, 404)


@pytest.mark.parametrize("path", ["/about/", LOGIN, "/admin/articles/article/add/"])
def test_a_body_of_unknown_length_is_refused_unread(path, staff_cookies):
    assert status(path, None, UPLOAD, staff_cookies, HTTP_TRANSFER_ENCODING="chunked") == 411
    assert status(path, 10, UPLOAD, staff_cookies, HTTP_TRANSFER_ENCODING="chunked") == 411


@pytest.mark.parametrize("length", ["-1", "1_0", "x", "+5", "9" * 30, "²"])
def test_a_length_that_is_no_number_is_refused(length):
    assert status(LOGIN, length) == 400


@pytest.mark.parametrize("content_type", [FORM, UPLOAD])
@pytest.mark.parametrize("path", [LOGIN, "/admin/articles/article/add/"])
def test_strangers_may_send_no_more_than_a_password(path, content_type):
    assert status(path, SIGN_IN_BYTES + 1, content_type, {"csrf": "c" * 32, "session": "guess"}) == 413


@pytest.mark.parametrize(("content_type", "limit"), [(FORM, FORM_BYTES), (UPLOAD, UPLOAD_BYTES)])
def test_staff_may_send_forms_and_pictures_up_to_a_limit(content_type, limit, staff_cookies):
    assert status("/admin/articles/article/add/", limit + 1, content_type, staff_cookies) == 413
    with pytest.raises(BaseException, match="the body was read"):
        status("/admin/articles/article/add/", limit, content_type, staff_cookies)


def test_requests_without_a_body_are_served(client):
    assert client.generic("POST", "/about/").status_code == 405
    assert client.get("/about/").status_code == 200
    assert client.get(LOGIN).status_code == 200
