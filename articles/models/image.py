"""Pictures as documents list them, the URLs they are fetched from, and our own copies."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import ClassVar, Self

from django.db import models
from django.db.models import OuterRef, Q, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from articles.db.limited_fields import PixelsField, ShortTextField
from articles.rules.limits import TITLE_MAX
from config.times import format_time
from pictures.files import PICTURES, rendition_name

from .fields import AddressStart, Digest, SparseJSONField, WebAddressField, is_site_relative, is_web_address


class ImageReference(models.Model):
    """A picture's URL and what the document says about it. NULL means that it says nothing."""

    position = models.PositiveSmallIntegerField(gettext_lazy("position"), default=0)
    url = WebAddressField(gettext_lazy("URL"), blank=False)
    width = PixelsField(gettext_lazy("width"), null=True, blank=True)
    height = PixelsField(gettext_lazy("height"), null=True, blank=True)
    is_cached = models.BooleanField(
        gettext_lazy("cached"),
        null=True,
        blank=True,
        help_text=gettext_lazy("What the document says, not whether we have a copy."),
    )
    title = ShortTextField(gettext_lazy("title"), max_length=TITLE_MAX, blank=True)
    attribution = ShortTextField(
        gettext_lazy("credit"), max_length=TITLE_MAX, blank=True, help_text=gettext_lazy("Whose picture it is.")
    )
    extra = SparseJSONField(default=list, blank=True, editable=False)
    layout = SparseJSONField(default=dict, blank=True, editable=False)

    class Meta:
        abstract = True
        ordering: ClassVar = ["position", "pk"]

    def __str__(self) -> str:
        return self.url


class ArticleImageQuerySet(models.QuerySet["ArticleImage"]):
    def pictures(self) -> Self:
        """Return what readers may see. Logos are kept for exports only."""
        return self.filter(kind=ArticleImage.Kind.PICTURE)

    def at(self, urls: Collection[str]) -> Self:
        """Return the images with one of these URLs, by the index of how URLs begin."""
        starts = [url[:200] for url in urls]
        return self.annotate(start=AddressStart("url")).filter(start__in=starts, url__in=urls)

    def at_outer_url(self) -> Self:
        """Return the same for a subquery: the images with the URL of the outer row."""
        return self.annotate(start=AddressStart("url")).filter(start=AddressStart(OuterRef("url")), url=OuterRef("url"))

    def with_copies(self) -> Self:
        """Annotate each image with the result of fetching it: `status`, `reason`, `next_try_at` and our copy."""
        address = PictureAddress.objects.filter(digest=Digest(OuterRef("url")))
        columns = {name: name for name in ("status", "reason", "next_try_at")}
        columns |= {"copy_key": "picture__key", "copy_rungs": "picture__rungs"}
        return self.annotate(**{name: Subquery(address.values(column)[:1]) for name, column in columns.items()})


class ArticleImage(ImageReference):
    # Loaded by `with_copies()`.
    status: str | None
    reason: str | None
    next_try_at: datetime | None
    copy_key: str | None
    copy_rungs: str | None

    class Kind(models.TextChoices):
        PICTURE = "picture", gettext_lazy("picture")
        LOGO = "logo", gettext_lazy("provider's logo")

    article = models.ForeignKey("articles.Article", models.CASCADE, related_name="images")
    kind = models.CharField(gettext_lazy("kind"), max_length=7, choices=Kind, default=Kind.PICTURE)
    alt = ShortTextField(
        gettext_lazy("alternative text"),
        max_length=TITLE_MAX,
        blank=True,
        help_text=gettext_lazy(
            "What the picture shows, for people who can't see it. Leave it empty if the headline says it all."
        ),
    )

    objects = ArticleImageQuerySet.as_manager()

    class Meta(ImageReference.Meta):
        verbose_name = gettext_lazy("picture")
        verbose_name_plural = gettext_lazy("pictures")
        # To find the stories that show a URL.
        indexes = (models.Index(AddressStart("url"), name="articleimage_address"),)
        constraints = (
            models.CheckConstraint(
                name="articleimage_address_is_web",
                condition=is_web_address("url") | (models.Q(kind="logo") & is_site_relative("url")),
                violation_error_message=gettext_lazy("The URL of a picture starts with http:// or https://."),
            ),
        )

    @property
    def fetch_status(self) -> str:
        """Return the result of fetching the picture, for editors. Needs `with_copies()`."""
        if self.status == PictureAddress.Status.FAILED:
            again = _("given up")
            if self.next_try_at:
                again = _("next try %(time)s") % {"time": format_time(self.next_try_at, "short")}
            return _("missing: the picture %(reason)s (%(again)s)") % {"reason": self.reason, "again": again}
        if self.status == PictureAddress.Status.REMOVED:
            return _("taken down for good")
        return _("our copy is shown") if self.status == PictureAddress.Status.HELD else _("not fetched yet")

    @property
    def thumbnail(self) -> str:
        """Return the file name of the narrowest JPEG; empty without a copy. Needs `with_copies()`."""
        if self.status != PictureAddress.Status.HELD:
            return ""
        return rendition_name(PICTURES, self.copy_key or "", (self.copy_rungs or "").partition(",")[0], "jpg")


class RelatedImage(ImageReference):
    link = models.ForeignKey("articles.RelatedLink", models.CASCADE, related_name="images")

    class Meta(ImageReference.Meta):
        constraints = (
            models.CheckConstraint(
                name="relatedimage_address_is_web",
                condition=is_web_address("url"),
                violation_error_message=gettext_lazy("The URL of a picture starts with http:// or https://."),
            ),
        )


class Picture(models.Model):
    """Our own copy of a picture, stored once for all its URLs and all stories that show it.

    Its files are `pictures/<two digits>/<key>/<width>.<suffix>` in the storage, see `pictures.files`.
    """

    sha256 = models.CharField(max_length=64, unique=True, editable=False, help_text="Of the original file.")
    key = models.CharField(max_length=32, db_index=True, editable=False, help_text="Digest of the renditions' bytes.")
    rungs = models.CharField(max_length=60, editable=False, help_text="Widths in pixels, with commas: 160,320,480.")
    logo = models.CharField(max_length=100, blank=True, editable=False, help_text="File of its widest logo, if made.")
    width = models.PositiveIntegerField(editable=False, help_text="Of the widest rendition.")
    height = models.PositiveIntegerField(editable=False)
    enclosure_bytes = models.PositiveIntegerField(editable=False, help_text="Of the widest JPEG, which feeds name.")
    share = models.BooleanField(
        default=False,
        db_default=False,
        editable=False,
        help_text="Has a rendition of 1200 × 630 pixels, which other sites show.",
    )
    removed = models.BooleanField(default=False, help_text="Taken down: its files are deleted and never stored again.")

    def __str__(self) -> str:
        return f"{self.key} {self.width}×{self.height}"


class PictureAddressQuerySet(models.QuerySet["PictureAddress"]):
    def at(self, url: str) -> Self:
        return self.filter(digest=PictureAddress.digest_of(url))

    def held(self) -> Self:
        """Return the URLs whose picture is stored."""
        return self.filter(status=PictureAddress.Status.HELD)

    def failed(self) -> Self:
        return self.filter(status=PictureAddress.Status.FAILED)

    def due(self, now: datetime | None = None, *, retry: bool = False) -> Self:
        """Return the URLs to fetch at `now`; with `retry` also those that have to wait or were given up."""
        pending = Q(status__in=(PictureAddress.Status.WAITING, PictureAddress.Status.FAILED))
        return self.filter(pending) if retry else self.filter(pending, next_try_at__lte=now or timezone.now())


class PictureAddress(models.Model):
    """A picture's URL as documents or providers list it, and the result of fetching it."""

    class Status(models.TextChoices):
        WAITING = "waiting", gettext_lazy("not fetched yet")
        HELD = "held", gettext_lazy("our copy is shown")
        FAILED = "failed", gettext_lazy("failed")
        REMOVED = "removed", gettext_lazy("taken down")

    url = models.TextField("URL", editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False, help_text="SHA-256 of the URL.")
    host = models.CharField(max_length=255, blank=True, editable=False, help_text="The host of the URL, in lower case.")
    is_logo = models.BooleanField(default=False, editable=False, help_text="An outlet's logo has this URL.")
    status = models.CharField(max_length=7, choices=Status, default=Status.WAITING, editable=False)
    picture = models.ForeignKey(Picture, models.PROTECT, null=True, editable=False, related_name="addresses")
    reason = models.CharField(max_length=300, blank=True, help_text="Why it failed, after “the picture”.")
    failures = models.PositiveSmallIntegerField(default=0, help_text="Failures in a row.")
    next_try_at = models.DateTimeField(
        null=True, blank=True, help_text="Not requested before then; if empty, only by `cache_images --retry`."
    )

    objects = PictureAddressQuerySet.as_manager()

    class Meta:
        verbose_name_plural = gettext_lazy("picture addresses")
        indexes = (
            models.Index(fields=["next_try_at"], name="pictureaddress_due", condition=Q(next_try_at__isnull=False)),
            models.Index(fields=["status"], name="pictureaddress_failed", condition=Q(status="failed")),
        )
        constraints = (
            models.CheckConstraint(
                name="pictureaddress_held_has_copy", condition=~Q(status="held") | Q(picture__isnull=False)
            ),
            models.CheckConstraint(
                name="pictureaddress_tried_while_wanted",
                condition=Q(next_try_at=None) | Q(status__in=("waiting", "failed")),
            ),
        )

    def __str__(self) -> str:
        return self.url

    @staticmethod
    def digest_of(url: str) -> str:
        return hashlib.sha256(url.encode()).hexdigest()


class PictureMark(models.Model):
    """How far `fetch_queue.discover()` has looked: its one row holds the id of the last `ArticleImage` seen."""

    image = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return str(self.image)


def without_pictures(articles: Iterable[int]) -> set[int]:
    """Return those of the articles whose pictures all failed or were taken down. One query."""
    pictures = ArticleImage.objects.filter(article__in=list(articles), kind=ArticleImage.Kind.PICTURE).order_by()
    addresses = PictureAddress.objects.filter(digest=Digest(OuterRef("url")))
    statuses: dict[int, set[str | None]] = {}
    for article, status in pictures.values_list("article", Subquery(addresses.values("status")[:1])):
        statuses.setdefault(article, set()).add(status)
    unavailable = {PictureAddress.Status.FAILED.value, PictureAddress.Status.REMOVED.value}
    return {article for article, fetched in statuses.items() if fetched <= unavailable}
