"""Publish checks at the end of an operation: a person is asked before a story with failed checks is published."""

from __future__ import annotations

from collections.abc import Collection

from articles.db.bulk import chunked
from articles.models import Article, Operation
from articles.models.publish_checks import LABELS, failed_checks_of
from articles.rules.publish_checks import CheckPolicy, asking_checks

from .errors import ChecksFailedError, FailedStory


def check_published(operation: Operation, ids: Collection[int], policy: CheckPolicy, *, is_override: bool) -> None:
    """Store with an operation which checks that ask before are failed by the articles that it published.

    Raises ChecksFailedError if there are any, unless they are overridden, which takes a reason.
    """
    if not policy.asks:
        return
    stories = []
    for chunk in chunked(sorted(ids)):
        articles = list(Article.objects.filter(pk__in=chunk).order_by("pk"))
        failed = failed_checks_of(articles, policy, operation.at)
        for article in articles:
            if checks := asking_checks(failed.get(article.pk, []), policy):
                stories.append(FailedStory(article.pk, article.title, checks))
    if not stories:
        return
    if not (is_override and operation.reason):
        raise ChecksFailedError(stories, LABELS, lacks_reason=is_override)
    operation.overridden = {str(story.pk): list(story.checks) for story in stories}
    operation.save(update_fields=["overridden"])
