"""A new password by mail: once, for the account's own address only, limited, and telling nobody who has one."""

from __future__ import annotations

import json
import re
import threading

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts import password_reset
from monitoring.logs import JsonFormatter
from monitoring.redaction import redact

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.accounts.mail_urls")]
RESET = "/admin/password-reset/"
NEW = "a new and longer password"


@pytest.fixture(autouse=True)
def ana(settings) -> User:
    settings.SITE_URL = "https://news.example"
    return User.objects.create_superuser("ana", "ana@news.example", "correct horse battery")


def ask(client: Client, address: str):
    response = client.post(RESET, {"email": address})
    for thread in threading.enumerate():
        if thread.name == "mail":
            thread.join()
    return response


def link() -> str:
    """Return the path of the link in the last mail."""
    return re.search(r"^https?://[^/]+(/\S+)$", mail.outbox[-1].body, re.MULTILINE)[1]


def follow(client: Client, path: str):
    form = client.get(path, follow=True)
    fields = {"new_password1": NEW, "new_password2": NEW}
    return client.post(form.request["PATH_INFO"], fields, follow=True)


def test_the_log_says_whose_password_was_set_and_from_where(client, caplog):
    caplog.set_level("INFO", "newsfold.security")
    ask(client, "ana@news.example")
    follow(client, link())

    [record] = [record for record in caplog.records if record.message == "password reset by mail"]
    line = json.loads(JsonFormatter().format(record))
    assert (line["user"], line["client"]) == ("ana", "127.0.0.1")


def test_a_link_sets_a_new_password_once_and_ends_all_sessions(client):
    signed_in = Client()
    signed_in.force_login(User.objects.get())
    assert RESET in client.get("/admin/login/").content.decode()
    ask(client, "ANA@news.example")

    [message] = mail.outbox
    assert (message.subject, message.to) == ("A new password for Newsfold", ["ana@news.example"])
    assert message.content_subtype == "plain"
    assert "https://news.example/admin/password-reset/" in message.body
    path = link()
    assert "/admin/login/" in follow(client, path).content.decode()
    assert User.objects.get().check_password(NEW)
    assert signed_in.get("/admin/").status_code == 302
    used = Client().get(path, follow=True).content.decode()
    assert "This link has been used, or it is too old." in used
    assert f'<a href="{RESET}">Ask for a new link</a>' in used


def test_the_second_factor_is_still_asked_for(client):
    TOTPDevice.objects.create(user=User.objects.get(), name="authenticator")
    ask(client, "ana@news.example")
    follow(client, link())
    client.post("/admin/login/", {"username": "ana", "password": NEW})
    assert client.get("/admin/").url.startswith("/admin/login/")
    assert client.get("/admin/", follow=True).request["PATH_INFO"] == "/admin/second-step/"


def test_no_response_tells_who_has_an_account(client):
    known, unknown = ask(client, "ana@news.example"), ask(client, "nobody@news.example")
    assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])
    assert len(mail.outbox) == 1


def test_an_address_without_an_account_takes_as_much_work(client, monkeypatch):
    """Rendering a mail takes longer than all the rest: it happens for every address, and so does a thread."""
    work = []

    def noted(function):
        return lambda *args, **kwargs: work.append(function.__name__) or function(*args, **kwargs)

    for name in ("render_to_string", "Thread"):
        monkeypatch.setattr(password_reset, name, noted(getattr(password_reset, name)))
    done = []
    for address in ("ana@news.example", "nobody@news.example"):
        work.clear()
        ask(client, address)
        done.append(list(work))
    assert done[0] == done[1] == ["render_to_string", "render_to_string", "Thread"]


def test_a_link_leads_to_the_site_whatever_host_was_asked(client):
    client.post(RESET, {"email": "ana@news.example"}, headers={"Host": "localhost:8001"})
    ask(client, "ana@news.example")
    assert len(mail.outbox) == 2
    assert all("https://news.example/admin/password-reset/" in message.body for message in mail.outbox)


MANY = [f"{number}@news.example" for number in range(11)]


ALIKE = ["ana@news.example", "ANA@news.example", "ana@new\u017f.example", "ana@\uff4eews.example"]  # long s, wide n


@pytest.mark.parametrize(
    ("addresses", "limit"), [(["ana@news.example"] * 4, 3), (ALIKE, 3), (MANY, 10)], ids=["one", "alike", "many"]
)
def test_requests_are_limited_by_address_and_by_network(client, addresses, limit):
    statuses = [ask(client, address).status_code for address in addresses]
    assert statuses == [302] * limit + [429]


def test_a_server_that_fails_shows_nothing(client, settings, caplog):
    settings.EMAIL_BACKEND = "tests.accounts.no_such_backend"
    assert ask(client, "ana@news.example").status_code == 302
    assert "ana@" not in caplog.text


def test_links_are_not_logged():
    assert redact("GET /admin/password-reset/Mg/abc-123/") == "GET /admin/password-reset/Mg/[removed]/"


@pytest.mark.urls("config.urls")
def test_without_a_mail_server_nothing_of_it_exists(client):
    assert client.get(RESET).status_code in (302, 404)
    assert "password-reset" not in client.get("/admin/login/").content.decode()
