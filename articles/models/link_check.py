"""The result of the last look at a story's link."""

from __future__ import annotations

from django.db import models

from articles.rules.limits import REASON_MAX


class LinkCheck(models.Model):
    """What `check_links` found at the URL of an article. It says nothing once the article has another URL."""

    article = models.OneToOneField("articles.Article", models.CASCADE, primary_key=True, related_name="link_check")
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
        indexes = (models.Index(fields=["article"], name="linkcheck_dead", condition=models.Q(is_dead=True)),)

    def __str__(self) -> str:
        return f"{self.url}: {self.reason or 'works'}"
