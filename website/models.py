"""The publisher's own pages and the look of the site. Imports nothing of articles but rules and field types."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from articles.db.limited_fields import LanguageField, LineField, LongTextField
from articles.rules.languages import is_right_to_left

from .colours import DARK_BACKGROUNDS, readable_shade
from .fields import AccentField, DarkAccentField, LinksField, PageBodyField
from .markdown import render_markdown

ABOUT = "about"  # the page with this slug introduces /about/
CONTACT = "contact"  # /about/, /accessibility/ and security.txt name the page with this slug
SLUG_MAX, TITLE_MAX = 60, 120  # characters
NAME_MAX, TAGLINE_MAX = 60, 150
validate_slug = RegexValidator(
    r"\A[a-z0-9]+(?:-[a-z0-9]+)*\Z", _("Use small letters, digits and single hyphens, such as privacy-policy.")
)


class SitePageQuerySet(models.QuerySet["SitePage"]):
    def published(self) -> Self:
        """Return the pages that readers may see."""
        return self.filter(published=True)


class SitePage(models.Model):
    """A page in the publisher's own words: imprint, contact, privacy, corrections. Readers see it once published."""

    title = LineField(_("title"), max_length=TITLE_MAX)
    slug = LineField(
        _("slug"),
        max_length=SLUG_MAX,
        unique=True,
        validators=[validate_slug],
        error_messages={"unique": _("Another page has this slug. Choose another one.")},
    )
    body = PageBodyField(_("text"))
    language = LanguageField(_("language"))
    published = models.BooleanField(_("published"), default=False)

    objects = SitePageQuerySet.as_manager()

    class Meta:
        verbose_name = _("page")
        verbose_name_plural = _("pages")
        ordering: ClassVar = ["title"]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("about") if self.slug == ABOUT else reverse("site_page", args=[self.slug])

    @property
    def html(self) -> SafeString:
        return render_markdown(self.body)

    @property
    def direction(self) -> str:
        """Return how text in its language runs: `rtl` or `ltr`; empty for the language of the site."""
        if not self.language:
            return ""
        return "rtl" if is_right_to_left(self.language) else "ltr"


class SiteLook(models.Model):
    """How the site presents itself. Without a row, and for what isn't set, the settings and the usual menu apply.

    `logo` and `icon` are {"files", "width", "height"} of what `pictures.py` stored, or empty. Files are never deleted,
    so that undo brings a logo back.
    """

    name = LineField(_("name of the site"), max_length=NAME_MAX, blank=True)
    tagline = LineField(_("tagline"), max_length=TAGLINE_MAX, null=True, blank=True)  # "" for none
    logo = models.JSONField(_("logo"), default=dict, blank=True)
    icon = models.JSONField(_("icon"), default=dict, blank=True)
    accent = AccentField(_("accent colour"))
    accent_dark = DarkAccentField(_("accent colour on the dark background"))
    menu = LinksField(_("menu"), default=list, blank=True)
    footer_links = LinksField(_("links in the footer"), default=list, blank=True)
    footer_text = LongTextField(_("text in the footer"), blank=True)

    class Meta:
        verbose_name = verbose_name_plural = _("look of the site")
        constraints = (models.CheckConstraint(name="look_is_the_only_one", condition=Q(id=1)),)

    def __str__(self) -> str:
        return self.site_name or gettext("the site")

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.pk = 1
        super().save(*args, **kwargs)

    @property
    def site_name(self) -> str:
        return self.name or settings.SITE_NAME

    @property
    def site_tagline(self) -> str:
        return settings.SITE_TAGLINE if self.tagline is None else self.tagline

    @property
    def stylesheet(self) -> str:
        """Return the path of the stylesheet with the accent colours; empty if none is set."""
        if not self.accent:
            return ""
        return reverse("look_stylesheet", args=[self.accent[1:], self.accent_on_dark[1:]])

    @property
    def accent_on_dark(self) -> str:
        """Return the accent colour for the dark background, chosen or made; empty if no accent colour is set."""
        return self.accent_dark or (readable_shade(self.accent, DARK_BACKGROUNDS) if self.accent else "")

    @property
    def files(self) -> set[str]:
        """Return the names of its logo's and icon's files in the storage."""
        return {*self.logo.get("files", ()), *self.icon.get("files", ())}

    @classmethod
    def current(cls) -> SiteLook:
        """Return the look in force. One query."""
        return cls.objects.first() or cls(pk=1)
