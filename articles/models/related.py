"""Other providers' coverage of the same event, as an article lists it."""

from __future__ import annotations

from typing import ClassVar, Self

from django.db import models
from django.db.models import Count, F, OuterRef, Q, Subquery
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from articles.db.limited_fields import LineField, LongTextField, TimeField
from articles.rules.limits import TITLE_MAX, WORD_MAX
from articles.rules.scoring import FOLDED_HEAT, SCORE_MAX

from .fields import SparseJSONField, WebAddressField, is_web_address
from .link_check import CoverageCheck


def is_coverage() -> Q:
    """Return the condition that a link is shown as coverage: we don't have the article, or it is folded.

    Articles that were removed, are missing, held or still being imported are not shown, nor is a report twice.
    """
    folded = Q(target__heat=FOLDED_HEAT, target__staged=None) & ~Q(target__removed=True) & Q(target__missing=False)
    return (Q(target=None) | folded) & Q(repeated=False)


def outlet_count() -> Combinable:
    """Return an expression for the number of outlets that readers see report an article's story, its own included.

    Every page, feed and API that says "4 outlets" selects this.
    """
    links = RelatedLink.objects.coverage().filter(article=OuterRef("pk")).order_by()
    others = Count("provider", distinct=True, filter=~Q(provider=F("article__provider")))
    return Coalesce(Subquery(links.values("article").annotate(n=others).values("n")), 0) + 1


class RelatedLinkQuerySet(models.QuerySet["RelatedLink"]):
    def coverage(self) -> Self:
        """Return what readers see under a published article, see `is_coverage()`."""
        return self.filter(is_coverage())

    def with_dead_links(self) -> Self:
        """Return those whose pages are gone, by the last look at them."""
        return self.filter(match_key__in=CoverageCheck.objects.filter(is_dead=True).values("match_key"))


class RelatedLink(models.Model):
    """An item of an article's related list. It is complete by itself, and linked to our own article if we have it."""

    article = models.ForeignKey("articles.Article", models.CASCADE, related_name="related_links")
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    target = models.ForeignKey(
        "articles.Article",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="listed_by",
        verbose_name=_("article"),
        help_text=_("Our own article, if we have it."),
    )
    title = LineField(_("title"), max_length=TITLE_MAX)
    excerpt = LongTextField(_("excerpt"), blank=True)
    published_at = TimeField(_("publication time"))
    web_url = WebAddressField(_("URL"))
    amp_url = WebAddressField(_("AMP URL"))
    cdn_amp_url = WebAddressField(_("AMP cache URL"))
    type = LineField(_("type"), max_length=WORD_MAX, default="article", blank=True)
    provider = models.ForeignKey(
        "providers.Provider", models.PROTECT, related_name="related_links", verbose_name=_("outlet")
    )
    quality = models.IntegerField(_("quality"), null=True, blank=True)
    match_key = models.CharField(max_length=32, editable=False, help_text="Digest of URL, title and time.")
    repeated = models.BooleanField(
        default=False,
        db_default=False,
        editable=False,
        help_text=_("The same report as the article's own or an earlier link's."),
    )
    extra = SparseJSONField(default=list, blank=True, editable=False)
    layout = SparseJSONField(default=dict, blank=True, editable=False)

    objects = RelatedLinkQuerySet.as_manager()

    class Meta:
        verbose_name = _("related link")
        verbose_name_plural = _("related links")
        ordering: ClassVar = ["position", "pk"]
        indexes = (models.Index(fields=["match_key"], name="related_match_key"),)
        constraints = (
            models.CheckConstraint(
                name="related_not_itself",
                condition=~Q(target=F("article")),
                violation_error_message=_("An article can't be its own coverage."),
            ),
            models.CheckConstraint(
                name="related_addresses_are_web",
                condition=is_web_address("web_url", "amp_url", "cdn_amp_url"),
                violation_error_message=_("URLs start with http:// or https://."),
            ),
            models.CheckConstraint(
                name="related_quality_range",
                condition=Q(quality__isnull=True) | Q(quality__range=(0, SCORE_MAX)),
                violation_error_message=_("Quality is a number from 0 to 1,000,000."),
            ),
        )

    def __str__(self) -> str:
        return self.title

    @property
    def address(self) -> str:
        """Return where this coverage can be read, for a video from our own article; empty if unknown."""
        return self.web_url or (self.target.source_url if self.target else "")
