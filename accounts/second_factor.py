"""The second factor: a code of six digits from an authenticator (TOTP), or one of ten recovery codes.

Who has set one up is asked for it at each login; members of groups that owe one get no further than setting it up.
django-otp keeps the secrets, lets no code be used twice and makes guessers wait, twice as long after each wrong code.
"""

from __future__ import annotations

import secrets
import time
from base64 import b32encode
from binascii import unhexlify
from datetime import timedelta
from enum import Enum
from typing import Any, NamedTuple

from django.conf import settings
from django.contrib import auth
from django.core import signing
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django_otp import DEVICE_ID_SESSION_KEY, verify_token
from django_otp.oath import TOTP
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice, default_key

from .models import with_standing
from .sessions import end_all

SALT = "accounts.second_factor"
ENROLMENT_LASTS = timedelta(hours=1)
RECOVERY_CODES = 10
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that is read as something else
CODE_LENGTH = 12  # of 31 letters: 59 random bits
DIGEST_LENGTH = 16  # what django-otp's column holds: 80 bits


class Step(Enum):
    """What stands between a password and the desk."""

    NONE = "none"
    ENTER = "enter"  # the code of the second factor
    SET_UP = "set up"  # a second factor, which a group demands


class Offer(NamedTuple):
    """A secret that its user has not confirmed yet. `token` is it, signed, for the form to send back."""

    device: TOTPDevice
    token: str

    @property
    def secret(self) -> str:
        """The secret as people type it, in groups of four."""
        text = b32encode(unhexlify(self.device.key)).decode()
        return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


class Refused(Exception):
    """The code was not taken; the message says why and what to do."""


def step(request: HttpRequest) -> Step:
    """Return what the user of this request has to do before any other page opens."""
    user = _with_standing(request.user)
    if user.totp_id is None:
        return Step.SET_UP if user.owes_factor else Step.NONE
    return Step.NONE if request.session.get(DEVICE_ID_SESSION_KEY) == _device_id(user) else Step.ENTER


def has_one(user: Any) -> bool:
    return _with_standing(user).totp_id is not None


def owes_one(user: Any) -> bool:
    return _with_standing(user).owes_factor


def offer(user: Any, token: str = "") -> Offer:
    """Return a new secret for the user, or the one that `token` holds. Raises BadSignature for any other token."""
    key = default_key()
    if token:
        owner, key = signing.loads(token, salt=SALT, max_age=ENROLMENT_LASTS)
        if owner != user.pk:
            raise signing.BadSignature
    device = TOTPDevice(user=user, name="authenticator", key=key)
    return Offer(device, token or signing.dumps((user.pk, key), salt=SALT))


def set_up(request: HttpRequest, offered: Offer, code: str) -> list[str]:
    """Make the offered secret the user's second factor, if `code` shows that it was taken; return recovery codes."""
    device = offered.device
    totp = TOTP(device.bin_key, device.step, device.t0, device.digits)
    totp.time = time.time()
    code = _plain(code)
    if not (code.isdecimal() and len(code) == device.digits and totp.verify(int(code), device.tolerance)):
        raise Refused("That is not the code of this secret. Wait for the next one; if it fails too, check the clocks.")
    device.last_t, device.confirmed = totp.t(), True
    with transaction.atomic():
        forget(request.user)
        device.save()
        codes = renew_codes(request.user)
    _settle(request, device)
    return codes


def renew_codes(user: Any) -> list[str]:
    """Return new recovery codes, in place of all older ones. Only digests of them are kept."""
    codes = ["".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH)) for _ in range(RECOVERY_CODES)]
    with transaction.atomic():
        StaticDevice.objects.filter(user=user).delete()
        device = StaticDevice.objects.create(user=user, name="recovery codes")
        for code in codes:
            device.token_set.create(token=_digest(code))
    return [f"{code[:4]}-{code[4:8]}-{code[8:]}" for code in codes]


def codes_left(user: Any) -> int:
    return sum(device.token_set.count() for device in StaticDevice.objects.filter(user=user))


def enter(request: HttpRequest, code: str) -> None:
    """Let the session in whose user's code this is. Raises Refused."""
    totp = TOTPDevice.objects.get(pk=_with_standing(request.user).totp_id)
    code = _plain(code)
    device: Any = totp
    if len(code) == CODE_LENGTH:
        device, code = StaticDevice.objects.filter(user=request.user).first() or totp, _digest(code)
    is_allowed, why = device.verify_is_allowed()
    if not is_allowed:
        wait = max(1, round((why["locked_until"] - timezone.now()).total_seconds()))
        raise Refused(f"Too many wrong codes. Wait {wait} second{'s' if wait > 1 else ''}, then enter the next code.")
    if verify_token(request.user, device.persistent_id, code) is None:
        raise Refused("That code is wrong, or was used before. Enter the next one that your authenticator shows.")
    _settle(request, totp)


def forget(user: Any) -> None:
    """Take the second factor from the user, with its recovery codes."""
    TOTPDevice.objects.filter(user=user).delete()
    StaticDevice.objects.filter(user=user).delete()


def take_away(user: Any) -> None:
    """Take the second factor from somebody who has lost it, and end all sessions."""
    forget(user)
    end_all(user)


def _settle(request: HttpRequest, totp: TOTPDevice) -> None:
    request.session.cycle_key()
    request.session[DEVICE_ID_SESSION_KEY] = totp.persistent_id
    request.user.totp_id = totp.pk  # type: ignore[union-attr]


def _with_standing(user: Any) -> Any:
    """Return the user with what the session's backend loads, also one that another way brought."""
    if not hasattr(user, "totp_id"):
        found = with_standing(auth.get_user_model()._default_manager.filter(pk=user.pk)).get()
        user.totp_id, user.owes_factor = found.totp_id, found.owes_factor
    return user


def _device_id(user: Any) -> str:
    return TOTPDevice(pk=user.totp_id).persistent_id


def _plain(code: str) -> str:
    """Return a code without what people type between its letters."""
    return "".join(letter for letter in code.lower() if letter.isalnum())


def _digest(code: str) -> str:
    digest = salted_hmac(SALT, code, secret=settings.SECRET_KEY, algorithm="sha256").digest()
    return b32encode(digest).decode()[:DIGEST_LENGTH]
