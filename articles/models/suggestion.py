"""What is stored to find articles that report the same event, and what was found.

Everything here but answers can be worked out again: see `articles.suggestions`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import lru_cache
from typing import Self

from django.db import models
from django.db.models import Exists, ExpressionWrapper, F, FloatField, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from articles.rules.similarity import TERM_MAX, Text
from articles.rules.suggestion_cut import LESS_SURE_BELOW, STARTING_CUT

from .article import Article
from .operation import Operation
from .pairing import Pairing

COMPARED_FIELDS = frozenset(("title", "excerpt", "published_at", "provider_id"))  # a change makes suggestions due again


class ArticleTermsQuerySet(models.QuerySet["ArticleTerms"]):
    def due(self) -> Self:
        return self.filter(due=True, article__staged=None)


class ArticleTerms(models.Model):
    """The terms of an article's text. `weights` are set when its suggestions are worked out.

    An import leaves the terms empty; they are set when the article is compared, if it still is in the window then.
    `version` counts changes, so that working out doesn't hide one that was made meanwhile. Articles that are older than
    the window have no row.
    """

    article = models.OneToOneField("articles.Article", models.CASCADE, related_name="similarity_terms")
    terms = models.TextField()  # of the headline, and of the excerpt in a second line
    weights = models.JSONField(default=dict)
    due = models.BooleanField(default=True)
    version = models.PositiveIntegerField(default=0)

    objects = ArticleTermsQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "article terms"
        indexes = (models.Index(fields=["article"], condition=Q(due=True), name="article_terms_due"),)

    def __str__(self) -> str:
        return self.terms.partition("\n")[0]

    @property
    def text(self) -> Text:
        return from_stored_text(self.terms)


class IndexedTerm(models.Model):
    """One of the heaviest terms of an article of the window, by which similar articles are found."""

    term = models.CharField(max_length=TERM_MAX)
    article = models.ForeignKey("articles.Article", models.CASCADE, related_name="+")
    published_at = models.DateTimeField()
    weight = models.FloatField()

    class Meta:
        indexes = (
            models.Index(fields=["term", "published_at"], name="indexed_term"),
            # Old ones are deleted with each arrival.
            models.Index(fields=["published_at"], name="indexed_term_by_time"),
        )

    def __str__(self) -> str:
        return self.term


class TermCount(models.Model):
    """In how many articles a term occurs. The row of the empty term counts the articles.

    It has digests in place of words, so that no word of a story that was taken down stays.
    """

    key = models.CharField(max_length=16, primary_key=True)
    articles = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"{self.key}: {self.articles}"


class SuggestionQuerySet(models.QuerySet["Suggestion"]):
    def showable(self) -> Self:
        """Return those that may be shown: neither article is spiked, hidden or without a document."""
        shown: dict[str, bool | None] = {}
        for side in ("article", "other"):
            shown |= {f"{side}__staged": None, f"{side}__missing": False}
        return self.filter(**shown).exclude(Q(article__state="spiked") | Q(other__state="spiked"))

    def unanswered(self) -> Self:
        """Return those that may be shown, of pairs that are neither in one story nor kept apart."""
        apart = Pairing.objects.filter(together=False)
        in_one_story = Q(article__lead=F("other")) | Q(other__lead=F("article")) | Q(article__lead=F("other__lead"))
        return (
            self.showable()
            .exclude(in_one_story)
            .exclude(Exists(apart.filter(lead=OuterRef("other"), member=OuterRef("article"))))
            .exclude(Exists(apart.filter(lead=OuterRef("article"), member=OuterRef("other"))))
        )

    def likely(self) -> Self:
        """Return those from the site's cut."""
        return self.filter(score__gte=_cut())

    def less_sure(self) -> Self:
        """Return those a little below the site's cut."""
        lowest = ExpressionWrapper(_cut() - Value(LESS_SURE_BELOW), output_field=FloatField())
        return self.filter(score__gte=lowest, score__lt=_cut())

    def best_first(self) -> Self:
        return self.order_by("-score", F("other__published_at").desc(), "pk")


class Suggestion(models.Model):
    """`article` may report the same event as `other`, which was published earlier."""

    article = models.ForeignKey("articles.Article", models.CASCADE, related_name="suggestions")
    other = models.ForeignKey("articles.Article", models.CASCADE, related_name="later_suggestions")
    score = models.FloatField()  # 0 to 1
    evidence = models.JSONField()  # terms, hours, numbers, same_outlet, same_text, doubts

    objects = SuggestionQuerySet.as_manager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["article", "other"], name="suggestion_of_pair"),)
        indexes = (models.Index(fields=["-score"], name="suggestion_by_score"),)

    def __str__(self) -> str:
        return f"{self.article_id} and {self.other_id}: {self.score:.2f}"


class SuggestionAnswer(models.Model):
    """An answer to a suggestion, with its score at that time: the cut is learned from these.

    It counts as long as its operation isn't undone.
    """

    operation = models.ForeignKey(Operation, models.CASCADE, related_name="answers")
    score = models.FloatField()
    is_same = models.BooleanField()

    def __str__(self) -> str:
        return f"{self.score:.2f}: {_('the same') if self.is_same else _('not the same')}"


class SuggestionCut(models.Model):
    """A move of the score from which pairs are suggested, and the answers of that time. The last one is in force."""

    at = models.DateTimeField()
    before = models.FloatField()
    cut = models.FloatField()
    precision = models.FloatField(help_text="The share of the pairs from the lower of both that is right.")
    yes = models.PositiveIntegerField()
    no = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"{self.before:.2f} to {self.cut:.2f}"

    @classmethod
    def current(cls) -> float:
        """Return the score from which pairs are suggested. One query."""
        return cls.objects.order_by("-pk").values_list("cut", flat=True).first() or STARTING_CUT


def _cut() -> Coalesce:
    """Return the site's cut as a part of a query."""
    return Coalesce(Subquery(SuggestionCut.objects.order_by("-pk").values("cut")[:1]), Value(STARTING_CUT))


def as_stored_text(text: Text) -> str:
    return f"{' '.join(text.title)}\n{' '.join(text.excerpt)}"


def from_stored_text(stored: str) -> Text:
    title, _, excerpt = stored.partition("\n")
    return Text(tuple(title.split(" ")) if title else (), tuple(excerpt.split(" ")) if excerpt else ())


def mark_due(articles: Iterable[Article]) -> None:
    """Store the terms of articles that were changed, whose suggestions are due then. At most three queries."""
    texts = {article.pk: as_stored_text(Text.of(article.title, article.excerpt)) for article in articles}
    known = list(ArticleTerms.objects.filter(article__in=texts).only("pk", "article_id", "version"))
    for row in known:
        row.terms, row.due, row.version = texts.pop(row.article_id), True, row.version + 1
    ArticleTerms.objects.bulk_update(known, ["terms", "due", "version"], batch_size=100)
    ArticleTerms.objects.bulk_create([ArticleTerms(article_id=pk, terms=terms) for pk, terms in texts.items()])


@lru_cache(20_000)
def term_key(term: str) -> str:
    """Return the digest under which a term is counted."""
    return hashlib.blake2b(term.encode(), digest_size=8).hexdigest()
