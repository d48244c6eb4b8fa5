"""Changes of accounts need the password again: a stolen session can't make itself permanent."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from axes.models import AccessAttempt, AccessLog
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Group, Permission, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_otp.oath import TOTP
from django_otp.plugins.otp_static.models import StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts import confirmation, second_factor
from accounts.admin import INTERNAL_APPS
from accounts.models import AttemptCounter, SecondFactorDuty, SignOut
from tests.site_urls import all_urls

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse battery"
NEW_PASSWORD = "another good one"
USERS, GROUPS = "/admin/auth/user/", "/admin/auth/group/"
SECOND_FACTOR, PASSWORD_CHANGE = "/admin/second-factor/", "/admin/password_change/"


@pytest.fixture
def clock(monkeypatch):
    """Freeze the clock; tests advance it."""
    now = [timezone.now()]
    monkeypatch.setattr(timezone, "now", lambda: now[0])
    return now


@pytest.fixture
def ana() -> User:
    return User.objects.create_superuser("ana", password=PASSWORD)


@pytest.fixture
def bob() -> User:
    bob = User.objects.create_user("bob", password=PASSWORD, is_staff=True)
    TOTPDevice.objects.create(user=bob)
    return bob


@pytest.fixture
def stolen(client, ana, clock) -> Client:
    """Return a session in which the password was checked ten minutes ago."""
    client.force_login(ana)
    clock[0] += timedelta(minutes=10)
    return client


@pytest.fixture
def with_factor(ana) -> list[str]:
    """Give ana a second factor; return its recovery codes."""
    TOTPDevice.objects.create(user=ana)
    return second_factor.renew_codes(ana)


def is_asked(response) -> bool:
    return "<h1>Confirm your password</h1>" in response.content.decode()


def carried(response) -> dict[str, list[str]]:
    """Return the hidden fields of the page that asks."""
    fields: dict[str, list[str]] = {}
    for name, value in re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', response.content.decode()):
        fields.setdefault(unescape(name), []).append(unescape(value))
    fields.pop("csrfmiddlewaretoken", None)
    return fields


def confirm(client, page, url: str, **answers: str):
    """Send the page that asks as a browser would."""
    return client.post(url, carried(page) | {f"confirm-{name}": value for name, value in answers.items()})


def accounts() -> dict[str, list[Any]]:
    """Return everything that decides who may sign in and what they may do, and who tried."""
    tables = (User, Group, User.groups.through, User.user_permissions.through, Group.permissions.through)
    tables += (SecondFactorDuty, SignOut, TOTPDevice, StaticToken, AccessAttempt, AccessLog)
    return {table.__name__: list(table.objects.order_by("pk").values()) for table in tables}


# Which requests


def new_user(things):
    return f"{USERS}add/", {"username": "eve", "usable_password": "true"} | new_passwords("password")


def more_rights(things):
    offered = Permission.objects.exclude(content_type__app_label__in=INTERNAL_APPS)
    every_right = list(offered.values_list("pk", flat=True))
    data = {"username": "bob", "is_active": "on", "is_staff": "on", "is_superuser": "on"}
    return f"{USERS}{things['bob'].pk}/change/", data | joined() | {"user_permissions": every_right}


def joined() -> dict[str, str]:
    return {"date_joined_0": "2020-06-09", "date_joined_1": "08:00:00"}


def password_of_another(things):
    return f"{USERS}{things['bob'].pk}/password/", {"usable_password": "true"} | new_passwords("password")


def new_passwords(name: str) -> dict[str, str]:
    return {f"{name}1": NEW_PASSWORD, f"{name}2": NEW_PASSWORD}


def action_on_users(name: str):
    def act(things):
        return USERS, {"action": name, "_selected_action": [things["bob"].pk], "post": "yes"}

    act.__name__ = name
    return act


def no_user(things):
    return f"{USERS}{things['bob'].pk}/delete/", {"post": "yes"}


def new_group(things):
    return f"{GROUPS}add/", {"name": 'all <"rights">\nand more', "permissions": [1, 2, 3]}


def rights_of_a_group(things):
    return f"{GROUPS}{things['group'].pk}/change/", {"name": "editor", "permissions": [1, 2, 3]}


def no_group(things):
    return f"{GROUPS}{things['group'].pk}/delete/", {"post": "yes"}


def no_trace(things):
    return f"/admin/axes/accessattempt/{things['attempt'].pk}/delete/", {"post": "yes"}


def no_traces(things):
    selected = {"action": "delete_selected", "_selected_action": [things["attempt"].pk], "post": "yes"}
    return "/admin/axes/accessattempt/", selected


ACTS = [
    *(new_user, more_rights, password_of_another, no_user, new_group, rights_of_a_group, no_group, no_trace, no_traces),
    *map(action_on_users, ("delete_selected", "end_sessions", "reset_second_factor")),
]


@pytest.fixture
def things(bob) -> dict[str, Any]:
    group = Group.objects.get(name="editor")
    attempt = AccessAttempt.objects.create(username="mallory", failures_since_start=1)
    return {"bob": bob, "group": group, "attempt": attempt}


@pytest.mark.systematic
@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.__name__)
def test_accounts_change_only_after_the_password(stolen, things, act):
    url, data = act(things)
    before = accounts()
    page = stolen.post(url, data)
    assert is_asked(page)
    wrong = confirm(stolen, page, url, password="wrong")
    assert "That password is wrong" in wrong.content.decode()
    assert accounts() == before

    done = confirm(stolen, wrong, url, password=PASSWORD)

    assert done.status_code == 302
    assert accounts() != before


@pytest.mark.systematic
@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.__name__)
def test_nobody_is_asked_in_the_ten_minutes_after_sign_in(client, ana, things, clock, act):
    client.force_login(ana)
    clock[0] += timedelta(minutes=9, seconds=59)
    url, data = act(things)
    assert client.post(url, data).status_code == 302


@pytest.mark.systematic
def test_every_form_of_an_account_asks(stolen, ana):
    """No URL of these admins accepts a form, whatever is posted."""
    urls = [url for url in all_urls() if re.match("auth_|axes_", url.name)]
    assert len(urls) >= 20
    for url in urls:
        for method in ("post", "put", "patch", "delete"):
            response = getattr(stolen, method)(url.filled({"object_id": str(ana.pk), "id": str(ana.pk)}), {})
            assert is_asked(response), (url, method)


def test_every_admin_of_an_account_is_protected():
    """An app that is added has to be put into one of the two."""
    registered = {model._meta.app_label for model in apps.get_models() if admin.site.is_registered(model)}
    assert registered - {"articles", "providers", "sources", "website"} <= confirmation.PROTECTED_APPS


@pytest.mark.slow
def test_looking_and_editing_stories_need_no_password(stolen):
    for url in (USERS, f"{USERS}add/", GROUPS, SECOND_FACTOR, PASSWORD_CHANGE, "/admin/"):
        assert not is_asked(stolen.get(url))
    assert not is_asked(stolen.post("/admin/articles/topic/add/", {"name": "AI"}))


# The page that asks


def test_no_field_of_the_form_is_lost(stolen, things):
    url, data = new_group(things)
    page = stolen.post(f"{url}?_popup=1", data | {"permissions": [3, 1, 2]})
    assert carried(page) == {"name": [data["name"]], "permissions": ["3", "1", "2"]}
    assert f'action="{url}?_popup=1"' in page.content.decode()
    wrong = confirm(stolen, page, url, password="wrong")
    assert carried(wrong) == carried(page)
    assert "wrong" not in re.findall('value="([^"]*)"', wrong.content.decode())  # the password isn't sent back
    confirm(stolen, wrong, url, password=PASSWORD)
    assert set(Group.objects.get(name__startswith="all").permissions.values_list("pk", flat=True)) == {1, 2, 3}


def test_the_page_is_stored_nowhere_and_obeys_the_content_security_policy(stolen, things):
    page = stolen.post(*new_user(things))
    assert "no-store" in page["Cache-Control"]
    forbidden = r"<style|\sstyle=|\son\w+=|<script(?![^>]* src=)|https?://(?!www\.w3\.org)"
    assert not re.search(forbidden, page.content.decode())


def test_one_answer_is_enough_for_ten_minutes_and_in_one_session(stolen, ana, things, clock):
    other = Client()
    other.cookies["session"] = stolen.cookies["session"].value  # the thief's copy
    url, data = new_group(things)
    confirm(stolen, stolen.post(url, data), url, password=PASSWORD)
    clock[0] += timedelta(minutes=9, seconds=59)
    assert stolen.post(url, {"name": "second"}).status_code == 302
    clock[0] += timedelta(seconds=1)
    assert is_asked(stolen.post(url, {"name": "third"}))
    assert other.post(url, {"name": "fourth"}).url.startswith("/admin/login/")  # the session has a new key
    assert not Group.objects.filter(name__in=("third", "fourth")).exists()


def test_a_session_without_the_time_of_a_check_is_asked(client, ana, things):
    client.force_login(ana)
    session = client.session
    del session["confirmed"]
    session.save()
    assert is_asked(client.post(*new_group(things)))


@pytest.mark.slow
def test_wrong_passwords_are_limited_like_those_of_a_sign_in(stolen, things):
    url, data = new_group(things)
    page = stolen.post(url, data)
    assert [confirm(stolen, page, url, password="wrong").status_code for _ in range(11)] == [200] * 10 + [429]
    locked = confirm(stolen, page, url, password=PASSWORD)
    assert locked.status_code == 429
    assert "Too many wrong passwords. Try again in 15 minutes." in locked.content.decode()
    assert int(locked["Retry-After"]) == 900
    assert carried(locked) == carried(page)
    right = {"old_password": PASSWORD} | new_passwords("new_password")
    assert stolen.post(PASSWORD_CHANGE, right).status_code == 429  # one limit for both
    AttemptCounter.objects.update(started_at=timezone.now() - timedelta(minutes=15))
    assert confirm(stolen, page, url, password=PASSWORD).status_code == 302
    assert AttemptCounter.objects.get().count == 0


# With a second factor


def enter(client, code: str) -> None:
    assert client.post("/admin/second-step/", {"code": code}).status_code == 302


def test_users_with_a_second_factor_enter_a_code_too(stolen, with_factor, things):
    enter(stolen, with_factor[0])
    url, data = new_group(things)
    page = stolen.post(url, data)
    assert is_asked(page)
    refused = [
        confirm(stolen, page, url, password=PASSWORD),
        confirm(stolen, page, url, password="wrong", code=with_factor[1]),
        confirm(stolen, page, url, password=PASSWORD, code=with_factor[0]),  # was used before
    ]
    assert all(map(is_asked, refused))
    assert Group.objects.count() == 4
    assert second_factor.codes_left(User.objects.get(username="ana")) == 9  # a wrong password uses up no code

    StaticToken.objects.first().device.throttle_reset()
    assert confirm(stolen, page, url, password=PASSWORD, code=with_factor[1]).status_code == 302
    assert Group.objects.count() == 5


def test_the_code_at_sign_in_is_no_check_of_the_password(stolen, with_factor, things):
    """Whoever has half a session can't take hours to get the code, and change accounts then."""
    enter(stolen, with_factor[0])
    assert is_asked(stolen.post(*new_group(things)))


@pytest.mark.parametrize("has_factor", [True, False])
def test_a_password_changes_only_after_a_code_where_there_is_one(stolen, ana, request, has_factor):
    codes = request.getfixturevalue("with_factor") if has_factor else []
    if has_factor:
        enter(stolen, codes[0])
    data = {"old_password": PASSWORD} | new_passwords("new_password")
    answer = stolen.post(PASSWORD_CHANGE, data)
    assert is_asked(answer) == has_factor
    if has_factor:
        assert User.objects.get(pk=ana.pk).check_password(PASSWORD)
        answer = confirm(stolen, answer, PASSWORD_CHANGE, password=PASSWORD, code=codes[1])
    assert answer.url == reverse("admin:password_change_done")
    assert User.objects.get(pk=ana.pk).check_password(NEW_PASSWORD)


@pytest.mark.slow
def test_a_second_factor_is_set_up_only_after_the_password(stolen, ana, monkeypatch):
    monkeypatch.setattr("time.time", lambda: 1_790_000_000.0)
    enrolment = stolen.get(SECOND_FACTOR).context["enrolment"]
    totp = TOTP(enrolment.device.bin_key)
    totp.time = 1_790_000_000.0
    sent = {"token": enrolment.token, "code": f"{totp.token():06}"}
    assert "Enter your password" in stolen.post(SECOND_FACTOR, sent).content.decode()
    wrong = stolen.post(SECOND_FACTOR, sent | {"password": "wrong"})
    assert "That password is wrong" in wrong.content.decode()
    assert wrong.context["enrolment"].token == enrolment.token
    assert not TOTPDevice.objects.exists()

    mistyped = stolen.post(SECOND_FACTOR, sent | {"password": PASSWORD, "code": "abcdef"}).content.decode()
    assert 'type="password"' not in mistyped  # it was right, so it isn't asked for again
    assert "The second factor is set up" in stolen.post(SECOND_FACTOR, sent).content.decode()
    assert TOTPDevice.objects.get().user == ana


@pytest.mark.parametrize("button", ["remove", "codes"])
def test_a_second_factor_is_removed_and_its_codes_are_renewed_only_after_the_password(stolen, with_factor, button):
    enter(stolen, with_factor[0])
    assert 'type="password"' in stolen.get(SECOND_FACTOR).content.decode()
    before = accounts()
    sent = {button: "x", "code": with_factor[1]}
    assert "Enter your password" in stolen.post(SECOND_FACTOR, sent).content.decode()
    assert "That password is wrong" in stolen.post(SECOND_FACTOR, sent | {"password": "wrong"}).content.decode()
    assert accounts() == before

    stolen.post(SECOND_FACTOR, sent | {"password": PASSWORD})

    assert TOTPDevice.objects.exists() == (button == "codes")
    assert not StaticToken.objects.filter(token__in=[row["token"] for row in before["StaticToken"]]).exists()
