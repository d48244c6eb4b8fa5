"""Sign-in: guessing is slow and reveals nothing, and sessions end when they should."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from axes.models import AccessAttempt, AccessLog
from django.contrib.auth import hashers
from django.contrib.auth.models import Permission, User
from django.contrib.auth.password_validation import validate_password
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import F
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts import lockout, sessions
from accounts.models import AttemptCounter, SignOut
from config import settings as site_settings
from config.client_ip import client_ip
from tests.concurrency import run_together

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse battery"
LOGIN = "/admin/login/"


@pytest.fixture
def ana() -> User:
    return User.objects.create_superuser("ana", password=PASSWORD)


def attempt(client, username="ana", password="wrong", **extra):
    return client.post(LOGIN, {"username": username, "password": password, "next": "/admin/"}, **extra)


def is_in(client) -> bool:
    return client.get("/admin/jsi18n/").status_code == 200  # as protected as any page of the admin, and quick


# Guessing


@pytest.fixture
def few_names(monkeypatch):
    """Lock a name after five guesses, so that tests of something else make fewer."""
    monkeypatch.setattr(lockout, "NAME_LIMIT", 5)


def lock_name(username="ana") -> list[int]:
    """Guess from so many networks that the name is locked; return the status of each response."""
    return [
        attempt(Client(), username, REMOTE_ADDR=f"203.0.113.{number}").status_code
        for number in range(lockout.NAME_LIMIT)
    ]


@pytest.mark.slow
def test_thirty_wrong_passwords_lock_a_user_name_for_browsers_that_have_not_signed_in(client, ana):
    assert lock_name() == [200] * 29 + [429]

    locked = attempt(Client(), password=PASSWORD, REMOTE_ADDR="203.0.113.250")
    assert locked.status_code == 429
    assert not is_in(client)


@pytest.mark.slow
def test_one_network_cannot_lock_a_name_for_others(ana):
    for _ in range(40):
        attempt(Client())
    assert attempt(Client(), password=PASSWORD, REMOTE_ADDR="203.0.113.9").status_code == 302


@pytest.mark.slow
def test_strangers_cannot_lock_out_a_browser_that_has_signed_in(client, ana, few_names):
    attempt(client, password=PASSWORD)
    client.post(reverse("admin:logout"))
    lock_name()
    for number in range(10):
        attempt(Client(), f"user{number}")  # its network is locked, too

    assert attempt(Client(), password=PASSWORD).status_code == 429
    assert attempt(client, password=PASSWORD).status_code == 302


@pytest.mark.slow
def test_a_browser_that_has_signed_in_has_ten_guesses_and_only_for_its_name(client, ana, few_names):
    """Each guess comes from another network, so that only the limit of the browser can be reached."""
    User.objects.create_superuser("ben", password=PASSWORD)
    attempt(client, password=PASSWORD)
    client.post(reverse("admin:logout"))
    lock_name("ben")
    assert attempt(client, "ben", PASSWORD, REMOTE_ADDR="203.0.113.250").status_code == 429
    guesses = [attempt(client, REMOTE_ADDR=f"198.51.100.{number}").status_code for number in range(10)]
    assert guesses == [200] * 9 + [429]
    assert attempt(client, password=PASSWORD, REMOTE_ADDR="198.51.100.250").status_code == 429
    assert attempt(Client(), password=PASSWORD, REMOTE_ADDR="198.51.100.250").status_code == 302


def test_a_forged_browser_cookie_counts_for_nothing(client, ana, few_names):
    lock_name()
    attempt(client, password=PASSWORD, REMOTE_ADDR="203.0.113.250")
    assert "browser" not in client.cookies
    client.cookies["browser"] = f"{32 * 'a'} ana:x:y"
    assert attempt(client, password=PASSWORD, REMOTE_ADDR="203.0.113.250").status_code == 429


@pytest.mark.slow
@pytest.mark.parametrize("length", [151, 255, 256, 5000])
def test_a_name_that_nobody_can_have_is_counted_without_computing_a_hash(client, ana, monkeypatch, length):
    hashed = count_hashes(monkeypatch)
    assert [attempt(client, "n" * length).status_code for _ in range(10)] == [200] * 9 + [429]
    assert hashed == []
    assert attempt(client, password=PASSWORD).status_code == 429


def count_hashes(monkeypatch) -> list[int]:
    """Return a list that grows with each password that is hashed."""
    hashed = []
    hasher = type(hashers.get_hasher())
    encode = hasher.encode
    monkeypatch.setattr(hasher, "encode", lambda self, *args: hashed.append(1) or encode(self, *args))
    return hashed


@pytest.mark.systematic
@pytest.mark.usefixtures("shared_database")
def test_a_burst_of_guesses_checks_no_more_passwords_than_the_limit(monkeypatch):
    User.objects.create_superuser("ana", password=PASSWORD)
    hashed = count_hashes(monkeypatch)
    statuses = run_together([lambda: attempt(Client()).status_code for _ in range(40)])
    assert len(hashed) == 10
    assert sorted(statuses)[10:] == [429] * 30


@pytest.mark.slow
def test_wrong_old_passwords_are_limited_like_those_of_a_sign_in(client, ana):
    client.force_login(ana)
    url = reverse("admin:password_change")
    new = {"new_password1": "another good one", "new_password2": "another good one"}
    right = {"old_password": PASSWORD}
    assert client.post(url, new | right | {"new_password2": "a different one"}).status_code == 200  # not counted
    assert [client.post(url, new | {"old_password": "wrong"}).status_code for _ in range(11)] == [200] * 10 + [429]
    assert client.post(url, new | right).status_code == 429
    assert attempt(Client(), password=PASSWORD).status_code == 302
    AttemptCounter.objects.update(started_at=F("started_at") - timedelta(minutes=15))
    assert client.post(url, new | right).status_code == 302


@pytest.mark.slow
def test_ten_wrong_passwords_lock_a_client_for_all_user_names(client, ana):
    answers = [attempt(client, f"user{number}").status_code for number in range(10)]
    assert answers == [200] * 9 + [429]
    assert attempt(client, password=PASSWORD).status_code == 429
    assert attempt(Client(), password=PASSWORD, REMOTE_ADDR="203.0.113.10").status_code == 302


@pytest.mark.slow
def test_another_browser_or_a_forged_header_does_not_evade_the_lockout(client, ana):
    for number in range(10):
        extra = {"HTTP_USER_AGENT": f"browser {number}", "HTTP_X_FORWARDED_FOR": f"198.51.100.{number}"}
        attempt(client, f"user{number}", **extra)
    assert attempt(client, password=PASSWORD, HTTP_X_FORWARDED_FOR="198.51.100.77").status_code == 429


@pytest.mark.slow
def test_behind_a_proxy_the_client_is_the_one_that_it_named(client, ana, settings):
    settings.BEHIND_PROXY = True
    for number in range(10):
        attempt(client, f"user{number}", HTTP_X_FORWARDED_FOR=f"192.0.2.{number}, 198.51.100.1")
    assert attempt(client, password=PASSWORD, HTTP_X_FORWARDED_FOR="192.0.2.99, 198.51.100.1").status_code == 429
    assert attempt(client, password=PASSWORD, HTTP_X_FORWARDED_FOR="198.51.100.2").status_code == 302


@pytest.mark.parametrize(
    ("forwarded", "expected"),
    [
        ("1.2.3.4:5678", "1.2.3.4"),
        ("9.9.9.9, 1.2.3.4:5678", "1.2.3.4"),
        ("[::1]:80", "::"),
        ("[2001:db8:1:2::5]", "2001:db8:1:2::"),
        ("[2001:db8:1:2::5]:443", "2001:db8:1:2::"),
        ("[::ffff:1.2.3.4]:80", "1.2.3.4"),
        ("2001:db8:1:2::5", "2001:db8:1:2::"),
        ("1.2.3.4:", "unknown"),
        ("[]:80", "unknown"),
        ("1.2.3.4:5678:9", "unknown"),
    ],
)
def test_a_port_behind_the_client_of_a_proxy_does_not_count(settings, forwarded, expected):
    settings.BEHIND_PROXY = True
    assert client_ip(RequestFactory().get("/", HTTP_X_FORWARDED_FOR=forwarded)) == expected


@pytest.mark.slow
def test_an_ipv6_network_counts_as_one_client_and_so_do_unknown_clients(client):
    for number in range(10):
        attempt(client, f"user{number}", REMOTE_ADDR=f"2001:db8:1:2::{number}")
        attempt(client, f"another{number}", REMOTE_ADDR="nonsense")
    assert attempt(client, "last", REMOTE_ADDR="2001:db8:1:2:ffff::1").status_code == 429
    assert attempt(client, "last", REMOTE_ADDR="more nonsense").status_code == 429
    assert attempt(client, "last", REMOTE_ADDR="2001:db8:1:3::1").status_code == 200


@pytest.mark.slow
def test_the_lockout_page_says_until_when_and_what_to_do(client, ana):
    answer = [attempt(client) for _ in range(10)][-1]
    page = " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())

    assert "Too many wrong passwords for this name or from your network" in page
    assert re.search(r"Wait until \d\d:\d\d:\d\d \(15 minutes\), then try again", page)
    assert "ask an administrator" in page
    assert 890 <= int(answer["Retry-After"]) <= 900
    assert PASSWORD not in page


@pytest.mark.slow
def test_the_lock_ends_after_15_minutes_even_if_guessing_goes_on(client, ana):
    for _ in range(10):
        attempt(client)
    AttemptCounter.objects.update(started_at=F("started_at") - timedelta(minutes=14))
    assert 0 < int(attempt(client)["Retry-After"]) <= 60
    AttemptCounter.objects.update(started_at=F("started_at") - timedelta(minutes=1))
    assert attempt(client, password=PASSWORD).status_code == 302


@pytest.mark.slow
def test_an_administrator_unlocks_sign_in_at_once(client, admin_client, ana, few_names):
    lock_name()
    assert attempt(client, password=PASSWORD).status_code == 429
    sent = {"action": "unlock", "_selected_action": [ana.pk]}
    page = admin_client.post(reverse("admin:auth_user_changelist"), sent, follow=True)
    assert "Sign-in unlocked: ana." in page.content.decode()
    assert attempt(client, password=PASSWORD).status_code == 302


@pytest.mark.slow
def test_no_response_reveals_which_names_exist(ana):
    off = User.objects.create_superuser("switched-off", password=PASSWORD, is_active=False)
    User.objects.create_user("no-staff", password=PASSWORD)
    pages = set()
    for username, password in (("ana", "wrong"), ("nobody", "wrong"), (off.username, PASSWORD), ("no-staff", PASSWORD)):
        page = attempt(Client(), username, password).content.decode()
        pages.add(re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", page.replace(username, "NAME")))
    assert len(pages) == 1
    lockout_pages = set()
    for number, username in enumerate(("ana", "nobody")):
        ip_address = f"203.0.113.{number}"
        answer = [attempt(Client(), username, REMOTE_ADDR=ip_address) for _ in range(10)][-1]
        lockout_pages.add(
            (answer.status_code, re.sub(r"\d\d:\d\d:\d\d", "", answer.content.decode().replace(username, "")))
        )
    assert len(lockout_pages) == 1


def test_a_wrong_password_takes_as_much_work_as_an_unknown_name(ana, settings, monkeypatch):
    """One hash is computed for each attempt, whether the user exists or not."""
    hashed = []
    hasher = hashers.get_hasher()
    encode = type(hasher).encode
    monkeypatch.setattr(
        type(hasher), "encode", lambda self, *arguments: hashed.append(arguments) or encode(self, *arguments)
    )
    counts = []
    for username, password in (("ana", "wrong"), ("nobody", "wrong")):
        hashed.clear()
        attempt(Client(), username, password)
        counts.append(len(hashed))
    assert counts == [1, 1]


@pytest.mark.slow
def test_passwords_are_hashed_with_scrypt(settings):
    settings.PASSWORD_HASHERS = site_settings.PASSWORD_HASHERS
    encoded = hashers.make_password(PASSWORD)
    assert encoded.startswith("scrypt$")
    assert hashers.get_hasher("scrypt").decode(encoded)["work_factor"] >= 2**14
    settings.PASSWORD_HASHERS = site_settings.PASSWORD_HASHERS[1:]
    assert hashers.make_password(PASSWORD).startswith("pbkdf2_sha256$")


@pytest.mark.parametrize(
    ("password", "message"),
    [
        ("elevensigns", "at least 12 characters"),
        ("qwertyuiop123", "too common"),
        ("ana.fernandez", "too similar to the email"),
        ("849320175628", "entirely numeric"),
    ],
)
def test_weak_passwords_are_rejected(password, message):
    user = User(username="ana", email="ana.fernandez@newsroom.example")
    with pytest.raises(ValidationError, match=message):
        validate_password(password, user)


@pytest.mark.parametrize(
    "password", ["twelve signs", "no composition rules here", "ünïcödé pässwörd", "x7" + "long" * 50]
)
def test_long_passwords_are_accepted(password):
    validate_password(password, User(username="ana"))


def test_changing_a_password_needs_the_old_one(client, ana):
    client.force_login(ana)
    sent = {"old_password": "wrong", "new_password1": "another good one", "new_password2": "another good one"}
    assert client.post(reverse("admin:password_change"), sent).status_code == 200
    ana.refresh_from_db()
    assert ana.check_password(PASSWORD)


def test_no_password_is_stored_or_logged(client, ana, caplog):
    with caplog.at_level(0):
        attempt(client, password="my other secret\n")
        attempt(client, "a\nb\x1b[31m", "my other secret\n")
        attempt(client, password=PASSWORD)
        client.post(reverse("admin:logout"))
    rows = [str(row) for model in (AccessAttempt, AccessLog) for row in model.objects.values()]
    everything = "\n".join([*rows, *(record.getMessage() for record in caplog.records)])
    assert len(rows) == 3
    assert "other secret" not in everything
    assert PASSWORD not in everything


# Sessions


def test_sign_in_starts_a_new_session(client, ana):
    client.get(LOGIN)
    session = client.session
    session["planted"] = "x"
    session.save()
    planted = session.session_key
    client.cookies["session"] = planted

    attempt(client, password=PASSWORD)

    assert client.cookies["session"].value != planted
    assert not Session.objects.filter(session_key=planted).exists()


def test_signing_out_ends_the_session_on_the_server(client, ana):
    attempt(client, password=PASSWORD)
    stolen = client.cookies["session"].value
    client.post(reverse("admin:logout"))
    assert not is_in(with_session(stolen))
    assert not Session.objects.filter(session_key=stolen).exists()


def test_sessions_end_under_another_secret_key(client, ana, settings):
    client.force_login(ana)
    assert is_in(client)
    settings.SECRET_KEY = "another-" + settings.SECRET_KEY
    assert not is_in(client)


def test_other_sessions_end_when_the_password_changes(client, ana):
    client.force_login(ana)
    other = Client()
    other.force_login(ana)
    sent = {"old_password": PASSWORD, "new_password1": "another good one", "new_password2": "another good one"}
    assert client.post(reverse("admin:password_change"), sent).status_code == 302
    assert is_in(client)
    assert not is_in(other)


def test_deactivating_a_user_ends_the_sessions_for_good(client, ana):
    client.force_login(ana)
    ana.is_active = False
    ana.save()
    assert not is_in(client)
    other = Client()
    other.force_login(User.objects.create_superuser("bob"))
    ana.is_active = True
    ana.save()
    assert not is_in(client)
    assert is_in(other)


def test_an_administrator_can_sign_a_user_out_everywhere(client, admin_client, ana):
    client.force_login(ana)
    sent = {"action": "end_sessions", "_selected_action": [ana.pk]}
    admin_client.post(reverse("admin:auth_user_changelist"), sent)
    assert not is_in(client)
    assert is_in(admin_client)
    client.force_login(ana)
    assert is_in(client)


def test_users_can_be_signed_out_everywhere_again(ana, clock):
    for _ in range(2):
        client = Client()
        client.force_login(ana)
        assert is_in(client)
        sessions.end_all_sessions(ana)  # at the same moment
        assert not is_in(client)
        clock[0] += timedelta(minutes=1)


def test_a_user_deactivated_in_the_database_is_anonymous(client, ana):
    client.force_login(ana)
    User.objects.update(is_active=False)
    assert not is_in(client)
    assert not client.get(LOGIN).context["user"].is_authenticated


@pytest.mark.parametrize("action", ["unlock", "end_sessions", "reset_second_factor"])
def test_what_an_administrator_does_to_users_is_in_their_history(admin_client, ana, action):
    sent = {"action": action, "_selected_action": [ana.pk]}
    admin_client.post(reverse("admin:auth_user_changelist"), sent)

    page = admin_client.get(reverse("admin:auth_user_history", args=[ana.pk]))

    assert [entry.user.username for entry in page.context["action_list"]] == ["admin"]


@pytest.mark.slow
@pytest.mark.parametrize("action", ["unlock", "end_sessions", "reset_second_factor"])
def test_view_permission_on_users_allows_no_action(client, ana, action):
    for _ in range(10):
        attempt(Client())
    factor = TOTPDevice.objects.create(user=ana)
    clerk = User.objects.create_user("clerk", is_staff=True)
    clerk.user_permissions.add(Permission.objects.get(codename="view_user"))
    client.force_login(clerk)
    page = client.post(reverse("admin:auth_user_changelist"), {"action": action, "_selected_action": [ana.pk]})
    assert page.status_code in (200, 302)
    assert AttemptCounter.objects.filter(count=10).exists()
    assert not SignOut.objects.exists()
    assert TOTPDevice.objects.get() == factor


def with_session(key: str) -> Client:
    client = Client()
    client.cookies["session"] = key
    return client


@pytest.fixture
def clock(monkeypatch):
    """Freeze the clock; tests advance it."""
    now = [timezone.now()]
    monkeypatch.setattr(timezone, "now", lambda: now[0])
    return now


@pytest.mark.slow
def test_a_session_ends_after_8_hours_without_use(client, ana, clock):
    client.force_login(ana)
    clock[0] += timedelta(hours=7, minutes=59)
    assert is_in(client)
    clock[0] += timedelta(hours=7, minutes=59)
    assert is_in(client)
    key = client.cookies["session"].value
    clock[0] += timedelta(hours=8)
    Session.objects.update(expire_date=clock[0] + timedelta(days=1))  # even if the store still returned it
    assert not is_in(client)
    assert not Session.objects.filter(session_key=key).exists()


@pytest.mark.slow
def test_a_session_ends_after_24_hours_of_use(client, ana, clock):
    client.force_login(ana)
    for _ in range(23):
        clock[0] += timedelta(hours=1)
        assert is_in(client)
    clock[0] += timedelta(minutes=59)
    assert is_in(client)
    clock[0] += timedelta(minutes=1)
    assert not is_in(client)


def test_a_session_without_a_start_time_is_expired(client, ana):
    client.force_login(ana)
    session = client.session
    del session[sessions.STARTED_KEY]
    session.save()
    assert not is_in(client)


def test_a_session_is_written_at_most_every_ten_minutes(client, ana, clock):
    client.force_login(ana)
    assert [writes(client) for _ in range(2)] == [0, 0]
    clock[0] += sessions.TOUCH_INTERVAL
    assert [writes(client) for _ in range(2)] == [1, 0]


def writes(client: Client) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert client.get("/admin/auth/group/").status_code == 200
    return sum('UPDATE "django_session"' in query["sql"] for query in captured.captured_queries)


def test_public_pages_query_no_session(admin_client, django_assert_num_queries):
    """Not even for signed-in users: everyone gets the same page."""
    admin_client.get("/about/")
    with django_assert_num_queries(0) as captured:
        admin_client.get("/robots.txt")
    assert captured.captured_queries == []


# Words


def test_people_sign_in_and_out(ana):
    client = Client()
    page = client.get(LOGIN).content.decode()
    assert '<input type="submit" value="Sign in">' in page
    wrong = attempt(client).content.decode()
    assert "The username or password is wrong" in wrong
    client.force_login(ana)
    pages = [client.get(url).content.decode() for url in ("/admin/", reverse("admin:password_change"))]
    assert all('<button type="submit">Sign out</button>' in page for page in pages)
    out = client.post(reverse("admin:logout")).content.decode()
    assert "You are signed out." in out
    for text in (page, wrong, *pages, out):
        assert not re.search("log(ged)? (in|out)", text, re.IGNORECASE)
