"""The second factor: who must use it, and how it is set up, renewed and reset."""

from __future__ import annotations

import random
import re
import time
from io import StringIO

import pytest
from django.contrib.auth.models import Group, User
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.views.debug import get_default_exception_reporter_filter
from django_otp.oath import TOTP
from django_otp.plugins.otp_static.models import StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts import second_factor, views
from accounts.models import SecondFactorDuty
from tests.site_urls import all_urls

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse battery"
STEP, PAGE, LOGIN = "/admin/second-step/", "/admin/second-factor/", "/admin/login/"


@pytest.fixture
def now(monkeypatch):
    """Freeze the clock, in seconds; tests advance it."""
    second = [1_790_000_000.0]
    monkeypatch.setattr(time, "time", lambda: second[0])
    return second


@pytest.fixture
def ana():
    return User.objects.create_superuser("ana", password=PASSWORD)


def code(user, at: float) -> str:
    device = TOTPDevice.objects.get(user=user)
    totp = TOTP(device.bin_key, drift=device.drift)
    totp.time = at
    return f"{totp.token():06}"


def signed_in_client(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def with_factor(user) -> TOTPDevice:
    return TOTPDevice.objects.create(user=user, name="authenticator")


def is_in(client) -> bool:
    return client.get("/admin/jsi18n/").status_code == 200  # as protected as any page of the admin, and quick


def require_factor_of(user):
    group = Group.objects.get(name="publisher")
    user.groups.add(group)
    SecondFactorDuty.objects.create(group=group)


def every_page() -> list[str]:
    """Return the URLs of staff pages that need no arguments."""
    sign_in_pages = {"login", "logout", "second_step", "second_factor"}
    urls = [url for url in all_urls() if url.template.startswith("/admin/")]
    return [url.template for url in urls if url.name not in sign_in_pages and not re.search("[<(]", url.template)]


def assert_every_page_asks_to_sign_in(client) -> None:
    pages = every_page()
    assert len(pages) > 20
    for url in pages:
        responses = [page for page in (client.get(url), client.post(url)) if page.status_code != 405]
        assert responses, url
        for page in responses:
            assert page.status_code == 302, url
            assert page.url.startswith(LOGIN), url


# Who must enter a code


def test_a_password_is_enough_without_a_factor_or_a_group_that_requires_one(ana):
    assert is_in(signed_in_client(ana))


def test_enrolled_users_enter_a_code_and_reach_the_page_they_requested(client, ana, now):
    with_factor(ana)
    page = client.post(LOGIN, {"username": "ana", "password": PASSWORD, "next": "/admin/desk/?view=held"}, follow=True)
    assert page.redirect_chain[-1][0] == f"{STEP}?next=%2Fadmin%2Fdesk%2F%3Fview%3Dheld"
    before = client.cookies["session"].value

    answer = client.post(STEP, {"code": code(ana, now[0]), "next": page.context["next"]})

    assert (answer.status_code, answer.url) == (302, "/admin/desk/?view=held")
    assert client.cookies["session"].value != before
    assert is_in(client)


def test_an_unconfirmed_secret_is_no_second_factor(ana):
    TOTPDevice.objects.create(user=ana, confirmed=False)
    assert is_in(signed_in_client(ana))
    require_factor_of(ana)
    assert signed_in_client(ana).get(LOGIN).url == PAGE


@pytest.mark.systematic
@pytest.mark.parametrize("prepare", [with_factor, require_factor_of], ids=["enrolled", "required"])
def test_no_staff_page_opens_without_the_code(ana, prepare):
    prepare(ana)
    client = signed_in_client(ana)
    next_page = STEP if prepare is with_factor else PAGE
    assert_every_page_asks_to_sign_in(client)
    assert client.get(LOGIN).url == next_page


@pytest.mark.systematic
def test_users_who_are_not_staff_open_no_page_whatever_their_permissions():
    user = User.objects.create_user("reader")
    user.groups.add(Group.objects.get(name="publisher"))
    assert_every_page_asks_to_sign_in(signed_in_client(user))


def test_the_second_factor_is_not_shown_before_the_code(ana):
    with_factor(ana)
    client = signed_in_client(ana)
    assert client.get(PAGE).url.startswith(STEP)
    assert client.post(PAGE, {"codes": "x"}).url.startswith(STEP)


@pytest.mark.slow
def test_members_of_a_group_that_requires_a_second_factor_must_set_one_up_first(now):
    user = User.objects.create_user("ben", is_staff=True)
    client = signed_in_client(user)
    user.groups.add(Group.objects.get(name="publisher"))
    assert is_in(client)
    SecondFactorDuty.objects.create(group=Group.objects.get(name="editor"))
    assert is_in(client)
    SecondFactorDuty.objects.create(group=Group.objects.get(name="publisher"))
    assert not is_in(client)
    assert "Your role requires a second factor" in client.get("/admin/", follow=True).content.decode()
    set_up(client, now[0])
    assert is_in(client)


@pytest.mark.slow
def test_the_group_form_sets_the_requirement(admin_client):
    group = Group.objects.get(name="editor")
    url = reverse("admin:auth_group_change", args=[group.pk])
    rights = list(group.permissions.values_list("pk", flat=True))
    for is_required in (True, False):
        sent = {"name": "editor", "permissions": rights} | ({"requires_second_factor": "on"} if is_required else {})
        assert admin_client.post(url, sent).status_code == 302
        assert SecondFactorDuty.objects.filter(group=group).exists() == is_required
        form = admin_client.get(url).context["adminform"].form
        assert form["requires_second_factor"].value() == is_required
        assert admin_client.get(reverse("admin:auth_group_changelist")).status_code == 200


# Enrolment


def shown(enrolment: second_factor.Enrolment, at: float) -> str:
    """Return the code that an authenticator with this secret shows."""
    totp = TOTP(enrolment.device.bin_key)
    totp.time = at
    return f"{totp.token():06}"


def set_up(client, at: float, typed: str = "{}{}", **changes):
    page = client.get(PAGE)
    enrolment = page.context["enrolment"]
    digits = shown(enrolment, at)
    return client.post(PAGE, {"token": enrolment.token, "code": typed.format(digits[:3], digits[3:])} | changes)


@pytest.mark.slow
def test_setting_up_shows_the_secret_and_then_ten_codes_once(ana, now):
    client = signed_in_client(ana)
    page = client.get(PAGE).content.decode()
    assert re.search(r"Secret: <code>(?:[A-Z2-7]{4} ){7}[A-Z2-7]{4}</code>", page)
    assert "<svg" in page
    assert not TOTPDevice.objects.exists()  # showing the page writes nothing

    codes = re.findall(r"<code>(\w{4}-\w{4}-\w{4})</code>", set_up(client, now[0]).content.decode())

    assert len(set(codes)) == 10
    assert is_in(client)
    assert "10 recovery codes left" in client.get(PAGE).content.decode()
    assert not any(recovery_code in client.get(PAGE).content.decode() for recovery_code in codes)
    stored_tokens = set(StaticToken.objects.values_list("token", flat=True))
    assert not stored_tokens & {recovery_code.replace("-", "") for recovery_code in codes}


@pytest.mark.slow
def test_other_sessions_must_enter_a_code_after_enrolment(ana, now):
    other = signed_in_client(ana)
    client = signed_in_client(ana)
    set_up(client, now[0])
    assert not is_in(other)
    now[0] += 60
    other.post(STEP, {"code": code(ana, now[0])})
    assert is_in(other)
    now[0] += 60
    client.post(PAGE, {"remove": "x", "code": code(ana, now[0])})
    set_up(client, now[0])
    assert not is_in(other)  # its secret has been replaced


@pytest.mark.parametrize(("minutes", "is_accepted"), [(59, True), (61, False)])
def test_an_enrolment_secret_is_valid_for_an_hour(ana, now, minutes, is_accepted):
    client = signed_in_client(ana)
    enrolment = client.get(PAGE).context["enrolment"]
    now[0] += minutes * 60
    page = client.post(PAGE, {"token": enrolment.token, "code": shown(enrolment, now[0])})
    assert TOTPDevice.objects.exists() == is_accepted
    assert ("That secret has expired" in page.content.decode()) != is_accepted


@pytest.mark.parametrize(("seconds", "is_accepted"), [(-60, False), (-30, True), (30, True), (60, False)])
def test_clocks_may_differ_by_half_a_minute(ana, now, seconds, is_accepted):
    set_up(signed_in_client(ana), now[0] + seconds)
    assert TOTPDevice.objects.exists() == is_accepted


@pytest.mark.parametrize("changes", [{"code": "000000"}, {"code": "abcdef"}, {"token": "nonsense"}])
def test_nothing_is_set_up_without_a_valid_code_for_the_secret_on_the_page(ana, now, changes):
    client = signed_in_client(ana)
    assert set_up(client, now[0], **changes).status_code == 200
    assert not TOTPDevice.objects.exists()


@pytest.mark.parametrize(
    ("typed", "is_accepted"),
    [
        ("{} {}", True),
        (" {}-{} ", True),
        ("0{}{}", False),
        ("{}" + 14 * "-" + "{}", True),
        ("{}" + 15 * "-" + "{}", False),
    ],
)
def test_an_enrolment_code_has_six_digits_with_or_without_separators(ana, now, typed, is_accepted):
    set_up(signed_in_client(ana), now[0], typed)
    assert TOTPDevice.objects.exists() == is_accepted


def test_an_enrolment_secret_is_valid_for_one_user(ana, now):
    bens = second_factor.start_enrolment(User.objects.create_superuser("ben"))
    signed_in_client(ana).post(PAGE, {"token": bens.token, "code": shown(bens, now[0])})
    assert not TOTPDevice.objects.exists()


def test_the_enrolment_code_cannot_be_used_again(ana, now):
    set_up(signed_in_client(ana), now[0])
    client = signed_in_client(ana)
    client.post(STEP, {"code": code(ana, now[0])})
    assert not is_in(client)


# Codes


def test_a_code_works_once_and_for_a_minute(ana, now):
    with_factor(ana)
    used = code(ana, now[0])
    client = signed_in_client(ana)
    assert client.post(STEP, {"code": used}).status_code == 302
    again = signed_in_client(ana)
    assert "was used before" in again.post(STEP, {"code": used}).content.decode()
    late = signed_in_client(ana)
    TOTPDevice.objects.update(throttling_failure_count=0)
    old = code(ana, now[0] + 60)
    now[0] += 150
    assert late.post(STEP, {"code": old}).status_code == 200
    assert not is_in(again)
    assert not is_in(late)


@pytest.mark.slow
def test_each_wrong_code_doubles_the_wait(ana, now, monkeypatch):
    with_factor(ana)
    client = signed_in_client(ana)
    moment = [timezone.now()]
    monkeypatch.setattr(timezone, "now", lambda: moment[0])
    right = code(ana, now[0])
    client.post(STEP, {"code": "000000" if right != "000000" else "000001"})
    answer = client.post(STEP, {"code": right})
    assert "Wait 1 second, then" in answer.content.decode()
    for tries in range(9):
        moment[0] += timezone.timedelta(seconds=2**tries)
        client.post(STEP, {"code": "000000" if right != "000000" else "000001"})
    assert "Wait 512 seconds, then" in client.post(STEP, {"code": right}).content.decode()
    assert not is_in(client)
    moment[0] += timezone.timedelta(seconds=512)
    assert client.post(STEP, {"code": right}).status_code == 302


def test_a_recovery_code_works_once_in_upper_or_lower_case(ana, now):
    with_factor(ana)
    first, *_ = second_factor.renew_codes(ana)
    client = signed_in_client(ana)
    assert client.post(STEP, {"code": f" {first.upper().replace('-', ' ')} "}).status_code == 302
    assert is_in(client)
    assert second_factor.codes_left(ana) == 9
    again = signed_in_client(ana)
    assert again.post(STEP, {"code": first}).status_code == 200
    assert not is_in(again)


def test_new_recovery_codes_replace_the_old_ones(ana, now):
    client = signed_in_client(ana)
    set_up(client, now[0])
    old = second_factor.renew_codes(ana)[0]
    now[0] += 60
    client.post(PAGE, {"codes": "x", "code": code(ana, now[0])})
    assert second_factor.codes_left(ana) == 10
    again = signed_in_client(ana)
    again.post(STEP, {"code": old})
    assert not is_in(again)


def test_recovery_codes_are_void_under_another_key(ana, settings):
    with_factor(ana)
    first, *_ = second_factor.renew_codes(ana)
    settings.SECRET_KEY = "another-" + settings.SECRET_KEY
    client = signed_in_client(ana)
    client.post(STEP, {"code": first})
    assert not is_in(client)


def test_recovery_codes_do_not_repeat(ana):
    made = []
    for _ in range(2):
        random.seed(1)
        made.append(second_factor.renew_codes(ana))
    assert not set(made[0]) & set(made[1])


def test_codes_of_one_user_do_not_work_for_another(ana, now):
    ben = User.objects.create_superuser("ben")
    with_factor(ana)
    with_factor(ben)
    client = signed_in_client(ana)
    for foreign in (code(ben, now[0]), second_factor.renew_codes(ben)[0]):
        client.post(STEP, {"code": foreign})
        TOTPDevice.objects.update(throttling_failure_count=0)
    assert not is_in(client)


def test_new_recovery_codes_and_removal_require_a_code(ana, now):
    client = signed_in_client(ana)
    set_up(client, now[0])
    for button in ("codes", "remove"):
        assert "That code is wrong" in client.post(PAGE, {button: "x", "code": "wrong"}).content.decode()
        TOTPDevice.objects.update(throttling_failure_count=0)
        assert second_factor.codes_left(ana) == 10
    now[0] += 60
    assert (
        "You have new recovery codes" in client.post(PAGE, {"codes": "x", "code": code(ana, now[0])}).content.decode()
    )
    now[0] += 60
    client.post(PAGE, {"remove": "x", "code": code(ana, now[0])})
    assert not TOTPDevice.objects.exists()
    assert not StaticToken.objects.exists()
    assert is_in(client)


def test_a_required_second_factor_cannot_be_removed(ana, now):
    require_factor_of(ana)
    client = signed_in_client(ana)
    set_up(client, now[0])
    now[0] += 60
    assert 'name="remove"' not in client.get(PAGE).content.decode()
    client.post(PAGE, {"remove": "x", "code": code(ana, now[0])})
    assert TOTPDevice.objects.filter(user=ana).exists()


# Removal and reset


def test_users_can_sign_out_before_entering_the_code(ana):
    with_factor(ana)
    client = signed_in_client(ana)
    assert client.post(STEP, {"leave": ""}).url == LOGIN
    assert "_auth_user_id" not in client.session


@pytest.mark.parametrize("next_url", ["https://elsewhere.example/", "//elsewhere.example", "javascript:alert(1)"])
def test_redirects_after_the_code_stay_on_this_site(ana, now, next_url):
    with_factor(ana)
    assert signed_in_client(ana).post(STEP, {"code": code(ana, now[0]), "next": next_url}).url == "/admin/"


def test_redirects_after_the_code_stay_on_https(ana, now):
    with_factor(ana)
    sent = {"code": code(ana, now[0]), "next": "http://testserver/admin/desk/"}
    assert signed_in_client(ana).post(STEP, sent, secure=True).url == "/admin/"


def test_error_reports_contain_no_code(ana, monkeypatch):
    monkeypatch.setattr(second_factor, "next_step", lambda request: 1 / 0)
    request = RequestFactory().post(STEP, {"code": "123456"})
    request.user = ana
    request._dont_enforce_csrf_checks = True
    with pytest.raises(ZeroDivisionError):
        views.second_step(request)
    assert "123456" not in str(get_default_exception_reporter_filter().get_post_parameters(request))


@pytest.mark.parametrize("url", [STEP, PAGE])
def test_second_factor_pages_are_for_staff_only(client, url):
    client.force_login(User.objects.create_user("reader"))
    assert client.get(url).url.startswith(LOGIN)
    assert Client().get(url).url.startswith(LOGIN)


def test_an_administrator_resets_a_second_factor_and_ends_the_sessions(admin_client, ana, now):
    client = signed_in_client(ana)
    set_up(client, now[0])
    sent = {"action": "reset_second_factor", "_selected_action": [ana.pk]}
    admin_client.post(reverse("admin:auth_user_changelist"), sent)
    assert not is_in(client)
    assert is_in(signed_in_client(ana))


def test_the_command_resets_a_second_factor_and_ends_the_sessions(ana, now):
    client = signed_in_client(ana)
    set_up(client, now[0])
    out = StringIO()
    call_command("reset_second_factor", "ana", stdout=out)
    assert out.getvalue() == "ana now has no second factor and is signed out everywhere.\n"
    assert not is_in(client)
    assert is_in(signed_in_client(ana))
    with pytest.raises(CommandError, match="There is no user nobody"):
        call_command("reset_second_factor", "nobody")


def test_the_pages_obey_the_content_security_policy(ana, now):
    client = signed_in_client(ana)
    pages = [client.get(PAGE), set_up(client, now[0]), client.get(PAGE), signed_in_client(ana).get(STEP)]
    for page in pages:
        text = page.content.decode()
        assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]* src=)|https?://(?!www\.w3\.org)", text)
        assert "no-store" in page["Cache-Control"]


@pytest.mark.systematic
def test_a_page_of_the_desk_takes_no_more_queries_with_a_second_factor(ana, now):
    client = signed_in_client(ana)
    counts = [queries(client)]
    set_up(client, now[0])
    counts.append(queries(client))
    assert counts[0] == counts[1]


def queries(client) -> int:
    client.get("/admin/desk/")
    with CaptureQueriesContext(connection) as captured:
        assert client.get("/admin/desk/").status_code == 200
    return len(captured)
