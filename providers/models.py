"""Providers (outlets) and their logos. Imports nothing of articles."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from articles.db.limited_fields import CountryField, LanguageField, LineField, LogoUrlField, PixelsField, PointsField
from articles.rules.limits import NAME_MAX, URL_MAX


class Provider(models.Model):
    """A provider: one name of a domain, which may use several (docs/format.md#provider)."""

    name = LineField(_("name"), max_length=NAME_MAX)
    domain = LineField(
        _("domain"), max_length=NAME_MAX, help_text=_("As documents write it, for example theguardian.com.")
    )
    registered = models.BooleanField(
        _("registered"),
        default=False,
        help_text=_("Listed in the organisation registry. Adds to the suggested quality of its stories."),
    )
    weight = PointsField(
        _("weight"),
        default=0,
        help_text=_("Added to the suggested quality of this outlet's stories; 0 for most outlets."),
    )
    language = LanguageField(
        _("language"),
        help_text=_("Language tag (BCP 47), such as en or de-AT. Leave blank if it isn’t known, or differs by story."),
    )
    country = CountryField(_("country"), help_text=_("Home country, as an ISO 3166 code, such as DE or BR."))
    registry_id = models.CharField(
        max_length=200, blank=True, editable=False, help_text=_("The key of its registry entry.")
    )
    registry_name = models.CharField(
        max_length=255, blank=True, editable=False, help_text=_("The file name of its registry entry.")
    )
    extra = models.JSONField(
        default=list, blank=True, editable=False, help_text=_("Unknown keys of its registry entry.")
    )
    layout = models.JSONField(
        default=dict, blank=True, editable=False, help_text=_("How its entry differs from the format's rules.")
    )

    class Meta:
        verbose_name = _("outlet")
        verbose_name_plural = _("outlets")
        ordering: ClassVar = ["name", "domain"]
        constraints = (
            models.UniqueConstraint(
                "domain",
                "name",
                name="provider_domain_name",
                violation_error_message=_("There is already an outlet with this domain and name."),
            ),
            models.CheckConstraint(name="provider_has_name", condition=~Q(name="") & ~Q(domain="")),
        )

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("provider", args=[self.domain])

    @property
    def initials(self) -> str:
        return initials(self.name)


def initials(name: str) -> str:
    """Return the one or two upper-case letters that replace a missing logo."""
    words = [word for word in name.split() if word[0].isalnum() and word.lower() != "the"]
    return "".join(word[0] for word in words[:2]).upper() or name[:1].upper()


class ProviderLogo(models.Model):
    """A logo as documents or the registry list it, with our own copy if there is one."""

    provider = models.ForeignKey(Provider, models.CASCADE, related_name="logos", verbose_name=_("outlet"))
    url = LogoUrlField(
        _("URL"), max_length=URL_MAX, blank=True, help_text=_("Where it is fetched from; may be site-relative.")
    )
    width = PixelsField(_("width"), null=True, blank=True)
    height = PixelsField(_("height"), null=True, blank=True)
    position = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        editable=False,
        help_text=_("Its place in the registry entry; empty if only documents list it."),
    )
    extra = models.JSONField(default=list, blank=True, editable=False)
    layout = models.JSONField(default=dict, blank=True, editable=False)
    file = models.ImageField(
        _("our copy"), upload_to="logos/", blank=True, help_text=_("Readers are shown only this copy.")
    )

    class Meta:
        verbose_name = _("logo")
        verbose_name_plural = _("logos")
        ordering: ClassVar = ["width", "pk"]
        constraints = (
            models.UniqueConstraint(
                "provider",
                "url",
                "width",
                "height",
                name="providerlogo_identity",
                violation_error_message=_("The outlet already has this logo."),
            ),
            models.CheckConstraint(
                name="providerlogo_address_is_web",
                condition=Q(url="")
                | Q(url__istartswith="https://")
                | Q(url__istartswith="http://")
                | Q(url__startswith="/") & ~Q(url__startswith="//"),
                violation_error_message=_("The URL of a logo starts with http://, https:// or / (site-relative)."),
            ),
        )

    def __str__(self) -> str:
        return f"{self.provider} {self.width}×{self.height}"
