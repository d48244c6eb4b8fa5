"""The second factor: a six-digit code from an authenticator app (TOTP), or one of ten recovery codes.

Users who have one enter a code at each sign-in. Members of groups that require one can only set it up until they have
it. django-otp stores the secrets, accepts each code once and doubles the wait after each wrong code.
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
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django_otp import DEVICE_ID_SESSION_KEY, verify_token
from django_otp.oath import TOTP
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice, default_key

from .models import with_session_flags
from .sessions import end_all_sessions

SALT = "accounts.second_factor"
ENROLMENT_LIFETIME = timedelta(hours=1)
RECOVERY_CODES = 10
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # without letters and digits that look alike
CODE_LENGTH = 12  # of 31 letters: 59 random bits
DIGEST_LENGTH = 16  # the size of django-otp's column: 80 bits


class Step(Enum):
    """The next sign-in step after the password."""

    NONE = "none"
    ENTER = "enter"  # enter a code of the second factor
    SET_UP = "set up"  # set up the second factor that a group requires


class Enrolment(NamedTuple):
    """A secret that its user has not confirmed yet. `token` is the signed secret, which the form sends back."""

    device: TOTPDevice
    token: str

    @property
    def secret(self) -> str:
        """Return the secret as people type it, in groups of four characters."""
        text = b32encode(unhexlify(self.device.key)).decode()
        return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


class SecondFactorError(Exception):
    """The code was not accepted; the message says why and what to do."""


def next_step(request: HttpRequest) -> Step:
    """Return what the user must do before any other page opens."""
    user = _with_factor_flags(request.user)
    if user.totp_id is None:
        return Step.SET_UP if user.requires_factor else Step.NONE
    device_id = TOTPDevice(pk=user.totp_id).persistent_id
    return Step.NONE if request.session.get(DEVICE_ID_SESSION_KEY) == device_id else Step.ENTER


def is_enrolled(user: Any) -> bool:
    return _with_factor_flags(user).totp_id is not None


def is_required_for(user: Any) -> bool:
    return _with_factor_flags(user).requires_factor


def start_enrolment(user: Any, token: str = "") -> Enrolment:
    """Return a new secret for the user, or the one in `token`. Raises BadSignature if the token isn't this user's."""
    key = default_key()
    if token:
        owner, key = signing.loads(token, salt=SALT, max_age=ENROLMENT_LIFETIME)
        if owner != user.pk:
            raise signing.BadSignature
    device = TOTPDevice(user=user, name="authenticator", key=key)
    return Enrolment(device, token or signing.dumps((user.pk, key), salt=SALT))


def set_up(request: HttpRequest, enrolment: Enrolment, code: str) -> list[str]:
    """Make the secret the user's second factor if `code` belongs to it, and return the recovery codes.

    Raises SecondFactorError for a wrong code.
    """
    device = enrolment.device
    totp = TOTP(device.bin_key, device.step, device.t0, device.digits)
    totp.time = time.time()
    code = _normalise(code)
    if not (code.isdecimal() and len(code) == device.digits and totp.verify(int(code), device.tolerance)):
        raise SecondFactorError(
            _("That code does not match this secret. Try the next one; if it fails too, check the clock of your phone.")
        )
    device.last_t, device.confirmed = totp.t(), True
    with transaction.atomic():
        remove(request.user)
        device.save()
        codes = renew_codes(request.user)
    _mark_verified(request, device)
    return codes


def renew_codes(user: Any) -> list[str]:
    """Replace the recovery codes and return the new ones. Only their digests are stored."""
    codes = ["".join(secrets.choice(ALPHABET) for _position in range(CODE_LENGTH)) for _code in range(RECOVERY_CODES)]
    with transaction.atomic():
        StaticDevice.objects.filter(user=user).delete()
        device = StaticDevice.objects.create(user=user, name="recovery codes")
        for code in codes:
            device.token_set.create(token=_digest(code))
    return [f"{code[:4]}-{code[4:8]}-{code[8:]}" for code in codes]


def codes_left(user: Any) -> int:
    return sum(device.token_set.count() for device in StaticDevice.objects.filter(user=user))


def verify(request: HttpRequest, code: str) -> None:
    """Complete the sign-in of this session if the code is its user's. Raises SecondFactorError."""
    totp = TOTPDevice.objects.get(pk=_with_factor_flags(request.user).totp_id)
    code = _normalise(code)
    device: Any = totp
    if len(code) == CODE_LENGTH:
        device, code = StaticDevice.objects.filter(user=request.user).first() or totp, _digest(code)
    is_allowed, why = device.verify_is_allowed()
    if not is_allowed:
        wait = max(1, round((why["locked_until"] - timezone.now()).total_seconds()))
        text = ngettext(
            "Too many wrong codes. Wait %(seconds)s second, then enter the next code.",
            "Too many wrong codes. Wait %(seconds)s seconds, then enter the next code.",
            wait,
        )
        raise SecondFactorError(text % {"seconds": wait})
    if verify_token(request.user, device.persistent_id, code) is None:
        raise SecondFactorError(_("That code is wrong or was used before. Enter the next one that your app shows."))
    _mark_verified(request, totp)


def remove(user: Any) -> None:
    """Delete the user's second factor and its recovery codes."""
    TOTPDevice.objects.filter(user=user).delete()
    StaticDevice.objects.filter(user=user).delete()


def reset(user: Any) -> None:
    """Remove a lost second factor and end all sessions of the user."""
    remove(user)
    end_all_sessions(user)


def _mark_verified(request: HttpRequest, totp: TOTPDevice) -> None:
    request.session.cycle_key()
    request.session[DEVICE_ID_SESSION_KEY] = totp.persistent_id
    request.user.totp_id = totp.pk  # type: ignore[union-attr]


def _with_factor_flags(user: Any) -> Any:
    """Return the user with the flags that OneQueryBackend loads, also when another backend loaded the user."""
    if not hasattr(user, "totp_id"):
        loaded = with_session_flags(auth.get_user_model()._default_manager.filter(pk=user.pk)).get()
        user.totp_id, user.requires_factor = loaded.totp_id, loaded.requires_factor
    return user


def _normalise(code: str) -> str:
    """Return a code in lower case without spaces and dashes."""
    return "".join(letter for letter in code.lower() if letter.isalnum())


def _digest(code: str) -> str:
    digest = salted_hmac(SALT, code, secret=settings.SECRET_KEY, algorithm="sha256").digest()
    return b32encode(digest).decode()[:DIGEST_LENGTH]
