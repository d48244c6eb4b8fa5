"""The results of the last looks at links: of stories, and of the coverage that they list."""

from __future__ import annotations

from django.db import models

from articles.rules.limits import REASON_MAX


class LinkResult(models.Model):
    """What `check_links` found at a URL."""

    url = models.TextField()
    checked_at = models.DateTimeField()
    status = models.PositiveSmallIntegerField(null=True, help_text="None if the server sent no response.")
    reason = models.CharField(
        max_length=REASON_MAX, blank=True, help_text="Completes “the server …”; empty if it works."
    )
    failures = models.PositiveSmallIntegerField(default=0)
    failing_since = models.DateTimeField(null=True)
    is_dead = models.BooleanField(default=False)
    due_at = models.DateTimeField()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.url}: {self.reason or 'works'}"


class LinkCheck(LinkResult):
    """The result at the URL of an article. It says nothing once the article has another URL."""

    article = models.OneToOneField("articles.Article", models.CASCADE, primary_key=True, related_name="link_check")

    class Meta:
        indexes = (models.Index(fields=["article"], name="linkcheck_dead", condition=models.Q(is_dead=True)),)


class CoverageCheck(LinkResult):
    """The result at the URL of a report that stories list as coverage: one for all lists that have it."""

    match_key = models.CharField(max_length=32, primary_key=True, help_text="That of the related links.")

    class Meta:
        indexes = (models.Index(fields=["match_key"], name="coveragecheck_dead", condition=models.Q(is_dead=True)),)
