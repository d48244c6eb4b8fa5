"""The places of articles, in a table of their own, so that a place's newest stories are found at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from django.db import models

from articles.db.bulk import chunked
from articles.rules.places import CODE_MAX, place_codes

from .fields import BytewiseCharField

if TYPE_CHECKING:
    from .article import Article


class ArticlePlaceQuerySet(models.QuerySet["ArticlePlace"]):
    def replace_for(self, articles: Sequence[Article]) -> None:
        """Store the places that the tags of these articles name."""
        for ids in chunked([article.pk for article in articles]):
            self.filter(article__in=ids).delete()
        ArticlePlace.objects.bulk_create(
            ArticlePlace(
                article_id=article.pk,
                code=code,
                published_at=article.published_at,
                listed_at=article.listed_at or article.published_at,
            )
            for article in articles
            for code in place_codes(article.tags)
        )


class ArticlePlace(models.Model):
    """A place of an article. It follows from the article's tags, so it is in no history."""

    # No separate index: the constraint's begins with it.
    article = models.ForeignKey(
        "articles.Article", models.CASCADE, related_name="article_places", db_index=False, editable=False
    )
    code = BytewiseCharField(max_length=CODE_MAX, editable=False)
    published_at = models.DateTimeField(editable=False, help_text="The article's, kept here too.")
    listed_at = models.DateTimeField(editable=False, help_text="The article's, kept here too.")

    objects = ArticlePlaceQuerySet.as_manager()

    class Meta:
        indexes = (models.Index(fields=["code", "-listed_at", "-published_at"], name="articleplace_listed"),)
        constraints = (models.UniqueConstraint(fields=["article", "code"], name="articleplace_once"),)
        ordering: ClassVar = ["pk"]

    def __str__(self) -> str:
        return self.code
