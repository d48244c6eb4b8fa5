"""Additions to Django's users and groups: time zones, required second factors, sign-outs, counted password attempts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models
from django.db.models import Exists, F, OuterRef, Q, Subquery
from django.utils.translation import gettext_lazy as _
from django_otp.plugins.otp_totp.models import TOTPDevice

if TYPE_CHECKING:
    from django.contrib.auth.models import User

USERNAME_MAX = 150  # as Django's user


class SecondFactorDuty(models.Model):
    """A group whose members must set up a second factor before anything else opens."""

    group = models.OneToOneField(Group, models.CASCADE, primary_key=True, related_name="second_factor_duty")

    def __str__(self) -> str:
        return str(self.group)


class Profile(models.Model):
    """What a user has chosen for the desk and the admin."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="profile")
    time_zone = models.CharField(max_length=64, blank=True, help_text=_("Blank: the time zone of the site."))

    def __str__(self) -> str:
        return str(self.user)


class SignOut(models.Model):
    """The moment up to which all sessions of a user are ended."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="sign_out")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.user} {self.at:%Y-%m-%d %H:%M:%S}"


class AttemptCounter(models.Model):
    """How many passwords were checked since `started_at` and not found right."""

    class Kind(models.TextChoices):
        NETWORK = "network"  # from an IP address, or an IPv6 network
        NAME = "name"  # for a name, from browsers that haven't signed in with it
        BROWSER = "browser"  # from a browser that has: its cookie, which ends with the name
        CONFIRMATION = "confirmation"  # entered again by somebody who is signed in with the name
        RESET_NETWORK = "reset from"  # links for a new password that a network asked for
        RESET_ADDRESS = "reset for"  # ... for a mail address

    kind = models.CharField(max_length=12, choices=Kind)
    value = models.CharField(max_length=250)
    count = models.PositiveIntegerField(default=0)
    started_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("kind", "value"), name="attempt_counter_once"),)

    def __str__(self) -> str:
        return f"{self.kind} {self.value}: {self.count}"

    @classmethod
    def of_user(cls, username: str) -> Q:
        """Return the condition for all counters of a name."""
        by_name = Q(kind__in=(cls.Kind.NAME, cls.Kind.CONFIRMATION), value=username)
        return by_name | Q(kind=cls.Kind.BROWSER, value__endswith=f" {username}")


def with_session_flags(users: models.QuerySet[User]) -> models.QuerySet[Any]:
    """Annotate users with `totp_id` (None without a second factor), `requires_factor`, `signed_out_at` and `time_zone`.

    They come with the query that loads the user, so no page needs further queries for them.
    """
    totp = TOTPDevice.objects.filter(user=OuterRef("pk"), confirmed=True).order_by("pk").values("pk")[:1]
    return users.annotate(
        totp_id=Subquery(totp),
        requires_factor=Exists(SecondFactorDuty.objects.filter(group__user=OuterRef("pk"))),
        signed_out_at=F("sign_out__at"),
        time_zone=F("profile__time_zone"),
    )
