"""Pictures as documents name them, and our own copies of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from django.db import models

from .fields import SparseJSONField, WebAddressField, is_site_relative, is_web_address


class ImageReference(models.Model):
    """A picture's address and what the document says of it. NULL means that the document says nothing."""

    position = models.PositiveSmallIntegerField(default=0)
    url = WebAddressField("address", blank=False)
    width = models.PositiveIntegerField(null=True, blank=True)
    height = models.PositiveIntegerField(null=True, blank=True)
    is_cached = models.BooleanField(
        null=True, blank=True, help_text="What the document says; not whether we hold a copy."
    )
    title = models.CharField(max_length=300, blank=True)
    extra = SparseJSONField(default=list, blank=True, editable=False)
    layout = SparseJSONField(default=dict, blank=True, editable=False)

    class Meta:
        abstract = True
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return self.url


class ArticleImage(ImageReference):
    class Kind(models.TextChoices):
        PICTURE = "picture", "picture"
        LOGO = "logo", "provider's logo"

    article = models.ForeignKey("articles.Article", models.CASCADE, related_name="images")
    kind = models.CharField(max_length=7, choices=Kind, default=Kind.PICTURE)

    class Meta(ImageReference.Meta):
        constraints = [
            models.CheckConstraint(
                name="articleimage_address_is_web",
                condition=is_web_address("url") | (models.Q(kind="logo") & is_site_relative("url")),
                violation_error_message="A picture's address starts with http:// or https://.",
            ),
        ]


class RelatedImage(ImageReference):
    link = models.ForeignKey("articles.RelatedLink", models.CASCADE, related_name="images")

    class Meta(ImageReference.Meta):
        constraints = [
            models.CheckConstraint(
                name="relatedimage_address_is_web",
                condition=is_web_address("url"),
                violation_error_message="A picture's address starts with http:// or https://.",
            ),
        ]


class PictureQuerySet(models.QuerySet["Picture"]):
    def by_address(self, urls: Iterable[str]) -> dict[str, Picture]:
        """Return our copies of the pictures at `urls`, by address; those we don't hold are missing. One query."""
        digests = {Picture.digest_of(url) for url in urls if url}
        return {picture.url: picture for picture in self.filter(digest__in=digests)} if digests else {}


class Picture(models.Model):
    """Our own copy of the picture at one address. Readers are shown nothing else."""

    url = models.TextField("address", editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False, help_text="SHA-256 of the address.")
    file = models.ImageField(width_field="width", height_field="height", editable=False)
    width = models.PositiveIntegerField(editable=False)
    height = models.PositiveIntegerField(editable=False)
    cached_at = models.DateTimeField(auto_now_add=True)

    objects = PictureQuerySet.as_manager()

    def __str__(self) -> str:
        return self.url

    @staticmethod
    def digest_of(url: str) -> str:
        return hashlib.sha256(url.encode()).hexdigest()
