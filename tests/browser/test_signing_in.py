"""Signing in with a browser: the pages comply with the content security policy and axe."""

from __future__ import annotations

import re
import time
from base64 import b32decode

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth.models import Group, User
from django.contrib.sessions.models import Session
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice
from playwright.sync_api import Page, expect

from accounts.models import SecondFactorDuty
from tests.browser.conftest import NARROW, PASSWORD, WIDE, editor


def sign_in(page: Page, password: str = PASSWORD) -> None:
    page.goto("/admin/desk/")
    page.get_by_label("Username:").fill("ana")
    page.get_by_label("Password:").fill(password)
    page.get_by_role("button", name="Sign in").click()


def check_accessibility(page: Page, what: str) -> None:
    """Check that axe reports nothing and the page is not wider than its window."""
    violations = Axe().run(page).response["violations"]
    assert not violations, [(violation["id"], violation["nodes"][0]["html"]) for violation in violations]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), what


@pytest.mark.parametrize(("size", "scheme"), [(WIDE, "light"), (NARROW, "dark")])
@pytest.mark.parametrize("javascript", [True, False])
def test_signing_in_with_a_password_and_a_second_factor(newsroom, size, scheme, javascript):
    ana = editor("ana")
    group = Group.objects.create(name="careful")
    ana.groups.add(group)
    SecondFactorDuty.objects.create(group=group)
    page = newsroom.open_page(signed_in=False, size=size, scheme=scheme, javascript=javascript)
    look = check_accessibility if javascript else lambda page, what: None

    sign_in(page)
    expect(page.get_by_role("heading", name="Set up a second factor")).to_be_visible()
    look(page, "setting up")
    assert page.locator(".qr svg").bounding_box()["width"] > 150
    secret = page.locator("li code").inner_text().replace(" ", "")
    page.get_by_label("Code:").fill(code_of(secret))
    page.get_by_role("button", name="Set up").click()
    expect(page.get_by_text("The second factor is set up.")).to_be_visible()
    look(page, "recovery codes")
    recovery = page.locator(".codes code").first.inner_text()
    page.get_by_role("link", name="I have saved them").click()
    page.get_by_role("link", name="Second factor").click()
    expect(page.get_by_text("10 recovery codes left")).to_be_visible()
    look(page, "the second factor")

    page.context.clear_cookies()
    sign_in(page)
    expect(page.get_by_role("heading", name="Second factor")).to_be_visible()
    look(page, "second step")
    page.get_by_label("Code:").fill("000000")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("That code is wrong")).to_be_visible()
    page.get_by_label("Code:").fill(recovery)
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url(re.compile("/admin/desk/$"))
    assert TOTPDevice.objects.filter(user=ana).count() == 1


def code_of(secret: str) -> str:
    totp = TOTP(b32decode(secret))
    totp.time = time.time()
    return f"{totp.token():06}"


@pytest.mark.smoke
def test_a_lockout_page_says_when_it_ends(newsroom):
    editor("ana")
    page = newsroom.open_page(signed_in=False)
    for _ in range(10):
        sign_in(page, "wrong")
    expect(page.get_by_role("heading", name="Sign-in locked")).to_be_visible()
    expect(page.get_by_text("(15 minutes)")).to_be_visible()
    check_accessibility(page, "the closed login")


@pytest.mark.smoke
@pytest.mark.parametrize(("size", "scheme"), [(WIDE, "light"), (NARROW, "dark")])
def test_a_new_group_waits_for_the_password(newsroom, size, scheme):
    editor("ana")
    User.objects.update(is_superuser=True)
    page = newsroom.open_page(size=size, scheme=scheme, javascript=scheme == "light")
    for row in Session.objects.all():
        session = row.get_decoded() | {"confirmed": 0}
        Session.objects.filter(pk=row.pk).update(session_data=Session.objects.encode(session))
    page.goto("/admin/auth/group/add/")
    page.get_by_label("Name:").fill("Night shift")
    page.get_by_label("Second factor required").check()
    page.get_by_role("button", name="Save", exact=True).click()

    expect(page.get_by_role("heading", name="Confirm your password")).to_be_visible()
    page.get_by_label("Password:").fill("wrong")
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_text("That password is wrong")).to_be_visible()
    if scheme == "light":
        check_accessibility(page, "confirming")
    page.get_by_label("Password:").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()

    expect(page.get_by_text("was added successfully")).to_be_visible()
    assert SecondFactorDuty.objects.get().group.name == "Night shift"
